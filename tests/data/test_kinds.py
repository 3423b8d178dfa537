"""What kind of column a column is: by nine tenths of its cells, and never by a guess."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nntrain.data.kinds import decision as module
from nntrain.data.kinds import evidence as evidence_module
from nntrain.data.kinds.decision import Choice, Decision, decide_texts, first_text_at
from nntrain.data.kinds.evidence import TextEvidence
from nntrain.data.kinds.profile import profile
from nntrain.data.kinds.running_number import FEWEST, RunningNumber, counts_rows
from nntrain.data.kinds.similar import similar_categories
from nntrain.data.kinds.table_kinds import (
    decide_columns,
    given_kinds,
    identifies_rows,
    is_identifier,
    may_be_codes,
    may_have_groups,
)
from nntrain.data.notation.date_fit import Misfit
from nntrain.data.notation.dates import DateNotation
from nntrain.data.notation.notation import Notation
from nntrain.data.notation.numbers import NumberNotation
from nntrain.data.notes import SimilarCategories
from nntrain.data.readers.cells import CellFormat
from nntrain.data.readers.open import ReadOptions, open_table
from nntrain.data.readers.table import Place

CELLS = CellFormat(("", "NA"))


def evidence_of(cells: Sequence[str]) -> TextEvidence:
    """The evidence of a column with these cells, the first of which stands in line 2."""
    evidence = TextEvidence()
    column = np.array(cells, dtype=object)
    evidence.add(column, CELLS, lambda row: Place("t.csv", "line", row + 2))
    return evidence


def decided(*cells: str, decimal: str | None = ".") -> Decision:
    return decide_texts(evidence_of(cells), decimal)


# Texts

NAMES = [f"c{i}" for i in range(21)]
EXAMPLES: dict[str, tuple[list[str], Decision]] = {
    "categories": (["x", "", "y"], Decision("category", example="x")),
    "money": (
        ["$1,234.50", "$7"],
        Decision("number", NumberNotation(grouping=",", prefix="$"), "$1,234.50"),
    ),
    "percents": (["34.4%", "7%"], Decision("number", NumberNotation(grouping=",", suffix="%"), "34.4%")),
    "units": (["2620 lb", "900 lb"], Decision("number", NumberNotation(suffix="lb"), "2620 lb")),
    "a number among ten": (
        [*["1.5 kg"] * 9, "heavy"],
        Decision(
            "number", NumberNotation(grouping=",", suffix="kg"), "1.5 kg",
            (Misfit("heavy", "t.csv, line 11", 1),),
        ),
    ),
    "two texts among ten": ([*["1.5 kg"] * 8, "heavy", "light"], Decision("category", example="1.5 kg")),
    "dates": (["2024-12-31", ""], Decision("date", DateNotation("iso"), "2024-12-31")),
    "days and months": (
        ["01.02.2024", "31.12.2024"],
        Decision("date", DateNotation("%d.%m.%Y"), "01.02.2024"),
    ),
    "times": (["12:30", "7:05"], Decision("date", DateNotation("%H:%M"), "12:30")),
    "a date among ten": (
        [*["2024-12-31"] * 9, "soon"],
        Decision("date", DateNotation("iso"), "2024-12-31", (Misfit("soon", "t.csv, line 11", 1),)),
    ),
    "21 names": (
        NAMES,
        Decision("identifier", example="c0", reason="names or numbers of the rows, 21 different in 21 rows"),
    ),
    "20 names": (NAMES[:20], Decision("category", example="c0")),
    "names of which half repeat": ([*NAMES, *NAMES], Decision("category", example="c0")),
    "names of which fewer than half repeat": (
        [*NAMES, *NAMES[:20]],
        Decision("identifier", example="c0", reason="names or numbers of the rows, 21 different in 41 rows"),
    ),
    "texts of five words": (
        [f"a b c d {name}" for name in NAMES],
        Decision("text", example="a b c d c0", reason="free text, 21 different in 21 rows"),
    ),
    "texts of forty characters": (
        [f"{name:->40}" for name in NAMES],
        Decision("text", example=f"{'c0':->40}", reason="free text, 21 different in 21 rows"),
    ),
    "texts of five words that repeat": (
        [f"a b c d {name}" for name in NAMES[:10]] * 3,
        Decision("category", example="a b c d c0"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_column_is_what_nine_tenths_of_its_cells_are(name: str) -> None:
    cells, expected = EXAMPLES[name]
    assert decided(*cells) == expected
    assert expected.is_left_out == (expected.kind in ("identifier", "text"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_column_that_a_config_names_is_never_left_out(name: str) -> None:
    cells, expected = EXAMPLES[name]
    found = decide_texts(evidence_of(cells), ".", may_be_left_out=False)
    if expected.is_left_out:
        expected = Decision("category", example=expected.example)
    assert found == expected


def test_a_number_that_may_be_two_is_a_question_unless_the_table_tells() -> None:
    thousands, fraction = (
        NumberNotation(grouping=",", prefix="$"),
        NumberNotation(",", prefix="$"),
    )
    assert decided("$1,030", "$2,540", decimal=None) == Decision(
        "number",
        None,
        "$1,030",
        question="'$1,030' may be 1030 (the comma groups thousands) or 1.03 (the comma is the decimal "
        "mark)",
        choices=(Choice(thousands, "1030"), Choice(fraction, "1.03")),
    )
    assert decided("$1,030", "$2,540", decimal=".").notation == thousands
    assert decided("$1,030", "$2,540", decimal=",").notation == NumberNotation(",", ".", prefix="$")


def test_a_date_that_may_be_two_is_a_question_with_the_choices() -> None:
    found = decided("03/04/2024", "05/06/2024")
    assert (found.kind, found.notation, found.example) == ("date", None, "03/04/2024")
    assert found.question == (
        "'03/04/2024' may be 3 April 2024 (%d/%m/%Y) or 4 March 2024 (%m/%d/%Y): no cell has a day "
        "above 12"
    )
    assert found.choices == (
        Choice(DateNotation("%d/%m/%Y"), "dates like 31/12/2024"),
        Choice(DateNotation("%m/%d/%Y"), "dates like 12/31/2024"),
    )


def test_numbers_of_which_some_have_a_scale_are_a_question() -> None:
    found = decided("1.5k", "250", "7k", "3k")
    assert found.question == "'250' has no letter such as k, and '1.5k' has"
    assert found.choices == (Choice(NumberNotation(scale="some"), "250 as it stands"),)


def test_numbers_of_two_notations_are_a_question_without_an_answer() -> None:
    found = decided("$1,234.50", "$1.234,50", "$2,345.60", "$2.345,60")
    assert found.question == (
        "'$1,234.50' (t.csv, line 2) and '$1.234,50' (t.csv, line 3) are written with other marks"
    )
    assert found.choices == ()


def test_very_many_texts_are_identifiers_although_not_all_are_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(evidence_module, "MOST_TEXTS", 30)
    evidence = evidence_of([f"c{i}" for i in range(100)] * 2)
    assert evidence.is_cut
    assert decide_texts(evidence, ".").reason == (
        "names or numbers of the rows, 30 or more different in 200 rows"
    )


def test_the_first_text_is_known_by_its_place() -> None:
    assert first_text_at(evidence_of(["1", "7", " x ", "y"])) == ("t.csv, line 4", " x ")
    long = "x" * 100
    assert first_text_at(evidence_of(["1", long])) == ("", long)


@given(
    st.lists(
        st.sampled_from(["$1.50", "$7", "x", "", "2024-01-31", "z9"]), min_size=1, max_size=40
    ),
    st.integers(1, 7),
)
def test_a_decision_does_not_depend_on_where_chunks_end(cells: list[str], size: int) -> None:
    evidence = TextEvidence()
    for start in range(0, len(cells), size):
        part = np.array(cells[start : start + size], dtype=object)

        def place(row: int, start: int = start) -> Place:
            return Place("t.csv", "line", start + row + 2)

        evidence.add(part, CELLS, place)
    assert decide_texts(evidence, ".") == decided(*cells)
    assert module.first_text(evidence) == module.first_text(evidence_of(cells))


# Numbers that count the rows


def slow_counts_rows(values: Sequence[float]) -> bool:
    """Whether values are those from a first to a last, each once, and cannot be years."""
    if len(values) <= FEWEST or not all(float(value).is_integer() for value in values):
        return False
    first = int(min(values))
    if first >= 1500 and max(values) <= 2100:
        return False
    return sorted(values) == list(range(first, first + len(values)))


@st.composite
def near_running_numbers(draw: st.DrawFn) -> list[float]:
    n = draw(st.integers(18, 40))
    first = draw(st.sampled_from([-(2**52), -3, 0, 1, 1499, 1500, 1990, 2080, 2**40, 2**52]))
    values = draw(st.permutations([float(first + i) for i in range(n)]))
    for _ in range(draw(st.integers(0, 2))):
        i, j = draw(st.integers(0, n - 1)), draw(st.integers(0, n - 1))
        values[i] = draw(st.sampled_from([values[j], values[j] + 0.5, values[j] + n, np.nan]))
    return values


@given(near_running_numbers(), st.integers(1, 45))
@example([float(i) for i in range(1990, 2020)], 3)
def test_running_numbers_are_those_of_the_slow_form(values: list[float], size: int) -> None:
    running = RunningNumber()
    for start in range(0, len(values), size):
        running.add(np.array(values[start : start + size]))
    assert running.counts_rows == slow_counts_rows(values)
    assert counts_rows(np.array(values)) == slow_counts_rows(values)


@given(st.lists(st.integers(0, 25), min_size=21, max_size=26))
def test_numbers_with_the_right_bounds_that_repeat_do_not_count_the_rows(values: list[int]) -> None:
    numbers = [float(value) for value in values]
    assert counts_rows(np.array(numbers)) == slow_counts_rows(numbers)


def test_numbers_with_the_right_sum_that_repeat_do_not_count_the_rows() -> None:
    """Two and two instead of one and three: the sum of the squares tells."""
    values = np.arange(30.0)
    assert counts_rows(values)
    values[[11, 13]] = 12.0
    assert values.sum() == np.arange(30.0).sum()
    assert not counts_rows(values)


# Identifiers and codes


@pytest.mark.parametrize(
    ("name", "is_name"),
    [
        *[(name, True) for name in ("id", "ID", "Id", "patient_id", "row.id", "customerID", "userId", "uuid")],
        *[(name, False) for name in ("grid", "paid", "idea", "width", "humid", "price", "IDs2")],
    ],
)  # fmt: skip
def test_numbers_that_differ_are_identifiers_by_their_columns_name(
    name: str, *, is_name: bool
) -> None:
    numbers = np.arange(21.0) * 7 + 3
    assert identifies_rows(name, numbers) is is_name
    assert is_identifier(name, 21, 21, set(numbers.tolist())) is is_name
    for others in (numbers[:20], np.append(numbers, numbers[0]), numbers + 0.5):
        assert not identifies_rows(name, others)
        distinct = set(others.tolist())
        assert not is_identifier(name, len(others), len(distinct), distinct)


def test_whole_numbers_that_repeat_may_be_codes_by_their_columns_name(tmp_path: Path) -> None:
    frame = pd.DataFrame({"zip_code": [10115, 10117, 10119] * 3, "rooms": [1, 2, 3] * 3})
    frame["store"] = [1.5, 2.5, 3.5] * 3
    frame.to_csv(tmp_path / "t.csv", index=False)
    with open_table(tmp_path / "t.csv", ReadOptions(CELLS)) as table:
        assert [p.name for p in profile(table) if may_be_codes(p)] == ["zip_code"]


# Similar categories


def test_categories_that_differ_by_case_or_blanks_are_named() -> None:
    found = similar_categories(
        "c", ["Berlin", "Paris", "berlin", "BERLIN ", "St.  Gallen", "St. Gallen"]
    )
    assert found == SimilarCategories(
        "c", (("Berlin", "berlin", "BERLIN "), ("St.  Gallen", "St. Gallen"))
    )
    assert str(found) == (
        "'c' has categories that differ by case or blanks alone: 'Berlin', 'berlin', 'BERLIN '; "
        "'St.  Gallen', 'St. Gallen'; they are kept apart"
    )
    assert similar_categories("c", ["Berlin", "Bern", "Ber lin"]) is None


def test_of_many_groups_of_similar_categories_the_first_are_named() -> None:
    names = [text for i in range(5) for text in (f"a{i}", f"A{i}")]
    assert str(similar_categories("c", names)) == (
        "'c' has categories that differ by case or blanks alone: 'a0', 'A0'; 'a1', 'A1'; 'a2', 'A2' "
        "and 2 more such groups; they are kept apart"
    )


# Whole tables


def decisions(path: Path, text: str, decimal: str = ".") -> dict[str, Decision]:
    path.write_text(text, encoding="utf-8")
    cells = CellFormat(("", "NA"), decimal)
    with open_table(path, ReadOptions(cells)) as table:
        return decide_columns(table, profile(table))


def test_the_columns_of_a_table_are_decided_together(tmp_path: Path) -> None:
    rows = [f"{i},{7 * i},{i % 3},${i}.50,x{i % 2},n{i},{i % 5}" for i in range(30)]
    text = "row,shop_id,few,price,kind,name,y\n" + "\n".join(rows) + "\n"
    found = decisions(tmp_path / "t.csv", text)
    assert {name: (d.kind, d.reason) for name, d in found.items()} == {
        "row": ("identifier", "it counts the rows, from 0 to 29"),
        "shop_id": (
            "identifier",
            "it identifies the rows, by its name and because no number stands twice",
        ),
        "few": ("number", ""),
        "price": ("number", ""),
        "kind": ("category", ""),
        "name": ("identifier", "names or numbers of the rows, 30 different in 30 rows"),
        "y": ("number", ""),
    }
    assert found["price"].notation == NumberNotation(grouping=",", prefix="$")
    assert found["few"].notation is None


GERMAN = "preis;menge;anteil;y\n1.234;1.500;0,5;1\n2.345;2.25;0,25;2\n3.456;7.5;1,5;3\n"


def test_a_point_beside_decimal_commas_groups_thousands_where_all_cells_allow_it(
    tmp_path: Path,
) -> None:
    found = decisions(tmp_path / "t.csv", GERMAN)
    assert found["anteil"].notation == NumberNotation(",")
    assert found["preis"].notation == NumberNotation(",", ".")
    assert (found["menge"].kind, found["menge"].notation) == ("number", None)
    assert found["y"].notation is None
    plain = decisions(tmp_path / "u.csv", GERMAN.replace(",", "."))
    assert all(d.notation is None and d.kind == "number" for d in plain.values())


@pytest.mark.parametrize(
    ("values", "may"),
    [
        ([1.234, 2.5], True),
        ([1.0, 2.0], False),
        ([1.2345], False),
        ([0.234, 1.234], False),
        ([-1.234, np.nan, 7.0], True),
        ([], False),
        ([np.inf, 1.5], True),
    ],
)
def test_points_may_group_thousands_where_no_number_has_more_than_three_decimals(
    values: list[float], *, may: bool
) -> None:
    assert may_have_groups(np.array(values)) is may


def test_the_cells_that_do_not_fit_a_given_notation_are_named(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n$1.50,x\n7 EUR,y\n$2,x\n")
    notations: dict[str, Notation] = {"a": NumberNotation(prefix="$")}
    with open_table(
        tmp_path / "t.csv", ReadOptions(CellFormat(("",), notations=notations))
    ) as table:
        found = given_kinds(profile(table), notations)
    place = f"{tmp_path / 't.csv'}, line 3"
    assert found == {"a": Decision("number", notations["a"], "$1.50", (Misfit("7 EUR", place, 1),))}
