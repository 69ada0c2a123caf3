"""The data sets that accuracies are compared on, each with a straightforward model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

Config = dict[str, Any]
SHARE = 0.2
"""The share to test on where a set has no test split of its own."""
LABELS = {"type": "dense", "units": "classes", "activation": "softmax"}


def _training(epochs: int, batch_size: int = 32, **fields: Any) -> Config:
    return {
        "loss": "categorical_crossentropy", "metrics": ["accuracy"], "epochs": epochs,
        "batch_size": batch_size, **fields,
    }  # fmt: skip


def _config(dataset: Config, layers: list[Any], training: Config, rate: float = 1e-3) -> Config:
    optimizer = {"type": "adam", "learning_rate": rate}
    return {
        "dataset": dataset, "model": {"layers": layers}, "optimizer": optimizer,
        "training": training,
    }  # fmt: skip


def _tokens(size: int) -> Config:
    return {"type": "embedding", "input_dim": "tokens", "output_dim": size, "mask_zero": True}


def _text(data: Path, path: str, **fields: Any) -> Config:
    files = {key: str(data / "text" / fields.pop(key)) for key in ("test_path",) if key in fields}
    return {"type": "text_csv", "path": str(data / "text" / path), **files, **fields}


def sms_spam(data: Path) -> Config:
    """Spam or not: an LSTM over words."""
    dataset = _text(data, "sms_spam/sms.tsv", header=False, text=1, label=0, length=40, test=SHARE)
    layers = [_tokens(32), {"type": "lstm", "units": 32}, LABELS]
    return _config(dataset, layers, _training(3))


def sst2(data: Path) -> Config:
    """Liked or not: an LSTM in both directions."""
    files = {"test_path": "sst2/test.tsv", "header": False, "text": 0, "label": 1}
    dataset = _text(data, "sst2/train.tsv", length=40, **files)
    both = {"type": "bidirectional", "layer": {"type": "lstm", "units": 32}}
    return _config(dataset, [_tokens(64), both, {"type": "dropout", "rate": 0.5}, LABELS],
                   _training(3))  # fmt: skip


def rt_polarity(data: Path) -> Config:
    """Liked or not: convolutions over words."""
    dataset = {
        "type": "text_folder", "path": str(data / "text" / "rt-polarity"), "encoding": "latin-1",
        "files": {"negative": "rt-polarity.neg", "positive": "rt-polarity.pos"}, "length": 40,
        "test": SHARE,
    }  # fmt: skip
    layers = [
        {**_tokens(64), "mask_zero": False},
        {
            "type": "conv1d",
            "filters": 64,
            "kernel_size": 3,
            "padding": "same",
            "activation": "relu",
        },
        {"type": "global_max_pooling1d"},
        {"type": "dropout", "rate": 0.5},
        LABELS,
    ]
    return _config(dataset, layers, _training(4))


def _trec(data: Path, label: str) -> Config:
    return _text(
        data, "trec/train_5500.label", test_path="trec/TREC_10.label", encoding="latin-1",
        pattern=rf"(?P<label>{label}) (?P<text>.*)", length=20,
    )  # fmt: skip


def trec(data: Path) -> Config:
    """Six kinds of questions: a GRU over words."""
    layers = [_tokens(64), {"type": "gru", "units": 64}, LABELS]
    return _config(_trec(data, r"\w+):(?:\w+"), layers, _training(5))


def trec_fine(data: Path) -> Config:
    """Fifty kinds of questions: the mean over steps of a GRU."""
    gru = {"type": "gru", "units": 64, "return_sequences": True}
    layers = [_tokens(64), gru, {"type": "global_average_pooling1d"}, LABELS]
    return _config(_trec(data, r"\w+:\w+"), layers, _training(8))


def _language(data: Path, path: str, length: int, epochs: int) -> Config:
    dataset = {
        "type": "text", "path": str(data / "text" / path), "length": length, "validation": 0.1,
    }  # fmt: skip
    layers = [
        {"type": "embedding", "input_dim": "classes", "output_dim": 32},
        {"type": "lstm", "units": 128, "return_sequences": True},
        LABELS,
    ]
    return _config(dataset, layers, _training(epochs), 2e-3)


def names(data: Path) -> Config:
    """The next character of names: an LSTM."""
    return _language(data, "names/names.txt", 32, 2)


def tinyshakespeare(data: Path) -> Config:
    """The next character of plays: an LSTM."""
    return _language(data, "tinyshakespeare/input.txt", 64, 1)


SETS: dict[str, Callable[[Path], Config]] = {
    "sms_spam": sms_spam,
    "sst2": sst2,
    "rt_polarity": rt_polarity,
    "trec": trec,
    "trec_fine": trec_fine,
    "names": names,
    "tinyshakespeare": tinyshakespeare,
}
