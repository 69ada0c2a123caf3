"""The screen of a terminal: a live bar, a row for each line of metrics, a panel at last."""

from __future__ import annotations

from time import monotonic

from rich.console import Console
from rich.panel import Panel
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from dltrain.cli.plain_screen import COMPILING_SHOWS, started_text
from dltrain.cli.progress import behind, counts_steps, place
from dltrain.cli.wording import clock, number, rate, result_text
from dltrain.training import events
from dltrain.training.events import Event

_NARROWEST = {"epoch": 5, "step": 5}
_USUAL = 6
_BEST = " best"
_DISPENSABLE = ("time", "samples/s", "wait")
"""Columns that a narrow terminal goes without, the first one first."""


class LiveScreen:
    """Draws with Rich on standard error."""

    def __init__(self, console: Console | None = None) -> None:
        """Draw nothing yet."""
        self.console = console or Console(stderr=True, highlight=False)
        self._bars: Progress | None = None
        self._bar: TaskID | None = None
        self._plan: events.TrainingStarted | None = None
        self._widths: dict[str, int] = {}
        self._compiling: float | None = None

    def __call__(self, event: Event) -> None:
        """Show one event."""
        match event:
            case events.FolderOpened():
                self._folder(event)
            case events.Notice():
                text = Text(event.text, style="yellow" if event.warning else "")
                self.console.print(
                    Text("warning: ", style="yellow") + text if event.warning else text
                )
            case events.Compiling():
                self._compile(event)
            case events.TrainingStarted():
                self._plan = event
                self.console.print(started_text(event), style="dim")
            case events.Progress():
                self._progress(event)
            case events.EpochEnded():
                self._row(event)
            case events.Finished():
                self.close()
                self.console.print(_panel(event))

    def close(self) -> None:
        """Take the bar away."""
        if self._bars is not None:
            self._bars.stop()
            self._bars = self._bar = None

    def _folder(self, event: events.FolderOpened) -> None:
        text = Text.assemble("run folder ", (str(event.path), "bold cyan"))
        if event.step:
            text.append(f"  going on after {behind(event)}", style="dim")
        self.console.print(text)

    def _compile(self, event: events.Compiling) -> None:
        if event.done >= event.total:
            self._compiling = None
            self.close()
            return
        self._compiling = self._compiling or monotonic()
        if monotonic() - self._compiling > COMPILING_SHOWS:
            text = f"compiling kernels (first run only)  {event.name}"
            self._show(text, event.done, event.total)

    def _progress(self, event: events.Progress) -> None:
        if self._plan is None:
            return
        values = "  ".join(
            f"{name} [bold]{number(value)}[/]" for name, value in event.values.items()
        )
        text = (
            f"{place(self._plan, event.epoch, event.step)}  {values}  "
            f"{rate(event.samples_per_second)}  {clock(event.seconds_left)} left"
        )
        self._show(text, event.step, event.steps)

    def _show(self, text: str, done: int, total: int) -> None:
        """Draw the bar, or move it."""
        if self._bars is None:
            self._bars = Progress(
                SpinnerColumn(),
                BarColumn(bar_width=24),
                TextColumn("{task.description}"),
                console=self.console,
                transient=True,
                refresh_per_second=10,
            )
            self._bar = self._bars.add_task(text, completed=done, total=total)
            self._bars.start()
        elif self._bar is not None:
            self._bars.update(self._bar, description=text, completed=done, total=total)

    def _row(self, event: events.EpochEnded) -> None:
        cells = _cells(event, "step" if counts_steps(self._plan) else "epoch")
        if not self._widths:
            self._widths = _widths(cells, self.console.width)
            heading = "  ".join(name.rjust(width) for name, width in self._widths.items())
            self._line(Text(heading, style="bold"))
        text = Text("  ".join(cells[name].rjust(width) for name, width in self._widths.items()))
        if event.improved:
            text.append(_BEST, style="green")
        self._line(text)

    def _line(self, text: Text) -> None:
        # Said here, as Rich forgets what a text says of itself.
        self.console.print(text, no_wrap=True, overflow="ellipsis")


def _widths(cells: dict[str, str], available: int) -> dict[str, int]:
    """Give the columns that fit beside each other, and how wide each is."""
    widths = {name: max(len(name), _NARROWEST.get(name, _USUAL)) for name in cells}
    for name in _DISPENSABLE:
        if sum(widths.values()) + 2 * (len(widths) - 1) + len(_BEST) <= available:
            break
        del widths[name]
    return widths


def _cells(event: events.EpochEnded, unit: str) -> dict[str, str]:
    """Give the row of a line of metrics by its headings, `unit` the first."""
    record = event.record
    values = {
        name.removeprefix("train_"): number(value)
        for name, value in record.items()
        if name.startswith(("train_", "val_"))
    }
    return {
        unit: str(record[unit]),
        **values,
        "samples/s": f"{record['samples_per_second']:,.0f}",
        "wait": f"{record['data_wait']:.1%}",
        "time": clock(record["seconds"]),
    }


def _panel(event: events.Finished) -> Panel:
    folder = event.folder
    rows = Table.grid(padding=(0, 2))
    rows.add_row("result", Text(result_text(event.result), style="bold green"))
    rows.add_row("run folder", Text(str(folder), style="cyan"))
    rows.add_row("best", Text(str(folder / "checkpoints" / "best.safetensors")))
    split = event.result.get("split", "test")
    which = "" if split == "test" else f" --split {split}"
    rows.add_row("next", Text(f"dltrain evaluate {folder}{which}"))
    rows.add_row("", Text(f"dltrain predict {folder} IMAGE..."))
    title = "this run was finished before" if event.already else "done"
    return Panel(rows, title=title, title_align="left", expand=False, border_style="green")
