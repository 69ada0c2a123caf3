"""Published data sets that are fetched on request: their files, sums, sizes and licences."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.shapes import Shape


@dataclass(frozen=True)
class CataloguedFile:
    """A file with what it must be."""

    name: str
    size: int
    """Bytes."""
    sha256: str


@dataclass(frozen=True)
class Published:
    """A data set that can be fetched."""

    title: str
    folder: str
    """Its folder in the user's cache, and below a mirror."""
    licence: str
    url: str
    """Where its files lie, ending in a slash."""


@dataclass(frozen=True)
class CataloguedSet(Published):
    """A data set of IDX files, as its authors publish it."""

    files: dict[str, tuple[CataloguedFile, CataloguedFile]]
    """Images and labels of each split."""
    samples: dict[str, int]
    shape: Shape
    class_names: tuple[str, ...]


def _mnist_like(
    title: str,
    licence: str,
    url: str,
    class_names: tuple[str, ...],
    sums: tuple[tuple[int, str], ...],
) -> CataloguedSet:
    names = [
        f"{part}-{what}-ubyte.gz"
        for part in ("train", "t10k")
        for what in ("images-idx3", "labels-idx1")
    ]
    files = [CataloguedFile(name, *facts) for name, facts in zip(names, sums, strict=True)]
    return CataloguedSet(
        title=title,
        folder=title.lower().replace("-", "_"),
        licence=licence,
        url=url,
        files={"train": (files[0], files[1]), "test": (files[2], files[3])},
        samples={"train": 60_000, "test": 10_000},
        shape=(28, 28, 1),
        class_names=class_names,
    )


MNIST = _mnist_like(
    "MNIST",
    "CC BY-SA 3.0",
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    tuple("0123456789"),
    (
        (9_912_422, "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609"),
        (28_881, "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"),
        (1_648_877, "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6"),
        (4_542, "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"),
    ),
)

FASHION_MNIST = _mnist_like(
    "Fashion-MNIST",
    "MIT",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    (
        "t-shirt", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    ),
    (
        (26_421_880, "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84"),
        (29_515, "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"),
        (4_422_102, "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073"),
        (5_148, "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"),
    ),
)  # fmt: skip

KMNIST = _mnist_like(
    "KMNIST",
    "CC BY-SA 4.0",
    "http://codh.rois.ac.jp/kmnist/dataset/kmnist/",
    ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    (
        (18_165_135, "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4"),
        (29_497, "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17"),
        (3_041_136, "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5"),
        (5_120, "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c"),
    ),
)
