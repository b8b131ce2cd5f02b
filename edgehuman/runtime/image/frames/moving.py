"""What moves before a camera that stands, as people: a fallback where no detector can run.

    Moving().at(taken).find(frame_HWC)          `--detector mog2`

OpenCV's MOG2 (Zivkovic, ICPR 2004) learns what each pixel usually shows; what differs, but for
shadows, is taken together to blobs, and those of a standing person's size and shape are people,
each with its outline. Every camera has a background of its own. It knows nothing of people: a dog,
a door or a bush may count, two who walk side by side are one, who stands is part of the background
after about a minute, and a camera that moves shows people everywhere.

Axes: H height, W width.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from edgehuman.records import Bool, Float32, Uint8
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.taken import TakenFrame

MOG2 = "mog2"
"""The --detector that says: whatever moves."""
LEARN_S, LEARN_FRAMES = 2.0, 20
"""Nobody is found before the background was seen for so long, and in so many frames."""
FORGET_S = 60.0
"""After so long, who stands is part of the background."""
_GAP_S = 10.0
# Pixels; a larger frame is looked at smaller, by a whole factor.
_MOST_SIDE = 720
# Of the picture: when more changes, it is the light.
_MOST_CHANGED = 0.4
# A camera turns its exposure when somebody dark comes in: this much is taken back.
_MOST_GAIN = 1.4
# Every so many pixels tell the exposure; the background that they are compared with is this old.
_STEP, _KNOWN_S = 8, 10.0
# Of the frame's height, and pixels of what is looked at.
_LEAST_HEIGHT, _LEAST_PIXELS = 1 / 12, 32
# Height over width of somebody who walks, and of one who is half hidden or stretches an arm.
_SURE_SHAPE, _SHAPE = (1.4, 5.0), (0.9, 7.0)
_LEAST_FILLED = 0.25
_SURE, _FAINT = 0.9, 0.35
_FOREGROUND = 255  # MOG2 marks shadows by 127
# MOG2's default: what was seen for this share of the time is the background. Somebody new is part
# of it when the weight of what was there before has fallen below.
_BACKGROUND = 0.9


class Moving:
    """Finds what moves, for any number of cameras.

    Attributes:
        name: as it is typed.
    """

    name = MOG2

    def __init__(self) -> None:
        self._of: dict[str, _Background] = {}
        self._now = _Background()

    def at(self, taken: TakenFrame) -> Moving:
        """The same, for the camera that gave a frame: `find` of that frame comes next."""
        self._now = self._of.setdefault(taken.source, _Background())
        self._now.due_s = taken.t_s
        return self

    def find(self, frame_HWC: Uint8, box_4: Float32 | None = None) -> list[FoundPerson]:
        """Blobs of the size and shape of people, the best first, in a frame whose time is known;
        none while the background is learnt.
        """
        return sorted(self._now.find(frame_HWC), key=lambda person: -person.score)


@dataclass(eq=False, slots=True)
class _Background:
    """What one camera usually shows.

    Attributes:
        due_s: time of the frame that comes next, seconds; None: not known.
    """

    due_s: float | None = None
    _model: Any = None
    _size: tuple[int, int] = (0, 0)
    _begun_s: float = 0.0
    _seen_s: float = 0.0
    _frames: int = 0
    _ground_HWC: Float32 = field(default_factory=lambda: np.empty((0, 0, 3), np.float32))
    _known_s: float = -math.inf

    def find(self, frame_HWC: Uint8) -> Iterator[FoundPerson]:
        t_s = self._seen_s if self.due_s is None else self.due_s
        small_HWC, factor = _shrunk(frame_HWC)
        step_s = t_s - self._seen_s
        if self._size != small_HWC.shape[:2] or not 0 <= step_s <= _GAP_S:
            self._begin(small_HWC, t_s)
            step_s = 0.0
        self._seen_s = t_s
        self._frames += 1
        is_learning = t_s - self._begun_s < LEARN_S or self._frames <= LEARN_FRAMES
        rate = 1 / self._frames if is_learning else 1 - _BACKGROUND ** (step_s / FORGET_S)
        if not is_learning:
            small_HWC = self._as_exposed(small_HWC, t_s)
        changed_HW = self._model.apply(small_HWC, None, rate) == _FOREGROUND
        if is_learning:
            return
        if changed_HW.mean() > _MOST_CHANGED:
            self._begin(small_HWC, t_s)
            return
        yield from _people(changed_HW, frame_HWC, factor)

    def _as_exposed(self, small_HWC: Uint8, t_s: float) -> Uint8:
        """The frame as bright as the background: by the median ratio of their pixels, which people
        who cover less than half of them do not change.
        """
        if t_s - self._known_s > _KNOWN_S:
            ground_HWC = self._model.getBackgroundImage()[::_STEP, ::_STEP]
            self._ground_HWC, self._known_s = np.maximum(ground_HWC, 1).astype(np.float32), t_s
        now_HWC = np.maximum(small_HWC[::_STEP, ::_STEP], 1)
        gain_3 = np.median(self._ground_HWC / now_HWC, axis=(0, 1))
        if np.abs(gain_3 - 1).max() < 0.01 or not (gain_3 > 1 / _MOST_GAIN).all():
            return small_HWC
        if (gain_3 > _MOST_GAIN).any():
            return small_HWC
        return np.asarray(np.clip(small_HWC * gain_3.astype(np.float32), 0, 255), np.uint8)

    def _begin(self, small_HWC: Uint8, t_s: float) -> None:
        """Learn the background anew."""
        import cv2

        self._model = cv2.createBackgroundSubtractorMOG2(detectShadows=True)
        self._size = small_HWC.shape[0], small_HWC.shape[1]
        self._begun_s, self._frames, self._known_s = t_s, 0, -math.inf


def _shrunk(frame_HWC: Uint8) -> tuple[Uint8, int]:
    """The frame with no side over 720 pixels, and the factor by which it is smaller."""
    import cv2

    height, width = frame_HWC.shape[:2]
    factor = math.ceil(max(height, width) / _MOST_SIDE)
    if factor == 1:
        return frame_HWC, 1
    size = max(1, width // factor), max(1, height // factor)
    small_HWC = cv2.resize(frame_HWC, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small_HWC, np.uint8), factor


def _people(changed_HW: Bool, frame_HWC: Uint8, factor: int) -> Iterator[FoundPerson]:
    """The blobs that may be people, in pixels of the frame."""
    import cv2

    mask_HW = changed_HW.astype(np.uint8)
    mask_HW = np.asarray(cv2.morphologyEx(mask_HW, cv2.MORPH_OPEN, np.ones((3, 3))), np.uint8)
    # A body breaks across, where its clothes look like what is behind them.
    mask_HW = np.asarray(cv2.morphologyEx(mask_HW, cv2.MORPH_CLOSE, np.ones((13, 5))), np.uint8)
    count, label_HW, stat_B5, _ = cv2.connectedComponentsWithStats(mask_HW, connectivity=8)
    least = max(_LEAST_PIXELS, _LEAST_HEIGHT * mask_HW.shape[0])
    for blob in range(1, count):
        x, y, width, height, area = (int(value) for value in stat_B5[blob])
        shape = height / width
        if height < least or area < _LEAST_FILLED * width * height:
            continue
        if not _SHAPE[0] <= shape <= _SHAPE[1]:
            continue
        is_sure = _SURE_SHAPE[0] <= shape <= _SURE_SHAPE[1]
        blob_HW = label_HW[y : y + height, x : x + width] == blob
        box_4 = np.array((x, y, x + width, y + height), np.float32) * factor
        yield _in_frame(blob_HW, box_4, _SURE if is_sure else _FAINT, frame_HWC)


def _in_frame(blob_HW: Bool, box_4: Float32, score: float, frame_HWC: Uint8) -> FoundPerson:
    """A blob as somebody, in pixels of the frame."""
    import cv2

    rows, columns = frame_HWC.shape[:2]
    x0, y0 = int(box_4[0]), int(box_4[1])
    x1, y1 = min(int(box_4[2]), columns), min(int(box_4[3]), rows)
    if blob_HW.shape != (y1 - y0, x1 - x0):
        size = x1 - x0, y1 - y0
        grown_HW = cv2.resize(blob_HW.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
        blob_HW = np.asarray(grown_HW, np.bool_)
    return FoundPerson(box_4, score, mask_HW=blob_HW, cut=(x0, y0, x1, y1))
