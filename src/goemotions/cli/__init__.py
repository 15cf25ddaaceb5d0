"""The command line: one module a command. Results go to stdout, everything else to stderr."""

INTERRUPTED = 130
"""The exit status of a command that Ctrl + C ended, as shells have it."""
