"""Measure how good a model is: metrics with intervals, and the model card made from them."""
