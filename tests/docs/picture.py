"""Draw the README's picture: python tests/docs/picture.py writes .github/run.svg."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from io import StringIO
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console

import dltrain
from dltrain.cli.live_screen import LiveScreen
from dltrain.training.events import Compiling, Event, Progress

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "dltrain fit configs/digits.yaml --set training.epochs=10"


def main() -> None:
    """Train for real, and keep what stays on the screen."""
    console = Console(record=True, width=112, force_terminal=True, file=StringIO(), highlight=False)
    console.print(f"[bold green]$[/] {COMMAND}")
    screen = LiveScreen(console)

    def watch(event: Event) -> None:
        # The bar moves and is gone at the end.
        if not isinstance(event, Progress | Compiling):
            screen(event)

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("configs").symlink_to(ROOT / "configs")
        dltrain.fit(
            "configs/digits.yaml",
            overrides={"training.epochs": 10},
            observe=watch,
            runs=Path("runs"),
        )
        os.chdir(ROOT)
    picture = ROOT / ".github" / "run.svg"
    picture.parent.mkdir(exist_ok=True)
    # The same names at each drawing: a new picture differs in its figures alone.
    # A page that shows it fetches no fonts.
    fonts = re.compile(r"@font-face {{.*?}}\n", re.DOTALL)
    layout = fonts.sub("", CONSOLE_SVG_FORMAT)
    console.save_svg(str(picture), title="dltrain", unique_id="run", code_format=layout)


if __name__ == "__main__":
    main()
