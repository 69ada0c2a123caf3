"""Images in a folder, and a mask of each with the class of every pixel in another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from dltrain.core.fields import Count, LocalPath, PositiveInteger, Text
from dltrain.data.image_sets import image_parts
from dltrain.data.images import read_header
from dltrain.data.label_names import check_last_class, class_count, numbered
from dltrain.data.mask_folders import Pairs, list_pairs
from dltrain.data.masks import by_values, read_masks
from dltrain.data.parts import Reading, Stored, take_share
from dltrain.data.preprocess import divide
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare
from dltrain.data.targets import check_labels

Names = Annotated[tuple[Text, ...], Field(min_length=1)]
Values = Annotated[dict[Text, Count], Field(min_length=1)]


class SegmentationFolder(Dataset):
    """Images in path/images/ and in path/masks/ one of each name with the class of every pixel.

    Also path/train/images/, path/train/masks/ and the like, or path/images/train/. A mask is a gray
    or palette image with the numbers of classes, kept in memory with two bytes a pixel. Images must
    have one size, or `transforms` resize them, and their masks with them.
    """

    path: LocalPath
    """The folder."""
    images: Text = "images"
    """Name of the folder of images."""
    masks: Text = "masks"
    """Name of the folder of masks."""
    classes: PositiveInteger | Names | Values | None = None
    """Number of classes, or their names in order, or the value of each in the masks, by name;
    without it, the largest number in any mask and one."""
    ignore_class: Count | None = None
    """The value of pixels without a class, often 255: they count in no loss and no metric."""
    test: PartShare | None = None
    """Share to test on, chosen by the seed, where there is no folder test/."""

    def stored_facts(self, seed: int) -> DataFacts:
        """List the folders, read the header of an image, and the masks where classes are open."""
        listed, _ = self._listed()
        header = read_header(listed["train"][0][0])
        names = self._names() or self._counted(self._masks(listed))
        counts = {split: len(pairs) for split, pairs in listed.items()}
        shape = (header.height, header.width, 1 if header.gray else 3)
        kept = 2 if header.deep else 1
        facts = DataFacts(
            shape, len(names), names, "labels", shape[:2], counts, value_bytes=kept, in_files=True
        )
        if self.test is not None and "test" not in counts:
            return facts.taking("test", self.test)
        return facts

    def read(self, reading: Reading) -> Stored:
        """Read every header and mask; the images' pixels follow where they fit into memory."""
        listed, odd = self._listed()
        if odd:
            shown = ", ".join(str(path) for path in odd[:3])
            more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
            reading.announce(f"left out, because they are masks of no image: {shown}{more}")
        any_size = any(each.fixes_size for each in divide(self.transforms)[0])
        images = {split: [(image, 0) for image, _ in pairs] for split, pairs in listed.items()}
        parts = image_parts(images, any_size=any_size, wanted=reading.source_shape)
        masks = self._masks(listed)
        names = reading.class_names or self._names() or self._counted(masks)
        for split, each in masks.items():
            maps = np.stack(each)
            check_labels(maps, len(names), at=self.path, ignored=self.ignore_class is not None)
            parts[split] = replace(parts[split], targets=maps)
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, names)

    def _listed(self) -> tuple[dict[str, Pairs], list[Path]]:
        return list_pairs(Path(self.path), self.images, self.masks)

    def _names(self) -> tuple[str, ...] | None:
        """Name the classes, where the config tells them."""
        if isinstance(self.classes, int):
            return numbered(self.classes)
        return tuple(self.classes) if self.classes is not None else None

    def _masks(self, listed: dict[str, Pairs]) -> dict[str, list[NDArray[Any]]]:
        """Read the masks of each split, as large as their images are after the transforms."""
        known = self.classes
        values: Iterable[int] | None = range(known) if isinstance(known, int) else None
        if isinstance(known, dict):
            values = known.values()
        elif isinstance(known, tuple):
            values = range(len(known))
        numbers = by_values(tuple(values) if values is not None else None, self.ignore_class)
        on_pixels, _ = divide(self.transforms)

        def prepared(mask: NDArray[Any], path: Path) -> NDArray[Any]:
            maps = numbers(mask, path)[np.newaxis]
            for transform in on_pixels:
                maps = transform.apply_to_labels(maps)
            one: NDArray[Any] = maps[0]
            return one

        return {split: read_masks(pairs, prepared) for split, pairs in listed.items()}

    def _counted(self, masks: dict[str, list[NDArray[Any]]]) -> tuple[str, ...]:
        """Number the classes by the largest in any mask."""
        maps = [mask for split in masks.values() for mask in split]
        classes = class_count(maps, None)
        check_last_class(maps, classes, at=self.path)
        return numbered(classes)
