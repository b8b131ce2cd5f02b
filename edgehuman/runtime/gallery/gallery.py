"""Known people as vectors in memory: who a vector is of, and what a gallery takes.

    gallery = empty_gallery(card).enrol("ANNA", "walk-1", vector_D)
    found = gallery.identify(vector_D, threshold=0.6)

A gallery takes and compares vectors of its own model only, which it knows by the hash of the
weights. FP32, FP16 and INT8 files of one network have the same weights' hash and can share a
gallery. Names that differ in spaces or Unicode form are one name.

A score is the cosine, also less the mean person (`centred`), or 1 / (1 + d) of a Euclidean distance
d: 1 is the same walk. A person's score is that of their nearest walk, of parts (P, D) the mean over
parts. In a large gallery an int8 pass finds who may be nearest, see `search`; scores are the same.

Axes: G walks, K of them, P parts, D dimensions.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import cast, get_args

import numpy as np

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.retrieval import Distance, Scorer, Sightings, centre_of
from edgehuman.records import Float32, Float64, Index
from edgehuman.runtime.gallery.rotation import Rotation
from edgehuman.runtime.gallery.search import Search, is_searchable
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.names import known_names, one_name, require_name
from edgehuman.runtime.ranking import Nearest, People, Ranking, Scored

# The score of identical walks, up to rounding.
_SAME_WALK = 1 - 1e-6
# The nearest people whose scores are exact after the first pass; the others are scored when asked.
_NEAR_PEOPLE = 4
_CHECKED = 4096  # walks at a time

ANSWERS = {
    UNKNOWN: "for strangers",
    "known": "for people whose names are not sent",
    "not yet": "where too little was seen",
    "not walking": "for who does not walk",
}
"""What is said in place of a name; nobody is enrolled by it."""


@dataclass(frozen=True, slots=True)
class Calibrated:
    """The threshold that was calibrated on a gallery's own people.

    Attributes:
        score: under it a vector is unknown.
        people: how many people were enrolled then.
        day: when, as YYYY-MM-DD.
    """

    score: float
    people: int
    day: str

    def remark(self, people: int) -> str:
        """What to say of a gallery that has grown since; empty if nothing."""
        if people < 2 * self.people:
            return ""
        return (
            f"the threshold {self.score:.4f} was calibrated with {self.people} people, and there "
            f"are {people} now: run `edgehuman gallery threshold` again"
        )


@dataclass(frozen=True, slots=True)
class Fusion:
    """How the scores of two models become one (`gallery.fusion`).

    Attributes:
        share: of the score by joints in the mean of both, 0 to 1.
        threshold: of that mean.
        other: hash of the weights of the other gallery's model.
    """

    share: float
    threshold: Calibrated
    other: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The person that a vector is identified as.

    Attributes:
        person: the name, or "unknown" if the score is under the threshold.
        score: of the nearest person; 1 is the same walk.
        nearest: the nearest person's name, regardless of the threshold.
        others: every other person's name and score, best first.
    """

    person: str
    score: float
    nearest: str
    others: Sequence[tuple[str, float]] = ()


@dataclass(frozen=True)
class Gallery:
    """Attributes:
    weights_sha256: of the model in whose space the vectors are.
    model: name of that model, for display.
    distance: how its vectors are compared.
    vector_GD: float32 (G, D), or (G, P, D) with a vector for each part of a person; rotated, if
        the gallery has a rotation.
    person_G: names, one per walk; a person may have several walks.
    walk_G: unique id of each walk.
    rotation: of its vectors, which every vector that comes is given; None: the model's coordinates.
    threshold: calibrated on its own people; None: the model's.
    fusion: of its scores with those of another gallery, calibrated on the people of both.

    Raises:
        DataError: unequal lengths, a walk twice, a name that is empty or too long, a value that is
            not finite, or a vector without direction under the cosine distance.
    """

    weights_sha256: str
    model: str
    distance: Distance
    vector_GD: Float32
    person_G: tuple[str, ...] = ()
    walk_G: tuple[str, ...] = ()
    rotation: Rotation | None = field(default=None, repr=False)
    threshold: Calibrated | None = None
    fusion: Fusion | None = None

    def __post_init__(self) -> None:
        spelt = {name: one_name(name) for name in {*self.person_G}}
        object.__setattr__(self, "person_G", tuple(spelt[name] for name in self.person_G))
        shape, counts = self.vector_GD.shape, (len(self.person_G), len(self.walk_G))
        if len(shape) not in (2, 3) or counts != (shape[0], shape[0]):
            raise DataError(
                f"found vectors {shape}, {counts[0]} people and {counts[1]} walks; give one of each"
            )
        twice = [walk for walk, count in Counter(self.walk_G).items() if count > 1]
        if twice:
            raise DataError(f"found the walk {twice[0]!r} twice; give each walk a unique id")
        for name in {*self.person_G, *self.walk_G}:
            require_name(name)
        if UNKNOWN in self.person_G:
            raise DataError(f"nobody can be called {UNKNOWN!r}: it is the answer for strangers")
        for start in range(0, shape[0], _CHECKED):  # a copy of all would be as large as they are
            vector_BD = self.vector_GD[start : start + _CHECKED]
            if not np.isfinite(vector_BD).all():
                raise DataError("found a vector that is not finite; enrol that walk again")
            if self.distance != "euclidean" and not np.linalg.norm(vector_BD, axis=-1).all():
                raise DataError(
                    "found a vector of length 0, which has no direction; enrol it again"
                )

    def __len__(self) -> int:
        return len(self.person_G)

    def people(self) -> dict[str, int]:
        """Walks of each person, in the order of enrolment."""
        return dict(Counter(self.person_G))

    def enrol(self, person: str, walk: str, vector_D: Float32) -> Gallery:
        """A gallery with one more walk.

        Args:
            vector_D: (D,), or (P, D) of parts.

        Raises:
            DataError: the walk is already in it, a vector of another shape, or as the class says.
        """
        if (said := one_name(person).casefold()) in ANSWERS:
            raise DataError(f"nobody can be called {person!r}: it is the answer {ANSWERS[said]}")
        walk, known = one_name(walk), [*map(one_name, self.walk_G)]
        if walk in known:
            whose = self.person_G[known.index(walk)]
            raise DataError(
                f"the walk {walk!r} is in the gallery already, as {whose}; give --walk another id, "
                f"or `edgehuman gallery forget` it first"
            )
        own = self.vector_GD.shape[1:]
        if len(self) and vector_D.shape != own:
            raise DataError(f"found a vector of {vector_D.shape}; the gallery's are {own}")
        vector_D = self.turned(vector_D)
        before_GD = self.vector_GD if len(self) else np.empty((0, *vector_D.shape), np.float32)
        vector_GD = np.concatenate([before_GD, vector_D[None].astype(np.float32)])
        person_G, walk_G = (*self.person_G, person), (*self.walk_G, walk)
        return dataclasses.replace(self, vector_GD=vector_GD, person_G=person_G, walk_G=walk_G)

    def forget(self, person: str | None = None, walk: str | None = None) -> Gallery:
        """A gallery without a person, or without one walk.

        Raises:
            UsageError: neither or both are given, or no such name.
        """
        if (person is None) == (walk is None):
            raise UsageError("give either a person or a walk to forget, not both")
        names, what = (self.person_G, "people") if walk is None else (self.walk_G, "walks")
        name, names = one_name(person or walk or ""), tuple(map(one_name, names))
        if name not in names:
            raise UsageError(
                f"no person or walk is called {name!r}; the gallery holds "
                f"{known_names(name, names, what)}"
            )
        kept = [index for index, own in enumerate(names) if own != name]
        return dataclasses.replace(
            self,
            vector_GD=self.vector_GD[kept],
            person_G=tuple(self.person_G[index] for index in kept),
            walk_G=tuple(self.walk_G[index] for index in kept),
        )

    def same_walk(self, person: str, vector_D: Float32) -> tuple[str, str] | None:
        """The other person and walk that a person's vector duplicates; None if there is none.

        Raises:
            DataError: a vector of another width.
        """
        if not len(self):
            return None
        same_G = np.flatnonzero(self.scores(vector_D) >= _SAME_WALK)
        others = (g for g in same_G if self.person_G[g] != one_name(person))
        return next(((self.person_G[g], self.walk_G[g]) for g in others), None)

    def turned(self, vector_D: Float32) -> Float32:
        """A vector of the model in the gallery's own coordinates."""
        own = self.vector_GD.shape[1:]
        is_own = vector_D.ndim == len(own) and vector_D.shape[-1] and np.isfinite(vector_D).all()
        return self.rotation(vector_D) if self.rotation is not None and is_own else vector_D

    def scores(self, vector_D: Float32) -> Float64:
        """The score of each walk (G,) for a vector of the model.

        Raises:
            DataError: a vector of another shape.
        """
        return self._scores(self.turned(vector_D))

    def _scores(self, vector_D: Float32) -> Float64:
        """The score of each walk (G,) for a vector in the gallery's coordinates."""
        return self._scorer.scores(vector_D)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(self.sightings, self.distance)

    @cached_property
    def sightings(self) -> Sightings:
        """The vectors, and whose they are: numbers in the order of enrolment."""
        place = {name: index for index, name in enumerate(self.people())}
        return Sightings(self.vector_GD, np.array([*map(place.__getitem__, self.person_G)]))

    @cached_property
    def _people(self) -> People:
        return People(self.person_G)

    @cached_property
    def _search(self) -> Search | None:
        """None: every walk is scored."""
        if is_searchable(self.vector_GD, self.distance):
            centre = centre_of(self.sightings, self.distance)
            with contextlib.suppress(ImportError):  # a gallery needs no onnxruntime
                return Search(self.vector_GD, self.distance, centre)
        return None

    def prepare(self) -> None:
        """Make now what the first answer would wait for."""
        if len(self):
            _ = self._search or self._scorer, self._people

    def identify(self, vector_D: Float32, threshold: float) -> Identity:
        """Identify the person of a vector.

        Args:
            vector_D: (D,), or (P, D) of parts.
            threshold: under this score the answer is "unknown".

        Raises:
            DataError: an empty gallery, or a vector of another width.
        """
        if not len(self):
            raise DataError("the gallery is empty; enrol somebody: `edgehuman gallery enroll`")
        (nearest, score), others = self._ranked(self.turned(vector_D))
        return Identity(nearest if score >= threshold else UNKNOWN, score, nearest, others)

    def _ranked(self, vector_D: Float32) -> tuple[Scored, Ranking]:
        """The nearest person with their score, and all others."""

        def whole() -> Ranking:
            return self._people.rank(self._scores(vector_D))

        def floor(index_K: Index, score_K: Float64) -> float:
            near = self._people.among(index_K, score_K)
            wanted = min(_NEAR_PEOPLE, len(self._people))
            return near[wanted - 1][1] if len(near) >= wanted else -np.inf

        found = None if self._search is None else self._search.near(vector_D, floor)
        if found is None:
            ranking = whole()
            return ranking.first(), ranking.rest()
        near = self._people.among(*found)[: min(_NEAR_PEOPLE, len(self._people))]
        return near[0], Nearest(near[1:], len(self._people) - 1, lambda: whole().rest())


def empty_gallery(card: Card) -> Gallery:
    """A gallery for the vectors of a model.

    Raises:
        ArtefactError: the model gives no vectors, or its card does not say which weights it has.
    """
    require_vectors(card)
    distance = cast(Distance, card.output.distance)
    width = card.output.dim or 0
    shape = (0, card.output.parts, width) if card.output.parts else (0, width)
    return Gallery(card.gallery_space, card.name, distance, np.empty(shape, np.float32))


def require_vectors(card: Card) -> None:
    """Raises ArtefactError for a model whose output cannot be stored in a gallery."""
    if card.output.kind != "embedding" or card.output.distance not in get_args(Distance):
        raise ArtefactError(
            f"{card.name} gives {card.output.kind}; a gallery holds embeddings, compared by "
            f"{' or '.join(get_args(Distance))}. Give a model for gait, e.g. zoo:gait-skeleton"
        )
    if not card.weights_sha256:
        raise ArtefactError(
            f"the card of {card.name} does not say which weights it has; export it with "
            "`edgehuman export`, which records them"
        )


def require_same_model(gallery: Gallery, card: Card) -> None:
    """Raises ArtefactError for the gallery of another model, whose vectors cannot be compared.
    Models of one space (`Card.space`) share their galleries.
    """
    require_vectors(card)
    if gallery.weights_sha256 != card.gallery_space:
        raise ArtefactError(
            f"this gallery was made by {gallery.model} (weights {gallery.weights_sha256[:12]}), "
            f"and the model is {card.name} (weights {card.gallery_space[:12]}): vectors of "
            "different models cannot be compared. Enrol everybody again with this model, into a "
            "new file"
        )
    if gallery.distance != card.output.distance:
        raise ArtefactError(
            f"this gallery compares by {gallery.distance}, and {card.name} by "
            f"{card.output.distance}; enrol everybody again"
        )


def threshold_for(
    card: Card,
    asked: float | None,
    gallery: Gallery | None = None,
    notify: Callable[[str], object] = lambda said: None,
) -> float:
    """The score under which somebody is unknown: what was asked for, or was calibrated on the
    gallery, or the model's.

    Args:
        notify: called with one line if the gallery has grown since it was calibrated.

    Raises:
        UsageError: outside -1 to 1.
    """
    threshold = card.decision.threshold if asked is None else asked
    if asked is None and gallery is not None and gallery.threshold is not None:
        threshold = gallery.threshold.score
        if remark := gallery.threshold.remark(len(gallery.people())):
            notify(remark)
    if not -1 <= threshold <= 1:
        raise UsageError(f"threshold is {threshold}; it must be from -1 to 1")
    return threshold


def require_people(gallery: Gallery, path: Path) -> None:
    """Raises DataError for a gallery of nobody."""
    if not len(gallery):
        raise DataError(f"{path} is empty; enrol somebody with `edgehuman gallery enroll`")


def require_own(gallery: Gallery, name: str, vector_D: Float32, where: str) -> None:
    """Raises DataError for a walk that is enrolled under another name: the two would be the same
    person to the model.
    """
    found = gallery.same_walk(name, vector_D)
    if found is not None:
        raise DataError(
            f"{where}: this is the walk {found[1]!r} of {found[0]}, but --name is {name}. Nobody "
            f"was enrolled; give a walk of {name}, or forget that of {found[0]} first with "
            "`edgehuman gallery forget`; if both names are correct, give --take-as-is"
        )
