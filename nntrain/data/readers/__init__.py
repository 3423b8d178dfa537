"""Readers: the bytes of a table, its cells and its columns, chunk by chunk."""
