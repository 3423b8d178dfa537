"""Evaluation: how well a model does, what it goes by, and what a table would make of it."""
