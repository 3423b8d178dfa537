"""Diagnosis: what went wrong in a training run or is odd about its rows, and what to try."""
