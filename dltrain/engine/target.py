"""The vector unit of this computer."""

from __future__ import annotations

import platform
from dataclasses import replace
from functools import cache

from dltrain.core.lowering import Target

AVX512, AVX2, NEON, SSE = Target(16, 32), Target(8, 16), Target(4, 32), Target(4, 16)


@cache
def host() -> Target:
    """Find out how wide this CPU's vectors are and how many registers hold them."""
    if platform.machine().lower() in ("aarch64", "arm64"):
        return NEON
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    if features.get("avx512f"):
        return replace(AVX512, bfloat16=bool(features.get("avx512bf16")))
    return AVX2 if features.get("avx2") and features.get("fma") else SSE
