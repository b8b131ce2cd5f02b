"""Crops of people as a detector gives them, made of labelled pictures: other backgrounds, other
people beside, things before the person, nobody at all.

    composer = Composer(persons, (256, 128))
    crop = composer.sample(7, rng)              image, mask and joints of person 7 in a new crop

A person with a mask is cut out and pasted on the street of another picture or on a plain colour;
one without keeps the own background. Other people are never part of the answer. Source of the
idea: Ghiasi et al., "Simple copy-paste", arXiv 2012.07177, sections 3 and 4, with soft edges.
Axes: H height, W width, C colour, J joint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from edgehuman.data.image.crops.kept import Kept
from edgehuman.data.image.crops.marring import Marring, mar
from edgehuman.data.image.crops.puppet import Moved, articulate
from edgehuman.data.image.crops.view import ABSENT, Reach, View, box_of, draw_view
from edgehuman.data.image.crowds.clean import shows_nobody_else
from edgehuman.data.image.set import IGNORE, PersonSet
from edgehuman.geometry import COCO_17
from edgehuman.records import Float32, Index, Uint8


@dataclass(frozen=True, slots=True)
class Odds:
    """Attributes:
    nobody: probability of a crop without a person.
    paste: of another background; beside: of another person; before: of a thing in front.
    articulate: of arms and legs in another pose, where a mask and the joints of COCO are known;
        such a person is always pasted.
    reach, marring: how the crop lies, and what the camera does to it.
    """

    nobody: float = 0.05
    paste: float = 0.5
    beside: float = 0.3
    before: float = 0.2
    articulate: float = 0.0
    reach: Reach = field(default_factory=Reach)
    marring: Marring = field(default_factory=Marring)


@dataclass(frozen=True, slots=True)
class Crop:
    """Attributes:
    image_HWC: uint8 (H, W, 3).
    mask_HW: uint8 (H, W), the set's parts; 255 where unknown. All 255 without masks.
    joint_J3: float32 (J, 3): x, y in pixels of the crop and 0 unknown, 1 hidden, 2 visible, or
        `ABSENT`.
    """

    image_HWC: Uint8
    mask_HW: Uint8
    joint_J3: Float32


@dataclass
class Composer:
    """Attributes:
    persons: labelled people.
    size: height and width of the crops.
    odds: how often what is done.
    mirrored_parts, mirrored_joints: index of each label's mirror image.
    around: the people who stand beside and lend their streets; None: `persons`. With the `people`
        of another composer, each picture is kept once.
    people: `persons`, their pictures kept; lenders: `around`, likewise.
    lending_K: which of those do; None: all of the training part. Of CCP, streets are lent by
        photos that show nobody else alone.
    """

    persons: PersonSet
    size: tuple[int, int]
    odds: Odds = field(default_factory=Odds)
    mirrored_parts: Sequence[int] = ()
    mirrored_joints: Sequence[int] = ()
    around: PersonSet | Kept | None = None
    lending_K: Index | None = None

    def __post_init__(self) -> None:
        self.people = Kept(self.persons)
        around = self.people if self.around is None else self.around
        self.lenders = around if isinstance(around, Kept) else Kept(around)
        train_K: Index = np.flatnonzero(self.lenders.persons.role_N == "train")
        self._lending_K = train_K if self.lending_K is None else self.lending_K
        # Somebody left on a street would be taught to be nobody.
        empty = [shows_nobody_else(self.lenders.persons, index) for index in self._lending_K]
        self._streets_K = self._lending_K[np.array(empty, np.bool_)]

    def sample(self, index: int, rng: np.random.Generator) -> Crop:
        """Compose a crop of one person.

        Raises:
            ImageError: a picture or mask cannot be read.
        """
        if rng.random() < self.odds.nobody:
            return self._nobody(rng)
        image_HWC, mask_HW, box = self.people[index]
        joint_J3 = _known(self.persons, index)
        moved = self._articulated(image_HWC, mask_HW, joint_J3, rng)
        if moved is not None:
            image_HWC, joint_J3 = moved.image_HWC, moved.joint_J3
            mask_HW = moved.is_person_HW.astype(np.uint8)
            box = box_of(mask_HW, None, *mask_HW.shape)
        if mask_HW is None:
            box = box_of(None, joint_J3, image_HWC.shape[0], image_HWC.shape[1])
        view = draw_view(
            box, (image_HWC.shape[0], image_HWC.shape[1]), self.size, self.odds.reach, rng
        )
        joint_J3 = view.joints(joint_J3, self.mirrored_joints)
        if mask_HW is None:
            canvas_HWC = view.picture(image_HWC, None if rng.random() < 0.5 else _colour(rng))
            label_HW: Uint8 = np.full(self.size, IGNORE, np.uint8)
            clear_HW: Float32 = np.zeros(self.size, np.float32)
        else:
            pasted = moved is not None or rng.random() < self.odds.paste
            canvas_HWC, label_HW, clear_HW = self._cut_out(image_HWC, mask_HW, view, pasted, rng)
            if moved is not None and len(self.persons.parts) != 2:
                label_HW[label_HW > 0] = IGNORE  # it is no longer known which part is where
        canvas_HWC, hidden_HW = self._covered(canvas_HWC, clear_HW, mask_HW is not None, rng)
        if view.kept is not None:
            canvas_HWC, beyond_HW = self._ended(canvas_HWC, view, rng)
            hidden_HW |= beyond_HW
        label_HW[hidden_HW & (label_HW != IGNORE)] = 0
        _hide(joint_J3, hidden_HW)
        return Crop(mar(canvas_HWC, self.odds.marring, rng), label_HW, joint_J3)

    def _articulated(
        self,
        image_HWC: Uint8,
        mask_HW: Uint8 | None,
        joint_J3: Float32,
        rng: np.random.Generator,
    ) -> Moved | None:
        """The person in another pose, now and then and where that can be."""
        if mask_HW is None or len(joint_J3) != len(COCO_17) or not self.odds.articulate:
            return None
        if rng.random() >= self.odds.articulate:
            return None
        return articulate(image_HWC, (mask_HW > 0) & (mask_HW != IGNORE), joint_J3, rng)

    def _cut_out(
        self,
        image_HWC: Uint8,
        mask_HW: Uint8,
        view: View,
        is_pasted: bool,
        rng: np.random.Generator,
    ) -> tuple[Uint8, Uint8, Float32]:
        """The person on the own or another background, the labels, and how much of each pixel is
        the person.
        """
        import cv2

        share_HW = view.cover((mask_HW > 0) & (mask_HW != IGNORE))
        own_HWC = view.picture(image_HWC)
        if not is_pasted:
            label_HW = view.labels(mask_HW)
            behind_HWC = own_HWC
        else:
            label_HW = view.labels(mask_HW, 0)
            behind_HWC = self._background(rng)
            own_HWC = _matched(own_HWC, behind_HWC, share_HW, rng)
        if len(self.persons.parts) == 2:  # its edge at half a pixel, not in steps of the source's
            label_HW = np.where(label_HW == IGNORE, IGNORE, share_HW > 0.5).astype(np.uint8)
        elif view.is_flipped and len(self.mirrored_parts):
            table = np.arange(256, dtype=np.uint8)
            table[: len(self.mirrored_parts)] = self.mirrored_parts
            label_HW = table[label_HW]
        if rng.random() < self.odds.beside / 2:
            other = self._other(share_HW, rng)
            behind_HWC = _over(behind_HWC, *other)
        soft_HW = np.asarray(cv2.GaussianBlur(share_HW, (3, 3), 0), np.float32)
        return _over(behind_HWC, own_HWC, soft_HW), label_HW, share_HW

    def _covered(
        self, canvas_HWC: Uint8, share_HW: Float32, has_mask: bool, rng: np.random.Generator
    ) -> tuple[Uint8, NDArray[np.bool_]]:
        """The crop with another person or a thing in front, and where."""
        hidden_HW = np.zeros(self.size, bool)
        if has_mask and rng.random() < self.odds.beside / 2:
            other_HWC, other_HW = self._other(share_HW, rng)
            overlap = float((other_HW * share_HW).sum() / max(float(share_HW.sum()), 1.0))
            if overlap < 0.35:
                canvas_HWC = _over(canvas_HWC, other_HWC, other_HW)
                hidden_HW |= other_HW > 0.5
        if rng.random() < self.odds.before:
            rows, columns = _thing(self.size, rng)
            canvas_HWC = canvas_HWC.copy()
            canvas_HWC[rows, columns] = self._background(rng)[rows, columns]
            hidden_HW[rows, columns] = True
        return canvas_HWC, hidden_HW

    def _ended(
        self, canvas_HWC: Uint8, view: View, rng: np.random.Generator
    ) -> tuple[Uint8, NDArray[np.bool_]]:
        """The crop of a picture that ends within it, or of which something covers the rest, and
        where that is.
        """
        import cv2

        assert view.kept is not None
        left, top, right, bottom = view.kept
        height, width = self.size
        beyond_HW = np.ones(self.size, bool)
        beyond_HW[top:bottom, left:right] = False
        if not view.goes_on:
            return np.where(beyond_HW[..., None], self._background(rng), canvas_HWC), beyond_HW
        sides = top, height - bottom, left, width - right
        kept_HWC = canvas_HWC[top:bottom, left:right]
        ended_HWC = cv2.copyMakeBorder(kept_HWC, *sides, cv2.BORDER_REPLICATE)
        return np.asarray(ended_HWC, np.uint8), beyond_HW

    def _other(self, share_HW: Float32, rng: np.random.Generator) -> tuple[Uint8, Float32]:
        """Another person beside the first: colours, and share of each pixel."""
        image_HWC, mask_HW, (x0, y0, x1, y1) = self.lenders[int(rng.choice(self._lending_K))]
        if mask_HW is None:
            return np.zeros((*self.size, 3), np.uint8), np.zeros(self.size, np.float32)
        height, width = self.size
        rows, columns = np.flatnonzero(share_HW.any(1)), np.flatnonzero(share_HW.any(0))
        tall = float(len(rows)) if len(rows) else height * 0.7
        middle = float(columns.mean()) if len(columns) else width / 2
        bottom = float(rows[-1] + 1) if len(rows) else height * 0.9
        scale = tall * float(rng.uniform(0.6, 1.25)) / (y1 - y0)
        wide = max(scale * (x1 - x0), float(len(columns)))
        side = 1 if rng.random() < 0.5 else -1
        middle += side * wide * float(rng.uniform(0.4, 1.0))
        bottom += tall * float(rng.uniform(-0.15, 0.15))
        mirror = -1.0 if rng.random() < 0.5 else 1.0
        matrix_23 = np.array(
            [
                [mirror * scale, 0, middle - mirror * scale * (x0 + x1) / 2],
                [0, scale, bottom - scale * y1],
            ]
        )
        view = View(matrix_23, self.size, mirror < 0)
        return view.picture(image_HWC), view.cover((mask_HW > 0) & (mask_HW != IGNORE))

    def _nobody(self, rng: np.random.Generator) -> Crop:
        """A crop of a street, or of nothing at all."""
        joint_J3 = np.zeros((self.persons.keypoint_NJ3.shape[1], 3), np.float32)
        joint_J3[:, 2] = ABSENT
        image_HWC = mar(self._background(rng), self.odds.marring, rng)
        return Crop(image_HWC, np.zeros(self.size, np.uint8), joint_J3)

    def _background(self, rng: np.random.Generator) -> Uint8:
        """A street beside one of those who lend them, or a plain or shaded colour."""
        import cv2

        is_plain = self.lenders.persons.simulated or not len(self._streets_K)
        if is_plain or rng.random() < 0.2:
            return _shaded(self.size, rng)
        image_HWC, mask_HW, (x0, _, x1, _) = self.lenders[int(rng.choice(self._streets_K))]
        if mask_HW is None:
            return _shaded(self.size, rng)
        tall, across = mask_HW.shape
        left, right = (0, int(x0) - 4) if x0 > across - x1 else (int(x1) + 4, across)
        if right - left < 16:
            return _shaded(self.size, rng)
        height, width = self.size
        high = int(rng.uniform(0.35, 1.0) * tall)
        wide = min(right - left, max(8, round(high * width / height)))
        top = int(rng.integers(0, tall - high + 1))
        left += int(rng.integers(0, right - left - wide + 1))
        strip_HWC = image_HWC[top : top + high, left : left + wide]
        across = min(width, max(1, round(wide * height / high)))
        piece_HWC = cv2.resize(strip_HWC, (across, height), interpolation=cv2.INTER_LINEAR)
        # A narrow street goes on as its mirror image.
        column_W = np.abs((np.arange(width) + int(rng.integers(across))) % (2 * across) - across)
        street_HWC = piece_HWC[:, np.minimum(column_W, across - 1)]
        return np.ascontiguousarray(street_HWC, np.uint8)


def _known(persons: PersonSet, index: int) -> Float32:
    """The joints in a picture; (0, 3) where there are none."""
    if not len(persons.keypoint_NJ3):
        return np.zeros((0, 3), np.float32)
    joint_J3: Float32 = persons.keypoint_NJ3[index].copy()
    if persons.simulated:  # every joint is known: what is not there is outside
        joint_J3[joint_J3[:, 2] == 0, 2] = ABSENT
    return joint_J3


def _hide(joint_J3: Float32, hidden_HW: NDArray[np.bool_]) -> None:
    """Mark the known joints that something covers as not there."""
    for joint_3 in joint_J3:
        row, column = int(joint_3[1] + 0.5), int(joint_3[0] + 0.5)
        inside = 0 <= row < hidden_HW.shape[0] and 0 <= column < hidden_HW.shape[1]
        if joint_3[2] > 0 and inside and hidden_HW[row, column]:
            joint_3[2] = ABSENT


def _over(behind_HWC: Uint8, front_HWC: Uint8, share_HW: Float32) -> Uint8:
    """The front blended over what is behind."""
    share_HW1 = share_HW[..., None]
    return (behind_HWC + (front_HWC.astype(np.float32) - behind_HWC) * share_HW1).astype(np.uint8)


def _matched(
    front_HWC: Uint8, behind_HWC: Uint8, share_HW: Float32, rng: np.random.Generator
) -> Uint8:
    """The person in a light nearer to that of the background."""
    import cv2

    person_HW = (share_HW > 0.5).astype(np.uint8)
    if not person_HW.any():
        return front_HWC
    front_4, behind_4 = np.array(cv2.mean(front_HWC, person_HW)), np.array(cv2.mean(behind_HWC))
    gap_C = ((behind_4 - front_4)[:3] * float(rng.uniform(0, 0.4))).astype(np.float32)
    return np.asarray(np.clip(front_HWC + gap_C, 0, 255), np.uint8)


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    red, green, blue = rng.integers(0, 256, 3).tolist()
    return red, green, blue


def _shaded(size: tuple[int, int], rng: np.random.Generator) -> Uint8:
    """A colour that changes slowly, with a little noise."""
    import cv2

    corner_224 = rng.integers(0, 256, (2, 2, 3)).astype(np.float32)
    if rng.random() < 0.5:
        corner_224[:] = corner_224.mean(axis=(0, 1))
    shade_HWC = cv2.resize(corner_224, (size[1], size[0]), interpolation=cv2.INTER_LINEAR)
    noise_HWC = rng.normal(0, rng.uniform(0, 12), shade_HWC.shape)
    return np.clip(shade_HWC + noise_HWC, 0, 255).astype(np.uint8)


def _thing(size: tuple[int, int], rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a thing: a table, a pillar, or a box."""
    height, width = size
    kind = rng.random()
    if kind < 0.4:
        return slice(int(height * rng.uniform(0.5, 0.92)), height), slice(0, width)
    if kind < 0.65:
        wide, left = int(width * rng.uniform(0.06, 0.25)) + 1, int(width * rng.uniform(0, 0.9))
        return slice(0, height), slice(left, left + wide)
    tall, wide = (int(side * rng.uniform(0.1, 0.35)) + 1 for side in size)
    top, left = int(height * rng.uniform(0, 0.9)), int(width * rng.uniform(0, 0.9))
    return slice(top, top + tall), slice(left, left + wide)
