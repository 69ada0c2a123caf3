"""Predictions for the rows of tables: one record each, with its line, also where it is wrong."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.cli.records import as_csv, as_json, as_table
from dltrain.core.errors import DataError
from dltrain.inference.model import Model
from dltrain.inference.predict import Record, predict
from dltrain.inference.sources import Input
from dltrain.training.evaluate import evaluate_checkpoint


def trained(folder: Path, told: str, **training: Any) -> Model:
    """Train on rows whose number is 1000 * size + 50, and whose class is a size above 5."""
    generator = np.random.default_rng(0)
    sizes = generator.uniform(0, 10, 200).round(3)
    rows = [
        f"{x},{'abc'[i % 3]},{1000 * x + 50},{'yes' if x > 5 else 'no'}"
        for i, x in enumerate(sizes)
    ]
    path = folder / "rows.csv"
    path.write_text("\n".join(["size,kind,price,large", *rows]))
    number = told == "price"
    other = "large" if number else "price"
    last = {"type": "dense", "units": "classes", "activation": "linear" if number else "softmax"}
    config: dict[str, Any] = {
        "name": told,
        "dataset": {"type": "table", "path": str(path), "target": told, "leave_out": [other]},
        "model": {"layers": [{"type": "dense", "units": 8, "activation": "relu"}, last]},
        "optimizer": {"type": "adam", "learning_rate": 0.02},
        "training": {
            "loss": "mean_squared_error" if number else "categorical_crossentropy",
            "epochs": 30,
            **training,
        },
    }
    return dltrain.load(dltrain.fit(config, runs=folder / "runs").folder, batch_size=4)


@pytest.fixture(scope="module")
def numbers(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("numbers"), "price")


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return trained(tmp_path_factory.mktemp("classes"), "large")


def told(model: Model, *paths: Path) -> list[Record]:
    return list(predict(model, [Input(str(path)) for path in paths]))


@pytest.fixture
def asked(tmp_path: Path) -> Path:
    path = tmp_path / "asked.csv"
    path.write_text("kind,size\na,1\nb,9\n\nc\nz,x\nb,4.2,1\na,\na,2\n")
    return path


def test_each_row_has_a_record_with_its_line(numbers: Model, asked: Path) -> None:
    records = told(numbers, asked)
    assert [one.path for one in records] == [f"{asked}:{n}" for n in (2, 3, 5, 6, 7, 8, 9)]
    errors = [one.error for one in records]
    assert errors[0] is errors[1] is errors[6] is None
    assert "the row has 1 columns, not 2" in str(errors[2])
    assert "column 'size': 'x' is no finite number" in str(errors[3])
    assert "the row has 3 columns, not 2" in str(errors[4])
    assert "column 'size' has no value" in str(errors[5])


def test_numbers_have_names_and_the_units_of_the_data(numbers: Model, asked: Path) -> None:
    first = told(numbers, asked)[0]
    assert first.values is not None
    assert first.values["price"] == pytest.approx(1050, abs=150)
    assert first.as_json() == {
        "path": f"{asked}:2", "label": None, "probability": None, "top": [],
        "values": first.values, "error": None,
    }  # fmt: skip
    wrong = told(numbers, asked)[2].as_json()
    assert wrong["values"] is None
    assert wrong["error"]


def test_classes_have_the_form_of_images(classes: Model, tmp_path: Path) -> None:
    path = tmp_path / "asked.tsv"
    path.write_text("size\tkind\tlarge\n1\ta\tno\n9\tb\tyes\n")
    records = told(classes, path)
    assert [one.top[0].label for one in records] == ["no", "yes"]
    assert "values" not in records[0].as_json()


def test_a_file_that_cannot_be_read_is_one_record(numbers: Model, tmp_path: Path) -> None:
    (tmp_path / "other.csv").write_text("sizes,kind\n1,a\n")
    (tmp_path / "latin.csv").write_bytes(b"size,kind\n1,\xe9\n")
    names = ("none.csv", "other.csv", "latin.csv")
    records = told(numbers, *(tmp_path / name for name in names))
    assert [Path(one.path).name for one in records] == list(names)
    assert records[0].error == "cannot read this file: no such file or directory"
    assert "no column is called 'size'" in str(records[1].error)
    assert "did you mean `sizes`?" in str(records[1].error)
    assert "not utf-8" in str(records[2].error)


def test_rows_from_python_are_those_of_files(numbers: Model, tmp_path: Path, asked: Path) -> None:
    path = tmp_path / "good.csv"
    path.write_text("size,kind\n" + "".join(f"{n},a\n" for n in range(9)))
    found = numbers.predict([{"size": n, "kind": "a"} for n in range(9)])
    assert found.shape == (9, 1)
    np.testing.assert_array_equal(found, numbers.predict(path))
    values = [one.values for one in told(numbers, path)]
    assert [one["price"] for one in values if one] == found[:, 0].tolist()
    with pytest.raises(DataError, match="the row has 1 columns") as caught:
        numbers.predict(asked)
    assert caught.value.at == f"{asked}:5"


def test_every_format_holds_numbers_and_errors(numbers: Model, asked: Path) -> None:
    records = told(numbers, asked)
    rows = list(csv.DictReader(io.StringIO(as_csv(records))))
    assert list(rows[0]) == ["path", "price", "error"]
    assert float(rows[0]["price"]) == records[0].values["price"]  # type: ignore[index]
    assert (rows[2]["price"], rows[2]["error"][:7]) == ("", "the row")
    assert json.loads(as_json(records))[1]["values"] == records[1].values
    assert as_table(records).splitlines()[0].split() == ["path", "price", "error"]


def test_a_file_without_a_header_need_not_have_the_target(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("".join(f"{n % 2},{n},{-n}\n" for n in range(20)))
    config: dict[str, Any] = {
        "dataset": {
            "type": "table",
            "path": str(tmp_path / "rows.csv"),
            "target": 0,
            "header": False,
        },
        "model": {"layers": [{"type": "dense", "units": "classes", "activation": "softmax"}]},
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
    model = dltrain.load(dltrain.fit(config, runs=tmp_path / "runs").folder)
    (tmp_path / "asked.csv").write_text("3,-3\n5,-5\n")
    with_target = tmp_path / "with.csv"
    with_target.write_text("0,3,-3\n1,5,-5\n")
    np.testing.assert_array_equal(model.predict(tmp_path / "asked.csv"), model.predict(with_target))
    with_target.write_text("0,3,-3,1\n")
    assert "the table has 4 columns, where 3 are wanted" in str(told(model, with_target)[0].error)


def test_metrics_of_a_run_have_the_units_of_the_data(tmp_path: Path) -> None:
    names = ["mean_absolute_error", "root_mean_squared_error", "r2_score"]
    model = trained(tmp_path, "price", metrics=names)
    result = json.loads((model.path.parents[1] / "result.json").read_text())["metrics"]
    rows = list(csv.DictReader((tmp_path / "rows.csv").read_text().splitlines()))
    prices = np.array([float(row["price"]) for row in rows])
    found = model.predict(rows)[:, 0].astype(float)
    wanted = (
        np.abs(found - prices).mean(),
        np.sqrt(np.mean((found - prices) ** 2)),
        1 - np.sum((found - prices) ** 2) / np.sum((prices - prices.mean()) ** 2),
    )
    np.testing.assert_allclose([result[name] for name in names], wanted, rtol=1e-4)
    assert result["mean_absolute_error"] > 0.5


def test_several_labels_are_those_likelier_than_not(tmp_path: Path) -> None:
    rows = "".join(f"{n},{int(n > 9)},{int(n > 4)},{n % 2}\n" for n in range(16))
    (tmp_path / "rows.csv").write_text(f"x,high,middle,odd\n{rows}")
    targets = ["high", "middle"]
    dataset = {"type": "table", "path": str(tmp_path / "rows.csv"), "target": targets}
    config: dict[str, Any] = {
        "dataset": {**dataset, "leave_out": ["odd"]},
        "model": {"layers": [{"type": "dense", "units": "classes", "activation": "sigmoid"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.2},
        "training": {
            "loss": "binary_crossentropy", "metrics": ["binary_accuracy"], "epochs": 80,
        },
    }  # fmt: skip
    model = dltrain.load(dltrain.fit(config, runs=tmp_path / "runs").folder)
    records = told(model, tmp_path / "rows.csv")
    labels = [one.as_json()["labels"] for one in records]
    assert [labels[n] for n in (0, 7, 15)] == [[], ["middle"], ["high", "middle"]]
    assert {one.label for one in records[0].top} == set(targets)


def test_what_comes_behind_a_series_is_told_step_by_step(tmp_path: Path) -> None:
    steps = [10 * (n % 4) + 500 for n in range(80)]
    (tmp_path / "steps.csv").write_text("sales\n" + "\n".join(map(str, steps)))
    config: dict[str, Any] = {
        "dataset": {
            "type": "series", "path": str(tmp_path / "steps.csv"), "length": 8, "horizon": 2,
            "validation": 0.2, "test": 0.2,
        },
        "model": {"layers": ["flatten", {"type": "dense", "units": "classes"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.05},
        "training": {
            "loss": "mean_squared_error", "metrics": ["mean_absolute_error"], "epochs": 60,
        },
    }  # fmt: skip
    run = dltrain.fit(config, runs=tmp_path / "runs")
    assert run.result["split"] == "test"
    assert run.result["metrics"]["mean_absolute_error"] < 2
    model = dltrain.load(run.folder)
    (record,) = told(model, tmp_path / "steps.csv")
    assert record.path == f"{tmp_path / 'steps.csv'}:81"
    assert record.values == pytest.approx({"sales+1": 500, "sales+2": 510}, abs=4)
    window = np.array(steps[-8:])[:, np.newaxis]
    (again,) = model.predict([window.tolist()])
    assert again.tolist() == list((record.values or {}).values())


def test_series_with_classes_have_a_record_each(tmp_path: Path) -> None:
    lines = "".join(f"{n},{n + 1},{n + 2}:up\n{n},{n - 1}:down\n" for n in range(20))
    path = tmp_path / "X_TRAIN.ts"
    path.write_text(f"@classLabel true up down\n@data\n{lines}")
    layers: list[Any] = ["masking", {"type": "lstm", "units": 8}]
    last = {"type": "dense", "units": "classes", "activation": "softmax"}
    config: dict[str, Any] = {
        "dataset": {"type": "labelled_series", "path": str(tmp_path)},
        "model": {"layers": [*layers, last]},
        "optimizer": {"type": "adam", "learning_rate": 0.05},
        "training": {"loss": "categorical_crossentropy", "epochs": 40, "batch_size": 8},
    }
    model = dltrain.load(dltrain.fit(config, runs=tmp_path / "runs").folder)
    (tmp_path / "new.ts").write_text("@classLabel false\n@data\n5,6,7\n9,8\n1,2,3,4\n")
    records = told(model, tmp_path / "new.ts")
    assert [one.top[0].label if one.top else None for one in records] == ["up", "down", None]
    assert "the series has 4 steps, more than 3" in str(records[2].error)


@pytest.mark.parametrize("first", ["category_embedding", "relu"])
def test_categories_that_no_layer_reads_are_warned_of(tmp_path: Path, first: str) -> None:
    (tmp_path / "rows.csv").write_text("town,y\n" + "A,1.5\nB,2\n" * 20)
    config: dict[str, Any] = {
        "dataset": {"type": "table", "path": str(tmp_path / "rows.csv"), "target": "y"},
        "model": {"layers": [first, {"type": "dense", "units": "classes"}]},
        "optimizer": "adam",
        "training": {"loss": "mean_squared_error"},
    }
    said: list[Any] = []
    dltrain.fit(config, runs=tmp_path / "runs", observe=said.append)
    warned = [one for one in said if "hold categories" in getattr(one, "text", "")]
    assert len(warned) == (first == "relu")


def test_a_run_on_a_table_goes_on_to_the_same_bits(tmp_path: Path) -> None:
    rows = "".join(f"{n % 7},{'ABC'[n % 3]},{n % 11}.5\n" for n in range(90))
    (tmp_path / "rows.csv").write_text(f"x,town,y\n{rows}")
    dataset = {"type": "table", "path": str(tmp_path / "rows.csv"), "target": "y"}
    config: dict[str, Any] = {
        "dataset": {**dataset, "validation": 0.2, "test": 0.1},
        "model": {"type": "mlp", "units": [8], "classifier_activation": "linear"},
        "optimizer": "adam",
        "training": {"loss": "huber", "metrics": ["r2_score"]},
    }
    options: dict[str, Any] = {"runs": tmp_path / "runs", "overrides": {"training.epochs": 3}}
    whole = dltrain.fit(config, name="whole", **options)
    dltrain.fit(config, name="parts", runs=tmp_path / "runs")
    parts = dltrain.fit(config, name="parts", resume=True, **options)
    assert parts.result == whole.result


def test_a_model_is_evaluated_on_another_table(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("x,y\n" + "1,a\n2,b\n" * 20)
    (tmp_path / "test.csv").write_text("y,x\n" + "a,1\nb,2\n" * 5)
    config: dict[str, Any] = {
        "dataset": {
            "type": "table", "path": str(tmp_path / "rows.csv"), "target": "y",
            "test_path": str(tmp_path / "test.csv"),
        },
        "model": {"layers": [{"type": "dense", "units": "classes", "activation": "softmax"}]},
        "optimizer": {"type": "adam", "learning_rate": 0.1},
        "training": {"loss": "categorical_crossentropy", "metrics": ["accuracy"], "epochs": 20},
    }  # fmt: skip
    run = dltrain.fit(config, runs=tmp_path / "runs")
    assert run.result["samples"] == 10
    (tmp_path / "other.csv").write_text("x,y\n1,b\n2,b\n2,b\n1,a\n")
    found = evaluate_checkpoint(run.folder, split="train", data=tmp_path / "other.csv")
    assert (found.samples, found.metrics["accuracy"]) == (4, 0.75)
    with pytest.raises(DataError, match="there is no split 'test'"):
        evaluate_checkpoint(run.folder, data=tmp_path / "other.csv")
