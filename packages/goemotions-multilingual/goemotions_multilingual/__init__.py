"""The folder of the model ``multilingual``: found by an entry point, and read without being imported."""
