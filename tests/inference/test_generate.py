"""Text from a language model: what is learnt comes back, draws are those that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dltrain
from dltrain.cli.app import main
from dltrain.core.errors import DataError, UsageError
from dltrain.inference.generate import draw, generate
from dltrain.inference.readers import WindowReader

SHARES = np.array([0.1, 0.6, 0.3, 0.0], np.float32)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small network on a text that says one thing again and again."""
    folder = tmp_path_factory.mktemp("text")
    (folder / "text.txt").write_text("abcd\n" * 400)
    layers: list[dict[str, Any]] = [
        {"type": "embedding", "input_dim": "classes", "output_dim": 8},
        {"type": "lstm", "units": 16, "return_sequences": True},
        {"type": "dense", "units": "classes", "activation": "softmax"},
    ]
    config = {
        "dataset": {"type": "text", "path": str(folder / "text.txt"), "length": 8},
        "model": {"layers": layers},
        "optimizer": {"type": "adam", "learning_rate": 0.03},
        "training": {"loss": "categorical_crossentropy", "epochs": 12},
    }
    return Path(dltrain.fit(config, runs=folder / "runs").folder)


def test_what_was_learnt_comes_back_beyond_the_window(trained: Path) -> None:
    model = dltrain.load(trained, batch_size=1)
    text = "".join(generate(model, "ab", tokens=23, temperature=0))
    assert text == ("cd\n" + "abcd\n" * 4)


@pytest.mark.parametrize("causal", [True, False])
def test_steps_write_what_windows_do(tmp_path: Path, causal: bool) -> None:
    block = {"type": "transformer_encoder", "num_heads": 2, "intermediate_dim": 8, "causal": causal}
    layers: list[Any] = [
        {"type": "embedding", "input_dim": "classes", "output_dim": 8},
        "position_embedding",
        block,
        {"type": "dense", "units": "classes", "activation": "softmax"},
    ]
    (tmp_path / "text.txt").write_text("What is a day? A night that has seen the sun.\n" * 20)
    config = {
        "dataset": {"type": "text", "path": str(tmp_path / "text.txt"), "length": 12},
        "model": {"layers": layers},
        "optimizer": {"type": "adam", "learning_rate": 0.03},
        "training": {"loss": "categorical_crossentropy", "epochs": 3},
    }
    model = dltrain.load(dltrain.fit(config, runs=tmp_path / "runs").folder, batch_size=1)
    said = list[str]()
    text = "".join(generate(model, "What", tokens=30, temperature=0, say=said.append))
    windows, names = WindowReader(model), model.class_names or ()
    known = [names.index(each) for each in "What"]
    for _ in range(30):
        known.append(int(np.argmax(windows(known))))
    assert text == "".join(names[token] for token in known[4:])
    assert said == ([] if causal else [
        "transformer_encoder_1/attention needs the whole sequence at once: "
        "each token takes a run of the whole window"
    ])  # fmt: skip


def test_a_text_begins_behind_a_line_where_there_is_no_prompt(trained: Path) -> None:
    model = dltrain.load(trained, batch_size=1)
    assert "".join(generate(model, "", tokens=5, temperature=0)) == "abcd\n"


def test_the_same_seed_writes_the_same_text(trained: Path) -> None:
    model = dltrain.load(trained, batch_size=1)
    first, again, other = (
        "".join(generate(model, "a", tokens=60, temperature=9, seed=seed)) for seed in (1, 1, 2)
    )
    assert first == again != other


def test_a_token_that_the_model_does_not_know_is_named(trained: Path) -> None:
    model = dltrain.load(trained, batch_size=1)
    with pytest.raises(DataError, match="the token 'x' is not among the 5"):
        next(generate(model, "abx", tokens=1))


def test_the_command_writes_the_prompt_and_what_follows(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["generate", str(trained), "--prompt", "ab", "--tokens", "8", "--temperature", "0"])
    assert not ended.value.code
    assert capsys.readouterr().out == "abcd\nabcd\n\n"


def test_a_network_for_images_writes_no_text(tmp_path: Path) -> None:
    run = dltrain.fit(
        {
            "dataset": "digits",
            "model": {"layers": ["flatten", {"type": "dense", "units": 10}]},
            "optimizer": "sgd",
            "training": {"loss": "mean_squared_error"},
        },
        runs=tmp_path,
    )
    with pytest.raises(UsageError, match="is not a language model"):
        next(generate(dltrain.load(run.folder), "a", tokens=1))


@pytest.mark.parametrize(
    ("chance", "token"), [(0.0, 0), (0.05, 0), (0.2, 1), (0.8, 2), (0.9999, 2)]
)
def test_tokens_are_drawn_by_their_shares(chance: float, token: int) -> None:
    assert draw(SHARES, 1.0, None, chance) == token


def test_temperature_and_top_k_change_the_shares() -> None:
    assert draw(SHARES, 0, None, 0.99) == 1
    # Squared: 0.01, 0.36 and 0.09 of 0.46.
    assert draw(SHARES, 0.5, None, 0.36 / 0.46) == 1
    assert draw(SHARES, 0.5, None, 0.38 / 0.46) == 2
    assert {draw(SHARES, 1.0, 1, chance) for chance in (0.0, 0.5, 0.99)} == {1}
    assert draw(SHARES, 1.0, 2, 0.65) == 1
    assert draw(SHARES, 1.0, 2, 0.67) == 2
