"""Silhouettes in Python: what `edgehuman.stream` opens for a model that takes a SilhouetteSequence.

    for result in edgehuman.stream("gaitset.onnx", "walks", gallery="known.npz"):   a walk each
    for result in edgehuman.stream("gaitset.onnx", masks):          a result for each mask of a walk
    live = edgehuman.stream("gaitset.onnx");  live.push(mask_HW)    the same, pushed

A network that takes its frames as a set answers at every mask, at the same cost however long the
walk is; any other at every 30th.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Generator, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError, UsageError
from edgehuman.runtime.gallery import Gallery, read_gallery
from edgehuman.runtime.loop.live import LiveStream
from edgehuman.runtime.model import Model
from edgehuman.runtime.silhouette.answer import Identifier, Walker
from edgehuman.runtime.silhouette.results import WalkResult, WalkTally
from edgehuman.runtime.silhouette.source import MaskWalk, mask_frame, walks_in

_WANTED = (
    "a folder of PNG masks, a video of masks or a packed file, or an iterable of uint8 masks (H, W)"
)
_LIVE = "live"
_log = logging.getLogger("edgehuman.runtime")


def open_stream(
    model: Model,
    source: str | Path | Iterable[NDArray[Any]] | None,
    *,
    gallery: Gallery | str | Path | None = None,
    threshold: float | None = None,
    seed: int = 0,
) -> LiveStream[WalkResult]:
    """A result for every walk of a path; for an iterable of masks, and for pushed ones, a result
    for the walk so far whenever there is something new; arguments as in `edgehuman.stream`.

    A mask that cannot be used gives a result with its reason; the walk goes on.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model, gallery or source.
    """
    if source is not None and not isinstance(source, (str, Path, Iterable)):
        raise UsageError(
            f"{model.name} reads silhouettes, not {type(source).__name__}; give {_WANTED}"
        )
    known = read_gallery(Path(gallery)) if isinstance(gallery, (str, Path)) else gallery
    identifier = Identifier(model, known, threshold, _log.warning)
    tally = WalkTally()
    if isinstance(source, (str, Path)):
        walks = walks_in(source, seed)
        return LiveStream(_walks(identifier, walks, tally), tally.summary)
    intake = PushedMasks(identifier)
    if source is None:
        return LiveStream(_nothing_to_iterate(), intake.report, intake=intake)
    return LiveStream(_masks(intake, source), intake.report)


class PushedMasks:
    """The intake of the masks of one walk: a `loop.live.Intake`; one after another behind a
    lock.
    """

    def __init__(self, identifier: Identifier) -> None:
        self._walker = Walker(identifier, _LIVE)
        self._tally = WalkTally()
        self._lock = threading.Lock()
        self._ended = False
        self._answered = 0
        self._last: WalkResult | None = None

    def push(self, record: object) -> list[WalkResult]:
        """The result that one mask brings, if it brings one.

        Raises:
            DataError: not a mask; the walk goes on.
            UsageError: the stream has ended.
        """
        with self._lock:
            if self._ended:
                raise UsageError(
                    "push after the end of the stream; open another with edgehuman.stream(model)"
                )
            begin_ns = time.perf_counter_ns()
            walker = self._walker
            image = _image(record, walker.frames)
            frame = mask_frame(image, str(walker.frames))
            if not walker.push(frame):
                counts = (walker.name, walker.frames, walker.used, dict(walker.dropped))
                return [WalkResult(*counts, reason=frame.reason)]
            if not walker.is_due:
                return []
            return [self._answer(begin_ns)]

    def end(self) -> list[WalkResult]:
        """The answer for the frames since the last result; none the second time."""
        with self._lock:
            if self._ended:
                return []
            self._ended = True
            rest = self._walker.used - self._answered
            results = [self._answer(time.perf_counter_ns())] if rest else []
            if self._walker.frames:
                last = self._last
                counts = (self._walker.frames, self._walker.used, dict(self._walker.dropped))
                label = "" if last is None else last.label
                reason = "" if last is not None else "no answer"
                self._tally.add(WalkResult(_LIVE, *counts, label=label, reason=reason))
            return results

    def report(self) -> dict[str, Any]:
        """The masks so far."""
        with self._lock:
            summary = self._tally.summary()
            counts = {"frames": self._walker.frames, "used": self._walker.used}
            return {**summary, **counts, "dropped": dict(self._walker.dropped)}

    def _answer(self, begin_ns: int) -> WalkResult:
        result = self._walker.result(begin_ns)
        self._answered = self._walker.used
        if not result.reason:
            self._last = result
            self._tally.latency.add(result.latency_ms)
        return result


def _image(record: object, number: int) -> NDArray[Any]:
    """Raises DataError for anything but an array of a picture's shape."""
    array = np.asarray(record)
    if array.dtype not in (np.uint8, np.bool_) or array.ndim not in (2, 3) or not array.size:
        raise DataError(
            f"mask {number} is {array.dtype} {array.shape}; give uint8 (height, width), white on "
            "black"
        )
    return array


def _nothing_to_iterate() -> Generator[WalkResult, None, None]:
    yield from ()
    raise UsageError(
        "this stream has no source to iterate: `push` returns its results; or give "
        "edgehuman.stream masks as its source"
    )


def _masks(
    intake: PushedMasks, source: Iterable[NDArray[Any]]
) -> Generator[WalkResult, None, None]:
    for image in source:
        yield from intake.push(image)
    yield from intake.end()


def _walks(
    identifier: Identifier, walks: Iterable[MaskWalk], tally: WalkTally
) -> Generator[WalkResult, None, None]:
    for walk in walks:
        result = identifier.answer(walk)
        tally.add(result)
        yield result
