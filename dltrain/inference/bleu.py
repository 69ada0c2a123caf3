"""How like the texts that a network tells are to those that are right: BLEU, by sacrebleu."""

from __future__ import annotations

import numpy as np

from dltrain.core.errors import MissingExtraError, UsageError
from dltrain.data.encoders.pairs import START, PairEncoder
from dltrain.data.samples import Samples
from dltrain.inference.complete import Network, complete

NEVER = "<untold>"
"""What stands in right texts for words that the network does not know."""


def bleu(encoder: object, network: Network, samples: Samples, batch_size: int) -> float:
    """Give the BLEU of a whole split, from 0 to 100: likeliest tokens against the targets.

    Raises: UsageError where the network does not make texts; MissingExtraError without sacrebleu.
    Source: Papineni and others 2002, "BLEU: a method for automatic evaluation of machine
    translation"; Post 2018, arXiv:1804.08771.
    """
    if not isinstance(encoder, PairEncoder):
        raise UsageError("BLEU compares texts, which this network does not make")
    try:
        from sacrebleu import corpus_bleu
    except ImportError as error:
        raise MissingExtraError(
            "BLEU takes sacrebleu, which is not installed", hint='pip install "dltrain[text]"'
        ) from error
    told: list[str] = []
    right: list[str] = []
    for start in range(0, len(samples), batch_size):
        rows = np.arange(start, min(start + batch_size, len(samples)))
        given = np.empty((len(rows), *samples.shape), np.float32)
        samples.gather(rows, given)
        given[:, encoder.source_length :] = 0
        given[:, encoder.source_length] = START
        told += [encoder.text(row.tolist()) for row in complete(encoder, network, given)]
        # A word that is not known can never be told right.
        right += [encoder.text(row.tolist(), unknown=NEVER) for row in samples.targets[rows]]
    return float(corpus_bleu(told, [right]).score)
