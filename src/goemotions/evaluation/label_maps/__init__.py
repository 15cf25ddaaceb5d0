"""Maps from other corpora' labels to the 28: JSON files, shipped with the package."""
