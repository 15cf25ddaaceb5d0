"""The command line: one module a command. Results go to stdout, everything else to stderr."""
