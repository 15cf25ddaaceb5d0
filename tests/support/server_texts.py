"""Texts that several test modules use."""

LONG = "The weather is the same as yesterday. " * 60 + "I am so grateful, thank you so much!"
