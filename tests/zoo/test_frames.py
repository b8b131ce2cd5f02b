"""What the shipped detectors say of frames that nobody wants: empty, crowded, dark, upside down,
tiny, huge. The people are simulated; nothing here is about how many of them are found.
"""

from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.data.image.crowds.cutouts import CutOut
from edgehuman.data.image.crowds.walkers import walker
from edgehuman.metrics.boxes.overlap import ious
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.image.frames.answer import Detector, Watching, answer_frame
from edgehuman.runtime.image.frames.crops import CropModel
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.image.frames.source import array_frame
from edgehuman.runtime.model import load
from tests.leaving import run as run_leaving
from tests.runtime.photos import photo

DETECTORS = ("zoo:person-detector", "zoo:person-detector-int8")
HEIGHT, WIDTH = 480, 640
LOW = 0.02
"""A score that nearly every box has."""
both = pytest.mark.parametrize("name", DETECTORS)


@pytest.fixture(scope="module")
def walkers() -> list[CutOut]:
    found = [walker(5, number) for number in range(6)]
    return [each for each in found if each is not None]


def ground(height: int = HEIGHT, width: int = WIDTH) -> Uint8:
    """A pavement: rough, darker towards the camera."""
    white_HW = np.random.default_rng(0).standard_normal((height, width)).astype(np.float32)
    rough_HW = 20 * cv2.GaussianBlur(white_HW, (0, 0), 2)
    light_HWC = np.linspace(190, 110, height)[:, None, None] + np.array([5, 0, -8])
    return np.asarray(np.clip(light_HWC + rough_HW[..., None], 0, 255), np.uint8)


def paint(frame_HWC: Uint8, person: CutOut, x: int, y: int, height_px: int) -> None:
    """Somebody whose upper left corner is at x, y, which may be outside the frame."""
    scale = height_px / person.levels[0].shape[0]
    area = cv2.INTER_AREA
    rgba_HWC = np.asarray(
        cv2.resize(person.levels[0], None, fx=scale, fy=scale, interpolation=area)
    )
    x0, y0 = max(x, 0), max(y, 0)
    rgba_HWC = rgba_HWC[y0 - y :, x0 - x :]
    part_HWC = frame_HWC[y0 : y0 + rgba_HWC.shape[0], x0 : x0 + rgba_HWC.shape[1]]
    rgba_HWC = rgba_HWC[: part_HWC.shape[0], : part_HWC.shape[1]]
    part_HWC[:] = part_HWC * (1 - rgba_HWC[..., 3:] / 255) + rgba_HWC[..., :3]


def group(walkers: list[CutOut]) -> Uint8:
    """Everybody beside each other."""
    frame_HWC = ground()
    for number, each in enumerate(walkers):
        paint(frame_HWC, each, 20 + 100 * number, 140, 260)
    return frame_HWC


def seen(name: str, frame_HWC: Uint8, score: float | None = None) -> FrameResult:
    model = load(name)
    least = model.card.decision.threshold if score is None else score
    result = answer_frame(Watching(Detector(model, least), None, least), array_frame(frame_HWC, 0))
    assert not result.reason
    height, width = frame_HWC.shape[:2]
    for person in result.people:
        assert least <= person.score <= 1
        x1, y1, x2, y2 = person.box_4.tolist()
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
    return result


def best(result: FrameResult) -> float:
    return max((person.score for person in result.people), default=0.0)


def boxes(result: FrameResult) -> Float32:
    return np.array([person.box_4 for person in result.people], np.float32).reshape(-1, 4)


@both
def test_where_nobody_is_nobody_is_found(name: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    flat = [np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (0, 128, 255)]
    assert [len(seen(name, each).people) for each in (ground(), noise, *flat)] == [0] * 5


def test_of_three_hundred_people_no_more_rows_come_and_soon(walkers: list[CutOut]) -> None:
    frame_HWC = ground(1080, 1920)
    for number in range(300):
        column, row = number % 30, number // 30
        paint(frame_HWC, walkers[number % len(walkers)], 20 + 62 * column, 20 + 104 * row, 100)
    seen(DETECTORS[0], frame_HWC, 0.0)  # opens the file
    start_s = time.process_time()
    result = seen(DETECTORS[0], frame_HWC, 0.0)
    assert 100 < len(result.people) <= 300
    assert time.process_time() - start_s < 2.0


@both
def test_upside_down_and_at_night_it_is_less_sure(name: str, walkers: list[CutOut]) -> None:
    frame_HWC = group(walkers)
    sure = best(seen(name, frame_HWC))
    assert sure > 0
    turned = np.ascontiguousarray(frame_HWC[::-1, ::-1])
    for other in (turned, (frame_HWC * 0.04).astype(np.uint8)):
        assert best(seen(name, other, LOW)) < sure


def test_a_statue_is_the_same_in_every_frame(walkers: list[CutOut]) -> None:
    frame_HWC = ground()
    paint(frame_HWC, walkers[0], 280, 150, 260)
    first, second = seen(DETECTORS[0], frame_HWC, LOW), seen(DETECTORS[0], frame_HWC.copy(), LOW)
    assert len(first.people) > 0
    np.testing.assert_array_equal(boxes(first), boxes(second))


def test_a_poster_hides_nobody_who_passes_it(walkers: list[CutOut]) -> None:
    """Somebody in a picture on a wall is somebody for a detector, or nobody: the others stay."""
    frame_HWC = ground()
    paint(frame_HWC, walkers[0], 420, 150, 260)
    (alone,) = boxes(seen(DETECTORS[0], frame_HWC))[:1]
    frame_HWC[60:260, 100:220] = 240
    paint(frame_HWC, walkers[1], 125, 75, 170)
    beside = boxes(seen(DETECTORS[0], frame_HWC))
    assert ious(alone[None], beside).max() > 0.7


def test_of_one_leg_in_view_the_answer_stays_in_the_frame(walkers: list[CutOut]) -> None:
    frame_HWC = ground()
    paint(frame_HWC, walkers[0], 280, -190, 260)  # shins and feet at the upper edge
    result = seen(DETECTORS[0], frame_HWC, LOW)
    assert len(result.people) > 0
    finder, answers = Detector(load(DETECTORS[0]), LOW), CropModel(load("zoo:person-garments"))
    for found in finder.find(frame_HWC)[:3]:
        cut = answers.answer_all(frame_HWC, [found])[0].cut
        assert cut is None or (0 <= cut[0] < cut[2] <= WIDTH and 0 <= cut[1] < cut[3] <= HEIGHT)


@both
def test_sixteen_bits_and_grey_are_read(
    name: str, walkers: list[CutOut], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from edgehuman.cli import main

    frame_HWC = group(walkers)
    photo(tmp_path / "a8.png", frame_HWC)
    cv2.imwrite(str(tmp_path / "b16.png"), 257 * frame_HWC[..., ::-1].astype(np.uint16))
    grey_HW = frame_HWC.mean(axis=2).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "c_grey.png"), grey_HW)
    cv2.imwrite(str(tmp_path / "d_grey16.png"), 257 * grey_HW.astype(np.uint16))
    assert main(["run", name, "--source", str(tmp_path), "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    eight, sixteen, grey, grey_16 = (row["people"] for row in rows)
    assert eight
    assert sixteen == eight
    assert grey
    assert grey_16 == grey


PEAK = """
import re, sys
from pathlib import Path
from edgehuman.cli import main
code = main(["run", *sys.argv[1:]])
status = Path("/proc/self/status").read_text()
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", status)[1]) // 1024, file=sys.stderr)
sys.exit(code)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize(("suffix", "most_mb"), [(".jpg", 250), (".png", 500)])
def test_a_huge_and_a_tiny_frame_are_answered_in_bounded_memory(
    suffix: str, most_mb: int, walkers: list[CutOut], tmp_path: Path
) -> None:
    """A JPEG is shrunk while it is read; of a PNG all of its 144 MB are there once."""
    frame_HWC = np.full((6000, 8000, 3), 150, np.uint8)
    paint(frame_HWC, walkers[0], 3000, 1500, 3000)
    photo(tmp_path / f"huge{suffix}", frame_HWC)
    photo(tmp_path / f"tiny{suffix}", np.full((8, 8, 3), 150, np.uint8))
    words = [DETECTORS[0], "--source", str(tmp_path), "--json"]
    done = run_leaving(
        [sys.executable, "-c", PEAK, *words], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    huge, tiny = (json.loads(line) for line in done.stdout.splitlines())
    assert (huge["width"], huge["height"]) == (8000, 6000)
    assert tiny["people"] == []
    for person in huge["people"]:
        x1, y1, x2, y2 = person["box"]
        assert 0 <= x1 < x2 <= 8000
        assert 0 <= y1 < y2 <= 6000
    peak = re.search(r"(\d+)\s*$", done.stderr)
    assert peak is not None
    assert int(peak[1]) < most_mb
