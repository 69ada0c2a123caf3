"""Mistakes in a config that names a preset are said of the preset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dltrain.config.loader import read, read_dict
from dltrain.core.errors import Problem
from dltrain.engine.check import check_shapes


def problem(model: Any, shape: tuple[int, ...] = (32, 32, 3), classes: int | None = 10) -> Problem:
    mapping = {
        "model": model,
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
    (found,) = check_shapes(read_dict(mapping, dataset=False), shape, classes).problems
    return found


def test_images_that_are_too_small_name_the_layer_and_a_way_out() -> None:
    found = problem("vgg16", (28, 28, 1))
    assert found.path == "model"
    assert found.message.endswith("larger than its input of 1x1, in block5_pool of vgg16")
    assert "resize" in (found.hint or "")
    assert "small" not in (found.hint or "")
    assert "`stem: small`" in (problem("squeezenet", (4, 4, 1)).hint or "")


def test_a_layer_inside_a_container_is_named_after_it() -> None:
    assert "in stem/conv of resnet20" in problem("resnet20", (784,)).message


@pytest.mark.parametrize(
    ("options", "classes", "path", "message", "hint"),
    [
        ({"classes": 5}, 10, "model.classes", "5 numbers, but the data set has 10", "leave"),
        ({}, None, "model.classes", "resnet20 needs a data set with classes", "write the number"),
        ({"classifier_activation": "sigmoid"}, 10, "model.classifier_activation", "softmax",
         "write `classifier_activation: softmax`"),
        ({"clases": 5}, 10, "model.clases", "unknown key", "did you mean `classes`?"),
        ({"width": 0}, 10, "model.width", "greater than 0", None),
    ],
)  # fmt: skip
def test_a_mistake_in_an_option_stands_at_the_option(
    options: dict[str, Any], classes: int | None, path: str, message: str, hint: str | None
) -> None:
    found = problem({"type": "resnet20", **options}, classes=classes)
    assert found.path == path
    assert message in found.message
    assert hint is None or hint in (found.hint or "")


@pytest.mark.parametrize("classes", [None, 10])
def test_a_model_of_texts_says_what_it_reads(classes: int | None) -> None:
    found = problem("lstm_classifier", (12,), classes=classes)
    assert found.path == "model"
    assert "lstm_classifier reads tokens, which this data set does not give" in found.message
    assert "`type: text_csv`" in (found.hint or "")


def test_a_model_of_pairs_says_what_it_reads() -> None:
    found = problem({"type": "seq2seq", "tokens": 9}, (12,), classes=9)
    assert found.path == "model"
    assert "seq2seq reads pairs of texts, which this data set does not give" in found.message
    assert "`type: text_pairs`" in (found.hint or "")


@pytest.mark.parametrize(
    ("model", "path", "message"),
    [
        ("vit_tiny", "model.patch_size", "patches of 16x16 do not cover an image of 24x32"),
        ({"type": "gpt", "num_heads": 7}, "model.num_heads", "768 features cannot be shared"),
        (
            "gpt",
            "model",
            "takes vectors, but receives images of shape (24, 32, 3), in tokens of gpt",
        ),
    ],
)
def test_a_mistake_in_a_transformer_stands_at_its_option(
    model: Any, path: str, message: str
) -> None:
    found = problem(model, (8,) if "heads" in path else (24, 32, 3))
    assert found.path == path
    assert message in found.message


def test_an_unknown_preset_gets_the_nearest_name() -> None:
    found = problem("resnet19")
    assert found.message == "no model is called 'resnet19'"
    assert found.hint == "did you mean `resnet18`?"


def test_a_problem_has_the_line_of_the_preset(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        "model:\n  type: vgg11\n  classes: 3\noptimizer: adam\n"
        "training: {loss: mean_squared_error}\n"
    )
    (found,) = check_shapes(read(path, dataset=False), (8, 8, 3), 3).problems
    assert (found.line, found.column) == (2, 3)


def test_an_image_that_cannot_be_halved_tells_what_can() -> None:
    found = problem("unet", (60, 64, 3), 2)
    assert "in join4 of unet" in found.message
    assert "smaller `depth`" in (found.hint or "")
