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


def test_what_fits_two_names_is_no_hint() -> None:
    assert nearest("loss", ["huber_losses_of_all", "another_losses_of_all"]) is None
