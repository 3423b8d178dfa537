"""The parts of README.md that are generated; run this file to bring them up to date.

`python tests/readme.py` writes them, and a test compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from nntrain.config.choices import (
    ACTIVATIONS,
    BATCH_MODES,
    ENCODINGS,
    ENGINES,
    INITIALIZATIONS,
    KEEPS,
    OPTIMIZERS,
    SCHEDULES,
    TRANSFORMS,
)
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.config.yaml_text import default_text
from nntrain.errors import EXIT_CODES

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    lines = [list(header), ["---"] * len(list(header)), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def config_table() -> str:
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
    return lambda: table(["name", "what"], ([f"`{name}`", line] for name, line in choices.items()))


def exit_code_table() -> str:
    return table(["code", "meaning"], ([str(code), line] for code, line in EXIT_CODES.items()))


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
    "exit codes": exit_code_table,
}


def with_parts(text: str) -> str:
    """The README with each generated part as it should be."""
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        part = begin + "\n" + make() + "\n\n" + end
        text, found = re.subn(pattern, part.replace("\\", r"\\"), text, flags=re.S)
        if found != 1:
            raise ValueError(f"README.md has {found} places for {name!r}")
    return text


if __name__ == "__main__":
    README.write_text(with_parts(README.read_text()))
