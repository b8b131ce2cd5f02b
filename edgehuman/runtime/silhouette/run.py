"""`edgehuman run` for a model of silhouettes: an answer for every walk of a folder.

edgehuman run gaitset.onnx --source walks --gallery known.npz --json

A walk without an answer is a row too, with its reason, and is counted; it does not end the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tyro.conf import Positional

from edgehuman.errors import DataError, printable
from edgehuman.files import require_apart, writing_lines
from edgehuman.outcome import Outcome, to_json
from edgehuman.progress import tell
from edgehuman.runtime.engine.open import EngineName
from edgehuman.runtime.gallery import read_gallery
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import load
from edgehuman.runtime.silhouette.answer import Identifier
from edgehuman.runtime.silhouette.results import WalkTally, in_words, summary_text, to_row
from edgehuman.runtime.silhouette.source import walks_in


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """Identify the walker of every walk of a folder of silhouettes.

    Attributes:
        model: zoo:NAME, a path, or a catalogue name (random weights).
        source: a folder of PNG masks (white on black, any size) or of such folders, one a walk; a
            video of masks; a packed file; or simulated.
        gallery: the file of known people that `edgehuman gallery enroll` wrote; without it walks
            get no names.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
        json: one JSON object per walk on standard output; the summary goes to standard error.
        save: write the same JSON lines to this file.
        threshold: under this score the label is "unknown" (default: the gallery's own, or the
            model's card).
        threads: threads inside one operator of the model.
        engine: what runs the model; auto: chosen by its suffix (.onnx, .engine) and this machine.
        rebuild: rebuild a TensorRT engine that does not fit this machine; its ONNX runs meanwhile.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    gallery: Path | None = None
    key: Path | None = None
    json: bool = False
    save: Path | None = None
    threshold: float | None = None
    threads: int = 1
    engine: EngineName = "auto"
    rebuild: bool = False
    seed: int = 0


def run(config: RunConfig) -> Outcome:
    """Answer every walk of the source, in the order of their names.

    Ctrl-C and SIGTERM end it and still give the summary. After an error the --save file of an
    earlier run stays, and NAME.partial has the walks so far.

    Raises:
        UsageError, ArtefactError: wrong arguments, model or gallery; a --save file that cannot be
            written, or is an input.
        DataError: no such source, no walk in it, or none with an answer.
    """
    require_apart(
        {
            "the model": config.model,
            "--source": config.source,
            "--gallery": config.gallery,
            "--key": config.key,
            "--save": config.save,
        }
    )
    model = load(
        config.model,
        threads=config.threads,
        seed=config.seed,
        engine=config.engine,
        rebuild=config.rebuild,
        notify=say,
    )
    gallery = None if config.gallery is None else read_gallery(config.gallery, config.key)
    identifier = Identifier(model, gallery, config.threshold, say)
    walks = walks_in(config.source, config.seed)
    if any(walk.simulated for walk in walks):
        say("simulated walkers (edgehuman's own) are the source")
    tally, stop, reason = WalkTally(), StopSignals(), ""
    with stop, _lines(config.save) as saved:
        for walk in stop.until_stopped(walks):
            result = identifier.answer(walk)
            tally.add(result)
            reason = reason or result.reason
            row = to_row(result)
            if saved is not None:
                saved.write(to_json(row) + "\n")
            print(to_json(row) if config.json else printable(in_words(row)), flush=True)
    if tally.walks and tally.walks == tally.unanswered:
        count = "its walk has" if tally.walks == 1 else f"none of its {tally.walks} walks has"
        no = "no" if tally.walks == 1 else "an"
        raise DataError(f"{config.source}: {count} {no} answer: {reason}")
    summary = {
        **tally.summary(),
        "source": config.source,
        "gallery": None if gallery is None else gallery.people(),
        "threshold": identifier.threshold,
        "stopped": stop.requested,
    }
    text = summary_text(summary)
    if config.json:
        tell(text)
        text = ""
    return Outcome(summary, text)


@contextmanager
def _lines(save: Path | None) -> Iterator[IO[str] | None]:
    if save is None:
        yield None
        return
    with writing_lines(save, "--save") as stream:
        yield stream
