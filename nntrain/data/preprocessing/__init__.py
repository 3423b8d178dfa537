"""Preprocessing: what is learned of columns once and replayed at predict."""
