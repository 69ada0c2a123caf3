"""Predictions as text: a table for people, JSON, JSON lines and CSV for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence

from dltrain.cli.tables import table
from dltrain.inference.predict import Record


def as_table(records: Sequence[Record]) -> str:
    """Lay records out in columns."""
    names = _value_names(records)
    if names:
        rows = [(one.path, *_values(one, names, "{:.6g}"), one.error or "") for one in records]
        numbers = range(1, 1 + len(names))
        return table(("path", *names, "error"), rows, right=tuple(numbers)) + "\n"
    if _are_texts(records):
        texts = [(one.path, one.text or "", one.error or "") for one in records]
        return table(("path", "text", "error"), texts) + "\n"
    rows = [
        (
            record.path,
            record.top[0].label if record.top else "",
            f"{record.top[0].probability:.4f}" if record.top else "",
            record.error
            or "  ".join(f"{one.label} {one.probability:.4f}" for one in record.top[1:]),
        )
        for record in records
    ]
    return table(("path", "label", "probability", "next, or error"), rows, right=(2,)) + "\n"


def as_json(records: Sequence[Record]) -> str:
    """Write one JSON array."""
    return json.dumps([record.as_json() for record in records], indent=2) + "\n"


def as_jsonl(records: Sequence[Record]) -> str:
    """Write one JSON object a line."""
    return "".join(json.dumps(record.as_json()) + "\n" for record in records)


def as_csv(records: Sequence[Record]) -> str:
    """Write CSV: path, label, probability, label_2, probability_2, ..., error.

    Where numbers are told, their names stand between path and error, or `text` where texts are.
    """
    names = _value_names(records)
    if names:
        rows = [[one.path, *_values(one, names, "{!r}"), one.error or ""] for one in records]
        return _csv(["path", *names, "error"], rows)
    if _are_texts(records):
        rows = [[one.path, one.text or "", one.error or ""] for one in records]
        return _csv(["path", "text", "error"], rows)
    count = max((len(record.top) for record in records), default=1) or 1
    more = (f"{name}_{place}" for place in range(2, count + 1) for name in ("label", "probability"))
    rows = []
    for record in records:
        top = [value for one in record.top for value in (one.label, repr(one.probability))]
        top += [""] * (2 * count - len(top))
        rows.append([record.path, *top, record.error or ""])
    return _csv(["path", "label", "probability", *more, "error"], rows)


def _csv(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([headings, *rows])
    return text.getvalue()


def _value_names(records: Sequence[Record]) -> tuple[str, ...]:
    """Name the numbers that records tell; nothing where they tell classes."""
    return next((tuple(one.values) for one in records if one.values), ())


def _are_texts(records: Sequence[Record]) -> bool:
    return any(one.text is not None for one in records)


def _values(record: Record, names: Sequence[str], form: str) -> list[str]:
    values = record.values or {}
    return [form.format(values[name]) if name in values else "" for name in names]


WRITERS: dict[str, Callable[[Sequence[Record]], str]] = {
    "table": as_table,
    "json": as_json,
    "jsonl": as_jsonl,
    "csv": as_csv,
}
