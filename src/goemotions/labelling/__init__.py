"""Labelling by hand on a page: which text comes next, answers that are not lost, and how good a model they make."""
