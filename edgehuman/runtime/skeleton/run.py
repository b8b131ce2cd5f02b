"""`edgehuman run` for a gait model: tracked skeletons in, a vector and a name for every window out.

edgehuman run zoo:gait-skeleton --source poses.jsonl --gallery known.npz --json
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from edgehuman.outcome import Outcome
from edgehuman.runtime.gallery import Gallery, read_gallery
from edgehuman.runtime.loop.play import play, say
from edgehuman.runtime.loop.results import LiveResult
from edgehuman.runtime.loop.sinks import JsonLines, Sink, open_to_write
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import GaitResult, Identifier, gait_summary_text
from edgehuman.runtime.skeleton.source import SIMULATED, PoseSource, open_poses

_SHOWN = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class GaitRun:
    """What `run` or `stream` was told, as far as it concerns a gait model; see `RunConfig`."""

    source: PoseSource | str
    gallery: Gallery | Path | None = None
    hop_s: float | None = None
    threshold: float | None = None
    realtime: bool = False
    seconds: float | None = None
    seed: int = 0
    json: bool = False
    save: Path | None = None


def run_gait(model: Model, words: GaitRun, notify: Callable[[str], object] = say) -> Outcome:
    """Play the source through the model into standard output, and a file where one is asked for.

    Ctrl-C and SIGTERM end the stream and still give the summary.

    Raises:
        UsageError, ArtefactError, DataError: wrong words, a wrong model or gallery, a wrong or too
            short recording.
    """
    if words.source == SIMULATED:
        notify("simulated walkers (edgehuman's own) are the source")
    identifier, source = open_gait(model, words, notify)
    sinks: list[Sink] = [
        JsonLines(sys.stdout, "standard output") if words.json else GaitLines(sys.stdout)
    ]
    if words.save is not None:
        sinks.append(JsonLines(open_to_write(words.save), str(words.save), close_stream=True))
    played = play(identifier, source, sinks, words.seconds, notify)
    for message in played.broken:
        say(message)
    gallery = identifier.gallery
    summary = {**played.summary, "gallery": None if gallery is None else gallery.people()}
    text = gait_summary_text(summary)
    if words.json:
        print(text, file=sys.stderr)
        text = ""
    return Outcome(summary, text, exit_code=1 if played.broken else 0)


def open_gait(
    model: Model, words: GaitRun, notify: Callable[[str], object]
) -> tuple[Identifier, PoseSource]:
    """What names the tracks, and where they come from.

    Raises:
        UsageError, ArtefactError, DataError: as `run_gait`.
    """
    gallery = read_gallery(words.gallery) if isinstance(words.gallery, Path) else words.gallery
    if gallery is not None and not len(gallery):
        where = words.gallery if isinstance(words.gallery, Path) else "the gallery"
        notify(f"{where} is empty: everybody is unknown")
    source = words.source
    if isinstance(source, str):
        source = open_poses(source, realtime=words.realtime, seed=words.seed)
    try:
        return (
            Identifier(model, source.name, gallery, words.hop_s, words.threshold, notify),
            source,
        )
    except BaseException:
        if source is not words.source:
            source.close()  # its port would stay taken
        raise


class GaitLines:
    """One line a result: who, how sure, how late."""

    name = "screen"
    may_skip = False

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, results: Sequence[LiveResult]) -> None:
        lines = [gait_line(result) for result in results if isinstance(result, GaitResult)]
        self._stream.write("\n".join(lines) + "\n")
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
