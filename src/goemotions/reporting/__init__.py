"""A page about a corpus for people who decide: shares, changes, words and examples, in one file."""
