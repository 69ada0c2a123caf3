"""`dltrain generate`."""

from __future__ import annotations

from typing import Annotated

import typer

from dltrain.cli.options import Checkpoint, Threads


def generate(
    checkpoint: Checkpoint,
    prompt: Annotated[str, typer.Option("--prompt", help="The text to go on from.")] = "",
    tokens: Annotated[int, typer.Option("--tokens", min=1, help="How many to write.")] = 200,
    temperature: Annotated[
        float,
        typer.Option("--temperature", min=0, help="Above 1 wilder; 0: the likeliest."),
    ] = 1.0,
    top_k: Annotated[
        int | None, typer.Option("--top-k", min=1, help="Draw from so many likeliest tokens.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="The same seed writes the same text.")] = 0,
    threads: Threads = None,
) -> None:
    """Write text with a language model, token by token.

    The prompt comes first, then what the model makes of it. Each token takes one step of the
    network, which keeps what it made of those before; one with positions, as a transformer has,
    sees no more than the last window of a longer text.

    Example: dltrain generate runs/shakespeare_gpt --prompt "ROMEO:" --tokens 200 --temperature 0.8
    """
    from dltrain.cli.console import screen
    from dltrain.inference.generate import generate as write
    from dltrain.inference.model import load
    from dltrain.training.events import Compiling, Notice

    with screen() as shown:
        model = load(
            checkpoint,
            batch_size=1,
            threads=threads,
            on_compile=lambda done, total, name: shown(Compiling(done, total, name)),
        )
        pieces = write(
            model, prompt, tokens=tokens, temperature=temperature, top_k=top_k, seed=seed,
            say=lambda text: shown(Notice(text)),
        )  # fmt: skip
        first = next(pieces)
    typer.echo(prompt + first, nl=False)
    for piece in pieces:
        typer.echo(piece, nl=False)
    typer.echo()
