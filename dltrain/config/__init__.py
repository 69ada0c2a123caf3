"""From a YAML file to a checked config, every problem with its place."""
