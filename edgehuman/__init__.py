"""Human sensing on the edge: pretrain large, distil, quantise, compile, and run live.

model = edgehuman.load("zoo:activity")
for result in edgehuman.stream(model, "walk.csv"):
    print(result.t_s, result.label, result.score, result.latency_ms)
"""

from __future__ import annotations

import os

# All that takes time is imported when it is first asked for, also `typing`: see `_LATER`.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from edgehuman.card import Card
    from edgehuman.errors import EdgehumanError
    from edgehuman.preprocess.imu.format import ImuFormat
    from edgehuman.preprocess.quality import Quality
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
    from edgehuman.runtime.gallery import Gallery, Identity
    from edgehuman.runtime.image.camera.camera import Camera
    from edgehuman.runtime.image.results import PhotoResult
    from edgehuman.runtime.imu.results import ImuResult
    from edgehuman.runtime.imu.ring import SampleBlock
    from edgehuman.runtime.loop.live import LiveStream
    from edgehuman.runtime.loop.play import Playable
    from edgehuman.runtime.model import Model, load
    from edgehuman.runtime.silhouette.results import WalkResult
    from edgehuman.runtime.skeleton.lines import PoseBlock
    from edgehuman.runtime.skeleton.results import GaitResult
    from edgehuman.runtime.stream import stream
    from edgehuman.training.train import train

    __version__: str

# onnxruntime 1.31 and newer reports its use to Microsoft over the network, and keeps an id and a
# database in the user's cache; it reads this when it is imported. Who wants that sets it to 0.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__all__ = [
    "Camera",
    "Card",
    "EdgehumanError",
    "Embedding",
    "Frame",
    "GaitResult",
    "Gallery",
    "Identity",
    "ImuFormat",
    "ImuRecording",
    "ImuResult",
    "ImuWindow",
    "LiveStream",
    "Model",
    "PersonCrop",
    "PhotoResult",
    "Playable",
    "PoseBlock",
    "Quality",
    "Result",
    "SampleBlock",
    "SilhouetteSequence",
    "SkeletonSequence",
    "WalkResult",
    "WindowSet",
    "load",
    "stream",
    "train",
]

_RECORDS = (
    "Embedding",
    "Frame",
    "ImuRecording",
    "ImuWindow",
    "PersonCrop",
    "Result",
    "SilhouetteSequence",
    "SkeletonSequence",
    "WindowSet",
)
# Each is imported when first asked for: a record's own code loads with that record alone, and what
# is not installed is said in a line by the command that needs it, not by `import edgehuman`.
_LATER = dict.fromkeys(_RECORDS, "edgehuman.records") | {
    "Camera": "edgehuman.runtime.image.camera.camera",
    "Card": "edgehuman.card",
    "EdgehumanError": "edgehuman.errors",
    "GaitResult": "edgehuman.runtime.skeleton.results",
    "Gallery": "edgehuman.runtime.gallery",
    "Identity": "edgehuman.runtime.gallery",
    "ImuFormat": "edgehuman.preprocess.imu.format",
    "ImuResult": "edgehuman.runtime.imu.results",
    "LiveStream": "edgehuman.runtime.loop.live",
    "Model": "edgehuman.runtime.model",
    "PhotoResult": "edgehuman.runtime.image.results",
    "Playable": "edgehuman.runtime.loop.play",
    "PoseBlock": "edgehuman.runtime.skeleton.lines",
    "Quality": "edgehuman.preprocess.quality",
    "SampleBlock": "edgehuman.runtime.imu.ring",
    "WalkResult": "edgehuman.runtime.silhouette.results",
    "load": "edgehuman.export.catalogued",
    "stream": "edgehuman.export.catalogued",
    "train": "edgehuman.training.train",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _module("edgehuman.install").VERSION
    if name in _LATER:
        return getattr(_module(_LATER[name]), name)
    raise AttributeError(f"module 'edgehuman' has no attribute {name!r}")


def _module(name: str) -> Any:
    import importlib

    return importlib.import_module(name)
