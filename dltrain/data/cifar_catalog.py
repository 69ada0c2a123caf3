"""The CIFAR sets as they are published: 32 x 32 colour images in files of binary records."""

from __future__ import annotations

from dataclasses import dataclass

from dltrain.core.shapes import Shape
from dltrain.data.catalog import CataloguedFile, Published

IMAGE: Shape = (32, 32, 3)


@dataclass(frozen=True)
class RecordFile:
    """A file of records, and how many it is published with."""

    name: str
    records: int


@dataclass(frozen=True)
class Labelling:
    """One of the labels that a record begins with."""

    column: int
    names: tuple[str, ...]


@dataclass(frozen=True)
class CifarSet(Published):
    """A set in one archive; a record is its labels, then the red, green and blue plane."""

    archive: CataloguedFile
    inside: str
    """The folder in the archive."""
    files: dict[str, tuple[RecordFile, ...]]
    """The files of each split."""
    labels: int
    """Labels of a record, a byte each."""

    @property
    def record_bytes(self) -> int:
        """The length of a record."""
        return self.labels + IMAGE[0] * IMAGE[1] * IMAGE[2]


CIFAR10 = CifarSet(
    title="CIFAR-10",
    folder="cifar10",
    licence="none stated; Krizhevsky 2009",
    url="https://www.cs.toronto.edu/~kriz/",
    archive=CataloguedFile(
        "cifar-10-binary.tar.gz",
        170_052_171,
        "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    ),
    inside="cifar-10-batches-bin",
    files={
        "train": tuple(RecordFile(f"data_batch_{n}.bin", 10_000) for n in range(1, 6)),
        "test": (RecordFile("test_batch.bin", 10_000),),
    },
    labels=1,
)

CIFAR100 = CifarSet(
    title="CIFAR-100",
    folder="cifar100",
    licence="none stated; Krizhevsky 2009",
    url="https://www.cs.toronto.edu/~kriz/",
    archive=CataloguedFile(
        "cifar-100-binary.tar.gz",
        168_513_733,
        "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
    ),
    inside="cifar-100-binary",
    files={
        "train": (RecordFile("train.bin", 50_000),),
        "test": (RecordFile("test.bin", 10_000),),
    },
    labels=2,
)

CIFAR10_LABELS = Labelling(
    0,
    (
        "airplane", "automobile", "bird", "cat", "deer",
        "dog", "frog", "horse", "ship", "truck",
    ),
)  # fmt: skip

CIFAR100_COARSE = Labelling(
    0,
    (
        "aquatic_mammals", "fish", "flowers", "food_containers", "fruit_and_vegetables",
        "household_electrical_devices", "household_furniture", "insects", "large_carnivores",
        "large_man-made_outdoor_things", "large_natural_outdoor_scenes",
        "large_omnivores_and_herbivores", "medium_mammals", "non-insect_invertebrates", "people",
        "reptiles", "small_mammals", "trees", "vehicles_1", "vehicles_2",
    ),
)  # fmt: skip

CIFAR100_FINE = Labelling(
    1,
    (
        "apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle",
        "bottle", "bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle",
        "caterpillar", "cattle", "chair", "chimpanzee", "clock", "cloud", "cockroach", "couch",
        "crab", "crocodile", "cup", "dinosaur", "dolphin", "elephant", "flatfish", "forest", "fox",
        "girl", "hamster", "house", "kangaroo", "keyboard", "lamp", "lawn_mower", "leopard",
        "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain", "mouse",
        "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck",
        "pine_tree", "plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray",
        "road", "rocket", "rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail",
        "snake", "spider", "squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank",
        "telephone", "television", "tiger", "tractor", "train", "trout", "tulip", "turtle",
        "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
    ),
)  # fmt: skip
