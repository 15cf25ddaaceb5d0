"""The folder of the model ``smollm2``: found by an entry point, and read without being imported."""
