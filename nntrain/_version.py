"""The version of nntrain."""

__version__ = "0.1.0"
