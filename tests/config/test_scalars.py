import math

import pytest

from dltrain.config.scalars import read_plain, show


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("1.5e3", 1500.0),
        (".5", 0.5),
        ("5.", 5.0),
        ("-0", 0),
        ("+12", 12),
        ("0o17", 15),
        ("0x1F", 31),
        (".inf", math.inf),
        ("-.inf", -math.inf),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_plain_scalars_are_read_as_yaml_1_2(text: str, value: object) -> None:
    read = read_plain(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "012",
        "12:30:45",
        "2024-01-01",
        "1_000",
        "0b11",
        "e3",
        ".",
        "+",
    ],
)
def test_what_only_yaml_1_1_turns_into_something_else_stays_a_text(text: str) -> None:
    assert read_plain(text) == text


def test_not_a_number_is_read() -> None:
    value = read_plain(".nan")
    assert isinstance(value, float)
    assert math.isnan(value)


def test_a_number_of_thousands_of_digits_stays_a_text() -> None:
    digits = "9" * 5000
    assert read_plain(digits) == digits


def test_long_values_are_shortened_in_messages() -> None:
    assert len(show("x" * 1000)) < 100
