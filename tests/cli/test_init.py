import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from dltrain.config.loader import load
from dltrain.config.templates import template_names
from dltrain.models.base import Model
from tests.cli.conftest import Run


@pytest.mark.parametrize("name", template_names())
def test_every_template_is_written_and_is_right(run: Run, tmp_path: Path, name: str) -> None:
    path = tmp_path / "new.yaml"
    assert run("init", name, "-o", path)[0] == 0
    assert path.read_text().startswith("# yaml-language-server: $schema=./dltrain.schema.json\n")
    assert json.loads((tmp_path / "dltrain.schema.json").read_text())["$defs"]


def test_without_a_template_it_is_digits(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, _ = run("init")
    assert (code, out) == (0, "")
    assert "type: digits" in Path("config.yaml").read_text()


def test_a_file_that_is_there_is_kept(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("mine")
    code, _, err = run("init", "-o", path)
    assert code == 2
    assert "exists" in err
    assert path.read_text() == "mine"


def test_an_unknown_template_names_the_nearest(run: Run, tmp_path: Path) -> None:
    code, _, err = run("init", "mnist_cn", "-o", tmp_path / "a.yaml")
    assert code == 2
    assert "mnist_cnn" in err


def test_a_folder_that_is_not_there_exits_5(run: Run, tmp_path: Path) -> None:
    assert run("init", "-o", tmp_path / "no" / "a.yaml")[0] == 5


def photos(folder: Path, sizes: list[tuple[int, int]], splits: tuple[str, ...] = ("",)) -> None:
    for split in splits:
        for label in ("cat", "dog"):
            (folder / split / label).mkdir(parents=True)
            for index, size in enumerate(sizes):
                Image.new("RGB", size).save(folder / split / label / f"{index}.png")


def test_a_config_for_class_folders_is_right_at_once(run: Run, tmp_path: Path) -> None:
    photos(tmp_path / "photos", [(20, 16)] * 5)
    path = tmp_path / "photos.yaml"
    assert run("init", "--data", tmp_path / "photos", "-o", path)[0] == 0
    text = path.read_text()
    assert "path: photos" in text
    assert "resize" not in text
    assert "test: 0.2" in text
    code, out, err = run("validate", path)
    assert (code, err) == (0, "")
    assert "(2,)" in out


def test_images_of_several_sizes_are_resized(run: Run, tmp_path: Path) -> None:
    photos(tmp_path / "photos", [(20, 16), (30, 40), (8, 8)], splits=("train", "val", "test"))
    path = tmp_path / "photos.yaml"
    assert run("init", "--data", tmp_path / "photos", "-o", path)[0] == 0
    assert "resize" in path.read_text()
    assert "validation: " not in path.read_text()
    assert run("validate", path)[0] == 0


def test_a_config_for_an_npz_file_is_right_at_once(run: Run, tmp_path: Path) -> None:
    x, y = np.zeros((30, 5), np.float32), np.arange(30) % 3
    np.savez(tmp_path / "data.npz", x_train=x, y_train=y, x_test=x, y_test=y)
    path = tmp_path / "arrays.yaml"
    assert run("init", "--data", tmp_path, "-o", path)[0] == 0
    assert run("validate", path)[0] == 0


def test_a_config_for_a_table_of_images_is_right_at_once(run: Run, tmp_path: Path) -> None:
    Image.new("L", (12, 12)).save(tmp_path / "a.png")
    Image.new("L", (300, 200)).save(tmp_path / "not_listed.png")
    rows = "".join(f"a.png,{label}\n" for label in ("x", "y") * 5)
    (tmp_path / "labels.csv").write_text(f"file,species\n{rows}")
    path = tmp_path / "table.yaml"
    assert run("init", "--data", tmp_path / "labels.csv", "-o", path)[0] == 0
    assert "label: species" in path.read_text()
    assert "resize" not in path.read_text()
    assert run("validate", path)[0] == 0


HOUSES = "size,town,price\n" + "".join(f"{n},{'AB'[n % 2]},{n / 7}\n" for n in range(40))
TEXTS = "text,label\n" + "a word and some more words,x\nother words that say it all,y\n" * 20
MOTIONS = "@classLabel true a b\n@data\n" + "1,2,3:a\n3,2,1:b\n" * 10


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("houses.csv", HOUSES, ("type: table", "target: price", "category_embedding", "linear")),
        ("gaps.csv", HOUSES.replace("\n8,", "\n,"), ("missing: median",)),
        ("plain.csv", "1,2,a\n3,4,b\n" * 10, ("header: false", "target: -1", "softmax")),
        ("named.tsv", "class\tx\n" + "a\t1\nb\t2\n" * 10, ("target: class", "softmax")),
        ("texts.csv", TEXTS, ("type: text_csv", "text: text", "label: label", "embedding")),
        ("X_TRAIN.ts", MOTIONS, ("type: labelled_series", "softmax")),
    ],
)
def test_a_config_for_a_table_or_series_is_right_at_once(
    run: Run, tmp_path: Path, name: str, content: str, told: tuple[str, ...]
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_text(content)
    for data in (tmp_path / "data", tmp_path / "data" / name):
        path = tmp_path / f"{data.name}.yaml"
        assert run("init", "--data", data, "-o", path)[0] == 0
        assert all(word in path.read_text() for word in told)
        assert run("validate", path)[0] == 0


def test_a_folder_without_data_exits_3(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    code, _, err = run("init", "--data", tmp_path / "empty", "-o", tmp_path / "a.yaml")
    assert code == 3
    assert "class" in err
    assert not (tmp_path / "a.yaml").exists()


@pytest.mark.parametrize("name", [name for name in Model.registry() if name != "sequential"])
def test_a_preset_is_a_config_as_it_is_and_written_out(run: Run, tmp_path: Path, name: str) -> None:
    short, long = tmp_path / "short.yaml", tmp_path / "long.yaml"
    assert run("init", name, "-o", short)[0] == 0
    assert run("init", "--expand", name, "-o", long)[0] == 0
    assert f"  # {name}, written out\n" in long.read_text()
    model = load(short).config.model
    assert model.type_name == name
    assert load(long).config.model.expand() == model.expand()


def test_a_config_keeps_all_but_its_model_when_that_is_written_out(
    run: Run, tmp_path: Path
) -> None:
    path, long = tmp_path / "a.yaml", tmp_path / "b.yaml"
    before = "# Mine.\nversion: 1\ndataset: cifar10  # small\n"
    after = "\n# how\noptimizer: adam\n\ntraining:\n  loss: categorical_crossentropy\n"
    path.write_text(f"{before}model:\n  type: mlp\n  units: [16]\n{after}", encoding="utf-8")
    assert run("init", "--expand", path, "-o", long)[0] == 0
    assert long.read_text(encoding="utf-8") == (
        f"{before}model:\n  # {{type: mlp, units: [16]}}, written out\n  layers:\n"
        "    - flatten\n"
        "    - {type: category_embedding, name: categories}\n"
        "    - {type: dense, name: hidden1, units: 16, activation: relu}\n"
        f"    - {{type: dense, name: classifier, units: classes, activation: softmax}}\n{after}"
    )


@pytest.mark.parametrize("written", ["data.npz", "'data.npz'", "sub/../data.npz"])
def test_a_config_written_out_elsewhere_finds_the_same_data(
    run: Run, tmp_path: Path, written: str
) -> None:
    path, long = tmp_path / "a.yaml", tmp_path / "new" / "b.yaml"
    long.parent.mkdir()
    (tmp_path / "sub").mkdir()
    path.write_text(
        f"dataset: {{type: npz, path: {written}}}  # here\nmodel: mlp\noptimizer: adam\n"
        "training: {loss: categorical_crossentropy}\n"
    )
    assert run("init", "--expand", path, "-o", long)[0] == 0
    assert load(long).config.dataset == load(path).config.dataset
    assert "  # here\n" in long.read_text()


def test_a_path_that_cannot_be_rewritten_is_told(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATA", "data.npz")
    path, long = tmp_path / "a.yaml", tmp_path / "new" / "b.yaml"
    path.write_text(
        "dataset: {type: npz, path: '${env:DATA}'}\nmodel: mlp\noptimizer: adam\n"
        "training: {loss: categorical_crossentropy}\n"
    )
    code, _, err = run("init", "--expand", path, "-o", long)
    assert code == 2
    assert "`dataset.path` is relative" in err


def test_a_preset_for_photos_resizes_them(run: Run, tmp_path: Path) -> None:
    photos(tmp_path / "photos", [(20, 16), (30, 40)] * 5)
    path = tmp_path / "photos.yaml"
    assert run("init", "squeezenet", "--data", tmp_path / "photos", "-o", path)[0] == 0
    assert "size: [224, 224]" in path.read_text()
    code, out, err = run("validate", path)
    assert (code, err) == (0, "")
    assert "fire9/expand/conv3" in out


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [("digits", 2, "written out"), ("resnet", 2, "did you mean"), ("no.yaml", 2, "not exist")],
)
def test_what_cannot_be_written_out_is_told(
    run: Run, tmp_path: Path, name: str, code: int, words: str
) -> None:
    found, _, err = run("init", "--expand", name, "-o", tmp_path / "a.yaml")
    assert found == code
    assert words in err


@pytest.mark.parametrize("place", ["maps.npz", "", "train"])
def test_data_with_a_label_for_each_pixel_get_a_network_that_answers_for_each(
    run: Run, tmp_path: Path, place: str
) -> None:
    x, y = np.zeros((20, 8, 6, 3), np.uint8), np.arange(20 * 48).reshape(20, 8, 6) % 4
    if place == "maps.npz":
        np.savez(tmp_path / place, x_train=x, y_train=y)
    else:
        for kind, arrays in (("images", x), ("masks", y.astype(np.uint8))):
            (tmp_path / place / kind).mkdir(parents=True)
            for number, array in enumerate(arrays):
                Image.fromarray(array).save(tmp_path / place / kind / f"{number}.png")
        place = ""
    config = tmp_path / "a.yaml"
    assert run("init", "--data", tmp_path / place, "-o", config)[0] == 0
    code, out, _ = run("validate", config, "--json")
    assert code == 0
    assert json.loads(out)["layers"][-1]["output_shape"] == [8, 6, 4]
    assert "mean_iou" in config.read_text()


def test_a_preset_for_pixels_trains_on_images_with_masks(run: Run, tmp_path: Path) -> None:
    for kind, channels in (("images", (3,)), ("masks", ())):
        (tmp_path / "data" / kind).mkdir(parents=True)
        for number in range(6):
            size = (20 + number, 30, *channels)
            image = Image.fromarray(np.full(size, number % 2, np.uint8))
            image.save(tmp_path / "data" / kind / f"{number}.png")
    path = tmp_path / "a.yaml"
    assert run("init", "unet", "--data", tmp_path / "data", "-o", path)[0] == 0
    code, out, err = run("validate", path, "--json")
    assert (code, err) == (0, "")
    assert json.loads(out)["layers"][-1]["output_shape"] == [128, 128, 2]
    assert run("init", "unet", "-o", tmp_path / "b.yaml")[0] == 0
    written = (tmp_path / "b.yaml").read_text()
    assert "type: segmentation_folder" in written
    assert "mean_iou" in written
