"""The examples of docstrings run: beside tables and a model of the names that they use."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import nntrain
from nntrain.training.run import TrainingRun


class ShownOutputOnly(doctest.OutputChecker):
    """Compares the output that an example shows; where it shows none, any will do."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        return not want or super().check_output(want, got, optionflags)


def docstring_examples() -> list[doctest.DocTest]:
    """The examples of each docstring of nntrain that has some."""
    finder = doctest.DocTestFinder()
    names = ["nntrain", *(m.name for m in pkgutil.walk_packages(nntrain.__path__, "nntrain."))]
    return [
        examples
        for name in names
        if not name.endswith("__main__")
        for examples in finder.find(importlib.import_module(name))
        if examples.examples
    ]


EXAMPLES = docstring_examples()


@pytest.fixture
def namespace(folder: Path) -> dict[str, Any]:
    """What an example may take for granted, with tables and a model in the working folder."""
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"age": rng.uniform(0, 9, 120), "weight": rng.uniform(5, 20, 120)})
    table["price"] = 50.0 - 3.0 * table["age"] + table["weight"] + rng.normal(size=120)
    for name in ("data.csv", "new.csv", "test.csv"):
        table.to_csv(folder / name, index=False)
    config = nntrain.Config(target=("price",), epochs=3, calibration_fraction=0.3)
    run = TrainingRun.from_table("data.csv", config)
    for _ in run.epochs():
        pass
    model = run.model()
    model.save("model.npz")
    return {"nntrain": nntrain, "np": np, "pd": pd, "config": config, "run": run, "model": model}


@pytest.mark.parametrize("examples", EXAMPLES, ids=lambda examples: examples.name)
def test_the_examples_of_a_docstring_run(
    examples: doctest.DocTest, namespace: dict[str, Any]
) -> None:
    report: list[str] = []
    examples.globs.update(namespace)
    runner = doctest.DocTestRunner(ShownOutputOnly(), optionflags=doctest.ELLIPSIS)
    runner.run(examples, out=report.append)
    assert runner.tries == len(examples.examples)
    assert not runner.failures, "".join(report)


def test_examples_are_found() -> None:
    names = {examples.name for examples in EXAMPLES}
    assert {"nntrain", "nntrain.model.model.Model.predict"} <= names
    assert sum(len(examples.examples) for examples in EXAMPLES) > 10


@pytest.mark.parametrize(
    ("source", "failures"),
    [(">>> 1 + 1\n2\n", 0), (">>> 1 + 1\n", 0), (">>> 1 + 1\n3\n", 1), (">>> 1 / 0\n", 1)],
)
def test_an_example_that_is_not_true_fails(source: str, failures: int) -> None:
    examples = doctest.DocTestParser().get_doctest(source, {}, "planted", None, None)
    runner = doctest.DocTestRunner(ShownOutputOnly())
    assert runner.run(examples, out=lambda _: None).failed == failures
