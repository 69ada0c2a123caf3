"""Whatever is done to a good config, it loads or gives problems: nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dltrain.config.draft import Draft
from dltrain.config.loader import read_dict
from dltrain.config.yaml_tree import read_tree
from dltrain.core.errors import ConfigError
from tests.config.conftest import GOOD

JUNK = [
    "{",
    "}",
    "[",
    ":",
    "\t",
    "\x00",
    "&a ",
    "*a ",
    "!!x ",
    "${env:",
    "'",
    '"',
    "- ",
    "1e999",
    "~",
]

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "units", "layers", "loss", "x"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
PATHS = st.sampled_from(
    [
        "version",
        "name",
        "seed",
        "dataset",
        "dataset.type",
        "dataset.validation",
        "dataset.augment",
        "model",
        "model.layers",
        "model.layers.0",
        "model.layers.1.units",
        "model.layers.1.type",
        "model.layers.1.activation",
        "model.layers.1.kernel_regularizer",
        "optimizer",
        "optimizer.learning_rate",
        "training",
        "training.loss",
        "training.metrics",
        "training.threads",
        "training.checkpoint",
        "training.checkpoint.monitor",
    ]
)


def outcome(draft: Draft) -> None:
    if draft.config is not None and not draft.problems:
        assert draft.loaded().config is draft.config
        return
    with pytest.raises(ConfigError) as caught:
        draft.loaded()
    assert caught.value.render()
    assert all(problem.message for problem in caught.value.problems)


@settings(max_examples=150, deadline=None)
@given(path=PATHS, value=VALUES)
def test_any_value_anywhere_loads_or_is_a_problem(path: str, value: object) -> None:
    outcome(read_dict(read_tree(GOOD, "good").value, {path: value}))


@settings(max_examples=150, deadline=None)
@given(at=st.integers(0, len(GOOD)), length=st.integers(0, 12), new=st.sampled_from(JUNK))
def test_any_edit_of_the_text_loads_or_is_a_problem(at: int, length: int, new: str) -> None:
    tree = read_tree(GOOD[:at] + new + GOOD[at + length :], "damaged")
    if isinstance(tree.value, dict) and not tree.problems:
        outcome(read_dict(tree.value))


@settings(max_examples=100, deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_is_read_or_is_a_problem(text: str) -> None:
    read_tree(text, "any")
