"""Decide what kind of column a column is, from the evidence of all of its cells.

A column of texts is dates or times if nine tenths of its cells are, else numbers if nine tenths are
in one notation. Else it is an identifier, where most rows have a text of their own, or free text
where such texts are long, or it holds categories. Where the cells allow two readings, none is
taken: the decision then holds the choices.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from nntrain.data.kinds.evidence import TextEvidence
from nntrain.data.notation.date_fit import Misfit
from nntrain.data.notation.date_inference import DatesUnclear, infer_dates
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.number_inference import infer_numbers
from nntrain.data.notation.numbers import NumberNotation
from nntrain.data.notation.shapes import shape_of
from nntrain.data.readers.cells import BLANKS
from nntrain.text import counted

Kind: TypeAlias = Literal["number", "date", "category", "identifier", "text"]

FEW = 20
"""Up to this many rows or distinct texts, a column is never taken for identifiers."""
LONG_TEXT = 40
"""Texts of at least so many characters on average are free text, not names."""
MANY_WORDS = 5
"""Texts of at least so many words on average are free text, not names."""


@dataclass(frozen=True)
class Choice:
    """A notation that the cells of a column allow, and in words what it makes of one of them."""

    notation: Notation
    reading: str


@dataclass(frozen=True)
class Decision:
    """What kind of column a column is; `notation` is how its numbers or dates are written.

    It is None for numbers that are written as any reader knows them.

    `example` is one of its cells, and `misfits` are cells that do not fit. With `question`, a
    sentence that says what is unclear, the column is not decided, and `choices` are the notations
    that its cells allow; there may be none. `reason` says why a column is left out.
    """

    kind: Kind
    notation: Notation | None = None
    example: str = ""
    misfits: tuple[Misfit, ...] = ()
    question: str = ""
    choices: tuple[Choice, ...] = ()
    reason: str = ""

    @property
    def is_left_out(self) -> bool:
        """Whether nothing about another row can be learned from the column."""
        return self.kind in ("identifier", "text")

    @property
    def has_no_answer(self) -> bool:
        """Whether its cells are unclear, and no notation reads all of them."""
        return bool(self.question) and not self.choices


def decide_texts(
    evidence: TextEvidence, decimal: str | None, *, may_be_left_out: bool = True
) -> Decision:
    """The kind of a column with texts; `decimal` is the table's decimal mark, None if not known.

    A column that must not be left out, because a config names it as a feature, holds categories
    rather than identifiers or text.
    """
    return (
        _as_dates(evidence)
        or _as_numbers(evidence, decimal)
        or (_as_names(evidence) if may_be_left_out else None)
        or Decision("category", example=first_text(evidence))
    )


def _as_dates(evidence: TextEvidence) -> Decision | None:
    found = infer_dates(evidence.shapes)
    if found is None:
        return None
    if isinstance(found, DatesUnclear):
        example = _example(evidence, found.candidates[0])
        choices = tuple(
            Choice(notation, f"dates like {notation.example}") for notation in found.candidates
        )
        return Decision("date", None, example, question=found.reason, choices=choices)
    example = _example(evidence, found.notation)
    return Decision("date", found.notation, example, found.misfits)


def _as_numbers(evidence: TextEvidence, decimal: str | None) -> Decision | None:
    found = infer_numbers(evidence.shapes, decimal)
    if found.verdict == "no numbers":
        return None
    cells = [reading.cell for reading in found.readings]
    example = cells[0].example
    if found.verdict == "numbers":
        misfits = tuple(Misfit(s.example, s.place, s.n_cells) for s in found.misfits)
        notation = _with_usual_groups(found.readings[0].notation, evidence)
        is_plain = notation == NumberNotation() and not any(
            notation.number(text.strip(BLANKS)) is not None for text in evidence.texts
        )
        return Decision("number", None if is_plain else notation, example, misfits)
    choices = tuple(Choice(reading.notation, f"{reading.value:.15g}") for reading in found.readings)
    if found.verdict == "ambiguous":
        values = " or ".join(
            f"{reading.value:.15g} ({reading.role_of_mark})" for reading in found.readings
        )
        return Decision("number", None, example, (), f"{example!r} may be {values}", choices)
    if found.verdict == "some scaled":
        question = f"{cells[0].example!r} has no letter such as k, and {cells[1].example!r} has"
        choice = Choice(found.readings[0].notation, f"{cells[0].example} as it stands")
        return Decision("number", None, example, (), question, (choice,))
    question = (
        f"{cells[0].example!r} ({cells[0].place}) and {cells[1].example!r} ({cells[1].place}) are "
        f"written with other marks"
    )
    return Decision("number", None, example, (), question)


def _with_usual_groups(notation: NumberNotation, evidence: TextEvidence) -> NumberNotation:
    """A notation that has the usual mark of thousands, where no number was large enough for one.

    Only beside a sign or unit, and where the decimal mark was seen: so the other mark, in a larger
    number that is to come, can only group.
    """
    is_plain = not (notation.prefix or notation.suffix) and notation.scale == "none"
    shapes = evidence.shapes.by_text.values()
    decimals = re.compile(rf"[09]{re.escape(notation.decimal)}9")
    is_seen = any(decimals.search(shape.text) for shape in shapes)
    if notation.grouping or is_plain or not is_seen:
        return notation
    return replace(notation, grouping="," if notation.decimal == "." else ".")


def _example(evidence: TextEvidence, notation: Notation) -> str:
    """A cell in a notation."""
    shapes = evidence.shapes.by_text.values()
    examples = (shape.example for shape in shapes)
    return next((text for text in examples if notation.number(text) is not None), "")


def _as_names(evidence: TextEvidence) -> Decision | None:
    """Identifiers or free text: nearly every row has a text of its own, or there are too many."""
    n_distinct = len(evidence.texts)
    if n_distinct <= FEW or (2 * n_distinct <= evidence.n_texts and not evidence.is_cut):
        return None
    words = evidence.n_words / evidence.n_texts
    n_characters = evidence.n_characters / evidence.n_texts
    is_text = words >= MANY_WORDS or n_characters >= LONG_TEXT
    more = " or more" if evidence.is_cut else ""
    example = first_text(evidence)
    different = f"{n_distinct:,}{more} different in {counted(evidence.n_texts, 'row')}"
    what = "free text" if is_text else "names or numbers of the rows"
    return Decision(
        "text" if is_text else "identifier", example=example, reason=f"{what}, {different}"
    )


def first_text(evidence: TextEvidence) -> str:
    """A text to show as an example."""
    return next(iter(evidence.texts), "")


def first_text_at(evidence: TextEvidence) -> tuple[str, str]:
    """The place of the first text, empty where it is not known, and the text."""
    text = first_text(evidence)
    shape = evidence.shapes.by_text.get(shape_of(text.strip(BLANKS)))
    is_first = shape is not None and shape.example == text.strip(BLANKS)
    return (shape.place if shape and is_first else ""), text
