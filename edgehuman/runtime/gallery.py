"""Known people as vectors in one file: enrolled once, found again on the device.

    gallery = update_gallery(path, lambda old: old.enrol("ANNA", "walk-1", vector_D))
    found = read_gallery(path).identify(vector_D, threshold=0.6)

Several programs may change one file: `update_gallery` holds a lock from reading to writing. A new
file is its owner's alone (mode 600). Names that differ in spaces or Unicode form are one name.

The file is a NumPy archive, neither compressed nor pickled: the vectors, and a header as JSON that
names the model by the hash of its weights. A gallery takes and compares vectors of its own model
only. FP32, FP16 and INT8 files of one network have the same weights' hash and can share a gallery.

A score is the cosine, or 1 / (1 + d) of a Euclidean distance d: 1 is the same walk. A person's
score is that of their nearest walk. The distance of vectors of parts (P, D) is the mean over parts.

Axes: G walks, P parts, D dimensions.
"""

from __future__ import annotations

import dataclasses
import io
import logging
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from edgehuman.card import Card
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.files import write_whole
from edgehuman.limits.archives import read_npz
from edgehuman.metrics.retrieval import Distance, Scorer, Sightings
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.records import Float32, Float64
from edgehuman.runtime.lock import locked
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.names import known_names, one_name, require_name
from edgehuman.runtime.ranking import People

_log = logging.getLogger(__name__)

FORMAT = "edgehuman gallery"
VERSION = 1
# The mode of a new gallery: its owner's alone.
_MODE = 0o600
_PLAIN = "{path} is new and not encrypted: it holds people's names and how they walk, for whoever \
can read it; keep it on an encrypted disk"
# The score of identical walks, up to rounding.
_SAME_WALK = 1 - 1e-6


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
    vector_GD: float32 (G, D), or (G, P, D) with a vector for each part of a person.
    person_G: names, one per walk; a person may have several walks.
    walk_G: unique id of each walk.

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

    def __post_init__(self) -> None:
        object.__setattr__(self, "person_G", tuple(map(one_name, self.person_G)))
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
        if not np.isfinite(self.vector_GD).all():
            raise DataError("found a vector that is not finite; enrol that walk again")
        if self.distance == "cosine" and not np.linalg.norm(self.vector_GD, axis=-1).all():
            raise DataError("found a vector of length 0, which has no direction; enrol it again")

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
        if one_name(person).casefold() == UNKNOWN:
            raise DataError(f"nobody can be called {person!r}: it is the answer for strangers")
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
        same_G = np.flatnonzero(self._scores(vector_D) >= _SAME_WALK)
        others = (g for g in same_G if self.person_G[g] != one_name(person))
        return next(((self.person_G[g], self.walk_G[g]) for g in others), None)

    def _scores(self, vector_D: Float32) -> Float64:
        """The score of each walk (G,)."""
        return self._scorer.scores(vector_D)

    @cached_property
    def _scorer(self) -> Scorer:
        return Scorer(Sightings(self.vector_GD, np.zeros(len(self), np.int64)), self.distance)

    @cached_property
    def _people(self) -> People:
        return People(self.person_G)

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
        ranking = self._people.rank(self._scores(vector_D))
        nearest, score = ranking.first()
        return Identity(nearest if score >= threshold else UNKNOWN, score, nearest, ranking.rest())


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


def gallery_for(path: Path, card: Card) -> Gallery:
    """The gallery of a file to enrol in; an empty one if there is no file yet.

    Raises:
        ArtefactError: see `read_gallery` and `require_same_model`.
    """
    gallery = read_gallery(path) if path.exists() else empty_gallery(card)
    require_same_model(gallery, card)
    return gallery


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


def read_gallery(path: Path) -> Gallery:
    """The gallery of a file.

    Raises:
        ArtefactError: no such file, no permission, damaged, foreign, or of a newer version.
    """
    if path.is_dir():
        raise ArtefactError(f"{path} is a folder; a gallery is one file, such as {path}/known.npz")
    if not path.exists():
        raise ArtefactError(f"{path}: no such gallery; create it with `edgehuman gallery enroll`")
    if not path.is_file():
        raise ArtefactError(f"{path} is a device or a pipe; a gallery is a file, such as known.npz")
    try:
        # A gallery is not compressed, so that its arrays are no larger than the file.
        with foreign():
            file = read_npz(path, ["header", "vector_GD"], ArtefactError, path.stat().st_size)
        text, vector_GD = bytes(file["header"]), file["vector_GD"]
        header = json_of(text.decode("utf-8"))
        _require_format(header, vector_GD, path)
        return Gallery(
            weights_sha256=str(header["weights_sha256"]),
            model=str(header["model"]),
            distance=header["distance"],
            vector_GD=vector_GD,
            person_G=tuple(str(row["person"]) for row in header["walks"]),
            walk_G=tuple(str(row["walk"]) for row in header["walks"]),
        )
    except PermissionError:
        raise ArtefactError(
            f"{path}: no permission to read it; fix its permissions, or run as its owner"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ArtefactError):
            raise
        raise ArtefactError(
            f"{path} is not a readable gallery ({error}); restore a copy, or enrol into a new file"
        ) from None


def _require_format(header: Any, vector_GD: Any, path: Path) -> None:
    if not isinstance(header, Mapping) or header.get("format") != FORMAT:
        raise ArtefactError(f"{path} is not a gallery; give a file that `gallery enroll` wrote")
    if header.get("version") != VERSION:
        raise ArtefactError(
            f"{path} is a gallery of version {header.get('version')}; this edgehuman reads "
            f"{VERSION}: install the edgehuman that wrote it, or enrol again"
        )
    if vector_GD.dtype != np.float32:
        raise ArtefactError(
            f"{path} holds {vector_GD.dtype} vectors instead of float32; enrol again"
        )
    if header.get("distance") not in get_args(Distance):
        raise ArtefactError(f"{path}: unknown distance {header.get('distance')!r}; enrol again")


def update_gallery(
    path: Path,
    change: Callable[[Gallery], Gallery],
    card: Card | None = None,
    notify: Callable[[str], object] = _log.warning,
) -> tuple[Gallery, Gallery]:
    """Read a gallery, change it and write it, while no other program writes it.

    Args:
        change: from the gallery of the file to the one to write; an error of it changes nothing.
        card: of the model to begin a gallery with if there is no file; None: there must be one.
        notify: called with one line if another program keeps this one waiting.

    Returns:
        The galleries before and after.

    Raises:
        ArtefactError, UsageError: as `gallery_for`, `read_gallery` and `write_gallery`.
    """
    if card is None:
        read_gallery(path)  # a wrong path is told of before a lock is written beside it
    with locked(path, notify, mode=_MODE):
        is_new = not path.exists()
        before = read_gallery(path) if card is None else gallery_for(path, card)
        after = change(before)
        _write(path, after)
    if is_new:
        notify(_PLAIN.format(path=path))
    return before, after


def write_gallery(path: Path, gallery: Gallery) -> None:
    """Write the file atomically: the old one stays until the new one is on disk.

    What other programs wrote since the gallery was read is lost; `update_gallery` keeps it.

    Raises:
        UsageError: the path cannot be written to, or another program goes on writing it.
    """
    with locked(path, _log.warning, mode=_MODE):
        _write(path, gallery)


def _write(path: Path, gallery: Gallery) -> None:
    walks = [
        {"person": person, "walk": walk}
        for person, walk in zip(gallery.person_G, gallery.walk_G, strict=True)
    ]
    header: dict[str, Any] = {"format": FORMAT, "version": VERSION, "model": gallery.model}
    header |= {"weights_sha256": gallery.weights_sha256, "distance": gallery.distance}
    header["walks"] = walks
    content = io.BytesIO()
    text = np.frombuffer(to_json(header).encode("utf-8"), np.uint8)
    np.savez(content, header=text, vector_GD=gallery.vector_GD.astype(np.float32))
    write_whole(path, content.getvalue(), UsageError, _MODE)
