"""Texts with labels: from what files hold to samples, for every dataset that has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import DataError
from dltrain.core.suggest import nearest
from dltrain.data.buckets import Buckets, bucket_sizes, lengths_of
from dltrain.data.encoders.base import Encoder
from dltrain.data.encoders.text import TextEncoder
from dltrain.data.parts import Part, Reading, Stored, share_rows, take_share
from dltrain.data.samples import DataFacts
from dltrain.data.stores import ArrayStore
from dltrain.data.tokenizers.base import Tokenizer


@dataclass(frozen=True)
class Text:
    """One text as a file has it."""

    text: str
    label: str
    place: str
    """Where it stands, as file:line."""


class TextData(Protocol):
    """The options of every dataset of texts."""

    @property
    def tokens(self) -> Tokenizer:
        """How texts are cut."""

    @property
    def length(self) -> int | Literal["auto"]:
        """Tokens of a sample."""

    @property
    def unknown(self) -> Literal["token", "error"]:
        """What becomes of tokens that are not known."""

    @property
    def buckets(self) -> int:
        """How many lengths batches have."""

    @property
    def test(self) -> float | None:
        """Share to test on."""

    def learning_rows(self, targets: NDArray[Any], seed: int) -> NDArray[np.int64]:
        """Give the rows that stay in the training split."""

    def encoder(self, tokens: Tokenizer, length: int, sizes: tuple[int, ...]) -> TextEncoder:
        """Give what makes samples of texts."""


Splits = Mapping[str, Sequence[Text]]


def text_facts(dataset: TextData, splits: Splits, seed: int) -> DataFacts:
    """Tell what samples there are, and of how many tokens."""
    names = label_names(splits)
    labels = {split: _labels(texts, names) for split, texts in splits.items()}["train"]
    encoder = learnt_encoder(dataset, splits["train"], labels, seed, "test" in splits)
    counts = {split: len(texts) for split, texts in splits.items()}
    facts = DataFacts(
        encoder.shape,
        len(names),
        names,
        "labels",
        (),
        counts,
        value_bytes=4,
        inputs=encoder.inputs,
        lengths=encoder.buckets,
    )
    if dataset.test is not None and "test" not in counts:
        return facts.taking("test", dataset.test)
    return facts


def stored_texts(dataset: TextData, splits: Splits, reading: Reading) -> Stored:
    """Make samples of texts, by what a trained model knows of them or else by what is learnt."""
    names = reading.class_names or label_names(splits)
    labels = {split: _labels(texts, names) for split, texts in splits.items()}
    encoder = reading.encoder
    if not isinstance(encoder, TextEncoder):
        whole = "test" in splits
        encoder = learnt_encoder(dataset, splits["train"], labels["train"], reading.seed, whole)
    parts = {split: _part(encoder, texts, labels[split]) for split, texts in splits.items()}
    if dataset.test is not None and "test" not in parts:
        parts = take_share(parts, "test", dataset.test, reading.seed)
    return Stored(parts, names, encoder)


def label_names(splits: Splits) -> tuple[str, ...]:
    """Name the classes: the labels of the training split, in the order of the alphabet."""
    names = tuple(sorted({text.label for text in splits["train"]}))
    if len(names) < 2:
        raise DataError(
            f"all texts have the label {names[0]!r}: there is nothing to tell apart",
            at=splits["train"][0].place,
            hint="is the right column the `label`?",
        )
    return names


def learnt_encoder(
    dataset: TextData, texts: Sequence[Text], labels: NDArray[np.int32], seed: int, tested: bool
) -> TextEncoder:
    """Learn tokens and length of the texts that nothing will be validated or tested on."""
    rows = np.arange(len(texts))
    if dataset.test is not None and not tested:
        rows, _ = share_rows(labels, "test", dataset.test, seed)
    rows = rows[dataset.learning_rows(labels[rows], seed)]
    learning = [texts[row].text for row in rows.tolist()]
    tokens = dataset.tokens.learnt(learning)
    lengths = np.array([len(tokens.numbers(text)) for text in learning])
    length = max(1, int(lengths.max())) if dataset.length == "auto" else dataset.length
    sizes = bucket_sizes(lengths, dataset.buckets, length) if dataset.buckets > 1 else ()
    return dataset.encoder(tokens, length, sizes)


def _part(encoder: TextEncoder, texts: Sequence[Text], labels: NDArray[np.int32]) -> Part:
    samples = _encoded(encoder, texts)
    buckets = Buckets(lengths_of(samples), encoder.buckets) if encoder.buckets else None
    return Part(ArrayStore(samples), labels, buckets=buckets)


def _labels(texts: Sequence[Text], names: Sequence[str]) -> NDArray[np.int32]:
    places = {name: number for number, name in enumerate(names)}
    for text in texts:
        if text.label not in places:
            near = nearest(text.label, names)
            raise DataError(
                f"the label {text.label!r} does not occur in training",
                at=text.place,
                hint=f"did you mean `{near}`?" if near else f"labels are {', '.join(names[:20])}",
            )
    return np.array([places[text.label] for text in texts], np.int32)


def _encoded(encoder: Encoder, texts: Sequence[Text]) -> NDArray[np.float32]:
    try:
        return encoder.encode([text.text for text in texts])
    except DataError:
        # One of them is wrong: each by itself, to say which.
        return np.concatenate([_of_one(encoder, text) for text in texts])


def _of_one(encoder: Encoder, text: Text) -> NDArray[np.float32]:
    try:
        return encoder.encode([text.text])
    except DataError as error:
        raise DataError(error.message, at=text.place, hint=error.hint) from error
