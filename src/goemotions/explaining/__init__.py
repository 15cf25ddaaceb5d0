"""Explanations of what each word of a text adds to each label: by leaving it out, and asking the model again."""
