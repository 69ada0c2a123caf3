"""The folder of one run: what was asked, how it went, what came out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from dltrain.core.errors import StorageError
from dltrain.storage import atomic, checkpoint
from dltrain.storage.checkpoint import Checkpoint
from dltrain.storage.lock import Lock

_FILES = ("config.yaml", "resolved.yaml", "metrics.jsonl", "result.json", "environment.json")
_CHECKPOINTS = ("best.safetensors", "last.safetensors")


class RunFolder:
    """`runs/<name>`, locked from `create` or `open` to `close`."""

    def __init__(self, path: Path) -> None:
        """Name the folder; nothing is touched yet."""
        self.path = path
        self._lock = Lock(path / ".lock")

    @property
    def best(self) -> Path:
        """Where the weights lie that evaluation uses."""
        return self.path / "checkpoints" / "best.safetensors"

    @property
    def last(self) -> Path:
        """Where a resume begins."""
        return self.path / "checkpoints" / "last.safetensors"

    @property
    def metrics(self) -> Path:
        """One JSON object per epoch."""
        return self.path / "metrics.jsonl"

    @classmethod
    def create(cls, runs: Path, name: str, *, force: bool = False) -> RunFolder:
        """Make `<name>`, or `<name>-2`, `-3`, ... where it is taken; `force` replaces `<name>`.

        Raises: StorageError where the folder cannot be written, is in use, or is not a run's.
        """
        _make(runs)
        path = runs / name
        if force:
            _make(path)
        else:
            path = _make_new(path)
        folder = cls(path)
        if force:
            folder._refuse_foreign()
        folder.open()
        if force:
            try:
                folder._clear()
            except OSError as error:
                folder.close()
                raise atomic.cannot_write(path, error) from error
        return folder

    def open(self) -> None:
        """Lock the folder and remove what a killed process left unfinished."""
        self._lock.acquire()
        try:
            _make(self.path / "checkpoints")
            for folder in (self.path, self.path / "checkpoints"):
                for part in folder.glob(f".*{atomic.TEMPORARY}"):
                    part.unlink(missing_ok=True)
        except OSError as error:
            self.close()
            raise atomic.cannot_write(self.path, error) from error
        except StorageError:
            self.close()
            raise

    def close(self) -> None:
        """Let other processes have the run."""
        self._lock.release()

    def write_start(self, *, source: bytes, resolved: str, environment: Mapping[str, Any]) -> None:
        """Write the user's config byte for byte, every value in force, and the surroundings."""
        atomic.write(self.path / "config.yaml", source)
        atomic.write(self.path / "resolved.yaml", resolved.encode())
        self.write_environment(environment)
        atomic.write(self.metrics, b"")

    def write_environment(self, environment: Mapping[str, Any]) -> None:
        """Write versions, processor, threads, seed and the data set's fingerprint."""
        atomic.write(self.path / "environment.json", _json(environment, indent=2))

    def append_metrics(self, record: Mapping[str, Any]) -> None:
        """Add one epoch to metrics.jsonl, readable at once."""
        try:
            with self.metrics.open("ab") as file:
                file.write(_json(record))
        except OSError as error:
            raise atomic.cannot_write(self.metrics, error) from error

    def rewrite_metrics(self, records: Iterable[Mapping[str, Any]]) -> None:
        """Make metrics.jsonl hold these epochs only, as a resume needs."""
        atomic.write(self.metrics, b"".join(_json(record) for record in records))

    def write_result(self, result: Mapping[str, Any]) -> None:
        """Write the final test result."""
        atomic.write(self.path / "result.json", _json(result, indent=2))

    def read_result(self) -> dict[str, Any] | None:
        """Give the final result; None where the run has not ended, or says nothing readable."""
        try:
            found = json.loads((self.path / "result.json").read_bytes())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) else None

    def save_best(self, content: Checkpoint) -> None:
        """Write the best weights so far."""
        checkpoint.save(self.best, content)

    def save_last(self, content: Checkpoint) -> None:
        """Write what a resume needs."""
        checkpoint.save(self.last, content)

    def _refuse_foreign(self) -> None:
        """Keep `force` away from folders that no run made."""
        known = {*_FILES, "checkpoints", ".lock"}
        strange = [name for name in names_in(self.path) if name not in known]
        started = (self.path / "resolved.yaml").is_file() or (self.path / ".lock").is_file()
        if strange and not started:
            message = f"this folder is not a run: it holds {strange[0]}"
            hint = "choose another name with `--name`; nothing was changed"
            raise StorageError(message, at=str(self.path), hint=hint)

    def _clear(self) -> None:
        """Remove the files of the run before; what else lies in the folder stays."""
        for name in _FILES:
            (self.path / name).unlink(missing_ok=True)
        for name in _CHECKPOINTS:
            (self.path / "checkpoints" / name).unlink(missing_ok=True)


def newest(runs: Path, name: str) -> RunFolder | None:
    """Find the run of this name that was started last, among `<name>`, `<name>-2`, ..."""
    pattern = re.compile(re.escape(name) + r"(?:-(\d+))?")
    found: list[tuple[float, int, Path]] = []
    for entry in names_in(runs):
        match = pattern.fullmatch(entry)
        start = runs / entry / "resolved.yaml"
        if match and start.is_file():
            found.append((start.stat().st_mtime, int(match[1] or 1), runs / entry))
    return RunFolder(max(found)[2]) if found else None


def names_in(folder: Path) -> list[str]:
    """Name what lies in a folder, sorted; nothing where there is none."""
    try:
        return sorted(entry.name for entry in folder.iterdir())
    except FileNotFoundError:
        return []
    except OSError as error:
        raise atomic.cannot_read(folder, error) from error


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise atomic.cannot_write(path, error) from error


def _make_new(path: Path) -> Path:
    """Make the first free folder; mkdir decides, so two processes at once get two folders."""
    number, candidate = 1, path
    while True:
        try:
            candidate.mkdir()
        except FileExistsError:
            number += 1
            candidate = path.with_name(f"{path.name}-{number}")
        except OSError as error:
            raise atomic.cannot_write(candidate, error) from error
        else:
            return candidate


def _json(value: Mapping[str, Any], *, indent: int | None = None) -> bytes:
    return (json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False) + "\n").encode(
        "utf-8", "surrogateescape"
    )
