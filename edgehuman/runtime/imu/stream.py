"""A wearable's stream in Python: what `edgehuman.stream` opens for a model that begins at an
ImuWindow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.faults import MISSING_SHARE
from edgehuman.preprocess.imu.format import ImuFormat
from edgehuman.records import ImuRecording
from edgehuman.runtime.imu.answer import MountingName, Recogniser, Smoothing, StreamOptions
from edgehuman.runtime.imu.replay import CANONICAL, ReplaySource
from edgehuman.runtime.imu.results import ImuResult
from edgehuman.runtime.imu.ring import SampleBlock
from edgehuman.runtime.imu.rows import SampleRows, Samples
from edgehuman.runtime.imu.source import open_source
from edgehuman.runtime.loop.live import LiveStream, close_unread, live
from edgehuman.runtime.loop.play import Playable, require_seconds
from edgehuman.runtime.loop.records import (
    IterableSource,
    PushedSource,
    require_no_clock,
    require_unpaced,
)
from edgehuman.runtime.loop.source import Source
from edgehuman.runtime.model import Model

_WANTED = (
    "FILE.csv, FILE.jsonl, -, an address such as udp://host:port or mqtt://host/topic, simulated, "
    "an ImuRecording, or an iterable of "
    "(t, ax, ay, az, gx, gy, gz)"
)
SampleSource: TypeAlias = (
    Playable[SampleBlock] | ImuRecording | Iterable[Samples] | str | Path | None
)
_log = logging.getLogger("edgehuman.runtime")


def open_stream(
    model: Model,
    source: SampleSource,
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
    missing_share: float = MISSING_SHARE,
) -> LiveStream[ImuResult]:
    """The results of a wearable's stream; arguments as in `edgehuman.stream`.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, model or file.
    """
    require_seconds(seconds)
    if source is None:
        require_no_clock(realtime, seconds)
    format = format or (CANONICAL if isinstance(source, ImuRecording) else ImuFormat())
    decided = (hop_s, smoothing, delay_s, threshold)
    options = StreamOptions(*decided, format, mounting, placement, missing_share)
    return live(*listen(model, source, options, realtime, seed), seconds)


def listen(
    model: Model,
    source: SampleSource,
    options: StreamOptions,
    realtime: bool = False,
    seed: int = 0,
    notify: Callable[[str], object] = _log.warning,
    sender: str | None = None,
) -> tuple[Recogniser, Playable[SampleBlock]]:
    """The recogniser and the source of its samples.

    Raises:
        UsageError, ArtefactError, DataError: as `open_stream`.
    """
    opened = _open(source, model, options.format, realtime, seed, sender)
    if options.placement is None:
        options = replace(options, placement=_said_placement(opened.name, model))
    try:
        patient = bool(getattr(opened, "patient", False))
        return Recogniser(model, opened.name, options, notify, patient), opened
    except BaseException:
        if opened is not source:
            close_unread(opened)  # its port would stay taken
        raise


def _said_placement(name: str, model: Model) -> str | None:
    """The placement in the name of a simulated source, if the model knows it."""
    simulated, _, placement = name.partition(":")
    card = model.card
    knows = bool(card.decision.upright_axes) and placement in card.output.placements
    known = simulated == SIMULATED and knows
    return placement if known else None


def _open(
    source: object,
    model: Model,
    format: ImuFormat,
    realtime: bool,
    seed: int,
    sender: str | None,
) -> Playable[SampleBlock]:
    if source is None:
        return PushedSource(SampleRows(format))
    if isinstance(source, ImuRecording):
        return ReplaySource(source, speed=1.0 if realtime else 0.0)
    if isinstance(source, (str, Path)):
        return open_source(
            str(source),
            format=format,
            realtime=realtime,
            seed=seed,
            sender=sender,
            wanted_hz=model.card.input.rate_hz,
        )
    if isinstance(source, Source) and source.queue.kind is not SampleBlock:
        raise UsageError(
            f"{source.name} gives {source.queue.kind.__name__}, but {model.name} reads the samples "
            f"of a wearable; give {_WANTED}"
        )
    if isinstance(source, Playable):
        return source
    if isinstance(source, Iterable):
        require_unpaced(realtime)
        return IterableSource(source, SampleRows(format))
    raise UsageError(
        f"{model.name} reads the samples of a wearable, not {type(source).__name__}; give {_WANTED}"
    )
