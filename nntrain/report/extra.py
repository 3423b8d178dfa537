"""The check that the packages of the extra `report` are installed."""

from __future__ import annotations

from importlib.util import find_spec

from nntrain.errors import MissingExtraError


def check_installed(*packages: str) -> None:
    """Raise `MissingExtraError` if any of the packages (`matplotlib`, `jinja2`) is missing."""
    if any(find_spec(package) is None for package in packages):
        raise MissingExtraError("charts need the extra report: pip install 'nntrain[report]'")
