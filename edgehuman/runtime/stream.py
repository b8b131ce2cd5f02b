"""The live stream in Python: results one by one, for any record that a model takes.

for result in edgehuman.stream("zoo:activity", "walk.csv"):
    print(result.t_s, result.label, result.score, result.latency_ms)
for result in edgehuman.stream("zoo:gait-skeleton", "door.jsonl", gallery="known.npz"):
    print(result.t_s, result.track, result.label, result.score)
for result in edgehuman.stream("zoo:person-garments", "photos"):
    print(result.path, result.part_HW, result.reason)
for result in edgehuman.stream("zoo:person-detector", "door.mp4"):
    print(result.t_s, [(person.track, person.box_4, person.score) for person in result.people])
for result in edgehuman.stream("zoo:person-detector", "rtsp://door/1"):
    print(result.t_s, result.age_ms, result.event or len(result.people))
for result in edgehuman.stream("gaitset.onnx", "walks", gallery="known.npz"):
    print(result.walk, result.label, result.distance)

live = edgehuman.stream("zoo:activity")                      no source: a callback pushes
for result in live.push(t, ax, ay, az, gx, gy, gz):
    print(result.label)
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.runtime.arguments import require_kinds
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.loop.play import Playable
from edgehuman.runtime.model import Model, load

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from edgehuman.preprocess.imu.format import ImuFormat
    from edgehuman.records import ImuRecording
    from edgehuman.runtime.gallery import Gallery
    from edgehuman.runtime.image.results import PhotoResult
    from edgehuman.runtime.imu.answer import MountingName, Smoothing
    from edgehuman.runtime.imu.results import ImuResult
    from edgehuman.runtime.imu.ring import SampleBlock
    from edgehuman.runtime.skeleton.lines import PoseBlock
    from edgehuman.runtime.skeleton.results import GaitResult


@overload
def stream(
    model: Model | str | Path,
    source: ImuRecording | Playable[SampleBlock] | Iterable[tuple[float, ...]],
    *,
    hop_s: float | None = None,
    smoothing: Smoothing | None = None,
    delay_s: float | None = None,
    threshold: float | None = None,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
    mounting: MountingName = "learn",
    placement: str | None = None,
    missing_share: float = ...,
) -> LiveStream[ImuResult]: ...


@overload
def stream(
    model: Model | str | Path,
    source: Playable[PoseBlock],
    *,
    gallery: Gallery | str | Path | None = None,
    hop_s: float | None = None,
    threshold: float | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
    rate_hz: float | None = None,
    size: str | None = None,
    layout: str | None = None,
    on_the_spot: bool = False,
) -> LiveStream[GaitResult]: ...


@overload
def stream(
    model: Model | str | Path,
    source: str | Path,
    *,
    gallery: Gallery | str | Path,
    hop_s: float | None = None,
    threshold: float | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
    rate_hz: float | None = None,
    size: str | None = None,
    layout: str | None = None,
    on_the_spot: bool = False,
) -> LiveStream[GaitResult]: ...


@overload
def stream(
    model: Model | str | Path, source: Iterable[NDArray[np.uint8]], *, seed: int = 0
) -> LiveStream[PhotoResult]: ...


@overload
def stream(
    model: Model | str | Path, source: object = None, *, seed: int = 0, **words: Any
) -> LiveStream[Any]: ...


def stream(
    model: Model | str | Path, source: object = None, *, seed: int = 0, **words: Any
) -> LiveStream[Any]:
    """The results of a stream as they come; `.report()` counts what was dropped.

    The record in the model's card decides what is read and returned: an `ImuResult` per hop of a
    wearable; a `GaitResult` for every window of every track, with its vector and, given a gallery,
    the name by then; a `PhotoResult` per photo of a person; a `FrameResult` per frame in which
    people are found; a `WalkResult` per walk of silhouettes.

    Args:
        model: a loaded model, or the argument of `load`.
        source: a source, or its name. For a wearable `FILE.csv`, `FILE.jsonl`, `-`,
            `mqtt://HOST/TOPIC`, `simulated`, an `ImuRecording`; for skeletons `FILE.jsonl`, a pose
            estimator's file or folder, `-`, `udp://host:port`, `simulated`; for photos a folder, or
            one photo; for frames also a video, a camera (`rtsp://...`, `edgehuman.Camera`), or a
            list of these, and so for skeletons and silhouettes; for silhouettes a folder of masks,
            or of such folders, a video of masks or a packed file. Or an iterable: of samples `(t,
            ax, ay, az, gx, gy, gz)`, mappings of these names or arrays (T, 7); of mappings with the
            keys of a line of poses.jsonl, or a frame's list; of uint8 RGB arrays (H, W, 3); of one
            walk's masks, uint8 (H, W), a result for the walk so far. None: see `LiveStream.push`.
        seed: of the simulated people, and of a catalogue network's random weights.
        words: further arguments of the record. If None, `hop_s`, `threshold`, `smoothing` and
            `delay_s` are those of the model's card.
            hop_s (wearables, skeletons): stream time between two windows.
            threshold (both, silhouettes): under this score the label is "unknown".
            realtime (both): play a file or the simulator at the pace of its stamps; late records
                are dropped.
            seconds (both): end after this much stream time; also counts wall-clock time from the
                start and from the first record, so that a silent live source ends.
            smoothing, delay_s (wearables): see the card's decision.
            mounting (wearables): "learn" from walking how the sensor is worn, or "fixed".
            placement (wearables): where the sensor is worn; None: found out from walking.
            missing_share (wearables): windows that lack more of their rows (0.4) have no answer.
            format (wearables): units and axes of the stream; None: inferred from physics (those of
                a recording are known).
            rate_hz, size, layout (skeletons): frames per second, picture size such as "1920x1080"
                and order of the joints, where a pose estimator's files do not state them.
            detector (photos, frames of gait): finds people in a frame; pose, segmenter, score,
                most, every, policy, seconds (also frames), on_the_spot: as the flags of `run`.
            gallery (skeletons, silhouettes): the known people, or the file that `gallery enroll`
                wrote; fuse, fuse_gallery (frames of gait): a second model, and whom it knows.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or file; at the call.
            Errors inside the stream are raised by the iteration.
    """
    require_kinds(stream, {"model": model, "seed": seed})
    loaded = model if isinstance(model, Model) else load(model, seed=seed)
    opener: Callable[..., LiveStream[Any]] = catalogue.step(loaded.card.input.record, "stream")
    known = [
        name
        for name, parameter in inspect.signature(opener).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    _require_known(words, known, loaded)
    if "seed" in known:
        words["seed"] = seed
    require_kinds(opener, words)
    return opener(loaded, source, **words)


def _require_known(words: dict[str, Any], known: list[str], model: Model) -> None:
    """Raises UsageError for an argument that the model's record does not have."""
    for name in words:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            takes = f"it takes: {', '.join(known)}" if known else "it takes none"
            raise UsageError(
                f"{name} is not an argument for {model.name}, which reads "
                f"{model.card.input.record} records; {takes}. Leave it out.{hint}"
            )
