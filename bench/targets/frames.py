"""What the runtime adds to a frame, beyond its models and OpenCV.

On one side everything that `edgehuman run --json` does with a video: reading, letterbox, boxes,
crops, joints, tracks, lines. On the other only what no runtime can do without: OpenCV decodes,
converts and resizes, and onnxruntime runs the same graphs as often. Both on one thread, in turns;
processor time counts, that of a camera's process too.

Axes: H height, W width, C colour, R rounds.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import io
import itertools
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

import numpy as np

from edgehuman.bench.targets.ratios import require_model
from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.frames.load import load_frames
from edgehuman.preprocess.image.cropping import MARGIN, person_box
from edgehuman.preprocess.image.pixels import clip_box, resize
from edgehuman.progress import tell
from edgehuman.records import Float64, Uint8
from edgehuman.runtime.image.frames.answer import answer_frame
from edgehuman.runtime.image.frames.run import RunConfig
from edgehuman.runtime.image.frames.source import FrameSource
from edgehuman.runtime.image.frames.watch import watch, watching_alone, watching_with
from edgehuman.runtime.model import Model, load

DETECTOR, POSE = "zoo:person-detector-int8", "zoo:person-pose-int8"
HEIGHT, WIDTH, PEOPLE = 480, 640, 8
_FRAMES, _ROUNDS, _SCENES = 60, 12, 40
Cut: TypeAlias = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class Networks:
    """The models of one measurement.

    Attributes:
        pose: answers for each person, at most eight of a frame; None: only the detector runs.
    """

    detector: Model
    pose: Model | None = None


def added_to_a_file(with_pose: bool) -> float:
    """Processor time of `run` over that of OpenCV and the models alone, of a video file."""
    models = _models(with_pose)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        film = write_film(Path(folder) / "film.avi", _FRAMES)
        cuts = cuts_of(models, film)
        run, alone = partial(_run, models, str(film)), partial(bare, models, film, cuts)
        spent = [(took(run, time.process_time), took(alone, time.process_time))
                 for _ in range(_ROUNDS + 1)][1:]  # fmt: skip
    return _told("a file", cuts, np.array(spent) / _FRAMES)


def added_to_a_camera(with_pose: bool) -> float:
    """The same of what comes over the network, which a process of its own reads, and OpenCV alone
    in this one: of a longer film less a shorter one, so that the start of the process does not
    count.
    """
    models = _models(with_pose)
    counts = _FRAMES, 4 * _FRAMES
    spent = []
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        films = [write_film(Path(folder) / f"{count}.avi", count) for count in counts]
        cuts = cuts_of(models, films[1])
        with serving(Path(folder)) as url:
            for _ in range(_ROUNDS // 4):
                run_s = [took(partial(_run, models, f"{url}/{film.name}")) for film in films]
                bare_s = [took(partial(bare, models, f"{url}/{film.name}", cuts)) for film in films]
                spent.append((run_s[1] - run_s[0], bare_s[1] - bare_s[0]))
    return _told("a camera", cuts, np.array(spent) / (counts[1] - counts[0]))


def took(work: Callable[[], object], clock: Callable[[], float] | None = None) -> float:
    """Processor seconds of some work, with those of processes that it starts and ends."""
    clock = clock or processor_s
    begin_s = clock()
    work()
    return clock() - begin_s


def cuts_of(models: Networks, film: Path) -> list[list[Cut]]:
    """Where people are cut out of each frame."""
    if models.pose is None:
        return []
    height, width = models.pose.card.input.shape[:2]
    watching = watching_alone(models.detector, most=PEOPLE)
    return [
        [
            clip_box(person_box(person.box_4.tolist(), HEIGHT, WIDTH, width / height, MARGIN),
                     HEIGHT, WIDTH)
            for person in answer_frame(watching, taken).people
        ]
        for taken in FrameSource(film)
    ]  # fmt: skip


def bare(models: Networks, film: Path | str, cuts: Sequence[Sequence[Cut]]) -> None:
    """Decode, convert, resize and run: what is left if a runtime does nothing."""
    import cv2

    capture = cv2.VideoCapture(str(film))
    for index in itertools.count():
        there, bgr_HWC = capture.read()
        if not there:
            break
        frame_HWC = np.asarray(cv2.cvtColor(bgr_HWC, cv2.COLOR_BGR2RGB), np.uint8)
        models.detector.engine.run(_letterbox(frame_HWC, *_size(models.detector))[None])
        if models.pose is not None:
            for x0, y0, x1, y1 in cuts[index]:
                crop_HWC = resize(frame_HWC[y0:y1, x0:x1], *_size(models.pose))
                models.pose.engine.run(crop_HWC[None])
    capture.release()


def write_film(path: Path, count: int) -> Path:
    """A video of 640x480 pixels: a simulated scene, seen by a camera that turns slowly."""
    import cv2

    scene_HWC = _scene()
    film = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (WIDTH, HEIGHT))
    for index in range(count):
        film.write(np.roll(scene_HWC[..., ::-1], index, axis=1))
    film.release()
    return path


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[str]:
    """The address of a server of the files of a folder, on this machine alone."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *words: object) -> None:
            pass

    handler = partial(Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def processor_s() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    import resource  # not on Windows

    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def _run(models: Networks, source: str) -> None:
    """`edgehuman run --json` with models that are loaded already."""
    if models.pose is None:
        watching = watching_alone(models.detector, most=PEOPLE)
    else:
        watching = watching_with(models.pose, models.detector, most=PEOPLE)
    words = RunConfig(models.detector.name, source, json=True)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        watch(watching, words)


def _letterbox(frame_HWC: Uint8, height: int, width: int) -> Uint8:
    import cv2

    tall = width * HEIGHT // WIDTH
    small_HWC, above = resize(frame_HWC, tall, width), (height - tall) // 2
    edges = above, height - tall - above, 0, 0
    return np.asarray(cv2.copyMakeBorder(small_HWC, *edges, cv2.BORDER_CONSTANT), np.uint8)


def _size(model: Model) -> tuple[int, int]:
    height, width = model.card.input.shape[:2]
    return height, width


@functools.cache
def _scene() -> Uint8:
    """The scene with the most people, RGB."""
    import cv2

    scenes = load_frames(SIMULATED, _SCENES)
    best = max(range(_SCENES), key=lambda index: len(scenes.people[index].box_M4))
    size = WIDTH, HEIGHT
    return np.asarray(cv2.resize(scenes.frames[best], size, interpolation=cv2.INTER_AREA), np.uint8)


@functools.cache
def _models(with_pose: bool) -> Networks:
    for name in (DETECTOR, POSE):
        require_model(name)
    return Networks(load(DETECTOR), load(POSE) if with_pose else None)


def _told(source: str, cuts: Sequence[Sequence[Cut]], spent_R2: Float64) -> float:
    """The median over the rounds of one side over the other, which other work slows alike."""
    people = sum(map(len, cuts)) / max(1, len(cuts))
    what = f"joints of {people:.1f} people" if cuts else "boxes"
    run_ms, bare_ms = 1e3 * np.median(spent_R2, axis=0)
    tell(f"{source}, {what}: {run_ms:.2f} ms a frame, OpenCV and models {bare_ms:.2f}")
    return float(np.median(spent_R2[:, 0] / spent_R2[:, 1]))
