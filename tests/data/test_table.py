"""Tables: columns become numbers as the training rows say, and what is told of each row."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dltrain.core.errors import DataError, MissingExtraError
from dltrain.data.preprocess import Preprocessor
from dltrain.data.samples import Data
from dltrain.data.sources.base import Dataset

HOUSES = "size,town,price\n10,Rome,100\n20,Oslo,200\n30,Rome,300\n40,Bern,900\n"


@pytest.fixture
def table(tmp_path: Path) -> Any:
    def make(content: str = HOUSES, suffix: str = ".csv", **fields: Any) -> Dataset:
        path = tmp_path / f"data{suffix}"
        path.write_text(content, encoding="utf-8")
        return Dataset.parse({"type": "table", "path": str(path), **fields})

    return make


def samples(data: Data, split: str = "train") -> Any:
    return np.concatenate(list(data.splits[split].batches()))  # type: ignore[attr-defined]


def test_numbers_are_standardized_and_texts_are_numbered_from_one(table: Any) -> None:
    data = table(target="price").load(seed=0)
    deviation = np.std([10, 20, 30, 40])
    np.testing.assert_allclose(samples(data)[:, 0], (np.array([10, 20, 30, 40]) - 25) / deviation)
    assert samples(data)[:, 1].tolist() == [3, 2, 3, 1]
    assert data.inputs.categories == (0, 4)
    assert data.class_names is None
    assert data.target_shape == (1,)


def test_what_is_learnt_is_learnt_of_the_training_rows_alone(table: Any) -> None:
    rows = "".join(f"{n},{'late' if n > 80 else 'early'},{n * 7}\n" for n in range(100))
    for fields in ({"validation": 0.2}, {"test": 0.2}, {"validation": 0.2, "test": 0.1}):
        data = table(f"x,when,price\n{rows}", target="price", **fields).load(seed=3)
        x, y = samples(data), data.splits["train"].targets
        for column in (x[:, 0], y[:, 0]):
            assert abs(column.mean()) < 1e-6
            assert abs(column.std() - 1) < 1e-6
        for other in set(data.splits) - {"train"}:
            assert abs(samples(data, other)[:, 0].mean()) > 1e-6


def test_a_category_that_training_does_not_see_is_number_zero(table: Any, tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("town,price,size\nLima,1,10\nBern,2,10\n")
    data = table(target="price", test_path=str(tmp_path / "test.csv")).load(seed=0)
    assert samples(data, "test")[:, 1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("content", "fields", "task"),
    [
        ("x,y\n1,cat\n2,dog\n3,cat\n", {}, "classification"),
        ("x,y\n1,0\n2,1\n3,0\n4,0\n", {}, "classification"),
        ("x,y\n1,10\n2,11\n3,12\n", {}, "regression"),
        ("x,y\n1,0.5\n2,1\n3,0\n", {}, "regression"),
        ("x,y\n1,0\n2,1\n3,0\n", {"task": "regression"}, "regression"),
        ("x,y\n" + "".join(f"{n},{n}\n" for n in range(11)), {}, "regression"),
        ("x,y,z\n1,0,1\n2,1,1\n", {"target": ["y", "z"]}, "multi_label"),
        ("x,y,z\n1,0,1\n2,1,3\n", {"target": ["y", "z"]}, "regression"),
        ("x,y\n1,a;b\n2,\n3,b\n", {"separator": ";"}, "multi_label"),
    ],
)
def test_the_task_follows_from_the_targets(
    table: Any, content: str, fields: dict[str, Any], task: str
) -> None:
    data = table(content, **{"target": "y", **fields}).load(seed=0)
    assert data.preprocessing["encoder"]["task"] == task


def test_classes_are_sorted_numbers_as_numbers(table: Any) -> None:
    data = table("x,y\n1,10\n2,9.0\n3,9\n4,1e1\n", target="y").load(seed=0)
    assert data.class_names == ("9", "10")
    assert data.splits["train"].targets.tolist() == [1, 0, 0, 1]


def test_several_labels_are_flags(table: Any) -> None:
    data = table("x,y\n1,a;b\n2,\n3, b \n", target="y", separator=";").load(seed=0)
    assert data.class_names == ("a", "b")
    assert data.splits["train"].targets.tolist() == [[1, 1], [0, 0], [0, 1]]
    flags = table("x,y,z\n1,0,true\n2,1,False\n", target=["y", "z"]).load(seed=0)
    assert flags.class_names == ("y", "z")
    assert flags.splits["train"].targets.tolist() == [[0, 1], [1, 0]]


def test_missing_values_are_filled_or_a_category_by_themselves(table: Any) -> None:
    content = "x,town,y\n1,A,a\n,?,b\n3,B,a\n9,A,b\n"
    for missing, fill in (("median", 3), ("mean", 13 / 3)):
        data = table(content, target="y", missing=missing, standardize=False).load(seed=0)
        np.testing.assert_allclose(samples(data)[:, 0], [1, fill, 3, 9], rtol=1e-6)
        assert samples(data)[:, 1].tolist() == [2, 1, 3, 2]


def test_columns_can_be_chosen_left_out_and_called_categories(table: Any) -> None:
    content = "id,code,x,y\n1,7,0.5,a\n2,8,1.5,b\n3,7,2,a\n"
    left = table(content, target="y", leave_out=["id"], categorical=["code"]).load(seed=0)
    assert left.inputs.categories == (3, 0)
    chosen = table(content, target=-1, columns=["x", 1]).load(seed=0)
    assert chosen.input_shape == (2,)
    assert chosen.inputs.categories == (0, 0)


@pytest.mark.parametrize(
    ("content", "suffix", "fields"),
    [
        ("1\tx\t2\n3\ty\t4.5\n", ".tsv", {"header": False, "target": 2}),
        ("1;'x';2\n3;y;4.5\n", ".csv", {"header": False, "target": 2, "delimiter": ";"}),
        ("  1   x  2\n\n 3 y 4.5\n", ".txt", {"header": False, "target": -1, "delimiter": " "}),
    ],
)
def test_other_layouts_are_read(
    table: Any, content: str, suffix: str, fields: dict[str, Any]
) -> None:
    data = table(content, suffix, **fields).load(seed=0)
    assert samples(data)[:, 0].tolist() == [-1, 1]
    assert data.preprocessing["encoder"]["targets"][0]["mean"] == 3.25


def test_what_is_described_is_what_is_read(table: Any) -> None:
    for fields in ({"target": "price"}, {"target": "town"}):
        dataset = table(HOUSES * 1 + "50,Bern,1\n60,Oslo,2\n", validation=0.34, test=0.34, **fields)
        facts, data = dataset.describe(5), dataset.load(seed=5)
        assert facts.samples == {name: len(split) for name, split in data.splits.items()}
        assert facts.input_shape == data.input_shape
        assert facts.inputs == data.inputs
        assert (facts.class_names, facts.classes) == (data.class_names, data.classes)
        assert (facts.target_form, facts.target_shape) == (data.target_form, data.target_shape)
        assert facts.stores == (6,)


def test_a_trained_model_reads_other_rows_as_it_learnt(table: Any) -> None:
    first = table(target="price").load(seed=0)
    preprocessing = json.loads(json.dumps(first.preprocessing))
    other = table("price,town,size\n100,Lima,25\n", target="price")
    data = other.load(seed=0, preprocessing=preprocessing)
    assert samples(data).tolist() == [[0, 0]]
    np.testing.assert_allclose(data.splits["train"].targets, first.splits["train"].targets[:1])


def test_rows_can_be_encoded_one_by_one(table: Any) -> None:
    data = table(target="price").load(seed=0)
    preprocessor = Preprocessor(data.preprocessing, data.input_shape)
    rows = [{"size": 10, "town": "Rome"}, {"town": "Oslo", "size": "20"}]
    np.testing.assert_array_equal(preprocessor.from_records(rows), samples(data)[:2])
    with pytest.raises(DataError, match="has no column 'town'") as caught:
        preprocessor.from_records([{"size": 10, "Town": "Rome"}])
    assert caught.value.hint == "is `Town` meant?"
    with pytest.raises(DataError, match="column 'size': 'x' is no finite number"):
        preprocessor.from_records([{"size": "x", "town": "Rome"}])


@pytest.mark.parametrize(
    ("content", "fields", "message", "line"),
    [
        ("x,y\n1,a\n,b\n,a\n", {}, "column 'x' has no value here, and in 1 more rows", 3),
        ("x,y\n1,a\nNaN,b\n", {}, "column 'x' has no value here", 3),
        ("x,y\n1,a\n1,\n", {}, "column 'y' has no value here", 3),
        ("x,y\n1,a\n2,a\n3,b\noops,b\n", {}, "'oops' is no finite number, though most", 5),
        ("x,y\n1,a\n2,a\n3,b\ninf,b\n", {}, "'inf' is no finite number", 5),
        ("x,y\n1,a\n2,a\n3,b\n1e308,b\n", {}, "'1e308' is no finite number", 5),
        ("x,y\n1,1.5\n2,word\n", {"task": "regression"}, "'word' is no finite number", 3),
        ("x,y,z\n1,0,1\n2,5,0\n", {"target": ["y", "z"], "task": "multi_label"}, "neither 0", 3),
        ("x,y\n1,a,b\n2,b\n", {}, "the row has 3 columns, not 2", 2),
        ("x,x\n1,a\n2,b\n", {}, "two columns are called 'x'", 1),
        ("x,y\n1,a\n2,a\n", {}, "column 'y' holds a single class: 'a'", None),
        ("x,y\n1,a\n2,b\n", {"target": "yy"}, "no column is called 'yy'", None),
        ("x,y\n1,a\n2,b\n", {"target": 2}, "there is no column 2; there are 2", None),
        ("x,y\n1,a\n2,b\n", {"leave_out": ["x"]}, "no column is left", None),
        ("x,y\n", {}, "the table is empty", None),
        ("y,z\na,b\nb,b\n", {"target": ["y", "z"], "task": "classification"}, "names 2", None),
    ],
)
def test_what_cannot_be_read_is_placed(
    table: Any, content: str, fields: dict[str, Any], message: str, line: int | None
) -> None:
    dataset = table(content, **{"target": "y", **fields})
    for read in (dataset.describe, lambda: dataset.load(seed=0)):
        with pytest.raises(DataError, match=message) as caught:
            read()
        assert caught.value.at == (dataset.path if line is None else f"{dataset.path}:{line}")


def test_a_class_that_training_does_not_know_is_refused(table: Any, tmp_path: Path) -> None:
    path = tmp_path / "test.csv"
    path.write_text("x,y\n1,dog\n2,dgo\n")
    with pytest.raises(DataError, match="'dgo' is not one of the classes") as caught:
        table("x,y\n1,cat\n2,dog\n", target="y", test_path=str(path)).load(seed=0)
    assert caught.value.at == f"{path}:3"
    assert caught.value.hint == "did you mean `dog`?"


def test_a_missing_file_and_a_missing_column_name_the_nearest(table: Any, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file") as caught:
        table(target="price").model_copy(update={"path": str(tmp_path / "dat.csv")}).describe()
    assert "data.csv" in (caught.value.hint or "")
    (tmp_path / "test.csv").write_text("sizes,town,price\n1,Rome,1\n")
    with pytest.raises(DataError, match="no column is called 'size'") as caught:
        table(target="price", test_path=str(tmp_path / "test.csv")).load(seed=0)
    assert caught.value.hint == "did you mean `sizes`?"


def test_a_column_of_names_is_warned_of(table: Any) -> None:
    said: list[str] = []
    rows = "".join(f"n{n},{n},{n % 2}\n" for n in range(60))
    table(f"name,x,y\n{rows}", target="y").load(seed=0, warn=said.append)
    assert said == [
        "column 'name' has 60 different texts in 60 rows: `leave_out: [name]`, unless they tell "
        "something"
    ]


def test_parquet_files_are_read_or_the_extra_is_named(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    try:
        import pyarrow  # type: ignore[import-not-found, unused-ignore]
        from pyarrow import parquet  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        path.write_bytes(b"PAR1")
        with pytest.raises(MissingExtraError) as caught:
            Dataset.parse({"type": "table", "path": str(path), "target": "y"}).describe()
        assert caught.value.hint == 'pip install "dltrain[parquet]"'
        return
    columns = {"x": [1, 3], "z": ["a", None], "y": [True, False]}
    parquet.write_table(pyarrow.table(columns), path)
    fields = {"type": "table", "path": str(path), "target": "y", "missing": "median"}
    data = Dataset.parse(fields).load(seed=0)
    assert samples(data).tolist() == [[-1, 2], [1, 1]]
    assert data.class_names == ("false", "true")
