"""Training (extra ``train``): recipes, the loop, quantisation-aware fine-tuning and export."""
