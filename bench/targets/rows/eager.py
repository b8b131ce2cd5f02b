"""The row of the table of targets that a network has beside eager PyTorch."""

from __future__ import annotations

from edgehuman.bench.target import Target
from edgehuman.bench.targets import ratios


def over_eager(arch: str, record: str, goal: float) -> Target:
    """How much faster a catalogued network is on onnxruntime, at its default size.

    Args:
        record: the size, for people.
    """
    return Target(
        arch,
        f"torch eager / onnxruntime FP32, p50, {arch}, {record}, batch 1, one thread",
        "at least",
        goal,
        "x",
        lambda config: ratios.onnxruntime_over_torch(arch),
    )
