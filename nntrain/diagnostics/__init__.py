"""Diagnosis: what is amiss with a training run or its rows, and what to try."""
