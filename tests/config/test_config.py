"""The config: every value typed by its key, every mistake reported with its line."""

from __future__ import annotations

import dataclasses
import logging
from pathlib import Path
from typing import Any

import pytest

from nntrain.config.choices import ACTIVATIONS
from nntrain.config.keys import DEFAULTS, USED_WITH, VALUE_TYPES, Config
from nntrain.config.unknown_keys import KNOWN_ELSEWHERE
from nntrain.config.yaml_file import load_config, parse_config
from nntrain.config.yaml_text import as_yaml
from nntrain.errors import ConfigError, Mistake, Place


def parse(text: str, *overrides: str) -> Config:
    return parse_config(text, "c.yaml", overrides)


def mistakes(text: str, *overrides: str) -> list[str]:
    """The lines of the error message for a config, without the lines that it quotes."""
    with pytest.raises(ConfigError) as caught:
        parse(text, *overrides)
    return [line for line in str(caught.value).split("\n") if not line.startswith("    ")]


def test_a_target_alone_gives_every_default() -> None:
    config = parse("target: y\n")
    assert config.target == ("y",)
    others = {name: getattr(config, name) for name in VALUE_TYPES if name != "target"}
    assert others == {name: value for name, value in DEFAULTS.items() if name != "target"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("alpha: 1e-3", 1e-3),
        ("alpha: 1E-6", 1e-6),
        ("alpha: .5", 0.5),
        ("alpha: 5.", 5.0),
        ("alpha: +2", 2.0),
        ("epochs: 1e3", 1000),
        ("epochs: 0", 0),
        ("seed: 4294967295", 2**32 - 1),
        ("shuffle: False", False),
        ("hidden_layers: []", ()),
        ("hidden_layers: [64, 1e1]", (64, 10)),
        ("hidden_layers:\n  - 8\n  - 4", (8, 4)),
        ("target: no", ("no",)),
        ("target: 007", ("007",)),
        ("target: [1e3, '', a]", None),
        ("target: 'null'", ("null",)),
        ("features: [no, 2015, 'a: b']", ("no", "2015", "a: b")),
        ("features: null", None),
        ("ignore: [1_000]", ("1_000",)),
        ("missing_values: ['', NA, -999, null, ~]", ("", "NA", "-999", "null", "~")),
        ("delimiter: tab", "\t"),
        ('delimiter: "\\t"', "\t"),
        ("delimiter: '|'", "|"),
        ("decimal: ','", ","),
    ],
)
def test_a_value_is_read_by_the_type_of_its_key(line: str, expected: Any) -> None:
    key = line.partition(":")[0]
    text = line if key == "target" else f"target: y\n{line}"
    if line == "target: [1e3, '', a]":
        assert mistakes(text) == ["c.yaml, line 1: target expects a column name, found ''"]
        return
    value = getattr(parse(text), key)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("alpha: 1_000", "alpha expects a number above 0, found '1_000': write 1000"),
        ("alpha: fast", "alpha expects a number above 0, found 'fast'"),
        ("alpha: 0", "alpha expects a number above 0, found '0'"),
        ("alpha: .nan", "alpha expects a number above 0, found '.nan'"),
        ("alpha: 1e999", "alpha expects a number above 0, found '1e999'"),
        (
            "alpha: '0.1'",
            "alpha expects a number above 0, found '0.1': remove the quotes, write 0.1",
        ),
        ("alpha:", "alpha expects a number above 0, found nothing"),
        ("alpha: [0.1]", "alpha expects a number above 0, found a list"),
        ("tau: -1", "tau expects a number 0 or more, found '-1'"),
        ("epochs: 1.5", "epochs expects a whole number, 0 or more, found '1.5'"),
        (
            "epochs: 0123",
            "epochs expects a whole number, 0 or more, found '0123': remove the leading zero, "
            "write 123",
        ),
        (
            "seed: 4294967296",
            "seed expects a whole number from 0 to 4294967295, found '4294967296'",
        ),
        ("shuffle: yes", "shuffle expects true or false, found 'yes'"),
        ("shuffle: 1", "shuffle expects true or false, found '1'"),
        (
            "hidden_layers: 16",
            "hidden_layers expects a list of whole numbers, such as [16] or [64, 64], found '16'",
        ),
        (
            "hidden_layers: [0]",
            "hidden_layers expects a whole number from 1 to 1000000, found '0'",
        ),
        (
            "activation: softmax",
            f"activation expects one of {', '.join(ACTIVATIONS)}, found 'softmax'",
        ),
        (
            "batch_mode: minibatch",
            "batch_mode expects one of batch, stochastic, mini-batch, found 'minibatch'",
        ),
        (
            "validation_fraction: 1",
            "validation_fraction expects a number 0 or more and below 1, found '1'",
        ),
        ("delimiter: ab", "delimiter expects one character, such as , or ; or tab, found 'ab'"),
        ("decimal: '-'", "decimal expects one of '.', ',', found '-'"),
        ("dtype: float16", "dtype expects one of float64, float32, found 'float16'"),
        (
            "target: []",
            "target expects a column name, or a list of column names, found an empty list",
        ),
        ("target: null", "target expects a column name, found 'null'"),
        ("alpha: {a: 1}", "alpha expects a number above 0, found a mapping"),
        ("numbers: {a: {b: 1}}", "numbers expects a value or a list, found a nested mapping"),
        ("numbers: {a: 1, a: 2}", "numbers names the column 'a' twice"),
        (
            "hidden_layers: [[1]]",
            "hidden_layers expects plain values in its list, found a nested list",
        ),
        (
            "alpha: !!python/object:os.system x",
            "alpha has a YAML tag or anchor; write the value alone",
        ),
        ("alpha: &a 1", "alpha has a YAML tag or anchor; write the value alone"),
        ("alpha: *a", "alpha expects a value or a list, found a YAML alias"),
        (
            "learning_rate: 1",
            "unknown key 'learning_rate': did you mean alpha, the learning rate?",
        ),
        ("lr: 1", "unknown key 'lr': did you mean alpha, the learning rate?"),
        (
            "layers: 1",
            "unknown key 'layers': did you mean hidden_layers, the neurons of each hidden layer?",
        ),
        (
            "tolerance: 1",
            "unknown key 'tolerance': did you mean tau, the early-stopping tolerance?",
        ),
        ("n_epochs: 1", "unknown key 'n_epochs': did you mean epochs, passes through the data?"),
        (
            "batch: 1",
            "unknown key 'batch': did you mean batch_mode or batch_size, the kind of batch and its "
            "rows?",
        ),
        ("epoch: 1", "unknown key 'epoch': did you mean epochs?"),
        ("Alpha: 1", "unknown key 'Alpha': did you mean alpha?"),
        ("xyzzy: 1", "unknown key 'xyzzy'; `nntrain fit --help` lists the keys"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_was_expected(line: str, message: str) -> None:
    text = f"\n{line}" if line.startswith("target") else f"target: y\n{line}"
    assert mistakes(text) == [f"c.yaml, line 2: {message}"]


def test_all_mistakes_are_reported_together() -> None:
    assert mistakes("alpha: no\nlr: 1\nalpha: 2\nepochs: -1\n", "seed=x") == [
        "c.yaml, line 1: alpha expects a number above 0, found 'no'",
        "c.yaml, line 2: unknown key 'lr': did you mean alpha, the learning rate?",
        "c.yaml, line 3: alpha stands twice; first at c.yaml, line 1",
        "c.yaml, line 4: epochs expects a whole number, 0 or more, found '-1'",
        "--set seed=x: seed expects a whole number from 0 to 4294967295, found 'x'",
        "c.yaml: the key target is missing: name the column to predict, as in `target: price`",
    ]


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("target: y\n  # \n\nalpha: no  # fast\n", "alpha: no  # fast"),
        ("target: y\r\nalpha: no\r\nepochs: 3\r\n", "alpha: no"),
        ("target: y\n# a\u2028alpha: no\n", "alpha: no"),
        ("target: y\n\talpha: 1", "alpha: 1"),
        ("target: y\nalpha:\tno\u202e\u00a0\n", "alpha:\\tno\\u202e"),
        (f"target: y\nfeatures: [{'a' * 90}, y]\n", f"features: [{'a' * 59}…"),
        ("target: y\nhidden_layers:\n  - 1\n  - x\n", "hidden_layers:"),
        ("target: y\nfeatures: [\n", ""),
    ],
)  # fmt: skip
def test_the_line_of_a_mistake_is_shown_below_it(text: str, quoted: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    message, *below = str(caught.value).split("\n")
    assert message.startswith("c.yaml, line ")
    assert below == ([f"    {quoted}"] if quoted else [])


def test_a_mistake_in_an_override_has_no_line_to_show() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("target: y\nalpha: 1\n", "alpha=no")
    assert str(caught.value) == "--set alpha=no: alpha expects a number above 0, found 'no'"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "c.yaml, line 1: is not YAML: a config is lines of `key: value`"),
        ("text\n", "c.yaml, line 1: is not YAML: a config is lines of `key: value`"),
        ("target: y\n---\na: 1\n", "c.yaml, line 2: is not YAML: a second document starts"),
        (
            "target: [y\n",
            "c.yaml, line 2: is not YAML: expected ',' or ']', but got '<stream end>'",
        ),
        (
            "target: y\n\talpha: 1\n",
            "c.yaml, line 2: is not YAML: found character '\\t' that cannot start any token",
        ),
        ("? [a]\n: 1\n", "c.yaml, line 1: expects `key: value`, found a nested list"),
        ("[" * 100_000, "c.yaml, line 1: is not YAML: a config is lines of `key: value`"),
        (
            "target: y\nalpha: " + "[" * 100_000,
            "c.yaml, line 2: alpha expects plain values in its list, found a nested list",
        ),
        (
            "",
            "c.yaml: the key target is missing: name the column to predict, as in `target: price`",
        ),
        (
            "target: y\nfeatures: [a, y]\n",
            "c.yaml, line 2: features names 'y', which is the target; remove it here",
        ),
        ("target: [y, y]\n", "c.yaml, line 1: target names the column 'y' twice; name it once"),
        (
            "target: y\nfeatures: []\n",
            "c.yaml, line 2: features is empty; name a column, or remove the key to use every column",
        ),
        (
            "target: y\nweight: y\n",
            "c.yaml, line 2: weight names 'y', which stands under target too",
        ),
        (
            "target: y\ndelimiter: ','\ndecimal: ','\n",
            "c.yaml, line 3: decimal is the delimiter too, ','; one must differ",
        ),
    ],
)
def test_a_config_that_makes_no_sense_says_where(text: str, message: str) -> None:
    assert mistakes(text) == [message]


@pytest.mark.parametrize(
    ("override", "key", "expected"),
    [
        ("alpha=1e-3", "alpha", 1e-3),
        ("hidden_layers=[32, 32]", "hidden_layers", (32, 32)),
        ("hidden_layers=[]", "hidden_layers", ()),
        ("target=a: b", "target", ("a: b",)),
        ("target=a,b", "target", ("a,b",)),
        ("target=[a, b]", "target", ("a", "b")),
        ("target=x=y", "target", ("x=y",)),
        ("delimiter=;", "delimiter", ";"),
        ("delimiter=,", "delimiter", ","),
        ("delimiter=tab", "delimiter", "\t"),
        ("features=null", "features", None),
    ],
)
def test_set_overrides_a_key_by_the_same_rules(override: str, key: str, expected: Any) -> None:
    assert getattr(parse("target: y\nalpha: 3\nfeatures: [q]\n", override), key) == expected


def test_set_without_an_equals_sign_is_explained() -> None:
    assert mistakes("target: y", "alpha") == [
        "--set alpha: expects KEY=VALUE, such as --set alpha=0.05"
    ]


def test_mistakes_are_values_with_their_key_and_place() -> None:
    with pytest.raises(ConfigError) as caught:
        parse("target: y\nalpha: 0  # off\n", "lr=1")
    assert caught.value.mistakes == (
        Mistake(
            "expects a number above 0, found '0'", "alpha", Place("c.yaml", 2, "alpha: 0  # off")
        ),
        Mistake(
            "unknown key 'lr': did you mean alpha, the learning rate?", "", Place("--set lr=1")
        ),
    )
    with pytest.raises(ConfigError) as caught:
        parse("target: y\nfeatures: [y]\n")
    assert caught.value.mistakes == (
        Mistake(
            "names 'y', which is the target; remove it here",
            "features",
            Place("c.yaml", 2, "features: [y]"),
        ),
    )
    with pytest.raises(ConfigError) as caught:
        Config(target=("y",), alpha=-1)
    assert caught.value.mistakes == (Mistake("expects a number above 0, found -1", "alpha"),)


def test_of_very_many_mistakes_the_first_twenty_are_shown() -> None:
    found = mistakes("".join(f"key_{i}: 1\n" for i in range(40)))
    assert len(found) == 21
    assert found[19].startswith("c.yaml, line 20: unknown key 'key_19'")
    assert found[20] == "there are more mistakes than these"


def test_every_name_known_elsewhere_leads_to_a_key_and_is_none_itself() -> None:
    for name, (keys, _) in KNOWN_ELSEWHERE.items():
        assert name not in VALUE_TYPES
        assert all(key in VALUE_TYPES for key in keys.split(" or "))


def test_every_key_that_is_used_with_another_names_one_of_its_choices() -> None:
    assert USED_WITH.keys() == {"momentum", "beta_1", "beta_2", "epsilon", "batch_size", "bins"}
    for name, used_with in USED_WITH.items():
        for value in used_with.values:
            assert VALUE_TYPES[used_with.key].is_valid(value), name


@pytest.mark.parametrize("mode", ["batch", "stochastic"])
def test_a_batch_size_that_is_not_used_is_noted(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "nntrain"):
        parse("target: y\nbatch_size: 7\n", f"batch_mode={mode}")
        parse("target: y\n", f"batch_mode={mode}")
    assert caplog.messages == [f"batch_size is unused: batch_mode is {mode}"]


def test_a_config_file_that_cannot_be_read_is_explained(tmp_path: Path) -> None:
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("target: y\n# \xe9\n".encode("latin-1"))
    large = tmp_path / "large.yaml"
    large.write_bytes(b"#" * ((1 << 20) + 1))
    for path, message in [
        (
            tmp_path / "none.yaml",
            "there is no such config; `nntrain init` makes one for a table",
        ),
        (tmp_path, "the config cannot be read: Is a directory"),
        (large, "a config of more than 1 MiB; is this the right file?"),
    ]:
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert str(caught.value) == f"{path}: {message}"
    with pytest.raises(ConfigError) as caught:
        load_config(latin)
    assert str(caught.value) == f"{latin}, line 2: is not UTF-8 text; save the file as UTF-8"


def test_a_config_with_a_byte_order_mark_and_crlf_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xef\xbb\xbftarget: y\r\nalpha: 0.5\r\n")
    assert load_config(path) == Config(target=("y",), alpha=0.5)


def test_a_config_made_in_python_is_checked_too() -> None:
    assert Config(target=("y",), hidden_layers=[3]).hidden_layers == (3,)  # type: ignore[arg-type]
    with pytest.raises(ConfigError) as caught:
        Config(target=("y",), alpha=-1, epochs=True, hidden_layers=(2.5,))  # type: ignore[arg-type]
    assert str(caught.value).split("\n") == [
        "hidden_layers: expects a list of whole numbers, such as [16] or [64, 64], found (2.5,)",
        "alpha: expects a number above 0, found -1",
        "epochs: expects a whole number, 0 or more, found True",
    ]


def test_a_config_survives_json_and_yaml() -> None:
    config = Config(target=("a b", "null"), features=("x", "é: ü", '"'), alpha=0.25, delimiter="\t")
    assert Config.from_dict(config.as_dict()) == config
    lines = [f"{f.name}: {as_yaml(getattr(config, f.name))}" for f in dataclasses.fields(Config)]
    assert parse("\n".join(lines)) == config


def test_from_dict_refuses_unknown_keys_and_a_missing_target() -> None:
    with pytest.raises(ConfigError) as caught:
        Config.from_dict({"lr": 1})
    assert str(caught.value).split("\n") == [
        "unknown key 'lr': did you mean alpha, the learning rate?",
        "the key target is missing: name the column to predict, as in `target: price`",
    ]


ALONE = "has a YAML tag or anchor; write the value alone"
BEFORE_MAPPING = "is not YAML: a config has no tag, anchor or alias; remove it"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("target: !!python/object/apply:os.system [y]", f"c.yaml, line 1: target {ALONE}"),
        ("target: &a [y]", f"c.yaml, line 1: target {ALONE}"),
        ("target: ! [y]", f"c.yaml, line 1: target {ALONE}"),
        ("target: [!!str y]", f"c.yaml, line 1: target {ALONE}"),
        ("target: [&a y]", f"c.yaml, line 1: target {ALONE}"),
        ("target: ! y", f"c.yaml, line 1: target {ALONE}"),
        ("target: !<tag:yaml.org,2002:str> y", f"c.yaml, line 1: target {ALONE}"),
        ("target: *a", "c.yaml, line 1: target expects a value or a list, found a YAML alias"),
        ("target: [*a]", "c.yaml, line 1: target expects plain values in its list, found a YAML alias"),
        ("!!str target: y", "c.yaml, line 1: target has a YAML tag or anchor; write the key alone"),
        ("&a target: y", "c.yaml, line 1: target has a YAML tag or anchor; write the key alone"),
        ("*a : y", "c.yaml, line 1: expects `key: value`, found a YAML alias"),
        ("!!map\ntarget: y", f"c.yaml, line 1: {BEFORE_MAPPING}"),
        ("--- &a\ntarget: y", f"c.yaml, line 1: {BEFORE_MAPPING}"),
        ("!x {target: y}", f"c.yaml, line 1: {BEFORE_MAPPING}"),
        ("&a", f"c.yaml, line 1: {BEFORE_MAPPING}"),
        ("*a", f"c.yaml, line 1: {BEFORE_MAPPING}"),
        ("target: y\n<<: 1", "c.yaml, line 2: `<<` merges YAML mappings, which a config has not; write its keys out"),
        ("%YAML 1.1\n---\ntarget: y", "c.yaml, line 1: is not YAML: a config has no % directives"),
        ("# a\n%TAG ! x\n---\ntarget: y", "c.yaml, line 2: is not YAML: a config has no % directives"),
        ("\ufeff%OTHER\n---\ntarget: y", "c.yaml, line 1: is not YAML: a config has no % directives"),
        ("---\n---\ntarget: y", "c.yaml, line 2: is not YAML: a second document starts"),
        ("target: y\n...\n---\n", "c.yaml, line 3: is not YAML: a second document starts"),
    ],
)  # fmt: skip
def test_what_yaml_adds_to_values_is_refused_wherever_it_stands(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "c.yaml")
    assert str(caught.value).split("\n")[0] == message


@pytest.mark.parametrize("text", ["---\ntarget: y\n...\n", "{target: y}", '"target": "y"', "# %\ntarget: y"])  # fmt: skip
def test_other_ways_to_write_one_flat_mapping_stay_legal(text: str) -> None:
    assert parse_config(text).target == ("y",)
