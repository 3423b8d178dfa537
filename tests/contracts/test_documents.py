"""README.md, the guides and the help texts say what is so: commands run, tables match the code."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from support.command import COMMAND, ROOT, Run, environment
from support.documents import (
    DOCUMENTS,
    GUIDES,
    PACKAGE,
    PARTS,
    README,
    ROOMS,
    blocks,
    first_sentence,
    generated_parts,
    modules,
    room_of,
    with_parts,
)

from nntrain import __version__
from nntrain.cli.commands import guide
from nntrain.cli.main import COMMANDS, cli
from nntrain.config.keys import MEANINGS, VALUE_TYPES
from nntrain.config.yaml_file import parse_config
from nntrain.errors import EXIT_CODES

EVERYTHING = {path: path.read_text() for path in DOCUMENTS}
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
FACTOR = 1.5
"""How much a measured number in README.md may differ from what this machine measures."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)


def all_blocks(kind: str) -> list[Any]:
    """Every block of a kind in any document, as a parameter of a test."""
    return [
        pytest.param(document, block, id=f"{document.stem}-{number}")
        for document in DOCUMENTS
        for number, block in enumerate(blocks(document, kind), start=1)
    ]


def loaded(command: str) -> click.Command:
    found = cli.get_command(click.Context(cli), command)
    assert found is not None
    return found


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run a command line in the working folder; both of its outputs are in `stdout`."""
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment() | {"PATH": f"{COMMAND.parent}:/usr/bin:/bin"},
        check=False,
        timeout=120,
    )


@pytest.fixture(scope="session")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the models and the log that the documents' commands begin with."""
    folder = tmp_path_factory.mktemp("fitted")
    variants = {
        "model": "seed=0",
        "ensemble": "ensemble=2",
        "calibrated": "calibration_fraction=0.2",
    }
    for name, key in variants.items():
        arguments = ["sample_data/concrete.csv", "-c", "configs/mini-batch.yaml", "-q"]
        outputs = ["-m", str(folder / f"{name}.npz"), "-l", str(folder / f"{name}.csv")]
        command = [str(COMMAND), "fit", *arguments, *outputs, "--set", key]
        subprocess.run(command, env=environment(), check=True, cwd=ROOT)
    (folder / "model.csv").rename(folder / "loss.csv")
    shutil.copy(ROOT / "sample_data/concrete.csv", folder / "new.csv")
    return folder


@pytest.fixture
def furnished(folder: Path, fitted: Path) -> Path:
    """A working folder with sample_data, configs, new.csv, loss.csv and models."""
    shutil.copytree(fitted, folder, dirs_exist_ok=True)
    return folder


# Commands and programs in the documents


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize(("document", "block"), all_blocks("console"))
def test_the_commands_of_a_console_block_print_what_it_shows(document: Path, block: str) -> None:
    commands = re.split(r"^\$ ", block, flags=re.M)[1:]
    assert commands
    for each in commands:
        command, _, shown = each.partition("\n")
        done = shell(command)
        assert done.returncode == 0, done.stdout
        if shown and document == README:
            assert agree(shown, done.stdout), done.stdout
        elif shown:
            assert done.stdout == shown


def agree(shown: str, printed: str) -> bool:
    """Whether words are equal and decimals are close; a line `...` stands for any lines.

    Spaces do not count, nor do whole numbers such as that of an epoch.
    """
    parts = [re.escape(NUMBER.sub("#", words(part))) for part in shown.split("...\n")]
    pattern = re.compile("(.*)".join(parts))
    match = pattern.fullmatch(NUMBER.sub("#", words(printed)))
    if match is None:
        return False
    numbers = NUMBER.findall(printed)
    left_out = [part.count("#") for part in match.groups()]
    for part, n_left_out in itertools.zip_longest(shown.split("...\n"), left_out, fillvalue=0):
        expected = NUMBER.findall(str(part))
        if not all(map(are_close, expected, numbers)):
            return False
        numbers = numbers[len(expected) + int(n_left_out) :]
    return not numbers


def words(text: str) -> str:
    return " ".join(text.split())


def are_close(shown: str, printed: str) -> bool:
    if "." not in shown:
        return True
    return 1 / FACTOR < float(shown.replace(",", "")) / float(printed.replace(",", "")) < FACTOR


@pytest.mark.parametrize(
    ("printed", "expected"),
    [
        ("Trained on 9 rows.\nRMSE  3.5\n", True),
        ("Trained on 9 rows.\nepoch 3 of 4\nRMSE 3.1\n", True),
        ("Trained on 9 rows.\nepoch 3.5\nRMSE 9.1\n", False),
        ("Trained on 9 rows.\nepoch 3\nMAE 3.5\n", False),
        ("Trained on 9 rows.\nRMSE 3.5\nRMSE 3.5 of\n", False),
    ],
)
def test_the_comparison_of_outputs_finds_other_words_and_numbers(
    printed: str, expected: bool
) -> None:
    assert agree("Trained on 8 rows.\n...\nRMSE 3.4\n", printed) == expected


@pytest.mark.parametrize(("document", "block"), all_blocks("python"))
def test_a_python_block_runs_and_prints_nothing(
    furnished: Path, document: Path, block: str
) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(("document", "block"), all_blocks("yaml"))
def test_a_yaml_block_is_a_config(document: Path, block: str) -> None:
    assert parse_config(block).target


def test_the_first_two_blocks_are_the_two_commands_and_ci_runs_them() -> None:
    install, test = blocks(README, "sh")
    assert install.count("\n") == test.count("\n") == 1
    assert "nntrain fit sample_data/" in install
    assert "nntrain predict sample_data/" in install
    assert test.rstrip().endswith("-m pytest")
    ci = (ROOT / ".ci/run").read_text()
    assert "$(readme_command 0)" in ci
    assert "$(readme_command 1)" in ci


@each_document
def test_every_block_is_of_a_kind_that_is_tested(document: Path) -> None:
    kinds = re.findall(r"^```(\w*)\n.*?^```$", EVERYTHING[document], re.S | re.M)
    allowed = {"console", "python", "yaml", "text"} | ({"sh"} if document == README else set())
    assert set(kinds) <= allowed
    assert EVERYTHING[document].count("\n```") == 2 * len(kinds)


# What the documents say of the code


@each_document
def test_the_generated_parts_are_up_to_date(document: Path) -> None:
    text = EVERYTHING[document]
    assert with_parts(text) == text, "run: python tests/support/documents.py"


def test_every_generated_part_stands_in_a_document() -> None:
    found = [name for text in EVERYTHING.values() for name in generated_parts(text)]
    assert set(found) == set(PARTS)


def test_a_generated_part_that_differs_is_found() -> None:
    text = EVERYTHING[PACKAGE / "guides/config.md"]
    assert with_parts(text.replace("| `alpha` |", "| `beta` |")) == text


def test_the_map_of_the_package_has_every_room_and_says_what_each_module_is_for() -> None:
    assert sorted({room_of(path) for path in modules()}) == sorted(ROOMS)
    entries = [PACKAGE / room / "__init__.py" for room in ROOMS]
    assert [path.name for path in [*modules(), *entries] if not first_sentence(path)] == []


def test_every_command_stands_in_the_guide_to_the_shell() -> None:
    text = EVERYTHING[PACKAGE / "guides/shell.md"]
    assert [command for command in COMMANDS if f"`nntrain {command}" not in text] == []


def test_every_promise_names_tests_that_there_are() -> None:
    promises = EVERYTHING[PACKAGE / "guides/promises.md"].split("\n- ")[1:]
    tests = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert len(promises) > 10
    for promise in promises:
        named = re.findall(r"^  - `(test_\w+)`$", promise, re.M)
        assert named, promise
        assert [name for name in named if f"def {name}(" not in tests] == []


def places(document: Path) -> Iterator[tuple[str, str]]:
    """The source files that a document names, each with a name in it, if one follows."""
    outside_parts = re.sub(
        r"<!-- (.+): begin -->.*?<!-- \1: end -->", "", EVERYTHING[document], flags=re.S
    )
    yield from re.findall(r"`([\w/]+/\w+\.py)`(?:, `(\w+)`)?", outside_parts)


@each_document
def test_the_source_files_that_a_document_names_are_there(document: Path) -> None:
    missing = []
    for path, name in places(document):
        source = next((p for p in (PACKAGE / path, ROOT / path) if p.exists()), None)
        if source is None or (name and not re.search(rf"(def|class) {name}\b", source.read_text())):
            missing.append(f"{path} {name}".strip())
    assert missing == []


def slugs(text: str) -> set[str]:
    """The anchors of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_document
def test_links_and_pictures_resolve(document: Path) -> None:
    broken = []
    for path, anchor in re.findall(r"\]\(([^)#]*)(?:#([^)]*))?\)", EVERYTHING[document]):
        target = (document.parent / path).resolve() if path else document
        if path.startswith("https://"):
            continue
        if not target.exists() or (anchor and anchor not in slugs(target.read_text())):
            broken.append(f"{path}#{anchor}")
    assert broken == []


def test_the_readme_is_short_and_its_pictures_are_small() -> None:
    assert len(EVERYTHING[README].splitlines()) <= 150
    pictures = re.findall(r"!\[.+\]\((.+)\)", EVERYTHING[README])
    assert len(pictures) == 2
    assert [path for path in pictures if (ROOT / path).stat().st_size > 60_000] == []


def test_every_guide_is_listed_and_named_in_the_readme() -> None:
    assert sorted(guide.GUIDES) == sorted(path.stem for path in GUIDES)
    assert [
        path for path in GUIDES if f"(nntrain/guides/{path.name})" not in EVERYTHING[README]
    ] == []


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: path.stem)
def test_a_guide_opens_with_what_it_is_for(path: Path) -> None:
    title, empty, opening = EVERYTHING[path].split("\n")[:3]
    assert re.fullmatch(r"# \w.{10,65}", title)
    assert empty == ""
    assert opening.startswith("This guide is for whoever ")


# What `--json` prints


def keys_in(value: Any) -> set[str]:
    """Every key of a JSON value, but for those that are names from the table."""
    if isinstance(value, list):
        return set().union(*map(keys_in, value))
    if not isinstance(value, dict):
        return set()
    found = set(value)
    for key, inner in value.items():
        parts = [inner]
        if key in ("targets", "pooled"):
            parts = list(inner.values())
        elif key == "ridge_penalty":
            parts = []
        elif key == "groups":
            parts = [{"targets": group} for group in inner.values()]
        found = found.union(*map(keys_in, parts))
    return found


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("evaluate", "--by slag -m calibrated.npz --interval 0.9"),
        ("cv", "-c configs/mini-batch.yaml --set epochs=1 --folds 2"),
        ("check", "--config configs/mini-batch.yaml"),
        ("check", "--model model.npz"),
        ("explain", "--repeats 1"),
        ("trace", "-c configs/mini-batch.yaml"),
    ],
)
def test_the_guide_to_the_shell_names_every_key_of_json(command: str, arguments: str) -> None:
    done = shell(f"nntrain {command} sample_data/concrete.csv {arguments} --json 2>/dev/null")
    assert done.returncode == 0, done.stdout
    section = EVERYTHING[PACKAGE / "guides/shell.md"].partition("## What `--json` prints")[2]
    (row,) = re.findall(rf"^\| `{command}` .*$", section, re.M)
    named = set(re.findall(r"`(\w+)`", row))
    if command == "cv":
        named |= set(re.findall(r"`(\w+)`", re.findall(r"^\| `evaluate` .*$", section, re.M)[0]))
    assert keys_in(json.loads(done.stdout)) - named == set()


@pytest.mark.usefixtures("furnished")
def test_the_guide_to_the_files_names_every_key_of_a_header() -> None:
    text = EVERYTHING[PACKAGE / "guides/files.md"]
    for model in ("model.npz", "calibrated.npz"):
        header = json.loads(shell(f"nntrain inspect {model} --json").stdout)
        assert [key for key in header if f"`{key}`" not in text] == []


# Help texts


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_and_command_stands_in_the_help_with_an_example(
    run: Run, command: str
) -> None:
    result = run(command, "--help")
    assert (result.code, result.err) == (0, "")
    examples = result.out.partition("Examples:\n")[2].partition("\nOptions:")[0]
    assert f"nntrain {command}" in examples
    for option in loaded(command).params:
        if isinstance(option, click.Option):
            assert option.help
            assert all(name in result.out for name in option.opts)
    assert run(command, "-h") == result


@pytest.mark.parametrize("command", COMMANDS)
def test_the_examples_of_the_help_run(
    furnished: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = loaded(command).help or ""
    examples = text.partition("Examples:\n")[2].partition("\n\n")[0].strip().split("\n")
    assert examples
    monkeypatch.setenv("HOME", str(furnished))
    (furnished / ".config/fish/completions").mkdir(parents=True)
    for example in examples:
        done = shell(example)
        assert done.returncode == 0, done.stdout


def test_the_help_of_fit_names_every_config_key_with_its_meaning(run: Run) -> None:
    out = run("fit", "--help").out
    for name, value_type in VALUE_TYPES.items():
        assert f"  {name}: {value_type.expects} (" in out
        assert f"      {MEANINGS[name]}\n" in out + "\n"


def test_the_list_of_commands_cuts_no_sentence_short(run: Run) -> None:
    lines = run("--help").out.partition("Commands:\n")[2].split("\n")[: len(COMMANDS)]
    assert [line.split()[0] for line in lines] == list(COMMANDS)
    assert all(line.endswith(".") and not line.endswith("..") for line in lines)


def test_the_help_names_every_exit_code(run: Run) -> None:
    out = run("--help").out
    assert all(f"{code:>3}  {meaning}" in out for code, meaning in EXIT_CODES.items())
    assert run().out == "" or "Usage: nntrain" in run().out


def test_the_version_is_that_of_the_package(run: Run) -> None:
    assert run("--version").out == f"nntrain {__version__}\n"


def test_help_and_version_import_neither_pandas_nor_numpy() -> None:
    code = (
        "import sys; from nntrain.cli.main import main; main(sys.argv[1:]);"
        "print([m for m in ('numpy', 'pandas', 'numba', 'rich') if m in sys.modules])"
    )
    for arguments in (["--help"], ["--version"], ["fit", "--help"], ["predict", "--help"]):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=True
        )
        assert done.stdout.endswith("[]\n")
