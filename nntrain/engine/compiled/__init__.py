"""The compiled engine (Numba, extra `fast`); importing its modules needs Numba."""


class SwitchedOffError(ImportError):
    """Numba is there, but its user has switched off that it compiles."""
