"""Training recipes: settings as YAML files, one a model."""
