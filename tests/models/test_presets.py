"""Presets: what they expand to, and that they train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dltrain.engine.graph import Graph, build_graph
from dltrain.engine.network import Network
from dltrain.engine.trainer import Trainer
from dltrain.losses.base import Loss
from dltrain.models.base import Model
from dltrain.models.sequential import Sequential
from dltrain.optimizers.base import Optimizer

PHOTO, SMALL, DIGIT = (224, 224, 3), (32, 32, 3), (28, 28, 1)
PUBLISHED = {
    "alexnet": (PHOTO, 1000, 61_100_840),
    "convnext_tiny": (PHOTO, 1000, 28_589_128),
    "densenet121": (PHOTO, 1000, 7_978_856),
    "efficientnet_b0": (PHOTO, 1000, 5_288_548),
    "googlenet": (PHOTO, 1000, 6_624_904),
    "inception_v3": ((299, 299, 3), 1000, 23_834_568),
    "lenet5": (DIGIT, 10, 61_706),
    "mlp": (DIGIT, 10, 784 * 512 + 512 + 512 * 512 + 512 + 512 * 10 + 10),
    "mobilenet_v1": (PHOTO, 1000, 4_231_976),
    "mobilenet_v2": (PHOTO, 1000, 3_504_872),
    "mobilenet_v3_large": (PHOTO, 1000, 5_483_032),
    "mobilenet_v3_small": (PHOTO, 1000, 2_542_856),
    "resnet101": (PHOTO, 1000, 44_549_160),
    "resnet18": (PHOTO, 1000, 11_689_512),
    "resnet20": (SMALL, 10, 269_722),
    "resnet32": (SMALL, 10, 464_154),
    "resnet34": (PHOTO, 1000, 21_797_672),
    "resnet50": (PHOTO, 1000, 25_557_032),
    "resnet56": (SMALL, 10, 853_018),
    "squeezenet": (PHOTO, 1000, 1_235_496),
    "unet": ((128, 128, 3), 2, 31_037_698),
    "vgg11": (PHOTO, 1000, 132_863_336),
    "vgg13": (PHOTO, 1000, 133_047_848),
    "vgg16": (PHOTO, 1000, 138_357_544),
    "vgg19": (PHOTO, 1000, 143_667_240),
    "vit_base": (PHOTO, 1000, 86_567_656),
    "vit_small": (PHOTO, 1000, 22_050_664),
    "vit_tiny": (PHOTO, 1000, 5_717_416),
    "wide_resnet28_10": (SMALL, 10, 36_479_194),
}
"""Input, classes and parameters without moving statistics; photos as in torchvision."""
TINY: dict[str, tuple[tuple[int, int, int], dict[str, Any]]] = {
    "alexnet": ((63, 63, 3), {"width": 0.125, "units": 32}),
    "convnext_tiny": ((32, 32, 3), {"width": 0.0834}),
    "densenet121": ((16, 16, 3), {"growth": 4, "stem": "small"}),
    "efficientnet_b0": ((16, 16, 3), {"width": 0.25, "stem": "small"}),
    "googlenet": ((32, 32, 3), {"width": 0.125}),
    "inception_v3": ((79, 79, 3), {"width": 0.0625}),
    "lenet5": ((20, 20, 1), {}),
    "mlp": ((5, 4, 1), {"units": [32, 16], "dropout": 0.25}),
    "mobilenet_v1": ((16, 16, 3), {"width": 0.125, "stem": "small"}),
    "mobilenet_v2": ((32, 32, 3), {"width": 0.125}),
    "mobilenet_v3_large": ((16, 16, 3), {"width": 0.25, "stem": "small"}),
    "mobilenet_v3_small": ((32, 32, 3), {"width": 0.25}),
    "resnet101": ((16, 16, 3), {"width": 0.0625, "stem": "small"}),
    "resnet18": ((16, 16, 3), {"width": 0.125, "stem": "small"}),
    "resnet20": ((8, 8, 3), {}),
    "resnet32": ((8, 8, 3), {}),
    "resnet34": ((32, 32, 3), {"width": 0.125}),
    "resnet50": ((16, 16, 3), {"width": 0.0625, "stem": "small"}),
    "resnet56": ((8, 8, 3), {}),
    "squeezenet": ((16, 16, 3), {"width": 0.5, "stem": "small"}),
    "unet": ((16, 16, 3), {"width": 0.125, "depth": 2}),
    "vgg11": ((32, 32, 3), {"width": 0.125, "units": 32}),
    "vgg13": ((32, 32, 3), {"width": 0.125, "units": 32}),
    "vgg16": ((32, 32, 3), {"width": 0.125, "units": 32}),
    "vgg19": ((32, 32, 3), {"width": 0.125, "units": 32}),
    "vit_base": ((8, 8, 3), {"patch_size": 4, "num_layers": 1}),
    "vit_small": ((8, 8, 3), {"patch_size": [2, 4], "num_layers": 2}),
    "vit_tiny": ((8, 8, 3), {"patch_size": 2, "num_layers": 2, "dropout": 0.1}),
    "wide_resnet28_10": ((8, 8, 3), {"width": 1, "dropout": 0.3}),
}
"""Input and options with which a preset is trained here."""
every_preset = pytest.mark.parametrize("name", PUBLISHED)


def preset(name: str, **options: Any) -> Model:
    model: Model = Model.parse({"type": name, **options})
    return model


def graph_of(model: Model, shape: tuple[int, ...], classes: int) -> Graph:
    return build_graph(model.expand(), shape, classes)


def trained(name: str, *, threads: int) -> dict[str, Any]:
    """Take two steps; give everything that they leave."""
    shape, options = TINY[name]
    graph = graph_of(preset(name, **options), shape, 3)
    network = Network(graph, threads=threads, seed=1)
    trainer = Trainer(
        network,
        loss=Loss.parse("categorical_crossentropy"),
        metrics=(),
        optimizer=Optimizer.parse({"type": "sgd", "momentum": 0.9, "learning_rate": 0.01}),
        batch_size=9,
        threads=threads,
        seed=2,
        total_steps=2,
    )
    generator = np.random.default_rng(3)
    labels = (9, *network.output_shape[:-1])
    losses = [
        trainer.step(
            generator.random((9, *shape), np.float32),
            generator.integers(0, 3, labels).astype(np.int32),
        ).loss
        for _ in range(2)
    ]
    return {"losses": np.array(losses), **network.parameters, **network.state}


def _elsewhere(model: type[Model]) -> bool:
    return model.reads_text or model.reads_series or model.reads_tokens


def test_every_preset_is_tried_here() -> None:
    others = {"sequential", *(name for name, kind in Model.registry().items() if _elsewhere(kind))}
    assert set(PUBLISHED) == set(TINY) == set(Model.registry()) - others


@every_preset
def test_parameters_are_as_many_as_published(name: str) -> None:
    shape, classes, count = PUBLISHED[name]
    graph = graph_of(preset(name), shape, classes)
    assert sum(row.parameters for row in graph.table()) == count
    assert graph.output is not None
    assert graph.output.shape == (*(shape[:2] if name == "unet" else ()), classes)


@every_preset
def test_the_layers_written_out_are_the_preset(name: str) -> None:
    layers = preset(name).expand()
    for form in ("dump", "brief"):
        written = Sequential.model_validate({"layers": [getattr(one, form)() for one in layers]})
        assert written.expand() == layers


@every_preset
def test_every_layer_with_parameters_has_a_name(name: str) -> None:
    shape, classes, _ = PUBLISHED[name]
    types = {f"{row.type}_" for row in graph_of(preset(name), shape, classes).table()}
    for parameter in graph_of(preset(name), shape, classes).parameters:
        layer = parameter.name.replace("squeeze/conv2d_", "").split("/")[-2]
        assert not any(layer.startswith(kind) for kind in types), parameter.name


@every_preset
def test_options_reach_the_layers(name: str) -> None:
    options: dict[str, Any] = {"classes": 7, "classifier_activation": "sigmoid"}
    penalty = {"type": "l2", "l2": 0.001}
    graph = graph_of(preset(name, **options, kernel_regularizer=penalty), PUBLISHED[name][0], 10)
    assert graph.output is not None
    assert graph.output.shape[-1] == 7
    assert graph.nodes[-1].type == "sigmoid"
    kernels = [one for one in graph.parameters if one.name.endswith("kernel")]
    assert all(one.spec.regularizer is not None for one in kernels)


@pytest.mark.parametrize("name", [n for n in PUBLISHED if "width" in type(preset(n)).model_fields])
def test_half_the_width_is_less_than_six_tenths_of_the_work(name: str) -> None:
    shape, classes, _ = PUBLISHED[name]
    width = type(preset(name)).model_fields["width"].default
    whole, half = (
        sum(row.multiply_adds for row in graph_of(preset(name, width=w), shape, classes).table())
        for w in (width, width / 2)
    )
    assert half < 0.6 * whole


@every_preset
def test_two_steps_have_the_same_bits_with_one_and_two_threads(name: str) -> None:
    one, two = trained(name, threads=1), trained(name, threads=2)
    assert np.isfinite(one["losses"]).all()
    assert one["losses"][0] != one["losses"][1]
    for key, values in one.items():
        np.testing.assert_array_equal(values, two[key], err_msg=key)
