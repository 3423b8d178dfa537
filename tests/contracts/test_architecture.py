"""Which module may import which, read from the source; and that names and kernels agree.

Imports run downwards only, and what is slow to load stays out of the way of `--help`.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import resolve_name
from pathlib import Path
from typing import Any

import pytest

from nntrain.config import choices
from nntrain.config.recipes import RECIPES
from nntrain.engine.activations import ACTIVATIONS
from nntrain.engine.batches import rows_per_iteration
from nntrain.engine.compiled.kernels import ACTIVATION_NUMBERS, OPTIMIZER_NUMBERS, SCHEDULE_NUMBERS
from nntrain.engine.hyperparameters import SCHEDULES
from nntrain.engine.initialization import INITIALIZATIONS
from nntrain.engine.optimizers import OPTIMIZERS

ROOT = Path(__file__).parent.parent


def module_name(path: Path) -> str:
    """The dotted name of a source file of the package."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {module_name(path): path for path in sorted((ROOT / "nntrain").rglob("*.py"))}


def imports_of(source: str, package: str) -> Iterator[str]:
    """Every dotted name that a module of this package imports, wherever in it.

    `from a import b` gives `a.b`, which is inside `a` whether b is a module or not.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def inside(*places: str) -> Callable[[str], bool]:
    """Whether a dotted name is one of these modules, or in one of them."""
    return lambda name: any(name == place or name.startswith(place + ".") for place in places)


def outside(*places: str) -> Callable[[str], bool]:
    """The opposite of `inside`."""
    is_inside = inside(*places)
    return lambda name: not is_inside(name)


def of_nntrain_but(*places: str) -> Callable[[str], bool]:
    """Whether a name is of nntrain, and in none of these."""
    is_inside, is_nntrain = inside(*places), inside("nntrain")
    return lambda name: is_nntrain(name) and not is_inside(name)


def everything(name: str) -> bool:
    return bool(name)


@dataclass(frozen=True)
class Rule:
    """What the modules that a rule is about may not import."""

    says: str
    about: Callable[[str], bool]
    forbids: Callable[[str], bool]


RULES = [
    Rule(
        "the engine needs NumPy alone, and Numba for what is compiled",
        inside("nntrain.engine"),
        outside("nntrain", "numpy", "numba", "llvmlite", *sys.stdlib_module_names),
    ),
    Rule(
        "the engine knows only itself, choices and errors",
        inside("nntrain.engine"),
        of_nntrain_but("nntrain.engine", "nntrain.choices", "nntrain.errors"),
    ),
    Rule(
        "tables know nothing of networks, configs and models",
        inside("nntrain.data"),
        inside(
            "nntrain.engine",
            "nntrain.config",
            "nntrain.fitting",
            "nntrain.model",
            "nntrain.model_file",
        ),
    ),
    Rule("only config_file.py reads YAML", outside("nntrain.config_file"), inside("yaml")),
    Rule("only cli/display.py uses rich", outside("nntrain.cli.display"), inside("rich")),
    Rule(
        "only what is compiled uses Numba",
        outside("nntrain.engine.compiled", "nntrain.engine.compiled_exp"),
        inside("numba", "llvmlite"),
    ),
    Rule(
        "only drawing.py uses Matplotlib",
        outside("nntrain.drawing"),
        inside("matplotlib", "mpl_toolkits"),
    ),
    Rule("choices.py imports nothing", inside("nntrain.choices"), everything),
    Rule("errors.py knows nothing of nntrain", inside("nntrain.errors"), inside("nntrain")),
    Rule(
        "nothing below the command line knows it",
        outside("nntrain.cli", "nntrain.__main__"),
        inside("nntrain.cli", "click"),
    ),
]


def mistakes(module: str, source: str, package: str) -> list[str]:
    """Every import of a module that breaks a rule."""
    imported = sorted(set(imports_of(source, package)))
    return [
        f"{module} imports {name}: {rule.says}"
        for rule in RULES
        if rule.about(module)
        for name in imported
        if rule.forbids(name)
    ]


@pytest.mark.parametrize("module", SOURCES)
def test_a_module_imports_only_what_it_may(module: str) -> None:
    path = SOURCES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    assert mistakes(module, path.read_text(encoding="utf-8"), package) == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.says)
def test_a_rule_is_about_some_module(rule: Rule) -> None:
    assert any(rule.about(module) for module in SOURCES)


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("nntrain.engine.loss", "import pandas as pd", ["pandas"]),
        ("nntrain.engine.loss", "def f():\n    from yaml import safe_load", ["yaml.safe_load"] * 2),
        (
            "nntrain.engine.loss",
            "from nntrain.data.table import Table",
            ["nntrain.data.table.Table"],
        ),
        ("nntrain.engine.loss", "from nntrain import metrics", ["nntrain.metrics"]),
        ("nntrain.engine.loss", "import nntrain", ["nntrain"]),
        ("nntrain.engine.loss", "from .. import model", ["nntrain.model"]),
        ("nntrain.engine.loss", "import numpy, math\nfrom nntrain.errors import E", []),
        ("nntrain.engine.loss", "from .network import *", []),
        ("nntrain.engine.loss", "import numba", ["numba"]),
        ("nntrain.engine.compiled", "import numba", []),
        ("nntrain.data.table", "from nntrain.engine import loss", ["nntrain.engine.loss"]),
        ("nntrain.data.table", "import nntrain.model_file", ["nntrain.model_file"]),
        ("nntrain.data.table", "import pandas\nfrom nntrain.errors import E", []),
        ("nntrain.data.table", "if TYPE_CHECKING:\n    import nntrain.config", ["nntrain.config"]),
        ("nntrain.model", "import yaml", ["yaml"]),
        ("nntrain.model", "import nntrain.config, nntrain.model_file", []),
        ("nntrain.config_file", "import yaml", []),
        ("nntrain.cli.fit", "from rich.console import Console", ["rich.console.Console"]),
        ("nntrain.cli.fit", "import click\nfrom nntrain.cli import text", []),
        ("nntrain.cli.display", "import rich", []),
        ("nntrain.charts", "from matplotlib.axes import Axes", ["matplotlib.axes.Axes"]),
        ("nntrain.drawing", "import matplotlib as mpl", []),
        ("nntrain.choices", "from __future__ import annotations", ["__future__.annotations"]),
        ("nntrain.errors", "from nntrain.choices import A", ["nntrain.choices.A"]),
        ("nntrain.fitting", "import click", ["click"]),
        ("nntrain.fitting", "from nntrain.cli.text import note", ["nntrain.cli.text.note"]),
        ("nntrain.__main__", "from nntrain.cli.main import run", []),
    ],
)
def test_the_reader_of_imports_finds_what_breaks_a_rule(
    module: str, source: str, found: list[str]
) -> None:
    told = mistakes(module, source, module.rpartition(".")[0])
    assert [line.partition(" imports ")[2].partition(":")[0] for line in told] == found


def test_a_mistake_names_the_module_the_import_and_the_rule() -> None:
    assert mistakes("nntrain.kinds", "import yaml", "nntrain") == [
        "nntrain.kinds imports yaml: only config_file.py reads YAML"
    ]


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


@pytest.mark.parametrize("module", ["nntrain", "nntrain.cli.main", "nntrain.config"])
def test_starting_the_command_loads_nothing_slow(module: str) -> None:
    loaded = loaded_by(f"import {module}")
    assert "nntrain" in loaded
    assert loaded & SLOW_TO_LOAD == set()


def test_what_is_loaded_is_seen() -> None:
    assert {"numpy", "pandas"} <= loaded_by("import nntrain.data.frames")


def test_what_fit_and_predict_need_for_a_small_table_is_not_pandas() -> None:
    loaded = loaded_by("import nntrain.fitting, nntrain.model_file")
    assert "numpy" in loaded
    assert "pandas" not in loaded


def test_matplotlib_is_loaded_only_to_draw() -> None:
    loaded = loaded_by("import nntrain.cli.report_sections, nntrain.cli.report, nntrain.cli.plot")
    assert "numpy" in loaded
    assert "matplotlib" not in loaded


def test_the_engine_loads_no_tables_and_no_console() -> None:
    loaded = loaded_by("import nntrain.engine.training")
    assert "numpy" in loaded
    assert loaded & {"pandas", "yaml", "click", "rich"} == set()
