"""Corpora: the official GoEmotions splits."""
