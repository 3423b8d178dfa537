"""Preprocessing: learned from the training rows once, and replayed to encode any rows."""
