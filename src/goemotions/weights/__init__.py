"""Weights that models start from: files of packages and hubs, made into what the ecosystem reads."""
