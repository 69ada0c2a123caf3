import pytest

from dltrain.core.suggest import nearest

NAMES = ["conv2d", "mean_squared_error", "negative_slope", "max_pooling2d", "units"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("unit", "units"),
        ("Conv2D", "conv2d"),
        ("conv_2d", "conv2d"),
        ("MaxPooling2D", "max_pooling2d"),
        ("mse", "mean_squared_error"),
        ("slope", "negative_slope"),
        ("something_else", None),
        ("", None),
    ],
)
def test_the_name_that_was_meant_is_found(written: str, meant: str | None) -> None:
    assert nearest(written, NAMES) == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("resnet21", "resnet20"),
        ("resnet33", "resnet32"),
        ("resnet55", "resnet56"),
        ("resnet110", "resnet101"),
        ("resnet", "resnet18"),
        ("vgg12", "vgg11"),
        ("vgg18", "vgg19"),
        ("conv3d", "conv2d"),
    ],
)
def test_of_names_as_near_the_one_with_the_nearest_number_is_found(
    written: str, meant: str
) -> None:
    numbered = ["resnet18", "resnet20", "resnet32", "resnet34", "resnet50", "resnet56", "resnet101"]
    others = ["vgg11", "vgg13", "vgg16", "vgg19", "conv1d", "conv2d"]
    assert nearest(written, [*numbered, *others]) == meant
    assert nearest(written, reversed([*numbered, *others])) == meant


def test_what_fits_two_names_is_no_hint() -> None:
    assert nearest("loss", ["huber_losses_of_all", "another_losses_of_all"]) is None
