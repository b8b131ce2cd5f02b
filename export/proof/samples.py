"""Samples that calibrate and judge an export: raw records with what is known of them.

`load_samples(card, data)` reads a dataset (or the simulator) as the record that the card names; a
set of another record, or one with a number that is not finite, is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card, sha256_of_bytes
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.imu.load import load_windows
from edgehuman.data.skeleton.load import load_skeletons, resampled
from edgehuman.errors import DataError, ImageError
from edgehuman.export.proof.labelled_people import LabelledPeople, names_of, read_labelled
from edgehuman.preprocess.image.pixels import resize
from edgehuman.records import Index, Text
from edgehuman.simulate.image.people import simulate_people

SIMULATED = "simulated"
# Pictures are large, and their ranges settle soon: enough to calibrate and to judge.
_SIMULATED_PEOPLE, _PICTURES_EACH, _MOST_PICTURES = 64, 4, 1024
_SIMULATED_WALKERS, _WALKS_EACH, _MOST_WALKS = 64, 4, 1024


@dataclass(frozen=True, slots=True)
class Samples:
    """Attributes:
    array: raw records (N, ...) as the card's input says.
    label_N: int64 (N,), index into the card's labels; -1 where unlabelled.
    person_N: unicode (N,): whose record it is.
    source: in words, for the card.
    people: labels of pictures of people, by which the model's task is judged; None without.
    """

    array: NDArray[Any]
    label_N: Index
    person_N: Text
    source: str
    people: LabelledPeople | None = None

    def __len__(self) -> int:
        return len(self.array)

    def select(self, index_K: Index) -> Samples:
        """The samples at these indices, in that order."""
        return Samples(
            self.array[index_K],
            self.label_N[index_K],
            self.person_N[index_K],
            self.source,
            None if self.people is None else self.people.select(index_K),
        )

    def sha256(self) -> str:
        """Hash of the records themselves: what the ranges of an INT8 graph came from."""
        array = np.ascontiguousarray(self.array)
        head = f"{array.shape} {array.dtype}\n".encode()
        return sha256_of_bytes(head, array.tobytes())


def balanced(samples: Samples, count: int, seed: int) -> Index:
    """Indices (K,), K <= count: in turn from every class, or from every person where nothing is
    labelled.

    Unlabelled samples beside labelled ones form a class of their own. A group that runs out is
    passed over.
    """
    group_N = samples.label_N if np.any(samples.label_N >= 0) else samples.person_N
    random = np.random.default_rng(seed)
    queues = [random.permutation(np.flatnonzero(group_N == group)) for group in np.unique(group_N)]
    # Sorting by (place in its own queue, group) deals the groups out in turn.
    place = np.concatenate([np.arange(len(queue)) for queue in queues])
    index = np.concatenate(queues)
    return np.sort(index[np.argsort(place, kind="stable")[:count]])


def load_samples(card: Card, data: Path | str) -> Samples:
    """A dataset's training part as records for this card; the official test part is never touched.

    Raises:
        DataError: no reader for the card's record, records of another shape, or a number that is
            not finite; what the dataset's reader raises.
    """
    read = _READERS.get(card.input.record)
    if read is None:
        raise DataError(
            f"{card.name} begins at {card.input.record}, and no reader here gives that record; "
            f"there are readers for {', '.join(_READERS)}"
        )
    samples = read(card, data)
    expected = card.input.shape
    found = samples.array.shape[1:]
    fits = len(found) == len(expected) and all(
        e in (0, f) for e, f in zip(expected, found, strict=True)
    )
    if not fits:
        raise DataError(
            f"{data}: its records are {found}, and {card.name} takes {card.input.record} "
            f"{expected}; give a dataset of that record"
        )
    require_finite(samples.array, str(data))
    return samples


def require_finite(array: NDArray[Any], where: str) -> None:
    """Raises DataError where a record holds a number that is not finite; nothing is filled in."""
    wrong_N = ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if wrong_N.any():
        first = int(np.argmax(wrong_N))
        raise DataError(
            f"{where}: {int(wrong_N.sum())} of {len(array)} samples hold numbers that are not "
            f"finite (the first is number {first}); a calibration set holds none: leave them out"
        )


def _imu_windows(card: Card, data: Path | str) -> Samples:
    windows = load_windows(data)
    if not np.all(windows.is_test_N):
        windows = windows.select(~windows.is_test_N)
    own = {label: i for i, label in enumerate(card.output.labels)}
    to_own = np.array([*(own.get(label, -1) for label in windows.labels), -1], np.int64)
    kind = (
        "simulated windows"
        if str(data) == SIMULATED
        else "windows of " + ", ".join(windows.dataset)
    )
    return Samples(windows.imu_NTC, to_own[windows.label_N], windows.subject_N, kind)


def _person_crops(card: Card, data: Path | str) -> Samples:
    labelled = read_labelled(card, str(data))
    if labelled is not None:
        image_NHWC, known = labelled
        person_N = names_of(known)
        source = f"labelled pictures of {known.persons.dataset}"
        return Samples(image_NHWC, _unknown(person_N), person_N, source, known)
    height, width = card.input.shape[:2]
    if str(data) == SIMULATED:
        people = simulate_people(_SIMULATED_PEOPLE, _PICTURES_EACH, 0, height, width)
        person_N = np.array([f"simulated:{person}" for person in people.person_N])
        return Samples(people.image_NHWC, _unknown(person_N), person_N, "simulated people")
    images = open_images(data)
    chosen = np.unique(np.linspace(0, len(images) - 1, _MOST_PICTURES).astype(np.int64))
    array, names = [], []
    for index in map(int, chosen):
        try:
            image_HWC = images.read(index)
        except ImageError:
            continue
        array.append(resize(image_HWC, height, width))
        names.append(images.name(index))
    if not array:
        raise DataError(f"{data}: none of its {len(images)} pictures can be read")
    # Who is in a picture is not known: each is taken for somebody else.
    person_N = np.array(names)
    return Samples(np.stack(array), _unknown(person_N), person_N, f"pictures of {Path(data).name}")


def _walks(card: Card, data: Path | str) -> Samples:
    """Stretches of the card's length, one after the other, of walks brought to the card's rate."""
    frames, rate_hz = card.input.shape[0], card.input.rate_hz
    walks = resampled(load_skeletons(data, people=_SIMULATED_WALKERS, each=_WALKS_EACH), rate_hz)
    if np.any(walks.role_N == "train"):
        walks = walks.subset(walks.role_N == "train")
    place = [
        (i, start)
        for i, length in enumerate(walks.length_N.tolist())
        for start in range(0, length - frames + 1, frames)
    ]
    if not place:
        raise DataError(
            f"{data}: none of its {len(walks)} walks has {frames} frames at {rate_hz:g} Hz, which "
            f"{card.name} takes; give longer walks"
        )
    spread = np.linspace(0, len(place) - 1, min(len(place), _MOST_WALKS)).astype(np.int64)
    chosen = [place[k] for k in np.unique(spread)]
    array = np.stack([walks.sequence(i)[start : start + frames] for i, start in chosen])
    person_N = walks.person_N[[i for i, _ in chosen]]
    kind = "simulated walks" if str(data) == SIMULATED else f"walks of {walks.name}"
    return Samples(array, _unknown(person_N), person_N, kind)


def _unknown(person_N: Text) -> Index:
    return np.full(len(person_N), -1, np.int64)


_READERS: Mapping[str, Callable[[Card, Path | str], Samples]] = {
    "ImuWindow": _imu_windows,
    "PersonCrop": _person_crops,
    "SkeletonSequence": _walks,
}
