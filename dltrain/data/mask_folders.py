"""Images and the masks that belong to them, by their names, in folders side by side."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.errors import DataError
from dltrain.data.class_folders import split_folders
from dltrain.data.images import SUFFIXES
from dltrain.data.masks import MASK_SUFFIXES

Pairs = list[tuple[Path, Path]]
_LAYOUT = "put images into images/ and a mask of the same name for each into masks/"


def list_pairs(root: Path, images: str, masks: str) -> tuple[dict[str, Pairs], list[Path]]:
    """Give the images of each split with their masks, in order, and the files without a partner.

    Splits are root/train/images and the like, root/images/train and the like, or root/images alone.
    Raises: DataError where a folder is missing, holds nothing, or an image has no mask.
    """
    pairs: dict[str, Pairs] = {}
    odd: list[Path] = []
    for split, (image_folder, mask_folder) in _folders(root, images, masks).items():
        found, rest = _files(image_folder, SUFFIXES), _by_name(_files(mask_folder, MASK_SUFFIXES))
        pairs[split] = [(image, _mask_of(image, rest, mask_folder)) for image in found]
        used = {image.stem for image in found}
        odd += [path for name, paths in rest.items() if name not in used for path in paths]
    return pairs, odd


def _folders(root: Path, images: str, masks: str) -> dict[str, tuple[Path, Path]]:
    if not root.is_dir():
        wrong = "this is a file, not a folder" if root.exists() else "there is no such folder"
        raise DataError(wrong, at=str(root), hint=_LAYOUT)
    if not (root / images).is_dir():
        folders = split_folders(root)
        return {split: (folder / images, folder / masks) for split, folder in folders.items()}
    inside = split_folders(root / images)
    if inside == {"train": root / images}:
        return {"train": (root / images, root / masks)}
    return {split: (folder, root / masks / folder.name) for split, folder in inside.items()}


def _files(folder: Path, suffixes: frozenset[str]) -> list[Path]:
    if not folder.is_dir():
        raise DataError(
            "there is no such folder",
            at=str(folder),
            hint=_LAYOUT,
        )
    chosen = [
        file
        for file in sorted(folder.iterdir())
        if file.suffix.lower() in suffixes and not file.name.startswith(".")
    ]
    if not chosen:
        kinds = " ".join(sorted(suffixes))
        raise DataError(f"the folder holds none of {kinds}", at=str(folder))
    return chosen


def _by_name(files: list[Path]) -> dict[str, list[Path]]:
    named: dict[str, list[Path]] = {}
    for file in files:
        named.setdefault(file.stem, []).append(file)
    return named


def _mask_of(image: Path, masks: dict[str, list[Path]], folder: Path) -> Path:
    found = masks.get(image.stem, [])
    if len(found) != 1:
        what = "has no mask" if not found else "has several masks"
        hint = f"its mask is called {image.stem}.png, or has another suffix that is not JPEG's"
        raise DataError(f"the image {image.name} {what}", at=str(folder), hint=hint)
    return found[0]
