"""Image files in class folders: what is a class, what a split, and what belongs to neither."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.core.suggest import nearest
from dltrain.data.images import SUFFIXES

_SPLITS = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid"),
    "test": ("test", "testing"),
}


def split_folders(root: Path) -> dict[str, Path]:
    """Find the folders train, val and test; a folder without `train` is one split itself."""
    if not root.is_dir():
        wrong = "this is a file, not a folder" if root.exists() else "there is no such folder"
        raise DataError(
            wrong,
            at=str(root),
            hint="it holds class folders, or train/ and test/ of them",
        )
    inside = {folder.name.lower(): folder for folder in subfolders(root)}
    found = {
        split: inside[name] for split, names in _SPLITS.items() for name in names if name in inside
    }
    return found if "train" in found else {"train": root}


def class_names(folder: Path) -> tuple[str, ...]:
    """Name the classes, the folders of a split, in the order of the alphabet."""
    names = tuple(each.name for each in subfolders(folder))
    if not names:
        raise DataError(
            "there are no class folders here",
            at=str(folder),
            hint="put the images of each class into a folder with the name of the class",
        )
    return names


def list_images(
    folder: Path, classes: tuple[str, ...]
) -> tuple[list[tuple[Path, int]], list[Path]]:
    """List a split's images with their classes, in order, and the files that are none.

    Raises: DataError where a class folder is empty, or is no class.
    """
    images: list[tuple[Path, int]] = []
    odd: list[Path] = []
    for each in subfolders(folder):
        if each.name not in classes:
            raise _unknown(each, classes)
        files = [file for file in sorted(each.iterdir()) if not file.name.startswith(".")]
        chosen = [file for file in files if file.suffix.lower() in SUFFIXES and file.is_file()]
        odd += [file for file in files if file not in set(chosen)]
        if not chosen:
            raise DataError(
                "the class folder is empty: it holds no images",
                at=str(each),
                hint="remove it, or put images into it",
            )
        label = classes.index(each.name)
        images += [(file, label) for file in chosen]
    return images, odd


def subfolders(folder: Path) -> list[Path]:
    """List the folders in a folder by name, hidden ones left out."""
    return sorted(each for each in folder.iterdir() if each.is_dir() and not _is_hidden(each))


def loose_images(folder: Path) -> Iterator[Path]:
    """Find images that lie beside the class folders."""
    return (file for file in sorted(folder.iterdir()) if file.suffix.lower() in SUFFIXES)


def _is_hidden(folder: Path) -> bool:
    return folder.name.startswith((".", "__"))


def _unknown(folder: Path, classes: tuple[str, ...]) -> DataError:
    near = nearest(folder.name, classes)
    return DataError(
        f"{folder.name!r} is not one of the classes: {', '.join(classes)}",
        at=str(folder),
        hint=f"did you mean `{near}`?" if near else None,
    )
