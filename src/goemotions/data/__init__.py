"""Corpora: the official splits and others, prepared, inspected, embedded and augmented."""
