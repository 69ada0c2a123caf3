"""The one place where an error becomes lines on standard error and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any

import typer

from dltrain.cli import verbosity
from dltrain.core.errors import DltrainError, StorageError
from dltrain.storage import atomic

INTERRUPTED = 130


def guarded(command: Callable[..., None]) -> Callable[..., None]:
    """Wrap a command so that errors made on purpose end it quietly, with their exit code."""

    @wraps(command)
    def run(**options: Any) -> None:
        try:
            command(**options)
            # Here rather than at exit, where a closed pipe would be an error.
            sys.stdout.flush()
        except DltrainError as error:
            report(error)
            raise typer.Exit(error.exit_code) from None
        except BrokenPipeError:
            silence()
            raise typer.Exit(0) from None
        except OSError as error:
            if error.errno not in atomic.FULL:
                raise
            silence()
            report(atomic.cannot_write(Path("standard output"), error))
            raise typer.Exit(StorageError.exit_code) from None
        except KeyboardInterrupt:
            sys.stderr.write("interrupted\n")
            raise typer.Exit(INTERRUPTED) from None

    return run


def report(error: DltrainError) -> None:
    """Write an error to standard error; with `-v` also what it came from."""
    sys.stderr.write(f"{error.render()}\n")
    if verbosity.verbose() and error.__cause__ is not None:
        sys.stderr.write(f"  {'because':<8} {error.__cause__!r}\n")


def silence() -> None:
    """Send the rest of standard output nowhere: its reader has gone."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def report_bug(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Show a traceback; dltrain meets every other error on purpose."""
    traceback.print_exception(kind, error, trace)
    sys.stderr.write("error: this is a bug in dltrain; the lines above say where\n")
