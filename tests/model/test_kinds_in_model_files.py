"""What a model learned of columns of every kind is kept in its file, and replayed from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.data.preprocessing.columns import CategoricalColumn, NumericColumn
from nntrain.errors import ModelFileError

N_ROWS = 60
DAYS = [date(2024, 1, 1) + timedelta(days=i) for i in range(N_ROWS)]
TABLE = pd.DataFrame({
    "price": [f"{'-' * (i % 7 == 3)}€{1000 + i * 31.25:,.2f}" for i in range(N_ROWS)],
    "german": [f"{i // 10}.{i * 7 % 1000:03},{i % 10} kg" if i >= 10 else f"{i},5 kg" for i in range(N_ROWS)],
    "views": [f"{i}.5k" if i % 3 else f"{i}.5" for i in range(N_ROWS)],
    "day": ["" if i % 9 == 4 else f"{day:%d/%m/%Y}" for i, day in enumerate(DAYS)],
    "clock": [f"{i % 12 + 1}:{i % 60:02} {'AM' if i % 2 else 'PM'}" for i in range(N_ROWS)],
    "stamp": [(datetime(2024, 1, 1) + timedelta(hours=31 * i)).isoformat() + "+02:00" for i in range(N_ROWS)],
    "unix": [1_700_000_000 + 100_000 * i for i in range(N_ROWS)],
    "size": [("small", "large", "")[i % 3] for i in range(N_ROWS)],
    "shop": ["lonely" if i == 30 else f"shop {i % 4}" for i in range(N_ROWS)],
    "town": ["far away" if i == 31 else f"town {i % 13}" for i in range(N_ROWS)],
    "y": [f"{i * 1.5 + 3:.1f}%" for i in range(N_ROWS)],
})  # fmt: skip
CONFIG = nntrain.Config(
    target=("y",),
    epochs=2,
    engine="numpy",
    seed=1,
    max_categories=6,
    min_count=2,
    ordered={"size": ("small", "medium", "large")},
    numbers={"views": "1234.5[k]"},
    date_format={"unix": "unix"},
)


@pytest.fixture(scope="module")
def model() -> nntrain.Model:
    return nntrain.fit(TABLE, CONFIG)


def test_every_kind_of_column_is_there(model: nntrain.Model) -> None:
    kinds = {
        feature.name: feature.kind if isinstance(feature, NumericColumn) else "category"
        for feature in model.preprocessing.features
    }
    assert kinds == {
        "price": "number",
        "german": "number",
        "views": "number",
        "day": "date",
        "clock": "time",
        "stamp": "date",
        "unix": "date",
        "size": "ordered",
        "shop": "category",
        "town": "category",
    }
    patterns = {name: found.pattern for name, found in model.preprocessing.notations.items()}
    assert patterns == {
        "price": "€1,234.5",
        "german": "1.234,5 kg",
        "views": "1234.5[k]",
        "day": "%d/%m/%Y",
        "clock": "%I:%M %p",
        "stamp": "iso with offset",
        "unix": "unix",
        "y": "1,234.5%",
    }


def test_a_saved_model_has_all_that_was_learned_and_predicts_the_same(
    model: nntrain.Model, tmp_path: Path
) -> None:
    model.save(tmp_path / "m.npz")
    loaded = nntrain.load_model(tmp_path / "m.npz")
    assert loaded.preprocessing == model.preprocessing
    features = {feature.name: feature for feature in loaded.preprocessing.features}
    shop, town, size, day = (features[name] for name in ("shop", "town", "size", "day"))
    assert isinstance(shop, CategoricalColumn)
    assert isinstance(town, CategoricalColumn)
    assert (shop.rare, shop.encodings, town.rare) == (("lonely",), (), ("far away",))
    assert (len(town.encodings), town.targets) == (14, ("y",))
    assert isinstance(size, NumericColumn)
    assert isinstance(day, NumericColumn)
    assert size.levels == ("small", "medium", "large")
    assert size.missing_rate == pytest.approx(1 / 3)
    assert day.cycles == ("day of year", "day of week", "weekend")
    pd.testing.assert_frame_equal(loaded.predict(TABLE), model.predict(TABLE))
    loaded.save(tmp_path / "again.npz")
    assert (tmp_path / "again.npz").read_bytes() == (tmp_path / "m.npz").read_bytes()


def test_a_loaded_model_reads_each_column_as_it_was_written(
    model: nntrain.Model, tmp_path: Path
) -> None:
    model.save(tmp_path / "m.npz")
    TABLE.to_csv(tmp_path / "t.csv", index=False)
    loaded = nntrain.load_model(tmp_path / "m.npz")
    found = loaded.predict(tmp_path / "t.csv").to_numpy()
    assert found.tolist() == model.predict(TABLE).to_numpy().tolist()
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("town", {"encodings": ((0.0, 0.0),)}, "a feature's encodings are not those of its categories"),
        ("town", {"targets": ()}, "a feature's encodings are not those of its categories"),
        ("shop", {"rare": ("lonely", "lonely")}, "a feature's category stands twice"),
        ("size", {"levels": ("small", "small", "large")}, "a feature's category stands twice"),
    ],
)  # fmt: skip
def test_what_cannot_have_been_learned_is_refused(
    model: nntrain.Model,
    tmp_path: Path,
    name: str,
    changes: dict[str, tuple[str, ...]],
    message: str,
) -> None:
    features = tuple(
        replace(feature, **changes) if feature.name == name else feature  # type: ignore[arg-type]
        for feature in model.preprocessing.features
    )
    forged = replace(model.preprocessing, features=features)
    forged.__dict__["input_names"] = model.preprocessing.input_names
    replace(model, preprocessing=forged).save(tmp_path / "m.npz")
    with pytest.raises(ModelFileError, match=message):
        nntrain.load_model(tmp_path / "m.npz")
