"""How texts become tokens, and tokens texts again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.core.errors import MissingExtraError
from dltrain.data.encoders.base import restored
from dltrain.data.sources.base import Dataset
from dltrain.data.tokenizers.base import UNKNOWN, Tokenizer
from dltrain.inference.generate import generate

TEXT = "Don't stop: the end isn't the end.\nÜber allem — 終わり 🙂\n"


def learnt(form: Any, text: str = TEXT) -> Tokenizer:
    made: Tokenizer = Tokenizer.parse(form).learnt([text])
    return made


@pytest.mark.parametrize(
    ("fields", "pieces"),
    [
        ({}, ["don't", "stop", ":", "the", "end", "isn't", "the", "end", "."]),
        ({"lowercase": False, "lines": True}, ["Don't", "stop", ":", "the", "end", "isn't"]),
    ],
)
def test_words_keep_their_apostrophes(fields: dict[str, Any], pieces: list[str]) -> None:
    words = learnt({"type": "words", **fields})
    numbers = words.numbers(TEXT)
    assert UNKNOWN not in numbers
    assert [words.names[number] for number in numbers][: len(pieces)] == pieces
    assert ("\n" in words.names) == bool(fields)


def test_the_commonest_words_come_first() -> None:
    words = learnt({"type": "words", "vocabulary": 3}, "b a c a b a d")
    assert words.names == ("a", "b", "c")
    assert words.numbers("d a") == [UNKNOWN, 0]


def test_characters_are_put_together_as_they_were() -> None:
    characters = learnt("characters")
    assert characters.text(characters.numbers(TEXT)) == TEXT
    assert characters.numbers("x") == [UNKNOWN]


class TestBytePairs:
    """Needs the library tokenizers."""

    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        pytest.importorskip("tokenizers", reason="needs the `text` extra")

    def test_any_text_is_known_and_comes_back(self) -> None:
        pairs = learnt({"type": "bpe", "vocabulary": 270})
        assert len(pairs.names) == 270
        for text in (TEXT, "nothing of this: 日本 \x00\t  ß"):
            assert pairs.text(pairs.numbers(text)) == text
        assert len(pairs.numbers(TEXT)) < len(TEXT.encode())

    def test_what_was_learnt_reads_back_from_plain_values(self) -> None:
        pairs = learnt({"type": "bpe", "vocabulary": 270})
        again = Tokenizer.parse(pairs.dump())
        assert again.numbers(TEXT) == pairs.numbers(TEXT)
        assert again.learnt(["other"]).names == pairs.names

    def test_a_language_model_learns_them_before_the_part_to_validate_on(
        self, tmp_path: Path
    ) -> None:
        (tmp_path / "a.txt").write_text("aabb" * 200 + "ccdd" * 100)
        fields = {"path": str(tmp_path / "a.txt"), "length": 4, "validation": 0.4}
        tokens = {"type": "bpe", "vocabulary": 262}
        source = Dataset.parse({"type": "text", "tokens": tokens, **fields})
        facts, data = source.describe(), source.load(seed=0)
        assert facts is not None
        assert (facts.class_names, facts.inputs) == (data.class_names, data.inputs)
        assert not any("c" in name and len(name) > 1 for name in data.class_names or ())
        encoder: Any = restored(data.preprocessing)
        samples = data.splits["validation"]
        x = np.empty((len(samples), 4), np.float32)
        samples.gather(np.arange(len(samples)), x)
        assert "ccdd" in encoder.tokens.text(x.reshape(-1).astype(int).tolist())

    def test_characters_of_several_tokens_are_written_whole(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("終わり🙂\n" * 400)
        config = {
            "dataset": {
                "type": "text", "path": str(tmp_path / "a.txt"), "length": 28,
                "tokens": {"type": "bpe", "vocabulary": 1},
            },
            "model": {
                "layers": [
                    {"type": "embedding", "input_dim": "tokens", "output_dim": 16},
                    {"type": "lstm", "units": 32, "return_sequences": True},
                    {"type": "dense", "units": "classes", "activation": "softmax"},
                ]
            },
            "optimizer": {"type": "adam", "learning_rate": 0.03},
            "training": {"loss": "categorical_crossentropy", "epochs": 40},
        }  # fmt: skip
        model = dltrain.load(dltrain.fit(config, runs=tmp_path / "runs").folder, batch_size=1)
        pieces = list(generate(model, "終わり🙂\n", tokens=14, temperature=0))
        assert "".join(pieces) == "終わり🙂\n"
        assert len(pieces) == 14


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingExtraError, match="byte-pair encoding takes the library") as raised:
        learnt("bpe")
    assert "dltrain[text]" in (raised.value.hint or "")
