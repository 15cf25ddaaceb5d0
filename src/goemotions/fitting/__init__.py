"""Fit a model to labels of one's own: a linear head on a base model's frozen states, with numpy alone."""
