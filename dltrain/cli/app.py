"""The command line: finds the commands, reads what holds for all of them, and runs one.

A command is a function in `commands/<name>.py` of the same name (`list_` for `list`). These files
are read whenever `dltrain` starts, so they import nothing heavy outside their functions.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import iter_modules
from typing import Annotated

import typer

import dltrain
import dltrain.cli.commands
from dltrain.cli import verbosity
from dltrain.cli.guard import INTERRUPTED, guarded, report_bug, silence

_ORDER = [
    "init",
    "validate",
    "summary",
    "fit",
    "evaluate",
    "predict",
    "generate",
    "benchmark",
    "schema",
    "list",
]
_EVERYWHERE = "Everywhere: --version, -q (warnings and errors alone), -v (more detail)."


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command line and leave the process with the contract's exit code."""
    sys.excepthook = report_bug
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        rest = _take_common(given)
        # Not `app()`, which would put Typer's own traceback in place of ours.
        typer.main.get_command(_build())(args=rest, prog_name="dltrain")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except SystemExit as ended:
        # Typer ends with 1 where the reader of its help has gone.
        if isinstance(ended.__context__, BrokenPipeError):
            silence()
            sys.exit(0)
        raise


def _take_common(arguments: list[str]) -> list[str]:
    """Act on the options that work before and after the command's name; give the others."""
    verbosity.reset()
    end = arguments.index("--") if "--" in arguments else len(arguments)
    levels = {"-q": -1, "--quiet": -1, "-v": 1, "--verbose": 1}
    if "--version" in arguments[:end]:
        sys.stdout.write(f"dltrain {dltrain.__version__}\n")
        sys.exit(0)
    for argument in arguments[:end]:
        verbosity.change(levels.get(argument, 0))
    kept = [argument for argument in arguments[:end] if argument not in levels]
    return kept + arguments[end:]


def _build() -> typer.Typer:
    app = typer.Typer(
        name="dltrain",
        help="Train deep networks from a YAML file, on the CPU.",
        epilog="Example: dltrain fit configs/digits.yaml",
        rich_markup_mode=None,
        add_completion=False,
        no_args_is_help=True,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )
    app.callback()(_common)
    for name in _command_names():
        module = import_module(f"{dltrain.cli.commands.__name__}.{name}")
        command = getattr(module, f"{name}_" if hasattr(builtins, name) else name)
        app.command(name, epilog=_EVERYWHERE)(guarded(command))
    return app


def _command_names() -> list[str]:
    found = [module.name for module in iter_modules(dltrain.cli.commands.__path__)]
    return sorted(found, key=lambda name: (*_ORDER, name).index(name))


def _common(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    quiet: Annotated[
        bool, typer.Option("-q", "--quiet", help="Warnings and errors alone.")
    ] = False,
    verbose: Annotated[bool, typer.Option("-v", "--verbose", help="More detail.")] = False,
) -> None:
    """Train deep networks from a YAML file, on the CPU."""
    # Read by `_take_common`; here for the help.
