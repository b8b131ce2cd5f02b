"""Walks of many people with their labels, whatever a frame is: person, view, condition and role."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from edgehuman.catalogue import Dataset
from edgehuman.errors import DataError, UsageError
from edgehuman.records import Bool, Float64, Index, Text

ROLES = ("train", "gallery", "probe", "")

WalkSetT = TypeVar("WalkSetT", bound="WalkSet")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A walk that a reader skipped.

    Attributes:
        sequence: its name.
        why: the reason, for display.
    """

    sequence: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkSet:
    """Walks of many people, with all frames concatenated; each record of gait adds its frames.

    Attributes:
        FRAMES: name of the field that holds the frames, (all frames, ...).
        name: the dataset's name in the catalogue.
        length_N: int64, frames of each sequence.
        person_N: who walks; sequence_N: a unique name for each sequence.
        view_N, condition_N: camera view and walking condition, in the dataset's own terms; "" where
            unknown.
        role_N: "train", "gallery", "probe" or "", according to the dataset's protocol.
        rate_hz_N: frames per second.
        image_size_N2: (height, width) in pixels; 0 where unknown.
        licence, url: licence and source.
        simulated: whether the people are simulated.
        left_out: walks in the files that were skipped.

    Raises:
        DataError: arrays of different lengths, an empty set, duplicate sequence names, or an
            unknown role.
    """

    FRAMES: ClassVar[str]

    name: str
    length_N: Index
    person_N: Text
    sequence_N: Text
    view_N: Text
    condition_N: Text
    role_N: Text
    rate_hz_N: Float64
    image_size_N2: Index
    licence: str = ""
    url: str = ""
    simulated: bool = False
    left_out: tuple[LeftOut, ...] = ()
    start_N: Index = field(init=False, repr=False)

    def __post_init__(self) -> None:
        count = len(self.length_N)
        if not count:
            raise DataError(f"{self.name}: has no sequence; a set needs at least one")
        for name in ("person_N", "sequence_N", "view_N", "condition_N", "role_N", "rate_hz_N"):
            if getattr(self, name).shape != (count,):
                found = getattr(self, name).shape
                raise DataError(
                    f"{self.name}: {name} is {found}; it needs one entry per sequence, {count}"
                )
        if self.image_size_N2.shape != (count, 2):
            found = self.image_size_N2.shape
            raise DataError(f"{self.name}: image_size_N2 is {found}; it must be ({count}, 2)")
        self._require_names()
        object.__setattr__(self, "start_N", self._starts())

    def _starts(self) -> Index:
        """The first frame of each sequence; a record may keep its frames in another order.

        Raises:
            DataError: the lengths do not fit the frames.
        """
        frames, held = int(self.length_N.sum()), len(self.frame_S)
        if frames != held or self.length_N.min() < 1:
            raise DataError(
                f"{self.name}: the lengths add up to {frames} frames, but there are {held}; every "
                "sequence needs at least one frame, and every frame belongs to one sequence"
            )
        starts: Index = np.cumsum(self.length_N) - self.length_N
        return starts

    def _require_names(self) -> None:
        twice = [name for name, n in Counter(self.sequence_N.tolist()).items() if n > 1]
        if twice:
            raise DataError(
                f"{self.name}: {len(twice)} duplicate sequence names, such as {twice[0]!r}; "
                "give every sequence a unique name"
            )
        unknown = sorted(set(self.role_N.tolist()) - set(ROLES))
        if unknown:
            known = ", ".join(map(repr, ROLES))
            raise DataError(f"{self.name}: unknown role {unknown[0]!r}; valid: {known}")

    def __len__(self) -> int:
        return len(self.length_N)

    @property
    def frame_S(self) -> NDArray[Any]:
        """Frames of all sequences, (all frames, ...)."""
        frames: NDArray[Any] = getattr(self, self.FRAMES)
        return frames

    def rows(self, i: int) -> slice:
        """The frames of sequence i."""
        if not 0 <= i < len(self):
            raise IndexError(f"sequence {i} is out of range; there are {len(self)}")
        start = int(self.start_N[i])
        return slice(start, start + int(self.length_N[i]))

    def subset(self: WalkSetT, chosen: Bool | Index | Sequence[int]) -> WalkSetT:
        """Return the sequences selected by a mask or by indices, in that order."""
        index_N = np.arange(len(self))[np.asarray(chosen)]
        if not index_N.size:
            raise DataError(f"{self.name}: no sequence is selected; select at least one")
        parts: dict[str, Any] = {
            name: getattr(self, name)[index_N]
            for name in (
                "length_N", "person_N", "sequence_N", "view_N", "condition_N", "role_N",
                "rate_hz_N", "image_size_N2",
            )
        }  # fmt: skip
        return dataclasses.replace(self, **parts, **self._frames_of(index_N))

    def _frames_of(self, index_N: Index) -> dict[str, Any]:
        """The fields that hold the frames of some sequences."""
        rows = frame_rows(self.start_N[index_N], self.length_N[index_N])
        return {self.FRAMES: self.frame_S[rows]}


def in_test(walks: WalkSet) -> Bool:
    """(N,) whether each walk is in the test split: gallery and probes."""
    is_test_N: Bool = np.isin(walks.role_N, ("gallery", "probe"))
    return is_test_N


def learnable(walks: WalkSetT, where: str) -> WalkSetT:
    """The training walks: those with the training role or, if there are none, those of people who
    are not in the test split.

    Raises:
        DataError: there are none, or a person is in both training and test split.
    """
    is_train_N = walks.role_N == "train"
    tested = walks.person_N[in_test(walks)]
    if not is_train_N.any():
        is_train_N = ~np.isin(walks.person_N, tested)
    if not is_train_N.any():
        raise DataError(
            f"{where}: all of its {len(walks)} walks belong to the test split or to its people; "
            "evaluate on it, and train on other data"
        )
    shared = set(tested.tolist()) & set(walks.person_N[is_train_N].tolist())
    if shared:
        raise DataError(
            f"{where}: {len(shared)} people are in both training and test split, such as "
            f"{min(shared)}; put each person in only one"
        )
    return walks.subset(is_train_N)


def frame_rows(start_N: Index, length_N: Index) -> Index:
    """Indices of all frames of some sequences, concatenated."""
    shift_N = start_N - (np.cumsum(length_N) - length_N)
    rows: Index = np.repeat(shift_N, length_N) + np.arange(int(length_N.sum()))
    return rows


def joined(sets: Sequence[WalkSetT]) -> WalkSetT:
    """Return all walks of sets as one, named after all; licence and source are those of the first:
    cards have a row of each set.

    Raises:
        DataError: two sets have a walk of the same name.
    """
    if len(sets) == 1:
        return sets[0]
    names = ("person_N", "sequence_N", "view_N", "condition_N", "role_N", "rate_hz_N", "length_N",
             "image_size_N2")  # fmt: skip
    arrays = {name: np.concatenate([getattr(each, name) for each in sets]) for name in names}
    # Frames in the order of the walks, whatever the sets' own.
    frames = [each.frame_S[each.rows(i)] for each in sets for i in range(len(each))]
    arrays[sets[0].FRAMES] = np.concatenate(frames)
    name = " + ".join(each.name for each in sets)
    simulated = all(each.simulated for each in sets)
    made: WalkSetT = dataclasses.replace(sets[0], name=name, simulated=simulated, **arrays)
    return made


def random_cut(
    start_X: Index,
    length_X: Index,
    longest: int,
    generator: np.random.Generator,
) -> tuple[Index, Index]:
    """Indices (..., longest) of the frames of some sequences, and how many of them count (...,).

    A longer sequence is cut at a random place; a shorter one repeats its last frame.
    """
    cut_X = np.minimum(length_X, longest)
    first_X = start_X + np.floor(generator.random(cut_X.shape) * (length_X - cut_X + 1))
    frame_XS = np.minimum(np.arange(longest), cut_X[..., None] - 1)
    return (first_X[..., None] + frame_XS).astype(np.int64), cut_X


def at_rate(walks: WalkSetT, rate_hz: float) -> WalkSetT:
    """Return the same frames with another frame rate.

    Raises:
        UsageError: a rate out of range.
    """
    if not 1.0 <= rate_hz <= 1000.0:
        raise UsageError(f"rate_hz is {rate_hz:g}; it must be 1 to 1000 frames per second")
    return dataclasses.replace(walks, rate_hz_N=np.full(len(walks), rate_hz))


def extent(row: Dataset) -> str:
    """Size of a dataset of walks, for display."""
    counts = {"walks": row.walks, "people": row.people, "conditions": row.classes}
    shown = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"{shown}, {row.rate_hz:g} Hz"
