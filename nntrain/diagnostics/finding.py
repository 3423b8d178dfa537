"""The value that every diagnosis gives: one problem, and the options that may mend it."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Finding:
    """One problem that was measured: a sentence with its numbers, and options of `fit` to try."""

    text: str
    remedy: str

    def __str__(self) -> str:
        """The problem and its remedy on one line."""
        return f"{self.text}; try {self.remedy}"

    def as_dict(self) -> dict[str, str]:
        """`text` and `remedy` as JSON types."""
        return asdict(self)
