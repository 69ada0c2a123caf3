from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import dltrain
from dltrain.core.errors import DataError, StorageError, UsageError
from dltrain.data.sources.digits import bundled_folder
from dltrain.inference.model import Model
from dltrain.inference.predict import predict
from dltrain.inference.sources import Input


@pytest.fixture(scope="module")
def model(trained: Path) -> Model:
    return dltrain.load(trained)


@pytest.fixture(scope="module")
def examples() -> list[Path]:
    return sorted((bundled_folder() / "examples").glob("*.png"))


def test_probabilities_have_a_row_for_each_image(model: Model, examples: list[Path]) -> None:
    found = model.predict(examples)
    assert found.shape == (len(examples), 10)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)


def test_arrays_and_paths_give_the_same(model: Model, examples: list[Path]) -> None:
    arrays = np.stack([np.asarray(Image.open(path)) for path in examples])
    np.testing.assert_array_equal(model.predict(arrays), model.predict(examples))


def test_the_batch_size_changes_nothing(trained: Path, model: Model, examples: list[Path]) -> None:
    small = dltrain.load(trained, batch_size=3)
    np.testing.assert_array_equal(small.predict(examples), model.predict(examples))


def test_no_images_give_no_rows(model: Model) -> None:
    assert model.predict([]).shape == (0, 10)


def test_the_last_checkpoint_can_be_asked_for(trained: Path) -> None:
    last = dltrain.load(f"{trained}@last")
    assert last.path.name == "last.safetensors"
    assert last.class_names == tuple("0123456789")
    assert last.config.name == "small"


def test_a_loaded_network_computes_what_was_trained(
    trained: Path, model: Model, examples: list[Path]
) -> None:
    x = model.preprocessor.from_array(np.stack([np.asarray(Image.open(examples[0]))]))
    np.testing.assert_allclose(model.network.forward(x), model.predict([examples[0]]), atol=1e-6)


def test_an_image_of_another_size_is_refused_with_both_sizes(model: Model, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("L", (20, 10)).save(path)
    with pytest.raises(DataError, match=r"20.*8|8.*20"):
        model.predict([path])


def test_a_list_of_arrays_is_refused_with_the_way_out(model: Model) -> None:
    with pytest.raises(DataError) as caught:
        model.predict([np.zeros((8, 8))])  # type: ignore[list-item]
    assert "numpy.stack" in caught.value.hint


def test_no_checkpoint_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        dltrain.load(tmp_path / "none")


def test_a_file_that_is_no_checkpoint_is_a_storage_error(examples: list[Path]) -> None:
    with pytest.raises(StorageError):
        dltrain.load(examples[0])


def test_each_input_gives_one_record_in_order(
    model: Model, examples: list[Path], tmp_path: Path
) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no image")
    inputs = [Input(str(examples[0])), Input(str(broken)), Input("none.png")]
    inputs += [Input("*.bmp", "no file matches"), Input(str(examples[1]))]
    records = list(predict(model, inputs, top_k=2))
    assert [record.path for record in records] == [one.path for one in inputs]
    assert [record.error is None for record in records] == [True, False, False, False, True]
    found = records[0].as_json()
    assert found["label"] == found["top"][0]["label"]
    assert found["probability"] >= found["top"][1]["probability"]
    assert len(found["top"]) == 2
    assert records[2].as_json()["label"] is None


def test_more_labels_than_classes_give_all_classes(model: Model, examples: list[Path]) -> None:
    (record,) = predict(model, [Input(str(examples[0]))], top_k=99)
    assert sorted(one.label for one in record.top) == list("0123456789")


def test_an_output_that_is_not_finite_is_an_error_of_its_record(
    trained: Path, examples: list[Path]
) -> None:
    model = dltrain.load(trained)
    model.network.parameters["dense_2/bias"][...] = np.nan
    (record,) = predict(model, [Input(str(examples[0]))])
    assert record.error == "the network's output is not finite"


def test_build_gives_an_untrained_network_of_a_config(trained: Path) -> None:
    network = dltrain.build(trained / "config.yaml")
    assert list(network.parameters) == [
        f"dense_{number}/{name}" for number in (1, 2) for name in ("kernel", "bias")
    ]
    loss, gradients = network.loss_and_gradients(
        np.zeros((4, 8, 8, 1), np.float32), np.arange(4, dtype=np.int32)
    )
    assert loss > 0
    assert gradients.keys() == network.parameters.keys()


def test_build_without_a_dataset_needs_the_input_shape() -> None:
    config = {
        "model": {"layers": [{"type": "dense", "units": "classes", "activation": "softmax"}]},
        "optimizer": "adam",
        "training": {"loss": "categorical_crossentropy"},
    }
    with pytest.raises(UsageError, match="shape of the input"):
        dltrain.build(config)
    assert dltrain.build(config, input_shape=(5,), classes=3).output_shape == (3,)


def test_build_without_classes_takes_targets_like_the_output() -> None:
    config = {
        "model": {"layers": [{"type": "dense", "units": 2}]},
        "optimizer": "sgd",
        "training": {"loss": "mean_squared_error"},
    }
    network = dltrain.build(config, input_shape=(3,))
    x, y = np.zeros((5, 3), np.float32), np.full((5, 2), 2, np.float32)
    loss, gradients = network.loss_and_gradients(x, y)
    assert loss == pytest.approx(4)
    np.testing.assert_allclose(gradients["dense_1/bias"], [-2, -2])


def test_importing_dltrain_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = "import sys, dltrain; print({'numpy', 'numba', 'rich', 'pydantic'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
