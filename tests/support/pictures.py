"""The pictures in README.md, made from real runs: `python tests/support/pictures.py`.

fit.svg is a terminal session, drawn by rich. report.png is a screenshot of a report, taken by
Chromium, which must be on the path (`chromium`).
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "nntrain/guides/images"
COMMAND = Path(sys.executable).with_name("nntrain")

COLUMNS = 86
SESSION = (
    "nntrain init known.csv > config.yaml",
    "nntrain fit known.csv --config config.yaml",
    "nntrain evaluate new.csv",
)
SCREEN = (1000, 2400)
"""Width and height of the report's screenshot, in pixels of the page."""
SHOWN = (0, 1300, 1000, 2245)
"""The part of it that is kept (left, top, right, bottom): the target's charts."""
WIDTH, COLOURS = 800, 64
"""Width and number of colours of the picture."""


def split_table(folder: Path) -> None:
    """Write known.csv and new.csv: nine of ten rows of concrete.csv, and every tenth."""
    header, *rows = (ROOT / "sample_data/concrete.csv").read_text().splitlines(keepends=True)
    known = [row for number, row in enumerate(rows, start=2) if number % 10]
    new = [row for number, row in enumerate(rows, start=2) if number % 10 == 0]
    (folder / "known.csv").write_text("".join([header, *known]))
    (folder / "new.csv").write_text("".join([header, *new]))


def run(command: str, folder: Path, **variables: str) -> str:
    """What a command of the shell prints on both of its outputs."""
    plain = {name: value for name, value in os.environ.items() if "COLOR" not in name}
    path = f"{COMMAND.parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=folder,
        env=plain | {"PATH": path, "COLUMNS": str(COLUMNS)} | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=True,
    )
    return done.stdout


def draw_session(folder: Path) -> str:
    """The session in the folder as SVG, without the fonts that rich would have fetched."""
    console = Console(record=True, width=COLUMNS, file=open(os.devnull, "w"), force_terminal=True)  # noqa: PTH123, SIM115
    for command in SESSION:
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        output = run(command, folder, FORCE_COLOR="1").splitlines()
        # The live line of a run is no part of what stays on the screen.
        kept = [line for line in output if not re.match(r"\d+ networks, epoch", line)]
        console.print(Text.from_ansi("\n".join(kept)), soft_wrap=False)
    svg = console.export_svg(title="nntrain", unique_id="fit")
    return re.sub(r"@font-face \{.*?\}\s*", "", svg, flags=re.S)


def take_screenshot(page: Path, picture: Path) -> None:
    """Write a part of an HTML page as a PNG of few colours."""
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
    size = f"--window-size={SCREEN[0]},{SCREEN[1]}"
    shot = page.with_suffix(".png")
    command = ["chromium", *options, size, f"--screenshot={shot}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True)
    image = Image.open(shot).convert("RGB").crop(SHOWN)
    image = image.resize((WIDTH, WIDTH * image.height // image.width), Image.Resampling.LANCZOS)
    few_colours = image.quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    few_colours.save(picture, optimize=True)


def main() -> None:
    """Make both pictures."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        split_table(folder)
        (PICTURES / "fit.svg").write_text(draw_session(folder))
        run("nntrain report new.csv", folder)
        take_screenshot(folder / "report.html", PICTURES / "report.png")


if __name__ == "__main__":
    main()
