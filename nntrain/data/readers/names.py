"""The names of columns, which are the same in any Unicode normalization."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from nntrain.data.notes import NormalizedName, log_note


class KnownNames:
    """The names that a config or a model knows, to which a table's names are matched.

    A letter such as `é` can be written as one character or as two, which look the same: names that
    differ by that alone mean the same column.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._by_normal_form = {unicodedata.normalize("NFC", name): name for name in names}

    def spelled(self, names: Sequence[str], table: str, others: Sequence[str] = ()) -> list[str]:
        """A table's names, those that are known spelled as they are known; notes which were not.

        `others` are names of columns that the table has too.
        """
        present = {*names, *others}
        spelled = []
        for name in names:
            known = self.spelling(name)
            if known != name and known not in present:
                log_note(NormalizedName(table, known))
                spelled.append(known)
            else:
                spelled.append(name)
        return spelled

    def spelling(self, name: str) -> str:
        """The known name that a name differs from by its normalization only; else the name."""
        if name.isascii():
            return name
        return self._by_normal_form.get(unicodedata.normalize("NFC", name), name)


NO_NAMES = KnownNames(())
