"""Human sensing on the edge: pretrain large, distil, quantise, compile, and run live.

model = edgehuman.load("zoo:activity")
for result in edgehuman.stream(model, "walk.csv"):
    print(result.t_s, result.label, result.score, result.latency_ms)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgehuman.card import Card
from edgehuman.errors import EdgehumanError
from edgehuman.records import (
    Embedding,
    Frame,
    ImuRecording,
    ImuWindow,
    PersonCrop,
    Result,
    SilhouetteSequence,
    SkeletonSequence,
    WindowSet,
)

if TYPE_CHECKING:
    from edgehuman.runtime.model import load
    from edgehuman.runtime.stream import stream

__version__ = "0.1.0"

__all__ = [
    "Card",
    "EdgehumanError",
    "Embedding",
    "Frame",
    "ImuRecording",
    "ImuWindow",
    "PersonCrop",
    "Result",
    "SilhouetteSequence",
    "SkeletonSequence",
    "WindowSet",
    "load",
    "stream",
]


def __getattr__(name: str) -> Any:
    """`load` and `stream` bring onnxruntime in, so they are imported when first asked for. Both
    take names of the catalogue too.
    """
    if name == "load":
        from edgehuman.export.catalogued import load

        return load
    if name == "stream":
        from edgehuman.export.catalogued import stream

        return stream
    raise AttributeError(f"module 'edgehuman' has no attribute {name!r}")
