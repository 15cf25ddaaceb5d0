"""A behavioural suite: short texts with what must, what must not and what may not change in a model's answer."""
