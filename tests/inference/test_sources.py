from pathlib import Path

import pytest

from dltrain.inference.sources import Input, expand


@pytest.fixture
def photos(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ["b.png", "a.JPG", "notes.txt", ".hidden.png", "sub/c.webp"]:
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return Path("photos")


def paths(*named: str, lines: tuple[str, ...] = ()) -> list[str]:
    return [one.path for one in expand(named, lines)]


def test_a_folder_gives_its_images_sorted(photos: Path) -> None:
    assert paths("photos") == ["photos/a.JPG", "photos/b.png", "photos/sub/c.webp"]


def test_files_keep_the_order_in_which_they_are_named(photos: Path) -> None:
    assert paths("photos/b.png", "photos/a.JPG") == ["photos/b.png", "photos/a.JPG"]


def test_a_glob_gives_what_it_matches_sorted(photos: Path) -> None:
    assert paths("photos/*.png") == ["photos/b.png"]
    assert paths("photos/**/*.webp") == ["photos/sub/c.webp"]


def test_a_name_that_looks_like_a_glob_is_the_file_that_is_there(photos: Path) -> None:
    Path("photos/[1].png").write_bytes(b"")
    assert paths("photos/[1].png") == ["photos/[1].png"]


def test_a_list_names_files_from_here_or_beside_it(photos: Path) -> None:
    Path("photos/list.txt").write_text("b.png\n\nphotos/a.JPG\nnone.png\n", encoding="utf-8")
    assert paths("@photos/list.txt") == ["photos/b.png", "photos/a.JPG", "none.png"]


def test_a_dash_reads_standard_input(photos: Path) -> None:
    assert paths("-", lines=("photos/b.png\n", "\n", "x.png")) == ["photos/b.png", "x.png"]


def test_what_leads_to_no_file_is_an_input_with_an_error(photos: Path) -> None:
    Path("empty").mkdir()
    Path("image.txt").write_bytes(b"\xff\xfe\x00")
    found = list(expand(["none.png", "*.bmp", "empty", "@none.txt", "@image.txt"]))
    assert [one.path for one in found] == ["none.png", "*.bmp", "empty", "@none.txt", "@image.txt"]
    assert found[0] == Input("none.png")
    assert all(one.error for one in found[1:])


@pytest.mark.parametrize("name", ["a\0b", "x" * 5000])
def test_a_name_that_no_system_takes_is_still_one_input(photos: Path, name: str) -> None:
    assert paths(name) == [name]
