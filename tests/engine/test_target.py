"""What a CPU says of itself decides the vectors that kernels are compiled for."""

from __future__ import annotations

import platform

import llvmlite.binding as llvm
import pytest

from dltrain.core.lowering import Target
from dltrain.engine.target import host

CPUS = [
    ("x86_64", {"sse2"}, Target(4, 16)),
    ("x86_64", {"avx2", "fma"}, Target(8, 16)),
    ("AMD64", {"avx2", "fma", "avx512f"}, Target(16, 32)),
    ("AMD64", {"avx2", "fma", "avx512f", "avx512bf16"}, Target(16, 32, bfloat16=True)),
    ("x86_64", {"avx2", "fma", "avx512bf16"}, Target(8, 16)),
    ("arm64", {"neon", "bf16"}, Target(4, 32)),
]


@pytest.mark.parametrize(("machine", "features", "wanted"), CPUS)
def test_vectors_are_as_wide_as_the_cpu_says(
    monkeypatch: pytest.MonkeyPatch, machine: str, features: set[str], wanted: Target
) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: dict.fromkeys(features, True))
    assert host.__wrapped__() == wanted
