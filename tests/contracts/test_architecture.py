"""Which room may import which, read from the source; no circles; and that names and kernels agree.

One table says the order of the rooms. A module imports from its own room or from a lower one, late
imports and imports for types counted. Each kind of wrong import is planted in a copy of the package
to see that it is caught.
"""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

import pytest
from support.command import ROOT

from nntrain.config import choices
from nntrain.config.recipes import RECIPES
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.batches import rows_per_iteration
from nntrain.engine.compiled.kernels import ACTIVATION_NUMBERS, OPTIMIZER_NUMBERS, SCHEDULE_NUMBERS
from nntrain.engine.initialization import INITIALIZATIONS
from nntrain.engine.optimizers import OPTIMIZERS
from nntrain.engine.schedules import SCHEDULES

LEVELS: list[tuple[str, ...]] = [
    ("_version", "arrays", "text", "errors", "files", "threads", "memory_limit"),
    ("engine", "data"),
    ("stats", "config"),
    ("model",),
    ("training",),
    ("diagnostics",),
    ("evaluation",),
    ("report",),
    ("cli",),
    ("__main__",),
]
"""The rooms from the ground up. Rooms on one level do not know each other, but for the ground's."""

WITHIN: list[tuple[str, ...]] = [
    ("data.notation",),
    ("data.readers",),
    ("data.checks", "data.kinds"),
    ("data.preprocessing",),
]
"""The order inside the room of tables."""

PACKAGES: dict[str, tuple[str, ...]] = {
    "yaml": ("config.yaml_entries",),
    "rich": ("cli.terminal", "cli.training_display"),
    "click": ("cli",),
    "pandas": ("data.readers", "model"),
    "pyarrow": ("data.readers.parquet", "data.readers.parquet_batches"),
    "numba": ("engine.compiled.kernels", "engine.compiled.exp", "engine.compiled.cache"),
    "llvmlite": ("engine.compiled.exp", "engine.compiled.cache"),
    "matplotlib": ("report.axes", "report.chart_file"),
    "jinja2": ("report.html",),
}
"""Which modules, or all modules of which rooms, may import a package."""

OF_THE_ENGINE = {"numpy", "numba", "llvmlite", *sys.stdlib_module_names}
"""The packages that the engine needs: NumPy alone, and Numba for what is compiled."""

Imports = Mapping[str, set[str]]


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a source file of the package."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imported_names(source: str, package: str) -> tuple[str, ...]:
    """Every dotted name that a module of this package imports, wherever in it.

    `from a import b` gives `a.b`, which is inside `a` whether b is a module or not.
    """
    names: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            names += [f"{base}.{alias.name}" for alias in node.names]
    return tuple(names)


def read_imports(root: Path) -> Imports:
    """For each module of the package below a folder the dotted names that it imports.

    A name inside another module of the package stands for that module.
    """
    sources = {module_name(path, root): path for path in sorted((root / "nntrain").rglob("*.py"))}
    imports: dict[str, set[str]] = {}
    for module, path in sources.items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        names = imported_names(path.read_text(encoding="utf-8"), package)
        imports[module] = {known_module(name, sources) for name in names} - {module}
    return imports


def known_module(name: str, modules: Mapping[str, object]) -> str:
    """The module of the package that a name is or stands in; the name itself for other packages."""
    while name.startswith("nntrain.") and name not in modules:
        name = name.rpartition(".")[0]
    return name


def is_in(module: str, place: str) -> bool:
    """Whether a module is a place of the package or stands in it."""
    return f"{module}.".startswith(f"nntrain.{place}.")


def level(module: str, levels: list[tuple[str, ...]]) -> tuple[int, str] | None:
    """The number of a module's level and the name of its room; None where it is in none."""
    for number, rooms in enumerate(levels):
        for room in rooms:
            if is_in(module, room):
                return number, room
    return None


def upward(imports: Imports, levels: list[tuple[str, ...]]) -> Iterator[str]:
    """Imports from a higher room or from another room of the same level."""
    for module, names in imports.items():
        own = level(module, levels)
        for name in sorted(names):
            other = level(name, levels)
            if own and other and own != other and other[0] >= own[0] and own[0] + other[0]:
                yield f"{module} imports {name}: {own[1]} stands below {other[1]} or beside it"


def front_door(imports: Imports) -> Iterator[str]:
    """Imports of the package itself, whose names come from every room."""
    for module, names in imports.items():
        if "nntrain" in names:
            yield f"{module} imports nntrain: import from the module itself"


def commands_of_commands(imports: Imports) -> Iterator[str]:
    """Imports of one command by another."""
    for module, names in imports.items():
        for name in sorted(names):
            if is_in(module, "cli.commands") and name.startswith("nntrain.cli.commands."):
                yield f"{module} imports {name}: commands do not know each other"


def packages(imports: Imports) -> Iterator[str]:
    """Imports of a package by a module that is not to know it."""
    for module, names in imports.items():
        for package in sorted({name.partition(".")[0] for name in names}):
            places = PACKAGES.get(package)
            if places and not any(is_in(module, place) for place in places):
                yield f"{module} imports {package}: only {', '.join(places)} may"
            if is_in(module, "engine") and package not in OF_THE_ENGINE | {"nntrain"}:
                yield f"{module} imports {package}: the engine needs NumPy alone"


def roomless(imports: Imports) -> Iterator[str]:
    """Modules that stand in no room of the table."""
    yield from (
        f"{module} stands in no room" for module in imports
        if module != "nntrain" and level(module, LEVELS) is None
    )  # fmt: skip


def circles(imports: Imports) -> Iterator[str]:
    """Modules that import each other in a circle, each circle once."""
    seen: dict[str, int] = {}
    path: list[str] = []

    def visit(module: str) -> Iterator[str]:
        seen[module] = 1
        path.append(module)
        for name in sorted(imports.get(module, ())):
            if seen.get(name) == 1:
                yield " imports ".join([*path[path.index(name) :], name]) + ": a circle"
            elif name in imports and name not in seen:
                yield from visit(name)
        path.pop()
        seen[module] = 2

    for module in sorted(set(imports) - {"nntrain"}):
        if module not in seen:
            yield from visit(module)


def mistakes(root: Path) -> list[str]:
    """Everything that is wrong with the imports of the package below a folder."""
    imports = read_imports(root)
    return [
        *upward(imports, LEVELS),
        *upward(imports, WITHIN),
        *front_door(imports),
        *commands_of_commands(imports),
        *packages(imports),
        *roomless(imports),
        *circles(imports),
    ]


def test_every_module_imports_only_from_its_own_room_or_a_lower_one() -> None:
    assert mistakes(ROOT) == []


def test_every_room_of_the_tables_exists() -> None:
    modules = read_imports(ROOT)
    rooms = [room for rooms in [*LEVELS, *WITHIN, *PACKAGES.values()] for room in rooms]
    assert [room for room in rooms if not any(is_in(module, room) for module in modules)] == []


PLANTED = [
    ("data/readers/table.py", "from nntrain.training.prepare import prepare", "data stands below training"),
    ("data/checks.py", "import nntrain.stats.metrics", "data stands below stats"),
    ("config/keys.py", "from nntrain.model.model import Model", "config stands below model"),
    ("stats/metrics.py", "from nntrain.report import measure", "stats stands below report"),
    ("stats/ridge.py", "from nntrain.config.keys import Config", "stats stands below config or beside it"),
    ("engine/loss.py", "from nntrain.data.readers.table import Table", "engine stands below data or beside it"),
    ("data/checks.py", "from ..engine import loss", "data stands below engine or beside it"),
    ("training/run.py", "def f():\n    from nntrain.evaluation.evaluate import evaluate", "training stands below evaluation"),
    ("model/summary.py", "if TYPE_CHECKING:\n    from nntrain.training.run import TrainingRun", "model stands below training"),
    ("report/sections.py", "from nntrain.cli.messages import print_note", "report stands below cli"),
    ("errors.py", "from nntrain.config.choices import ENGINES", "errors stands below config"),
    ("files/paths.py", "def f():\n    import nntrain.cli.main", "files stands below cli"),
    ("data/readers/table.py", "from nntrain.data.checks import check_columns", "data.readers stands below data.checks"),
    ("stats/ridge.py", "import nntrain", "import from the module itself"),
    ("model/model.py", "from nntrain import fit", "import from the module itself"),
    ("cli/commands/fit.py", "from nntrain.cli.commands.predict import predict", "commands do not know each other"),
    ("cli/commands/fit.py", "from . import cv", "commands do not know each other"),
    ("engine/loss.py", "import scipy.linalg", "the engine needs NumPy alone"),
    ("engine/loss.py", "import numba", "only engine.compiled.kernels, engine.compiled.exp, engine.compiled.cache may"),
    ("model/model.py", "def f():\n    from yaml import safe_load", "only config.yaml_entries may"),
    ("cli/commands/fit.py", "import rich", "only cli.terminal, cli.training_display may"),
    ("training/run.py", "import click", "only cli may"),
    ("report/charts.py", "from matplotlib.axes import Axes", "only report.axes, report.chart_file may"),
    ("estimator.py", "import numpy", "nntrain.estimator stands in no room"),
]  # fmt: skip
"""A line planted at the end of a module, and what the check says of it."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the package's source."""
    root = tmp_path_factory.mktemp("copy")
    pattern = shutil.ignore_patterns("__pycache__", "*.md", "*.npz")
    shutil.copytree(ROOT / "nntrain", root / "nntrain", ignore=pattern)
    return root


@pytest.mark.parametrize(("module", "line", "says"), PLANTED)
def test_a_wrong_import_is_caught(copied: Path, module: str, line: str, says: str) -> None:
    path = copied / "nntrain" / module
    before = path.read_text(encoding="utf-8") if path.exists() else None
    path.write_text(f"{before or ''}\n{line}\n", encoding="utf-8")
    try:
        assert any(says in mistake for mistake in mistakes(copied))
    finally:
        if before is None:
            path.unlink()
        else:
            path.write_text(before, encoding="utf-8")
    assert mistakes(copied) == mistakes(ROOT)


@pytest.mark.parametrize("late", [False, True])
def test_a_circle_within_a_room_is_caught(copied: Path, late: bool) -> None:
    """Two modules that know each other, one of them by a late import."""
    lines = {
        "first": "from nntrain.stats import second",
        "second": "def f():\n    from nntrain.stats import first"
        if late
        else "from . import first",
    }
    for name, line in lines.items():
        (copied / f"nntrain/stats/{name}.py").write_text(f"{line}\n", encoding="utf-8")
    try:
        circle = "nntrain.stats.first imports nntrain.stats.second imports nntrain.stats.first"
        assert f"{circle}: a circle" in mistakes(copied)
    finally:
        for name in lines:
            (copied / f"nntrain/stats/{name}.py").unlink()


@pytest.mark.parametrize(
    ("names", "kernels"),
    [
        (choices.ACTIVATIONS, ACTIVATIONS),
        (choices.OPTIMIZERS, OPTIMIZERS),
        (choices.SCHEDULES, SCHEDULES),
        (choices.INITIALIZATIONS, INITIALIZATIONS),
        (choices.RECIPES, RECIPES),
    ],
)
def test_every_choice_has_a_kernel_and_every_kernel_a_line(names: Any, kernels: Any) -> None:
    assert names.keys() == kernels.keys()


@pytest.mark.parametrize(
    ("names", "compiled"),
    [
        (choices.ACTIVATIONS, ACTIVATION_NUMBERS),
        (choices.OPTIMIZERS, OPTIMIZER_NUMBERS),
        (choices.SCHEDULES, SCHEDULE_NUMBERS),
    ],
)
def test_every_choice_of_an_iteration_is_compiled(names: Any, compiled: Any) -> None:
    assert names.keys() == compiled.keys()


def accepts(batch_mode: str) -> bool:
    try:
        rows_per_iteration(batch_mode, 4, 10)
    except KeyError:
        return False
    return True


def test_the_engine_accepts_the_batch_modes_and_no_others() -> None:
    others = {"", "Batch", "full", "full-batch", "minibatch", "mini_batch", "sgd", "online"}
    assert {name for name in choices.BATCH_MODES.keys() | others if accepts(name)} == set(
        choices.BATCH_MODES
    )


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh Python holds after this statement."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{statement}\nimport sys\nprint(*sys.modules)"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}


SLOW_TO_LOAD = {"numpy", "pandas", "numba", "rich", "matplotlib"}


@pytest.mark.parametrize("module", ["nntrain", "nntrain.cli.main", "nntrain.config.keys"])
def test_starting_the_command_loads_nothing_slow(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert "nntrain" in loaded
    assert loaded & SLOW_TO_LOAD == set()


def test_what_is_loaded_is_seen() -> None:
    assert {"numpy", "pandas"} <= loaded_by("import nntrain.data.readers.frames")


def test_what_fit_and_predict_need_for_a_small_table_is_not_pandas() -> None:
    loaded = loaded_by("import nntrain.training.run, nntrain.model.archive")
    assert "numpy" in loaded
    assert "pandas" not in loaded


def test_matplotlib_is_loaded_only_to_draw() -> None:
    loaded = loaded_by(
        "import nntrain.report.sections, nntrain.cli.commands.report, nntrain.cli.commands.plot"
    )
    assert "numpy" in loaded
    assert "matplotlib" not in loaded


def test_the_engine_loads_no_tables_and_no_console() -> None:
    loaded = loaded_by("import nntrain.engine.training")
    assert "numpy" in loaded
    assert loaded & {"pandas", "yaml", "click", "rich"} == set()
