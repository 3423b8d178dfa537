"""The compiled engine (Numba, extra `fast`); importing its modules needs Numba."""
