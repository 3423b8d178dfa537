"""The extra `report`: what is missing is named, and nothing of it is loaded before it is needed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from support.command import environment

from nntrain.errors import MissingExtraError
from nntrain.report.extra import check_installed


@pytest.mark.parametrize("missing", ["matplotlib", "jinja2"])
def test_a_missing_package_names_the_extra(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    monkeypatch.setattr(
        "nntrain.report.extra.find_spec", lambda name: None if name == missing else "found"
    )
    with pytest.raises(MissingExtraError) as error:
        check_installed("matplotlib", "jinja2")
    assert str(error.value) == "charts need the extra report: pip install 'nntrain[report]'"
    check_installed(*({"matplotlib", "jinja2"} - {missing}))


def test_importing_the_report_loads_neither() -> None:
    modules = "nntrain.report.sections, nntrain.report.html, nntrain.cli.commands.report"
    check = f"import sys, {modules}; print(sorted({{'matplotlib', 'jinja2'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, env=environment(), check=True
    )
    assert done.stdout == "[]\n"
