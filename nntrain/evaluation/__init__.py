"""Evaluation: a model's errors, the importance and effect of columns, and checks of a table."""
