"""Whether a network can take sequences of several lengths, a batch of each at a time."""

from __future__ import annotations

from dltrain.core.errors import ShapeError
from dltrain.engine.graph import Graph
from dltrain.engine.nodes import Node
from dltrain.layers.masking import Masking
from dltrain.layers.step_mask import StepMask


def check_lengths(graph: Graph, lengths: tuple[int, ...]) -> None:
    """Raise ShapeError where layers take padding for something else, or need all steps.

    What a network tells of a sample must not depend on those that share its batch.
    """
    if not lengths:
        return
    try:
        for node in graph.nodes:
            _require_masks(graph, node)
        graph.shortened(lengths[0])
    except ShapeError as error:
        error.loc = ("dataset", "buckets")
        raise


def _require_masks(graph: Graph, node: Node) -> None:
    sequences = [given for given in node.inputs if len(given.shape) == 2]
    if isinstance(node.layer, StepMask | Masking) or not sequences:
        return
    skips = node.layer.keeps_mask or node.layer.reads_mask
    if skips and all(graph.is_masked(given) for given in sequences):
        return
    raise ShapeError(
        f"{node.layer.type_name} does not know what is padding, so that batches cannot have "
        "different lengths",
        hint="leave `dataset.buckets` out, or let the first layer tell padding: `mask_zero: true` "
        "of an embedding, or `masking`",
    )
