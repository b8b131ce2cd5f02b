"""Frames of cameras with boxes of the people in them: what every reader of frames returns.

Boxes are x1, y1, x2, y2 in continuous pixels of the frame (pixel i covers i to i + 1); the box of a
person who is cut off may leave the frame. Axes: N frames, M people of one frame, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np

from edgehuman.errors import DataError
from edgehuman.metrics.crowds.people import PersonParts
from edgehuman.metrics.tracking.mot import Truth
from edgehuman.records import Bool, Float32, Float64, Index, Text, Uint8


class Frames(Protocol):
    """Frames by index."""

    def __len__(self) -> int:
        """How many."""

    def __getitem__(self, index: int, /) -> Uint8:
        """Return one, uint8 RGB (H, W, 3); raise ImageError if it cannot be read."""


@dataclass(frozen=True, slots=True)
class People:
    """The people of one frame.

    Attributes:
        box_M4: float32 (M, 4).
        ignore_M: whether a box is a region that counts neither for nor against a detector.
    """

    box_M4: Float32
    ignore_M: Bool

    def __post_init__(self) -> None:
        if self.box_M4.shape != (len(self.ignore_M), 4):
            raise DataError(f"found boxes of shape {self.box_M4.shape}; they must be (people, 4)")


@dataclass(frozen=True, slots=True)
class FrameParts:
    """The parts of the people of one frame.

    Attributes:
        people: of each of `People`, in that order.
        part_HW: uint8 (H, W), the parts of every pixel, whoever's they are; 255: not labelled.
    """

    people: Sequence[PersonParts]
    part_HW: Uint8


class PartLabels(Protocol):
    """Parts by the index of their frame.

    Attributes:
        names: of the parts; the first is the background.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    def __getitem__(self, index: int, /) -> FrameParts:
        """Return those of one frame; raise ImageError if they cannot be read."""


@dataclass(frozen=True, slots=True)
class FrameGarments:
    """The people of one frame and what they wear: garments, accessories, and parts of garments.

    Attributes:
        box_M4: float32 (M, 4), of all, people first.
        label_M: 0: a person; else 1 + the index of the category.
        attribute_MA: bool, which attributes each has.
        ignore_M: what counts neither for nor against a network, such as crowds.
        masks: where each is seen: pixels over 0, of the map's rectangle; of people None, where
            the set does not say.
        wearer_M: the place among these of the person who wears it; -1: of people, or not known.
    """

    box_M4: Float32
    label_M: Index
    attribute_MA: Bool
    ignore_M: Bool
    masks: Sequence[PersonParts | None]
    wearer_M: Index


class GarmentLabels(Protocol):
    """Garments by the index of their frame.

    Attributes:
        categories: their names.
        attributes: names of the attributes.
        described: of each category, whether it has attributes.
        wrong: what is left out of the files, one line each.
    """

    @property
    def categories(self) -> tuple[str, ...]: ...

    @property
    def attributes(self) -> tuple[str, ...]: ...

    @property
    def described(self) -> tuple[bool, ...]: ...

    @property
    def wrong(self) -> Sequence[str]: ...

    def __getitem__(self, index: int, /) -> FrameGarments:
        """Return those of one frame; raise ImageError if they cannot be read."""

    def together_CA(self, index_K: Index) -> Bool:
        """Which attributes a category has anywhere in these frames (C, A)."""


@dataclass(frozen=True)
class FrameSet:
    """Attributes:
    frames: uint8 RGB (H, W, 3), of any size.
    people: of each frame.
    names: of each frame, for messages.
    role_N: "train" or "test".
    sequence_N: name of the camera or video that a frame is of; pictures that stand alone have their
        own names. Held-out frames are of other sequences.
    dataset: name in the catalogue, or "simulated".
    licence, url: licence and source.
    simulated: whether the people are simulated.
    tracks: who is who over the frames of a sequence, of each frame; None: the set does not say.
    t_s_N: time of each frame in its sequence, seconds; None: not known.
    parts: who wears what where; None: the set does not say.
    garments: what is worn, with attributes; None: the set does not say.
    """

    frames: Frames
    people: Sequence[People]
    names: Sequence[str]
    role_N: Text
    sequence_N: Text
    dataset: str = ""
    licence: str = ""
    url: str = ""
    simulated: bool = False
    tracks: Sequence[Truth] | None = None
    t_s_N: Float64 | None = None
    parts: PartLabels | None = None
    garments: GarmentLabels | None = None

    def __post_init__(self) -> None:
        count = len(self.frames)
        for name in ("people", "names", "role_N", "sequence_N"):
            if len(getattr(self, name)) != count:
                raise DataError(f"{name} has {len(getattr(self, name))} entries for {count} frames")
        for each in (self.tracks, self.t_s_N):
            if each is not None and len(each) != count:
                raise DataError(f"found tracks or times of {len(each)} frames for {count} frames")

    @cached_property
    def num_people(self) -> int:
        """People of all frames, without what is ignored; of composed scenes that takes a while."""
        return sum(int(np.count_nonzero(~each.ignore_M)) for each in self.people)

    def __len__(self) -> int:
        return len(self.frames)
