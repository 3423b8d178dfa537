"""Readers: from the bytes of a file, or DataFrames, to chunks of typed columns."""
