"""The live stream in Python: results one by one, of whatever record the model begins at.

for result in edgehuman.stream("zoo:activity", "walk.csv"):
    print(result.t_s, result.label, result.score, result.latency_ms)
for result in edgehuman.stream("zoo:gait-skeleton", "door.jsonl", gallery="known.npz"):
    print(result.t_s, result.track, result.label, result.score)
for result in edgehuman.stream("zoo:person-garments", "photos"):
    print(result.path, result.part_HW, result.reason)
"""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from edgehuman import catalogue
from edgehuman.errors import UsageError
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.loop.play import Playable
from edgehuman.runtime.model import Model, load

if TYPE_CHECKING:
    from edgehuman.preprocess.imu.format import ImuFormat
    from edgehuman.records import ImuRecording
    from edgehuman.runtime.gallery import Gallery
    from edgehuman.runtime.imu.answer import Smoothing
    from edgehuman.runtime.imu.results import ImuResult
    from edgehuman.runtime.imu.ring import SampleBlock
    from edgehuman.runtime.skeleton.lines import PoseBlock
    from edgehuman.runtime.skeleton.results import GaitResult


@overload
def stream(
    model: Model | str | Path,
    source: ImuRecording | Playable[SampleBlock],
    *,
    hop_s: float | None = None,
    smoothing: Smoothing | None = None,
    delay_s: float | None = None,
    threshold: float | None = None,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
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
) -> LiveStream[GaitResult]: ...


@overload
def stream(
    model: Model | str | Path, source: object, *, seed: int = 0, **words: Any
) -> LiveStream[Any]: ...


def stream(
    model: Model | str | Path, source: object, *, seed: int = 0, **words: Any
) -> LiveStream[Any]:
    """The results of a stream as they come; `.report()` says what was dropped.

    The model's card says which record it begins at, and so what is read and what comes of it: a
    wearable gives an `ImuResult` a hop; tracked skeletons a `GaitResult` for every window of every
    track, its vector, and with a gallery the name; pictures of people a `PhotoResult` a photo.

    Args:
        model: loaded, or the words for `load`.
        source: a source, or its words. Of a wearable `FILE.csv`, `FILE.jsonl`, `-`,
            `udp://host:port`, `simulated`, or an `ImuRecording`; of skeletons `FILE.jsonl`, `-`,
            `udp://host:port` or `simulated`; of pictures a folder, or one photo.
        seed: of the simulated people, and of a catalogue network's random weights.
        words: what this record takes besides. Where None, `hop_s`, `threshold`, `smoothing` and
            `delay_s` are as in the model's card.
            hop_s: of a wearable and of skeletons: stream time between two windows.
            threshold: of both: under this score the label is "unknown".
            realtime: of both: play a file or the simulator at the pace of its stamps, the newest
                winning.
            seconds: of both: end after so much stream time; where the source is live, also where
                nothing arrives for as long in wall-clock time.
            smoothing, delay_s: of a wearable.
            format: of a wearable: units and axes of the stream; told from physics where None (a
                recording's are known).
            gallery: of skeletons: who is known, or the file that `edgehuman gallery enroll` wrote;
                None gives vectors alone.

    Raises:
        UsageError, ArtefactError, DataError: wrong words, a wrong model or gallery, a wrong file;
            at the call. What is found inside the stream is raised by the iteration.
    """
    loaded = model if isinstance(model, Model) else load(model, seed=seed)
    opener: Callable[..., LiveStream[Any]] = catalogue.step(loaded.card.input.record, "stream")
    known = [
        name
        for name, parameter in inspect.signature(opener).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    ]
    _require_known(words, known, loaded)
    return opener(loaded, source, **words, **({"seed": seed} if "seed" in known else {}))


def _require_known(words: dict[str, Any], known: list[str], model: Model) -> None:
    """Raises UsageError for a word that means nothing for what the model reads."""
    for name in words:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            takes = f"it takes: {', '.join(known)}" if known else "it takes none"
            raise UsageError(
                f"{name} is not an argument for {model.name}, which reads "
                f"{model.card.input.record} records; {takes}. Leave it out.{hint}"
            )
