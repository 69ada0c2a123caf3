"""Texts made of texts: pairs as samples, training, what is told of new ones, and BLEU."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.cli.app import main
from dltrain.core.errors import DataError, UsageError
from dltrain.data.encoders.base import restored
from dltrain.data.encoders.pairs import END, START, PairEncoder
from dltrain.data.sources.base import Dataset
from dltrain.inference.complete import complete
from dltrain.training.evaluate import evaluate_checkpoint

ROWS = "source,target\none two,b a\ntwo,a\nthree one two,b a c\n"
LENGTHS = {"source_length": 4, "target_length": 3}


def dataset(folder: Path, content: str = ROWS, **fields: Any) -> Dataset:
    (folder / "pairs.csv").write_text(content)
    path = str(folder / "pairs.csv")
    return Dataset.parse({"type": "text_pairs", "path": path, **LENGTHS, **fields})


def test_a_sample_is_the_source_and_the_target_behind_its_start(tmp_path: Path) -> None:
    data = dataset(tmp_path).load(seed=0)
    samples = data.splits["train"]
    x = np.empty((3, 7), np.float32)
    samples.gather(np.arange(3), x)
    # Sources: two 2, one 3, three 4. Targets: a 4, b 5, c 6.
    assert x.tolist() == [[3, 2, 0, 0, 2, 5, 4], [2, 0, 0, 0, 2, 4, 0], [4, 3, 2, 0, 2, 5, 4]]
    assert samples.targets.tolist() == [[5, 4, 3], [4, 3, -1], [5, 4, 3]]
    assert data.class_names == ("<padding>", "<unknown>", "<start>", "<end>", "a", "b", "c")
    assert data.inputs.tokens == 5


def test_what_is_described_is_what_is_read(tmp_path: Path) -> None:
    rows = "".join(f"s{number},t{number}\n" for number in range(20))
    source = dataset(tmp_path, f"source,target\n{rows}", validation=0.2, test=0.25)
    for seed in (0, 3):
        facts, data = source.describe(seed), source.load(seed=seed)
        assert facts is not None
        assert facts.samples == {name: len(split) for name, split in data.splits.items()}
        assert (facts.input_shape, facts.class_names) == (data.input_shape, data.class_names)
        assert (facts.inputs, facts.target_shape) == (data.inputs, data.target_shape)
        assert data.classes == 4 + 12


def test_an_empty_target_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the target is empty") as raised:
        dataset(tmp_path, "source,target\none,a\ntwo, \n").describe()
    assert str(raised.value.at).endswith("pairs.csv:3")


def test_tokens_are_told_one_after_another_up_to_the_end(tmp_path: Path) -> None:
    encoder = restored(dataset(tmp_path).load(seed=0).preprocessing)
    assert isinstance(encoder, PairEncoder)
    seen = []

    def network(samples: np.ndarray) -> np.ndarray:
        """Tell the token after the last one; the first sample ends after its first token."""
        seen.append(samples[:, encoder.source_length :].tolist())
        following = samples[:, encoder.source_length :].astype(int) + 3
        following[0, 1:] = END
        return np.eye(20, dtype=np.float32)[following]

    told = complete(encoder, network, encoder.encode(["one", "two"]))
    assert told.tolist() == [[5, END, END], [5, 8, 11]]
    assert seen == [
        [[START, 0, 0], [START, 0, 0]],
        [[START, 5, 0], [START, 5, 0]],
        [[START, 5, END], [START, 5, 8]],
    ]
    assert encoder.text([5, 4, END, 6]) == "b a"
    assert encoder.text([5, 1, 1, START, 4, 6, END]) == "b <unknown> a c"
    assert encoder.text([1, 4], unknown="?") == "? a"


@pytest.fixture(scope="module")
def reversing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small transformer to turn words around."""
    folder = tmp_path_factory.mktemp("pairs")
    generator = np.random.default_rng(1)
    words = ["red", "green", "blue", "white"]
    rows = [generator.choice(words, generator.integers(1, 6)).tolist() for _ in range(1200)]
    lines = "".join(f"{' '.join(row)}\t{' '.join(row[::-1])}\n" for row in rows)
    (folder / "pairs.tsv").write_text(f"source\ttarget\n{lines}")
    config = {
        "name": "reversing",
        "dataset": {
            "type": "text_pairs", "path": str(folder / "pairs.tsv"), "test": 0.1,
            "source_length": 5, "target_length": 6,
        },
        "model": {
            "type": "seq2seq", "num_layers": 1, "num_heads": 2,
            "hidden_dim": 32, "dropout": 0.0, "norm_first": True,
        },
        "optimizer": {"type": "adam", "learning_rate": 3e-3},
        "training": {
            "loss": "categorical_crossentropy", "metrics": ["accuracy"], "epochs": 12,
            "batch_size": 32,
        },
    }  # fmt: skip
    return dltrain.fit(config, runs=folder / "runs").folder


def test_a_trained_network_makes_texts(
    reversing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "new.txt").write_text("red green blue\nwhite\n")
    with pytest.raises(SystemExit) as ended:
        main(["predict", str(reversing), str(tmp_path / "new.txt"), "--format", "json"])
    assert not ended.value.code
    records = json.loads(capsys.readouterr().out)
    assert [one["text"] for one in records] == ["blue green red", "white"]
    assert records[0]["path"].endswith("new.txt:1")


def test_texts_are_compared_by_bleu(reversing: Path, trained: Path) -> None:
    pytest.importorskip("sacrebleu", reason="needs the `text` extra")
    scores = evaluate_checkpoint(reversing, with_bleu=True)
    assert scores.metrics["accuracy"] > 0.95
    assert scores.metrics["bleu"] > 80
    with pytest.raises(UsageError, match="BLEU compares texts"):
        evaluate_checkpoint(trained, with_bleu=True)
