"""Texts with labels: tables, patterns, class folders, and what is learnt of the training split."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.encoders.base import file_lines, restored
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset

ROWS = 'text,label\nA fine day,good\nA bad bad day,bad\n"fine, fine",good\nnothing here,bad\n'
REAL = Path(__file__).parents[3] / "shared" / "data" / "text"


def dataset(tmp_path: Path, content: str = ROWS, name: str = "a.csv", **fields: Any) -> Dataset:
    (tmp_path / name).write_bytes(content.encode(fields.get("encoding", "utf-8")))
    return Dataset.parse({"type": "text_csv", "path": str(tmp_path / name), **fields})


def texts(data: Data, split: str) -> list[str]:
    """Give the samples of a split as text again: - for padding, ? for what is not known."""
    encoder = restored(data.preprocessing)
    samples = data.splits[split]
    x = np.empty((len(samples), *samples.shape), np.float32)
    samples.gather(np.arange(len(samples)), x)
    names = ("-", "?", *encoder.tokens.names)  # type: ignore[union-attr]
    return [" ".join(names[int(token)] for token in row) for row in x]


def test_texts_become_numbers_of_words_and_padding(tmp_path: Path) -> None:
    data = dataset(tmp_path).load(seed=0)
    assert texts(data, "train") == [
        "a fine day -",
        "a bad bad day",
        "fine , fine -",
        "nothing here - -",
    ]
    assert data.class_names == ("bad", "good")
    assert data.splits["train"].targets.tolist() == [1, 0, 1, 0]
    assert data.inputs.tokens == 2 + 7


def test_what_is_described_is_what_is_read(tmp_path: Path) -> None:
    source = dataset(tmp_path, validation=0.5)
    for seed in range(5):
        facts, data = source.describe(seed), source.load(seed=seed)
        assert facts is not None
        assert facts.samples == {name: len(split) for name, split in data.splits.items()}
        assert (facts.input_shape, facts.class_names) == (data.input_shape, data.class_names)
        assert facts.inputs == data.inputs


def test_nothing_is_learnt_of_validation_or_test(tmp_path: Path) -> None:
    rows = "".join(f"word{number} word{number},{number % 2}\n" for number in range(20))
    data = dataset(tmp_path, f"text,label\n{rows}", validation=0.25, test=0.2).load(seed=4)
    assert {name: len(split) for name, split in data.splits.items()} == {
        "train": 12, "validation": 4, "test": 4,
    }  # fmt: skip
    assert data.inputs.tokens == 2 + 12
    assert set(texts(data, "validation") + texts(data, "test")) == {"? ?"}
    assert "?" not in "".join(texts(data, "train"))


def test_the_commonest_words_are_known(tmp_path: Path) -> None:
    tokens = {"type": "words", "vocabulary": 2}
    data = dataset(tmp_path, tokens=tokens, length=3).load(seed=0)
    assert texts(data, "train") == ["a fine ?", "a ? ?", "fine ? fine", "? ? -"]


def test_characters_are_tokens(tmp_path: Path) -> None:
    data = dataset(tmp_path, tokens="characters", length=6).load(seed=0)
    assert texts(data, "train")[0] == "A   f i n e"


def test_a_trained_model_keeps_its_tokens_and_length(tmp_path: Path) -> None:
    data = dataset(tmp_path).load(seed=0)
    other = dataset(tmp_path, "text,label\nA new day of ours today,good\n", "b.csv")
    again = other.load(seed=0, preprocessing=data.preprocessing, class_names=data.class_names)
    assert texts(again, "train") == ["a ? day ?"]


def test_lines_may_be_of_a_pattern(tmp_path: Path) -> None:
    lines = "NUM:dist How far ?\nLOC:city Où ?\n"
    pattern = r"(?P<label>\w+):\w+ (?P<text>.*)"
    data = dataset(tmp_path, lines, "a.label", pattern=pattern, encoding="latin-1").load(seed=0)
    assert texts(data, "train") == ["how far ?", "où ? -"]
    assert data.class_names == ("LOC", "NUM")


def test_files_of_splits_and_columns_by_number(tmp_path: Path) -> None:
    (tmp_path / "test.tsv").write_text('bad\tit said "day"\n')
    fields = {"header": False, "text": 1, "label": 0, "test_path": str(tmp_path / "test.tsv")}
    data = dataset(tmp_path, "bad\ta bad day\ngood\tfine\n", "a.tsv", **fields).load(seed=0)
    assert texts(data, "test") == ["? ? ?"]
    assert len(data.splits["test"]) == 1


@pytest.mark.parametrize(
    ("content", "fields", "message", "place"),
    [
        ("text,label\n ,good\n", {}, "the text is empty", "a.csv:2"),
        ("text,label\nfine,\n", {}, "the label is empty", "a.csv:2"),
        ("text,label\n", {}, "the table is empty", "a.csv"),
        ("text,label\na,b,c\n", {}, "the row has 3 columns, not 2", "a.csv:2"),
        ("txt,label\na,b\n", {}, "no column is called 'text'; there are txt, label", "a.csv"),
        ("text,label\na,b\n", {"text": 4}, "there is no column 4; there are 2", "a.csv"),
        ("x\n", {"pattern": "(?P<text>.)(?P<label>.)"}, "'x' is not of the pattern", "a.csv:1"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_place(
    tmp_path: Path, content: str, fields: dict[str, Any], message: str, place: str
) -> None:
    for work in (lambda s: s.describe(), lambda s: s.load(seed=0)):
        with pytest.raises(DataError, match=message.replace("(", r"\(")) as raised:
            work(dataset(tmp_path, content, **fields))
        assert str(raised.value.at).endswith(place)


def test_a_label_that_training_does_not_have_is_named(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\nfine,goood\n")
    source = dataset(tmp_path, test_path=str(tmp_path / "test.csv"))
    with pytest.raises(DataError, match="'goood' does not occur in training"):
        source.describe()
    with pytest.raises(DataError, match="'goood' does not occur in training") as raised:
        source.load(seed=0)
    assert str(raised.value.at).endswith("test.csv:2")
    assert raised.value.hint == "did you mean `good`?"


def test_unknown_tokens_are_an_error_where_they_may_not_be(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("text,label\nfine,good\nfine weather,good\n")
    source = dataset(tmp_path, unknown="error", test_path=str(tmp_path / "test.csv"))
    with pytest.raises(
        DataError, match="a token of the text 'fine weather' is not known"
    ) as raised:
        source.load(seed=0)
    assert str(raised.value.at).endswith("test.csv:3")


def test_a_folder_holds_texts_of_classes(tmp_path: Path) -> None:
    for split, label, text in [
        ("train", "a", "one two"),
        ("train", "b", "two"),
        ("test", "a", "x"),
    ]:
        folder = tmp_path / split / label
        folder.mkdir(parents=True)
        (folder / "1.txt").write_text(text)
    data = Dataset.parse({"type": "text_folder", "path": str(tmp_path)}).load(seed=0)
    assert texts(data, "train") == ["one two", "two -"]
    assert data.class_names == ("a", "b")
    (tmp_path / "train" / "b" / "2.txt").write_text(" \n")
    with pytest.raises(DataError, match="the text is empty"):
        Dataset.parse({"type": "text_folder", "path": str(tmp_path)}).describe()


def test_a_file_is_asked_about_as_it_was_learnt(tmp_path: Path) -> None:
    for label in ("a", "b"):
        (tmp_path / label).mkdir()
        (tmp_path / label / "1.txt").write_text(f"one\n{label}")
    file = tmp_path / "asked.txt"
    file.write_text("one\ntwo\n")
    lines = tmp_path / "asked.lines"
    lines.write_text("one\ntwo\n")
    source = Dataset.parse({"type": "text_folder", "path": str(tmp_path)})
    encoder = restored(source.load(seed=0).preprocessing)
    assert list(encoder.records(file_lines(file))) == [(str(file), "one\ntwo\n")]
    assert [text for _, text in encoder.records(file_lines(lines))] == ["one", "two"]
    files = {"x": "asked.txt", "y": "asked.lines"}
    source = Dataset.parse({"type": "text_folder", "path": str(tmp_path), "files": files})
    encoder = restored(source.load(seed=0).preprocessing)
    assert [text for _, text in encoder.records(file_lines(file))] == ["one", "two"]


def test_a_row_of_other_columns_costs_no_other_row(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("text,label\ngood,x\nbad,y\n")
    source = Dataset.parse({"type": "text_csv", "path": str(path)})
    encoder = restored(source.load(seed=0).preprocessing)
    path.write_text("text,label\ngood,\nbad\nfine,x,y\nbad,x\n")
    (at, first), *others = encoder.records(file_lines(path))
    assert (at, first) == (f"{path}:2", "good")
    assert "the row has 1 columns, not 2" in str(others[0][1])
    assert "the row has 3 columns, not 2" in str(others[1][1])
    assert others[2] == (f"{path}:5", "bad")


def test_each_class_may_be_one_file(tmp_path: Path) -> None:
    (tmp_path / "r.neg").write_text("bad\nvery bad\n\n")
    (tmp_path / "r.pos").write_text("fine\n")
    files = {"negative": "r.neg", "positive": "r.pos"}
    data = Dataset.parse({"type": "text_folder", "path": str(tmp_path), "files": files}).load(
        seed=0
    )
    assert texts(data, "train") == ["bad -", "very bad", "fine -"]
    assert data.class_names == ("negative", "positive")
    files = {"negative": "r.neg", "positive": "r.poss"}
    with pytest.raises(DataError, match="no such file") as raised:
        Dataset.parse({"type": "text_folder", "path": str(tmp_path), "files": files}).load(seed=0)
    assert "r.pos" in str(raised.value.hint)


REAL_SETS: list[tuple[dict[str, Any], dict[str, int], int]] = [
    (
        {"path": "sms_spam/sms.tsv", "header": False, "text": 1, "label": 0},
        {"train": 5574},
        2,
    ),
    (
        {
            "path": "sst2/train.tsv",
            "test_path": "sst2/test.tsv",
            "header": False,
            "text": 0,
            "label": 1,
        },
        {"train": 6920, "test": 1821},
        2,
    ),
    (
        {
            "path": "trec/train_5500.label",
            "test_path": "trec/TREC_10.label",
            "encoding": "latin-1",
            "pattern": r"(?P<label>\w+:\w+) (?P<text>.*)",
        },
        {"train": 5452, "test": 500},
        50,
    ),
]


@pytest.mark.skipif(not REAL.is_dir(), reason=f"{REAL} is absent")
@pytest.mark.parametrize(("fields", "counts", "classes"), REAL_SETS)
def test_real_sets_are_read_whole(
    fields: dict[str, Any], counts: dict[str, int], classes: int
) -> None:
    placed = {
        name: str(REAL / value) if name.endswith("path") else value
        for name, value in fields.items()
    }
    data = Dataset.parse({"type": "text_csv", **placed}).load(seed=0)
    assert {name: len(split) for name, split in data.splits.items()} == counts
    assert data.classes == classes


def test_texts_of_one_label_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="all texts have the label 'good'") as raised:
        dataset(tmp_path, "text,label\nfine,good\nvery fine,good\n").describe()
    assert str(raised.value.at).endswith("a.csv:2")


def test_a_folder_is_no_table(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="this is a folder, not a file") as raised:
        Dataset.parse({"type": "text_csv", "path": str(tmp_path)}).describe()
    assert "text_folder" in (raised.value.hint or "")
