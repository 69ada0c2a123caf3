"""Label maps as image files: the number of the class found at each pixel."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dltrain.core.errors import UsageError
from dltrain.core.shapes import Shape, describe
from dltrain.storage import atomic


class MaskWriter:
    """Writes a PNG file for each map, named after its image."""

    def __init__(self, folder: Path, output: Shape) -> None:
        """Make the folder; UsageError where the network does not answer for pixels."""
        if len(output) != 3:
            raise UsageError(
                f"masks need an answer for each pixel, but the network's output has shape "
                f"{describe(output)}"
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise atomic.cannot_write(folder, error) from error
        self._folder, self._names = folder, set[str]()

    def write(self, image: str, found: NDArray[Any]) -> str:
        """Write the classes [height, width] found in an image; give the path of the file.

        A second image of a name gets a number behind it.
        """
        from PIL import Image

        content = io.BytesIO()
        small = found.size == 0 or found.max() <= np.iinfo(np.uint8).max
        Image.fromarray(found.astype(np.uint8 if small else np.uint16)).save(content, "PNG")
        path = self._folder / f"{self._free(Path(image).stem)}.png"
        atomic.write(path, content.getvalue())
        return str(path)

    def _free(self, stem: str) -> str:
        name, number = stem, 1
        while name in self._names:
            number += 1
            name = f"{stem}_{number}"
        self._names.add(name)
        return name
