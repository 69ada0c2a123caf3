"""Series: windows, what is told behind them, and parts that never see what comes later."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError
from dltrain.data.encoders.base import file_lines
from dltrain.data.preprocess import Preprocessor
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset


@pytest.fixture
def series(tmp_path: Path) -> Any:
    """Write steps 0 to 19, and 100 and more, with a column of dates."""

    def make(content: str | None = None, **fields: Any) -> Dataset:
        rows = "".join(f"2020-{n + 1:02},{n},{100 + n * n}\n" for n in range(20))
        path = tmp_path / "steps.csv"
        path.write_text(content or f"month,a,b\n{rows}")
        return Dataset.parse({"type": "series", "path": str(path), "length": 3, **fields})

    return make


def windows(data: Data, split: str) -> Any:
    return np.concatenate(list(data.splits[split].batches()))  # type: ignore[attr-defined]


def test_windows_are_followed_by_their_targets(series: Any) -> None:
    data = series(columns=["a"], horizon=2, standardize=False).load(seed=0)
    x, y = windows(data, "train")[..., 0], data.splits["train"].targets
    assert len(x) == 20 - 5 + 1
    assert x[:2].tolist() == [[0, 1, 2], [1, 2, 3]]
    assert y[:2].tolist() == [[3, 4], [4, 5]]
    assert x[-1].tolist() == [15, 16, 17]


def test_columns_that_hold_numbers_are_looked_at_and_told(series: Any) -> None:
    data = series(standardize=False).load(seed=0)
    assert data.input_shape == (3, 2)
    assert data.splits["train"].targets[0].tolist() == [3, 109]
    one = series(target=["b"], standardize=False, stride=4).load(seed=0)
    assert one.input_shape == (3, 2)
    assert one.splits["train"].targets[:, 0].tolist() == [109, 149, 221, 325, 461]


@pytest.mark.parametrize("horizon", [1, 3])
def test_no_window_to_train_on_holds_a_value_of_the_parts_behind(series: Any, horizon: int) -> None:
    fields = {"columns": ["a"], "validation": 0.25, "test": 0.2, "horizon": horizon}
    data = series(**fields, standardize=False).load(seed=0)
    told = {name: split.targets for name, split in data.splits.items()}
    assert windows(data, "train").max() < told["train"].max() == 11
    assert (told["validation"].min(), told["validation"].max()) == (12, 15)
    assert (told["test"].min(), told["test"].max()) == (16, 19)
    assert len(told["test"]) == 4 - horizon + 1
    scaled = series(**fields).load(seed=0)
    column = scaled.preprocessing["encoder"]["columns"][0]
    assert column["mean"] == np.mean(range(12))
    assert column["deviation"] == np.std(range(12))


def test_what_is_described_is_what_is_read(series: Any) -> None:
    dataset = series(validation=0.25, test=0.2, horizon=2, target=["a"])
    facts, data = dataset.describe(), dataset.load(seed=0)
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}
    assert (facts.input_shape, facts.target_shape) == (data.input_shape, data.target_shape)
    assert facts.classes == data.classes == 2


def test_a_trained_model_reads_another_series_as_its_own(series: Any) -> None:
    first = series(columns=["a"]).load(seed=0)
    preprocessing = json.loads(json.dumps(first.preprocessing))
    other = series("a\n" + "9.5\n" * 8, columns=["a"]).load(seed=0, preprocessing=preprocessing)
    assert np.abs(windows(other, "train")).max() == 0
    assert np.abs(other.splits["train"].targets).max() == 0


def test_the_steps_behind_a_file_are_told_of_its_last_window(series: Any, tmp_path: Path) -> None:
    data = series(horizon=2, target=["b"]).load(seed=0)
    preprocessor = Preprocessor(data.preprocessing, data.input_shape)
    encoder: Any = preprocessor.encoder
    path = tmp_path / "recent.csv"
    path.write_text("b,a\n1,2\n109,3\n116,4\n125,5\n")
    ((place, record),) = encoder.records(file_lines(path))
    assert place == f"{path}:5"
    assert record.tolist() == [[3, 109], [4, 116], [5, 125]]
    expected = windows(data, "train")[3:4]
    np.testing.assert_allclose(preprocessor.from_records([record]), expected, rtol=1e-6)
    assert encoder.outputs == ("b+1", "b+2")
    told = encoder.decode(data.splits["train"].targets[:1])
    np.testing.assert_allclose(told, [[109, 116]], rtol=1e-6)
    path.write_text("a,b\n1,2\n")
    ((place, error),) = encoder.records(file_lines(path))
    assert place == str(path)
    assert error.message == "the file has 1 steps, where 3 are looked at"


def test_missing_values_are_refused_or_the_ones_before(series: Any) -> None:
    content = "a\n1\n2\n?\n4\n5\n6\n"
    with pytest.raises(DataError, match="column 'a' has no value here") as caught:
        series(content).load(seed=0)
    assert caught.value.at.endswith("steps.csv:4")
    data = series(content, missing="previous", standardize=False).load(seed=0)
    assert windows(data, "train")[0, :, 0].tolist() == [1, 2, 2]
    with pytest.raises(DataError, match="column 'a' has no value here"):
        series("a\n\n?\n2\n3\n4\n", missing="previous").load(seed=0)


@pytest.mark.parametrize(
    ("content", "fields", "message"),
    [
        ("a\n1\n2\n3\n", {}, "the train part of the series has 3 steps, too few for a window of 3"),
        (None, {"test": 0.2, "horizon": 5}, "the test part of the series has 4 steps"),
        (None, {"validation": 0.01}, "validation: a share of 0.01 of 20 steps leaves a part empty"),
        (None, {"columns": ["c"]}, "no column is called 'c'"),
        (None, {"columns": ["a"], "target": ["b"]}, "column 'b' is to be told, but is none"),
        (None, {"columns": ["month"]}, "'2020-01' is no finite number"),
        ("a\nx\ny\n", {}, "no column holds numbers"),
        (None, {"validation": "train2"}, "no split called 'train2'"),
    ],
)
def test_what_cannot_be_cut_is_named(
    series: Any, content: str | None, fields: dict[str, Any], message: str
) -> None:
    dataset = series(content, **fields)
    for read in (dataset.describe, lambda: dataset.load(seed=0)):
        with pytest.raises(DataError, match=message):
            read()


def test_the_fingerprint_is_that_of_the_values(series: Any) -> None:
    one, same, other = (
        series(columns=["a"], length=length).load(seed=0).fingerprint for length in (3, 3, 4)
    )
    assert one == same != other
