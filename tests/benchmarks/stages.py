"""The stages of the workloads' networks, which all peers build."""

RESNET20 = ((16, 1), (32, 2), (64, 2))
"""Channels and first stride; three blocks each."""

RESNET18 = ((64, 1), (128, 2), (256, 2), (512, 2))
"""Channels and first stride; two blocks each."""

MOBILENET_V2_HALF = (
    (1, 8, 1, 1),
    (6, 16, 2, 2),
    (6, 16, 3, 2),
    (6, 32, 4, 2),
    (6, 48, 3, 1),
    (6, 80, 3, 2),
    (6, 160, 1, 1),
)
"""Expansion, channels, blocks and first stride: those of width 1, halved and rounded to multiples
of eight as torchvision does."""
