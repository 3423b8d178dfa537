"""Categories that differ by case or blanks alone, and so may be meant to be the same."""

from __future__ import annotations

from collections.abc import Iterable

from nntrain.data.notes import SimilarCategories


def similar_categories(name: str, texts: Iterable[str]) -> SimilarCategories | None:
    """A note of the categories of a column that differ by case or blanks alone, if any do."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(" ".join(text.split()).casefold(), []).append(text)
    alike = tuple(tuple(group) for group in groups.values() if len(group) > 1)
    return SimilarCategories(name, alike) if alike else None
