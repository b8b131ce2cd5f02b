"""What gait on cameras costs: the runtime beside its models and OpenCV, and frames a second.

On one side everything that `edgehuman run zoo:gait-skeleton --json`, or `zoo:gait-silhouette`, does
with a video of 640x480 pixels and eight people, with a gallery. On the other what no runtime can do
without: OpenCV decodes, converts and resizes, and onnxruntime runs the same graphs on the same
inputs as often. Both on one thread, in turns; processor time counts. Axes: H height, W width, C
colour, R rounds.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.bench.targets import frames
from edgehuman.bench.targets.frames import HEIGHT, PEOPLE, WIDTH, cuts_of, took, write_film
from edgehuman.bench.targets.ratios import require_model
from edgehuman.preprocess.image.pixels import resize
from edgehuman.progress import tell
from edgehuman.runtime.gait.fusing import open_two
from edgehuman.runtime.gait.run import RunConfig
from edgehuman.runtime.gait.walkers import DETECTOR, POSE, SEGMENTER, Wanted
from edgehuman.runtime.gait.watch import watch_with
from edgehuman.runtime.gallery import empty_gallery, read_gallery, write_gallery
from edgehuman.runtime.image.frames.crops import CropModel, JointsAndOutlines
from edgehuman.runtime.image.frames.watch import watching_alone, watching_with
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.view.screen import Notes

WANTED: tuple[Wanted, ...] = ("joints", "outlines")
GAIT = {"joints": "zoo:gait-skeleton-int8", "outlines": "zoo:gait-silhouette-int8"}
EACH = {"joints": POSE, "outlines": SEGMENTER}
_FRAMES, _ROUNDS, _KNOWN = 60, 5, 100


@dataclass
class _Recorded:
    """What an engine was asked, frame by frame; a frame begins with the detector.

    Attributes:
        calls: of each frame, the engine and its input.
    """

    calls: list[list[tuple[Any, NDArray[Any]]]] = field(default_factory=list)

    @contextlib.contextmanager
    def of(self, engines: list[Any]) -> Iterator[None]:
        """Record these engines, the first of which is the detector's."""
        held = [(engine, engine.run) for engine in engines]
        for place, (engine, run) in enumerate(held):
            engine.run = partial(self._run, run, place == 0)
        try:
            yield
        finally:
            for engine, _ in held:
                del engine.run

    def _run(self, run: Any, begins: bool, given: NDArray[Any]) -> Any:
        if begins:
            self.calls.append([])
        self.calls[-1].append((run, given.copy()))
        return run(given)


def added_to_gait(wanted: Wanted) -> float:
    """Processor time of `run` over that of OpenCV and the models alone, of a video file."""
    models = _models(wanted)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        film = write_film(Path(folder) / "film.avi", _FRAMES)
        words = _words(wanted, Path(folder), film, models[2])
        recorded, parts = _Recorded(), models[2].parts
        engines = [model.engine for model in models]
        if parts is not None:
            engines += [parts.frame, parts.head]
        with recorded.of(engines):
            _run(wanted, words, models)
        cuts = cuts_of(frames.Networks(models[0], models[1]), film)
        size = models[1].card.input.shape[:2]
        run = partial(_run, wanted, words, models)
        bare = partial(_bare, film, recorded, cuts, (size[0], size[1]), models[0])
        spent = [(took(run, time.process_time), took(bare, time.process_time))
                 for _ in range(_ROUNDS + 1)][1:]  # fmt: skip
    run_ms, bare_ms = 1e3 * np.median(spent, axis=0) / _FRAMES
    calls = sum(map(len, recorded.calls)) / len(recorded.calls)
    tell(
        f"gait by {wanted}, {PEOPLE} people, {calls:.1f} runs of models a frame: {run_ms:.2f} ms a "
        f"frame, OpenCV and models {bare_ms:.2f}"
    )
    return float(np.median([one / other for one, other in spent]))


def frames_per_second(wanted: Wanted) -> float:
    """Frames of `run` for a second of one core, on a video of eight people."""
    models = _models(wanted)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        film = write_film(Path(folder) / "film.avi", _FRAMES)
        words = _words(wanted, Path(folder), film, models[2])
        taken_s = [took(partial(_run, wanted, words, models), time.process_time) for _ in range(4)][
            1:
        ]
    return _FRAMES / float(np.median(taken_s))


def fused_frames_per_second() -> float:
    """The same with both models of gait at once, `--fuse`."""
    models = {wanted: _models(wanted) for wanted in WANTED}
    detector, pose, bones = models["joints"]
    _, segmenter, masks = models["outlines"]
    eyes = JointsAndOutlines(CropModel(pose), CropModel(segmenter))
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        film = write_film(Path(folder) / "film.avi", _FRAMES)
        paths = {wanted: Path(folder) / f"{wanted}.npz" for wanted in WANTED}
        for wanted in WANTED:
            _write_known(paths[wanted], models[wanted][2])
        words = RunConfig(
            GAIT["joints"],
            str(film),
            gallery=paths["joints"],
            fuse=GAIT["outlines"],
            fuse_gallery=paths["outlines"],
            json=True,
        )
        people = read_gallery(paths["joints"]), read_gallery(paths["outlines"])
        two = open_two("joints", (bones, masks), people, notify=lambda said: None)

        def run() -> None:
            alone = watching_alone(detector, most=PEOPLE)
            watching = dataclasses.replace(alone, per_person=eyes)
            with (
                contextlib.redirect_stdout(io.StringIO()),
                contextlib.redirect_stderr(io.StringIO()),
            ):
                watch_with(words, "joints", bones, watching, Notes(), two=two)

        taken_s = [took(run, time.process_time) for _ in range(4)][1:]
    return _FRAMES / float(np.median(taken_s))


def _run(wanted: Wanted, words: RunConfig, models: tuple[Model, Model, Model]) -> None:
    """`edgehuman run --json` with models that are loaded already."""
    watching = watching_with(models[1], models[0], most=PEOPLE)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        watch_with(words, wanted, models[2], watching, Notes())


def _bare(
    film: Path,
    recorded: _Recorded,
    cuts: list[list[frames.Cut]],
    size: tuple[int, int],
    detector: Model,
) -> None:
    """Decode, convert, resize and run: what is left if a runtime does nothing."""
    import cv2

    capture = cv2.VideoCapture(str(film))
    height, width = detector.card.input.shape[:2]
    for calls, frame_cuts in zip(recorded.calls, cuts, strict=True):
        _, bgr_HWC = capture.read()
        frame_HWC = np.asarray(cv2.cvtColor(bgr_HWC, cv2.COLOR_BGR2RGB), np.uint8)
        resize(frame_HWC, min(height, width * HEIGHT // WIDTH), width)
        for x0, y0, x1, y1 in frame_cuts:
            resize(frame_HWC[y0:y1, x0:x1], *size)
        for run, given in calls:
            run(given)
    capture.release()


def _words(wanted: Wanted, folder: Path, film: Path, model: Model) -> RunConfig:
    """The flags of the run, and a gallery of people whom nobody is."""
    path = folder / "known.npz"
    _write_known(path, model)
    return RunConfig(GAIT[wanted], str(film), gallery=path, json=True)


def _write_known(path: Path, model: Model) -> None:
    """A gallery of people whom nobody is."""
    random = np.random.default_rng(0)
    output = model.card.output
    width = output.dim or 0
    shape = (output.parts, width) if output.parts else (width,)
    gallery = empty_gallery(model.card)
    for person in range(_KNOWN):
        vector = random.normal(size=shape).astype(np.float32)
        gallery = gallery.enrol(f"P{person}", f"w{person}", vector)
    write_gallery(path, gallery)


def _models(wanted: Wanted) -> tuple[Model, Model, Model]:
    """The detector, what answers for each person, and the model of gait."""
    names = DETECTOR, EACH[wanted], GAIT[wanted]
    for name in names:
        require_model(name)
    one, two, three = map(load, names)
    return one, two, three
