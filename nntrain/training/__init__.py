"""Training: from a table and a config to a model, its log and its checkpoints."""
