"""`nntrain completion`, and what a shell completes: commands, options, config keys and files."""

from __future__ import annotations

import os
import subprocess

import pytest
from support.command import COMMAND, Run


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script_that_asks_nntrain(run: Run, shell: str) -> None:
    result = run("completion", shell)
    assert result.code == 0
    assert "_NNTRAIN_COMPLETE" in result.out


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("nntrain f", "plain,fit"),
        ("nntrain fit --con", "plain,--config"),
        ("nntrain fit t.csv --set batch_s", "plain,batch_size="),
        ("nntrain predict --format js", "plain,jsonl"),
        *(
            (f"nntrain {before} t.c", "file,t.c")
            for before in (
                "init", "init t.csv -o", "check", "check -c", "check -m", "cv", "cv -c", "cv -o",
                "fit", "fit -c", "fit -m", "fit -l", "fit --validation", "evaluate", "evaluate -m",
                "predict", "predict -m", "predict -o", "inspect",
            )
        ),
    ],
)  # fmt: skip
def test_a_shell_can_complete_commands_options_keys_and_files(words: str, expected: str) -> None:
    asked = {"_NNTRAIN_COMPLETE": "bash_complete", "COMP_WORDS": words}
    asked["COMP_CWORD"] = str(len(words.split()) - 1)
    done = subprocess.run(
        [COMMAND], capture_output=True, text=True, env=os.environ | asked, check=False
    )
    assert done.stdout.split() == [expected]
