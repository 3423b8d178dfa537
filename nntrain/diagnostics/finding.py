"""A finding: what is amiss, and the options to try."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """What was found, in plain language with its numbers, and the options of `fit` to try."""

    text: str
    remedy: str

    def __str__(self) -> str:
        """Both on a line."""
        return f"{self.text}; try {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """Both as JSON types."""
        return asdict(self)
