"""Where weights are: repositories of the hub, packages that carry them, and the base models that models name."""
