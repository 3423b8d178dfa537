"""Shapes of cells: cells are alike but for their digits, counted with an example and its place."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from nntrain.data.notation.shapes import LONGEST_SHAPE, MOST_SHAPES, Shapes, shape_of

CELLS = st.text(st.sampled_from("0123459.,:/-' k$"), min_size=1, max_size=12)


def shapes_of(*texts: str) -> Shapes:
    shapes = Shapes()
    shapes.add((text, 1, f"line {i}") for i, text in enumerate(texts, start=2))
    return shapes


@given(CELLS)
def test_a_shape_differs_from_its_cell_in_digits_alone(text: str) -> None:
    shape = shape_of(text)
    assert len(shape) == len(text)
    for shown, written in zip(shape, text, strict=True):
        assert shown == ("9" if written.isdigit() and shown != "0" else written)


@given(CELLS)
def test_a_shape_is_its_own_shape(text: str) -> None:
    assert shape_of(shape_of(text)) == shape_of(text)


def test_a_zero_that_no_group_of_thousands_begins_with_is_kept() -> None:
    kept = {
        "0": "0",
        "0.5": "0.9",
        "012,345": "099,999",
        "$0,123": "$0,999",
        "Rs.012,345": "Rs.099,999",
    }
    assert {text: shape_of(text) for text in kept} == kept


def test_zeros_of_dates_times_and_codes_are_digits_like_others() -> None:
    alike = {
        "01.02.2024": "99.99.9999",
        "2024-01-05 00:00:05.123": "9999-99-99 99:99:99.999",
        "10.05": "99.99",
        "00501": "99999",
    }
    assert {text: shape_of(text) for text in alike} == alike


@given(st.lists(CELLS, max_size=30))
def test_every_cell_is_counted_once_and_the_first_of_a_shape_is_its_example(
    texts: list[str],
) -> None:
    shapes = shapes_of(*texts)
    assert shapes.n_cells == len(texts)
    for text, shape in shapes.by_text.items():
        alike = [i for i, cell in enumerate(texts) if shape_of(cell) == text]
        assert (shape.n_cells, shape.example) == (len(alike), texts[alike[0]])
        assert shape.place == f"line {alike[0] + 2}"


def test_runs_of_digits_above_12_and_31_are_counted_by_their_position() -> None:
    shape = shapes_of("05/06/2024", "13/06/2024", "06/32/2024").by_text["99/99/9999"]
    assert shape.above_12 == [1, 1, 3]
    assert shape.above_31 == [0, 1, 3]
    assert shape.first_above_12 == ["13/06/2024", "06/32/2024", "05/06/2024"]


def test_cells_of_too_many_shapes_and_long_cells_are_only_counted() -> None:
    texts = ["x" * (i % 50 + 1) + "-" * (i // 50) for i in range(MOST_SHAPES + 100)]
    shapes = shapes_of(*texts, "y" * (LONGEST_SHAPE + 1))
    assert len(shapes.by_text) <= MOST_SHAPES
    assert shapes.n_cells == len(texts) + 1
    assert "y" * (LONGEST_SHAPE + 1) not in shapes.by_text
