"""`edgehuman run` for a gait model: tracked skeletons in, a vector and a name per window out.

edgehuman run zoo:gait-skeleton --source poses.jsonl --gallery known.npz --json
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tyro.conf import Positional

from edgehuman.catalogue import SIMULATED
from edgehuman.outcome import Outcome
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.loop.play import play, require_seconds, say
from edgehuman.runtime.loop.sinks import JsonLines, Sink, open_to_write
from edgehuman.runtime.model import load
from edgehuman.runtime.skeleton.results import GaitResult, summary_text
from edgehuman.runtime.skeleton.stream import listen

_SHOWN = 4


@dataclass(frozen=True, slots=True)
class RunConfig:
    """Name the people of a live stream of tracked skeletons.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights).
        source: FILE.jsonl of tracked skeletons, - (standard input), udp://HOST:PORT or simulated.
        gallery: the file of known people that `edgehuman gallery enroll` wrote; without it there
            are only vectors.
        json: one JSON object a line on standard output; the summary goes to standard error.
        save: write the same JSON lines to this file.
        hop_s: stream time between two windows of a track, seconds (default: the model's card).
        threshold: under this score the label is "unknown" (default: the card).
        realtime: play a file at the pace of its stamps; late lines are dropped.
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seconds: end after this much stream time; also counts wall-clock time, so that a silent live
            source ends.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    gallery: Path | None = None
    json: bool = False
    save: Path | None = None
    hop_s: float | None = None
    threshold: float | None = None
    realtime: bool = False
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seconds: float | None = None
    seed: int = 0


def run(config: RunConfig) -> Outcome:
    """Play the source through the model to standard output, and to a file if requested.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong arguments, a wrong model or gallery, a wrong or
            too short recording.
    """
    require_seconds(config.seconds)
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=say,
    )
    if config.source == SIMULATED:
        say("simulated walkers (edgehuman's own) are the source")
    identifier, source = listen(
        model,
        config.source,
        config.gallery,
        config.hop_s,
        config.threshold,
        config.realtime,
        config.seed,
        say,
    )
    played = play(identifier, source, _sinks(config), config.seconds, say)
    for message in played.broken:
        say(message)
    gallery = identifier.gallery
    summary = {**played.summary, "gallery": None if gallery is None else gallery.people()}
    text = summary_text(summary)
    if config.json:
        print(text, file=sys.stderr)
        text = ""
    return Outcome(summary, text, exit_code=1 if played.broken else 0)


def _sinks(config: RunConfig) -> list[Sink[GaitResult]]:
    sinks: list[Sink[GaitResult]] = [
        JsonLines(sys.stdout, "standard output") if config.json else GaitLines(sys.stdout)
    ]
    if config.save is not None:
        sinks.append(JsonLines(open_to_write(config.save), str(config.save), close_stream=True))
    return sinks


class GaitLines:
    """One line a result: who, how sure, how late."""

    name = "screen"
    may_skip = False

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, results: Sequence[GaitResult]) -> None:
        self._stream.write("\n".join(map(gait_line, results)) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Standard output stays open."""


def gait_line(result: GaitResult) -> str:
    """One result in words."""
    words = [f"{result.t_s:9.2f} s  track {result.track:<10}"]
    if result.reason:
        words.append(f"no answer ({result.reason})")
    elif result.label:
        words.append(f"{result.label:<20} {result.score:6.3f}")
        if result.raw_label != result.label:
            words.append(f"(nearest: {result.raw_label})")
    elif result.vector_D is not None:
        first = ", ".join(f"{value:.3f}" for value in result.vector_D[:_SHOWN])
        words.append(f"a vector of {len(result.vector_D)} numbers ({first}, …)")
    words.append(f"{result.latency_ms:9.2f} ms")
    return "  ".join(words)
