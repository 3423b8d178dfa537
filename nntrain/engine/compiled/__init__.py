"""The compiled engine (Numba, extra `fast`); importing its modules raises `ImportError` without."""
