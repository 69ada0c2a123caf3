"""A network that answers for each pixel, of which some have no label: fitted and used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import dltrain
from dltrain.cli.app import main
from dltrain.core.errors import DataError, UsageError
from dltrain.inference.predict import predict
from dltrain.inference.sources import Input
from dltrain.training.evaluate import evaluate_checkpoint
from dltrain.training.fit import Run
from tests.reference.losses import confusion, mean_iou

CONFIG = """\
name: pixels
dataset: {type: npz, path: PATH, ignore_class: 255, validation: 0.2, augment: [random_flip]}
model:
  layers:
    - {type: conv2d, filters: 6, kernel_size: 3, padding: same, activation: relu}
    - {type: conv2d, filters: classes, kernel_size: 1, activation: softmax}
optimizer: {type: adam, learning_rate: 3e-2}
training:
  loss: categorical_crossentropy
  metrics: [accuracy, mean_iou, {type: recall, class_id: 2}]
  epochs: 10
  batch_size: 7
"""


def draw(count: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give images [n, 8, 10, 3] of a red and a blue box on black, and the class of each pixel."""
    random = np.random.default_rng(seed)
    maps = np.zeros((count, 8, 10), np.uint8)
    for one in maps:
        for label in (1, 2):
            top, left = random.integers(0, 5, 2)
            one[top : top + 4, left : left + 5] = label
    images = random.integers(0, 60, (*maps.shape, 3), np.uint8)
    images[..., 0] += np.uint8(150) * (maps == 1)
    images[..., 2] += np.uint8(150) * (maps == 2)
    maps[random.random(maps.shape) < 0.2] = 255
    return images, maps


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder with a config and its data."""
    folder = tmp_path_factory.mktemp("pixels")
    (x, y), (x_test, y_test) = draw(60, 0), draw(20, 1)
    np.savez(folder / "maps.npz", x_train=x, y_train=y, x_test=x_test, y_test=y_test)
    text = CONFIG.replace("PATH", str(folder / "maps.npz"))
    (folder / "pixels.yaml").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def run(folder: Path) -> Run:
    """Give a finished run."""
    return dltrain.fit(folder / "pixels.yaml", runs=folder / "runs")


def test_it_learns_and_every_metric_is_recorded(run: Run) -> None:
    assert run.history[-1]["val_loss"] < 0.5 * run.history[0]["val_loss"]
    assert run.result["metrics"]["mean_iou"] > 0.8
    assert {"train_mean_iou", "val_mean_iou", "val_recall"} <= set(run.history[0])


@pytest.mark.parametrize("batch_size", [1, 7, 20])
def test_the_result_is_that_of_all_pixels_at_once_whatever_the_batch(
    run: Run, folder: Path, batch_size: int
) -> None:
    x, y = draw(20, 1)
    kept = y != 255
    p = run.model.predict(x).astype(np.float64)
    matrix = confusion(p.argmax(-1)[kept], y[kept].astype(int), 3)
    found = evaluate_checkpoint(run.folder, batch_size=batch_size)
    assert found.samples == 20
    assert found.loss == pytest.approx(-np.log(p[kept, y[kept]]).mean(), rel=1e-5)
    assert found.metrics == pytest.approx(
        {
            "accuracy": np.trace(matrix) / matrix.sum(),
            "mean_iou": mean_iou(matrix),
            "recall": matrix[2, 2] / matrix[2].sum(),
        }
    )


def test_training_is_the_same_with_any_number_of_threads(run: Run, folder: Path) -> None:
    for threads in (1, 3):
        overrides = {"training.threads": threads}
        other = dltrain.fit(folder / "pixels.yaml", runs=folder / "others", overrides=overrides)
        for name, values in run.model.network.parameters.items():
            np.testing.assert_array_equal(other.model.network.parameters[name], values)
        assert other.history[-1]["val_mean_iou"] == run.history[-1]["val_mean_iou"]


def test_a_prediction_tells_the_share_of_each_class_and_writes_its_map(
    run: Run, tmp_path: Path
) -> None:
    x, _ = draw(2, 5)
    paths = [tmp_path / "a.png", tmp_path / "more" / "a.png"]
    for path, image in zip(paths, x, strict=True):
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(image).save(path)
    inputs = [Input(str(path)) for path in (*paths, tmp_path / "none.png")]
    *records, absent = predict(run.model, inputs, masks=tmp_path / "masks")
    assert absent.error is not None
    for record, image, name in zip(records, x, ("a.png", "a_2.png"), strict=True):
        p = run.model.predict(image[np.newaxis])[0]
        found = p.argmax(-1)
        assert record.as_json() == {
            "path": record.path,
            "label": record.top[0].label,
            "probability": record.top[0].probability,
            "top": [
                {
                    "label": one.label,
                    "probability": pytest.approx(p[..., int(one.label)].mean()),
                    "share": pytest.approx((found == int(one.label)).mean()),
                }
                for one in record.top
            ],
            "shape": [8, 10],
            "mask": str(tmp_path / "masks" / name),
            "error": None,
        }
        assert [one.share for one in record.top] == sorted(
            (c.share for c in record.top), reverse=True
        )
        np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "masks" / name)), found)


def test_masks_are_not_written_where_images_are_read(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.fromarray(draw(1, 5)[0][0]).save(tmp_path / "a.png")
    before = (tmp_path / "a.png").read_bytes()
    assert _main("predict", run.folder, tmp_path, "--masks", tmp_path) == 2
    assert "holds inputs" in capsys.readouterr().err
    assert (tmp_path / "a.png").read_bytes() == before
    assert (
        _main("predict", run.folder, tmp_path, "--masks", tmp_path / "m", "--format", "json") == 0
    )
    (record,) = json.loads(capsys.readouterr().out)
    assert Path(record["mask"]).is_file()


def test_masks_of_a_network_without_pixels_are_refused(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="an answer for each pixel"):
        list(predict(dltrain.load(trained), [], masks=tmp_path / "masks"))
    assert not (tmp_path / "masks").exists()


def test_evaluating_on_targets_of_other_positions_is_refused(run: Run, tmp_path: Path) -> None:
    x, _ = draw(4, 5)
    np.savez(tmp_path / "other.npz", x_test=x, y_test=np.array([0, 1, 2, 0]))
    with pytest.raises(DataError, match=r"one label for each sample, .* each of 8 x 10"):
        evaluate_checkpoint(run.folder, data=tmp_path / "other.npz")


def test_a_classifier_of_pixels_on_labels_of_samples_is_refused_before_training(
    folder: Path, tmp_path: Path
) -> None:
    x, _ = draw(4, 5)
    np.savez(tmp_path / "other.npz", x_train=x, y_train=np.array([0, 1, 2, 0]))
    overrides: dict[str, Any] = {"dataset.path": str(tmp_path / "other.npz")}
    with pytest.raises(dltrain.core.errors.ConfigError, match="one label for each sample"):
        dltrain.fit(folder / "pixels.yaml", runs=tmp_path / "runs", overrides=overrides)
    assert not (tmp_path / "runs").exists()


def _main(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    return int(ended.value.code or 0)
