"""Images in folders that have the names of their classes."""

from __future__ import annotations

from pathlib import Path

from dltrain.core.fields import LocalPath
from dltrain.data.class_folders import class_names, list_images, loose_images, split_folders
from dltrain.data.image_sets import Listed, image_parts
from dltrain.data.images import read_header
from dltrain.data.parts import Reading, Stored, take_share
from dltrain.data.preprocess import divide
from dltrain.data.samples import DataFacts
from dltrain.data.sources.base import Dataset, PartShare


class ImageFolder(Dataset):
    """Images in class folders: path/train/<class>/*.jpg, val/ and test/, or path/<class>/*.jpg.

    Images are turned upright by their EXIF orientation; what is transparent is seen on white. All
    must have one size, or `transforms` resize them. They have one channel if all are gray, else
    three.
    """

    path: LocalPath
    """The folder."""
    test: PartShare | None = None
    """Share to test on, every class alike, chosen by the seed, where there is no folder test/."""

    def stored_facts(self, seed: int) -> DataFacts:
        """List the folders and read the header of one image."""
        listed, names, _ = self._listed(None)
        header = read_header(listed["train"][0][0])
        counts = {split: len(files) for split, files in listed.items()}
        shape = (header.height, header.width, 1 if header.gray else 3)
        kept = 2 if header.deep else 1
        facts = DataFacts(
            shape, len(names), names, "labels", (), counts, value_bytes=kept, in_files=True
        )
        if self.test is not None and "test" not in counts:
            return facts.taking("test", self.test)
        return facts

    def read(self, reading: Reading) -> Stored:
        """Read every header; the pixels follow where they fit into memory."""
        listed, names, odd = self._listed(reading.class_names)
        if odd:
            shown = ", ".join(str(path) for path in odd[:3])
            more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
            reading.announce(f"left out, because they are no images of a class: {shown}{more}")
        on_pixels, _ = divide(self.transforms)
        any_size = any(each.fixes_size for each in on_pixels)
        parts = image_parts(listed, any_size=any_size, wanted=reading.source_shape)
        if self.test is not None and "test" not in parts:
            parts = take_share(parts, "test", self.test, reading.seed)
        return Stored(parts, names)

    def _listed(
        self, known: tuple[str, ...] | None
    ) -> tuple[dict[str, Listed], tuple[str, ...], list[Path]]:
        folders = split_folders(Path(self.path))
        found = {split: class_names(folder) for split, folder in folders.items()}
        names = known if known is not None else found["train"]
        listed: dict[str, Listed] = {}
        odd: list[Path] = []
        for split, folder in folders.items():
            listed[split], others = list_images(folder, names)
            odd += [*loose_images(folder), *others]
        return listed, names, odd
