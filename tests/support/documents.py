"""README.md and the guides: their blocks, and their parts that are generated from the code.

`python tests/support/documents.py` brings the generated parts of all documents up to date; a test
compares them.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nntrain.config.choices import (
    ACTIVATIONS,
    BATCH_MODES,
    DECIMALS,
    DTYPES,
    ENCODINGS,
    ENGINES,
    INITIALIZATIONS,
    KEEPS,
    MISSING_TARGETS,
    OPTIMIZERS,
    RECIPES,
    SCHEDULES,
    TRANSFORMS,
)
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.config.yaml_text import default_text
from nntrain.errors import EXIT_CODES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "nntrain"
README = ROOT / "README.md"
GUIDES = sorted((PACKAGE / "guides").glob("*.md"))
DOCUMENTS = [README, *GUIDES]

ROOMS = (
    "cli",
    "cli/commands",
    "report",
    "evaluation",
    "diagnostics",
    "training",
    "model",
    "stats",
    "config",
    "engine",
    "engine/compiled",
    "data",
    "data/kinds",
    "data/notation",
    "data/readers",
    "data/preprocessing",
    "files",
    ".",
)
"""The folders of the package, top to bottom, as the architecture guide lists them."""


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    header = list(header)
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def config_table() -> str:
    """Every config key with its values, its default and its meaning."""
    rows = [
        [
            f"`{name}`",
            value_type.expects,
            default_text(name).removeprefix("default "),
            MEANINGS[name],
        ]
        for name, value_type in VALUE_TYPES.items()
    ]
    return table(["key", "a value is", "default", "meaning"], rows)


def choice_table(choices: Mapping[str, str]) -> Callable[[], str]:
    """A maker of the table of the names that a key may have."""
    return lambda: table(
        ["name", "meaning"], ([f"`{name}`", meaning] for name, meaning in choices.items())
    )


def exit_code_table() -> str:
    """Every exit code with its meaning."""
    return table(["code", "meaning"], ([str(code), line] for code, line in EXIT_CODES.items()))


def room_of(module: Path) -> str:
    """The folder of a module within the package; "." is the package itself."""
    return module.parent.relative_to(PACKAGE).as_posix()


def modules() -> list[Path]:
    """Every module of the package that is more than a folder's or a program's entry."""
    return sorted(path for path in PACKAGE.rglob("*.py") if not path.name.startswith("__"))


def first_sentence(path: Path) -> str:
    """The first sentence of a module's docstring, without its full stop; empty without one."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    paragraph = " ".join(docstring.partition("\n\n")[0].split())
    return re.split(r"\.(?= |$)", paragraph, maxsplit=1)[0].replace("|", r"\|")


def module_tables() -> str:
    """For each room its modules with the first sentences of their docstrings."""
    parts = []
    for room in ROOMS:
        rows = [
            [f"`{path.name}`", first_sentence(path)] for path in modules() if room_of(path) == room
        ]
        name = "nntrain" if room == "." else f"nntrain/{room}"
        about = first_sentence(PACKAGE / room / "__init__.py")
        parts.append(f"### `{name}/`\n\n{about}.\n\n{table(['module', 'about'], rows)}")
    return "\n\n".join(parts)


PARTS: dict[str, Callable[[], str]] = {
    "config": config_table,
    "activations": choice_table(ACTIVATIONS),
    "initializations": choice_table(INITIALIZATIONS),
    "optimizers": choice_table(OPTIMIZERS),
    "schedules": choice_table(SCHEDULES),
    "encodings": choice_table(ENCODINGS),
    "transforms": choice_table(TRANSFORMS),
    "keeps": choice_table(KEEPS),
    "batch modes": choice_table(BATCH_MODES),
    "engines": choice_table(ENGINES),
    "precisions": choice_table(DTYPES),
    "missing targets": choice_table(MISSING_TARGETS),
    "decimals": choice_table(DECIMALS),
    "recipes": choice_table(RECIPES),
    "exit codes": exit_code_table,
    "modules": module_tables,
}
"""The generated parts: what stands between `<!-- name: begin -->` and `<!-- name: end -->`."""


def generated_parts(text: str) -> list[str]:
    """The names of the generated parts of a document, in order."""
    return re.findall(r"^<!-- (.+): begin -->$", text, re.M)


def with_parts(text: str) -> str:
    """A document with each of its generated parts as the code says."""
    for name in generated_parts(text):
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        before, _, rest = text.partition(begin)
        _, _, after = rest.partition(end)
        text = f"{before}{begin}\n{PARTS[name]()}\n\n{end}{after}"
    return text


def blocks(document: Path, kind: str) -> list[str]:
    """The contents of a document's fenced blocks of one kind, such as `console`."""
    return re.findall(rf"^```{kind}\n(.*?)^```$", document.read_text(), re.S | re.M)


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(with_parts(document.read_text()))
