"""The live stream in Python: results one by one, from a wearable or from tracked skeletons.

for result in edgehuman.stream("zoo:activity", "walk.csv"):
    print(result.t_s, result.label, result.score, result.latency_ms)
for result in edgehuman.stream("zoo:gait-skeleton", "door.jsonl", gallery="known.npz"):
    print(result.t_s, result.track, result.label, result.score)
"""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any, Generic, TypeVar, overload

from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import ImuRecording
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.imu.answer import Recogniser, Smoothing, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.imu.source import Source, open_source
from edgehuman.runtime.loop.play import (
    BlockT,
    Closable,
    Listener,
    Playable,
    account,
    first_seconds,
    require_seconds,
)
from edgehuman.runtime.loop.results import LiveResult
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.skeleton.answer import RECORD as GAIT_RECORD
from edgehuman.runtime.skeleton.answer import GaitResult
from edgehuman.runtime.skeleton.run import GaitRun, open_gait
from edgehuman.runtime.skeleton.source import PoseSource

ResultT = TypeVar("ResultT", bound=LiveResult)
_log = logging.getLogger("edgehuman.runtime")


@overload
def stream(
    model: Model | str | Path,
    source: Source | PoseSource | ImuRecording | str | Path,
    *,
    gallery: None = None,
    hop_s: float | None = None,
    smoothing: Smoothing | None = None,
    delay_s: float | None = None,
    threshold: float | None = None,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
) -> LiveStream[LiveResult]: ...


@overload
def stream(
    model: Model | str | Path,
    source: PoseSource | str | Path,
    *,
    gallery: Gallery | str | Path,
    hop_s: float | None = None,
    threshold: float | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
) -> LiveStream[GaitResult]: ...


def stream(
    model: Model | str | Path,
    source: Source | PoseSource | ImuRecording | str | Path,
    *,
    gallery: Gallery | str | Path | None = None,
    hop_s: float | None = None,
    smoothing: Smoothing | None = None,
    delay_s: float | None = None,
    threshold: float | None = None,
    format: ImuFormat | None = None,
    realtime: bool = False,
    seconds: float | None = None,
    seed: int = 0,
) -> LiveStream[LiveResult] | LiveStream[GaitResult]:
    """The results of a stream, one a hop, as they come; `.report()` says what was dropped.

    A gait model gives a `GaitResult` for every window of every track: its vector, and with a
    gallery the name.

    Args:
        model: loaded, or the words for `load`.
        source: a source, a recording, or the words: `FILE.csv`, `FILE.jsonl`, `-`,
            `udp://host:port`, `simulated`; for a gait model `FILE.jsonl` of tracked skeletons, `-`,
            `udp://host:port` or `simulated`.
        gallery: of a gait model: who is known, or the file that `edgehuman gallery enroll` wrote;
            None gives vectors alone.
        hop_s, threshold: as in the model's card where None.
        smoothing, delay_s: of a wearable: as in the model's card where None.
        format: of a wearable: units and axes of the stream; told from physics where None (a
            recording's are known).
        realtime: play a file or the simulator at the pace of its stamps, the newest samples
            winning.
        seconds: end after so much stream time; where the source is live, also where nothing comes
            so long after the start.
        seed: of the simulated people, and of a catalogue network's random weights.

    Raises:
        UsageError, ArtefactError, DataError: wrong words, a wrong model or gallery, a wrong file;
            at the call. What is found inside the stream is raised by the iteration.
    """
    require_seconds(seconds)
    loaded = model if isinstance(model, Model) else load(model, seed=seed)
    if loaded.card.input.record == GAIT_RECORD:
        _refuse(
            {"smoothing": smoothing, "delay_s": delay_s, "format": format},
            f"is for streams of a wearable, and {loaded.name} reads skeletons",
        )
        words = GaitRun(
            source=_poses(source, loaded),
            gallery=_known(gallery),
            hop_s=hop_s,
            threshold=threshold,
            realtime=realtime,
            seed=seed,
        )
        return LiveStream(*open_gait(loaded, words, _log.warning), seconds)
    _refuse({"gallery": gallery}, f"is for models of gait, and {loaded.name} is none")
    format = format or (CANONICAL if isinstance(source, ImuRecording) else ImuFormat())
    options = StreamOptions(hop_s, smoothing, delay_s, threshold, format)
    return LiveStream(*_open_wearable(loaded, source, options, realtime, seed), seconds)


class LiveStream(Iterator[ResultT], Generic[ResultT]):
    """The results of one stream as they come, and what became of its records.

    Args:
        listener: takes the blocks.
        source: opened at the first result, closed after the last.
        seconds: end after so much stream time; of a live source as `first_seconds` says.
    """

    def __init__(
        self,
        listener: Listener[BlockT, ResultT],
        source: Playable[BlockT],
        seconds: float | None = None,
    ) -> None:
        self._account: Callable[[], dict[str, Any]] = lambda: account(listener, source)
        self._results = _results(listener, source, seconds)
        self._close_unread: Callable[[], None] = lambda: _close_unread(source)

    def __next__(self) -> ResultT:
        return next(self._results)

    def report(self) -> dict[str, Any]:
        """The stream so far, as in the summary of `run`.

        `stream` counts what was dropped (`out_of_order`, `duplicate`, of a wearable `not_finite`
        and of skeletons `empty`), gaps, and what was found; `source` what could not be read, with
        the first of it in words.
        """
        return self._account()

    def close(self) -> None:
        """Leave the stream early, even before its first result; its source is closed."""
        unread = inspect.getgeneratorstate(self._results) == inspect.GEN_CREATED
        self._results.close()
        if unread:
            self._close_unread()


def _results(
    listener: Listener[BlockT, ResultT], source: Playable[BlockT], seconds: float | None
) -> Generator[ResultT, None, None]:
    with source:
        for block in first_seconds(source, seconds, source.live):
            yield from listener.push(block)
    yield from listener.close()


def _close_unread(source: Playable[BlockT]) -> None:
    """Close a source that was never entered, where it holds anything."""
    if isinstance(source, Closable):
        source.close()


def _known(gallery: object) -> Gallery | Path | None:
    """Raises UsageError for what is neither a gallery nor the name of a file."""
    if isinstance(gallery, str) and gallery:
        return Path(gallery)
    if gallery is None or isinstance(gallery, (Gallery, Path)):
        return gallery
    raise UsageError(
        f"gallery is {gallery!r}; give the file that `edgehuman gallery enroll` wrote, or a "
        "`Gallery`, or leave it out"
    )


def _refuse(given: dict[str, object], why: str) -> None:
    """Raises UsageError for a word that means nothing to this kind of model."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(f"{name} {why}; leave it out")


def _poses(
    source: Source | PoseSource | ImuRecording | str | Path, model: Model
) -> PoseSource | str:
    """Raises UsageError for a source that holds no skeletons."""
    if isinstance(source, PoseSource):
        return source
    if isinstance(source, (str, Path)):
        return str(source)
    raise UsageError(
        f"{model.name} reads skeletons, and found {type(source).__name__}; give poses.jsonl, or a "
        "source of `edgehuman.runtime.skeleton.source.open_poses`"
    )


def _open_wearable(
    model: Model,
    source: Source | PoseSource | ImuRecording | str | Path,
    options: StreamOptions,
    realtime: bool,
    seed: int,
) -> tuple[Recogniser, Source]:
    """What answers, and where its samples come from; the twin of `open_gait`."""
    opened = _open(source, options.format, realtime, seed)
    try:
        return Recogniser(model, opened.name, options), opened
    except BaseException:
        if opened is not source:
            _close_unread(opened)  # its port would stay taken
        raise


def _open(
    source: Source | PoseSource | ImuRecording | str | Path,
    format: ImuFormat,
    realtime: bool,
    seed: int,
) -> Source:
    if isinstance(source, ImuRecording):
        return ReplaySource(source, speed=1.0 if realtime else 0.0)
    if isinstance(source, (str, Path)):
        return open_source(str(source), format=format, realtime=realtime, seed=seed)
    if isinstance(source, PoseSource):
        raise UsageError(
            f"{source.name} gives skeletons, and the model reads a wearable; give a gait model, "
            "e.g. zoo:gait-skeleton"
        )
    return source
