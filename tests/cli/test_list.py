import json

import pytest

from tests.cli.conftest import Run

KINDS = json.loads('["activations", "datasets", "layers", "losses", "metrics", "optimizers"]')


def test_without_a_kind_the_kinds_are_listed(run: Run) -> None:
    code, out, _ = run("list", "--json")
    assert code == 0
    assert set(KINDS) <= set(json.loads(out))


@pytest.mark.parametrize("kind", KINDS)
def test_every_name_has_its_meaning(run: Run, kind: str) -> None:
    code, out, _ = run("list", kind, "--json")
    assert code == 0
    assert all(meaning for meaning in json.loads(out).values())


def test_an_activation_is_a_layer_too(run: Run) -> None:
    assert "relu" in run("list", "layers")[1]


def test_an_unknown_kind_names_the_nearest(run: Run) -> None:
    code, out, err = run("list", "optimisers")
    assert (code, out) == (2, "")
    assert "did you mean `optimizers`?" in err
