"""`dltrain predict`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from dltrain.cli.options import BatchSize, Checkpoint, Threads

if TYPE_CHECKING:
    from dltrain.inference.model import Model
    from dltrain.inference.predict import Record
    from dltrain.inference.sources import Input

Format = Literal["table", "json", "jsonl", "csv"]


def predict(
    checkpoint: Checkpoint,
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH",
            help="Images, tables, folders, globs, @list.txt, or - for standard input.",
        ),
    ],
    top_k: Annotated[int, typer.Option("--top-k", min=1, help="Labels to give for each.")] = 3,
    batch_size: BatchSize = None,
    threads: Threads = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="table, json, jsonl or csv; default: FILE's suffix, table."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE", help="Write to a file.")
    ] = None,
    masks: Annotated[
        Path | None,
        typer.Option(
            "--masks", metavar="DIR", help="Write the class of each pixel to a PNG per image."
        ),
    ] = None,
) -> None:
    """Label images, texts or rows of tables: one record for each, in order.

    One that cannot be read has its error in the record, and the exit code is then 3. A network
    that labels pixels gives the classes that take most of an image. A network that was trained on
    texts or tables takes their files, `-` being standard input, and tells about each line or row.

    Example: dltrain predict runs/digits photos/ --format jsonl -o labels.jsonl
    """
    from dltrain.cli.records import WRITERS
    from dltrain.core.errors import DataError
    from dltrain.inference.sources import expand

    model = _load(checkpoint, batch_size, threads)
    if "-" in paths and hasattr(sys.stdin, "reconfigure"):
        # A name that is no text is still the name of a file.
        sys.stdin.reconfigure(errors="surrogateescape")
    inputs = list(expand(paths, sys.stdin, records=model.preprocessor.encoder is not None))
    if output is not None:
        _protect(output, checkpoint, paths, inputs)
    if masks is not None:
        _keep_apart(masks, inputs)
    records = _label(model, inputs, top_k, masks)
    _write(WRITERS[_format(form, output)](records), output)
    failed = sum(record.error is not None for record in records)
    if failed:
        message = f"{failed} of {len(records)} inputs could not be labelled"
        raise DataError(message, at=_first(records))


def _load(checkpoint: str, batch_size: int | None, threads: int | None) -> Model:
    from dltrain.inference.model import BATCH, load

    return load(checkpoint, batch_size=batch_size or BATCH, threads=threads)


def _label(model: Model, inputs: list[Input], top_k: int, masks: Path | None) -> list[Record]:
    from dataclasses import replace

    from dltrain.cli.console import screen
    from dltrain.inference.predict import predict as label
    from dltrain.training.events import Compiling

    with screen() as shown:
        told = replace(
            model, on_compile=lambda done, total, name: shown(Compiling(done, total, name))
        )
        return list(label(told, inputs, top_k=top_k, masks=masks))


def _format(form: Format | None, output: Path | None) -> str:
    suffix = output.suffix.lstrip(".").lower() if output is not None else ""
    return form or (suffix if suffix in ("json", "jsonl", "csv") else "table")


def _write(text: str, output: Path | None) -> None:
    from dltrain.storage import atomic

    if output is None:
        typer.echo(text, nl=False)
    else:
        atomic.write(output, text.encode("utf-8", "surrogateescape"))


def _first(records: list[Record]) -> str:
    record = next(record for record in records if record.error is not None)
    return f"{record.path}: {record.error}"


def _protect(output: Path, checkpoint: str, paths: list[str], inputs: list[Input]) -> None:
    """Refuse to write over anything that is read."""
    from dltrain.core.errors import UsageError

    read = [checkpoint, *(path.removeprefix("@") for path in paths), *(one.path for one in inputs)]
    if output.exists() and any(Path(path).exists() and output.samefile(path) for path in read):
        raise UsageError("this file is an input and is kept", at=str(output))
    if output.is_dir():
        raise UsageError("this is a folder", at=str(output), hint="name a file in it")


def _keep_apart(masks: Path, inputs: list[Input]) -> None:
    """Refuse to write masks where images are read: they may have the same names."""
    from dltrain.core.errors import UsageError

    folders = {Path(one.path).parent for one in inputs if one.error is None}
    if masks.is_dir() and any(folder.is_dir() and masks.samefile(folder) for folder in folders):
        raise UsageError("this folder holds inputs, which are kept", at=str(masks))
