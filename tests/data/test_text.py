"""One text in windows: tokens, targets, and a validation split that is the text's end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.sources.base import Dataset

LINE = "to be, or not\n"


def text(tmp_path: Path, content: bytes = LINE.encode(), **fields: Any) -> Dataset:
    (tmp_path / "a.txt").write_bytes(content)
    return Dataset.parse({"type": "text", "path": str(tmp_path / "a.txt"), "length": 4, **fields})


def windows(data: Any, split: str) -> tuple[list[str], list[str]]:
    """Give the inputs and targets of a split as text."""
    samples = data.splits[split]
    x = np.empty((len(samples), *samples.shape), np.float32)
    samples.gather(np.arange(len(samples)), x)
    names = data.class_names
    return (
        ["".join(names[int(token)] for token in row) for row in x],
        ["".join(names[token] for token in row) for row in samples.targets],
    )


def test_each_token_is_followed_by_its_target(tmp_path: Path) -> None:
    data = text(tmp_path).load(seed=0)
    assert windows(data, "train") == (["to b", "e, o", "r no"], ["o be", ", or", " not"])
    assert data.class_names == tuple(sorted(set(LINE)))
    assert data.target_shape == (4,)


def test_validation_is_the_end_of_the_text(tmp_path: Path) -> None:
    data = text(tmp_path, validation=0.34).load(seed=0)
    assert windows(data, "train")[0] == ["to b", "e, o"]
    assert windows(data, "validation")[0] == ["r no"]


def test_words_marks_and_line_ends_are_tokens(tmp_path: Path) -> None:
    data = text(tmp_path, tokens={"type": "words", "lines": True}, length=5).load(seed=0)
    assert data.class_names == ("\n", ",", "be", "not", "or", "to")
    assert windows(data, "train") == (["tobe,ornot"], ["be,ornot\n"])


def test_what_is_described_is_what_is_read(tmp_path: Path) -> None:
    dataset = text(tmp_path, validation=0.34)
    facts, data = dataset.describe(), dataset.load(seed=0)
    assert facts is not None
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}
    assert (facts.input_shape, facts.class_names) == (data.input_shape, data.class_names)
    assert facts.bytes_kept == 3 * (4 * 4 + 2 * 4)


def test_a_trained_model_keeps_its_tokens(tmp_path: Path) -> None:
    first = text(tmp_path).load(seed=0)
    other = text(tmp_path, b"bet on")
    known = other.load(seed=0, preprocessing=first.preprocessing, class_names=first.class_names)
    assert windows(known, "train") == (["bet "], ["et o"])
    with pytest.raises(DataError, match="the token 'X' is not among the 9 that are known"):
        text(tmp_path, b"to X it").load(
            seed=0, preprocessing=first.preprocessing, class_names=first.class_names
        )


@pytest.mark.parametrize(
    ("content", "fields", "message"),
    [
        (b"", {}, "has 0 tokens, too few for a window of 4"),
        (b"abcd", {}, "has 4 tokens, too few"),
        (b"na\xefve text", {}, "the text is not utf-8"),
        (LINE.encode(), {"encoding": "utf-9"}, "the text is not utf-9: unknown encoding"),
    ],
)
def test_what_cannot_be_read_is_named(
    tmp_path: Path, content: bytes, fields: dict[str, Any], message: str
) -> None:
    dataset = text(tmp_path, content, **fields)
    with pytest.raises(DataError, match=message):
        dataset.describe()
    with pytest.raises(DataError, match=message):
        dataset.load(seed=0)


def test_windows_move_with_each_epoch(tmp_path: Path) -> None:
    content = "".join(map(chr, range(97, 122)))
    data = text(tmp_path, content.encode(), validation=0.34, random_offset=True).load(seed=0)
    train, indices, seen = data.splits["train"], np.array([1, 0, 3]), set()
    for epoch in range(30):
        x, y = np.empty((3, 4), np.float32), np.empty((3, 4), np.int32)
        train.gather(indices, x, augment=(5, epoch))
        train.gather_targets(indices, y, augment=(5, epoch))
        np.testing.assert_array_equal(y, x + 1)
        np.testing.assert_array_equal(np.diff(x, axis=1), 1)
        moved = int(x[1, 0])
        assert (x[0, 0], x[2, 0]) == (4 + moved, 12)
        seen.add(moved)
    assert seen == {0, 1, 2, 3}
    assert windows(data, "train")[0] == ["abcd", "efgh", "ijkl", "mnop"]
    assert windows(data, "validation")[0] == ["qrst", "uvwx"]


def test_latin_1_is_read(tmp_path: Path) -> None:
    data = text(tmp_path, b"na\xefve text", encoding="latin-1").load(seed=0)
    assert "ï" in (data.class_names or ())


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    dataset = Dataset.parse({"type": "text", "path": str(tmp_path / "none.txt")})
    with pytest.raises(DataError, match="no such file"):
        dataset.load(seed=0)
