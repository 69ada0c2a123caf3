from __future__ import annotations

import numpy as np

from dltrain.data.drawn_shapes import draw
from dltrain.data.sources.base import Dataset

FINGERPRINT = "430b6e72231bf47ee4cc5177fffd205e06bd817221e83699be3e7ec4036234d4"


def test_the_drawings_are_the_same_on_every_machine_and_for_every_seed() -> None:
    dataset = Dataset.parse({"type": "shapes", "samples": 20, "size": 16})
    assert {dataset.load(seed=seed).fingerprint for seed in (0, 7)} == {FINGERPRINT}


def test_an_image_follows_from_its_number_alone() -> None:
    images, labels = draw(0, 200, 12)
    for first, count in ((0, 1), (63, 3), (150, 50)):
        some, their = draw(first, count, 12)
        np.testing.assert_array_equal(some, images[first : first + count])
        np.testing.assert_array_equal(their, labels[first : first + count])
    assert len(np.unique(images.reshape(200, -1), axis=0)) == 200


def test_every_class_is_in_many_images_and_stands_out_from_the_ground() -> None:
    images, labels = draw(0, 100, 32)
    for kind in range(4):
        assert (labels == kind).any(axis=(1, 2)).sum() > 40
    for image, label in zip(images.astype(float), labels, strict=True):
        assert (label == 0).sum() > (label > 0).sum()
        ground, shapes = image[label == 0].mean(axis=0), image[label > 0].mean(axis=0)
        assert np.abs(ground - shapes).max() > 20


def test_facts_agree_with_what_is_drawn() -> None:
    dataset = Dataset.parse({"type": "shapes", "samples": 30, "size": 24, "validation": 0.1})
    facts, data = dataset.describe(), dataset.load(seed=0)
    assert facts is not None
    assert facts.input_shape == data.input_shape == (24, 24, 3)
    assert facts.target_shape == data.target_shape == (24, 24)
    assert facts.class_names == data.class_names == ("background", "disc", "square", "triangle")
    assert facts.samples == {name: len(split) for name, split in data.splits.items()}
    assert facts.samples == {"train": 27, "validation": 3, "test": 7}
