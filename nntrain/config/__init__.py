"""The config: every key, the YAML file that holds them, and configs made for a table."""
