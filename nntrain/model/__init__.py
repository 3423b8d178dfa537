"""A model: what it holds, how it predicts, and its file."""
