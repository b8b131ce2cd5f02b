"""`edgehuman gallery enroll|identify` of silhouettes: known people from the command line.

    edgehuman gallery enroll gaitset.onnx --source anna --name ANNA --gallery known.npz
    edgehuman gallery identify gaitset.onnx --source door --gallery known.npz

Every walk of the source is enrolled under the name; its vectors are those of the whole walk.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_folder
from edgehuman.outcome import Outcome
from edgehuman.preprocess.quality import Quality
from edgehuman.records import Float32
from edgehuman.runtime.gallery import (
    Gallery,
    gallery_for,
    read_gallery,
    require_own,
    require_people,
    require_same_model,
    require_vectors,
    update_gallery,
)
from edgehuman.runtime.gallery.files import is_store
from edgehuman.runtime.gallery.gallery import threshold_for
from edgehuman.runtime.gallery.outliers import require_fitting
from edgehuman.runtime.gallery.terms import EnrolmentTerms, Terms, say_unrecorded, terms_of
from edgehuman.runtime.loop.play import say
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.names import one_name
from edgehuman.runtime.silhouette.answer import Identifier, Walker, require_silhouettes
from edgehuman.runtime.silhouette.results import in_words, to_row
from edgehuman.runtime.silhouette.source import MaskWalk, is_simulated, walks_in
from edgehuman.runtime.states import ENROL_QUALITY, ENROL_STEPS, too_little

# More bad frames than this make a walk that somebody should look at before it is known for good.
_MOST_DROPPED = 0.5
WalksOf = Callable[[], list[MaskWalk]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolConfig(EnrolmentTerms):
    """Enrol a person's walks in a gallery.

    Attributes:
        model: zoo:NAME, an artefact's path, or a catalogue name (random weights).
        source: a folder of PNG masks (white on black, any size) or of such folders, one a walk; a
            video of masks; a packed file; or simulated. All of it is this person.
        name: the person's name.
        gallery: the gallery file; created if missing.
        walk: enrol this walk of the source alone.
        take_as_is: enrol despite an apparent mistake: a walk with over half of its frames unusable,
            of too few steps or too low a quality, one that looks like somebody else, or one that is
            enrolled under another name. By default it is refused.
        threads: threads inside one operator of the model.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    name: str
    gallery: Path
    walk: str | None = None
    take_as_is: bool = False
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyConfig:
    """Identify the walker of every walk.

    Attributes:
        model: the model that the gallery was created with.
        source: a folder of PNG masks (white on black, any size) or of such folders, one a walk; a
            video of masks; a packed file; or simulated.
        gallery: the file of known people.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
        threshold: under this score the answer is "unknown" (default: the gallery's own, of `gallery
            threshold`, or the model's card).
        threads: threads inside one operator of the model.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    gallery: Path
    key: Path | None = None
    threshold: float | None = None
    threads: int = 1
    seed: int = 0


def enroll(config: EnrolConfig, walks_of: WalksOf | None = None) -> Outcome:
    """`edgehuman gallery enroll`: add the walks to the file; on an error the file is unchanged.

    Args:
        walks_of: reads the walks of the source; None: they are masks.

    Raises:
        ArtefactError, DataError, UsageError: as `ready`; or the file cannot be written.
    """
    return ready(config, walks_of).write()


@dataclass(frozen=True, slots=True)
class Ready:
    """Walks that may be enrolled, not yet written.

    Attributes:
        config: whose, and where.
        model: gave the vectors.
        walkers, vectors, qualities: of each walk.
        terms: on which they are enrolled.
        simulated: whether somebody is edgehuman's own.
    """

    config: EnrolConfig
    model: Model
    walkers: list[Walker]
    vectors: list[Float32]
    qualities: list[Quality]
    terms: Terms
    simulated: bool

    def added(self, known: Gallery) -> Gallery:
        """A gallery with the walks.

        Raises:
            DataError: one is enrolled already, looks like somebody else, or shows too little.
        """
        config = self.config
        each = zip(self.walkers, self.vectors, self.qualities, strict=True)
        for walker, vector, quality in each:
            if not config.take_as_is:
                threshold = threshold_for(self.model.card, None, known)
                require_own(known, config.name, vector, walker.name)
                require_fitting(known, config.name, vector, threshold, walker.name)
                _require_enough(walker, quality)
            known_as = _known_as(config.source, walker.name, known)
            known = known.enrol(config.name, known_as, vector)
        return known

    def write(self) -> Outcome:
        """Add them to the file.

        Raises:
            ArtefactError, DataError, UsageError: as `update_gallery` and `added`.
        """
        config = self.config
        before, gallery = update_gallery(
            config.gallery, self.added, self.model.card, say, config.key, self.terms
        )
        say_unrecorded(config, gallery.person_G[-1])
        added = zip(gallery.walk_G[len(before) :], self.walkers, self.qualities, strict=True)
        rows = [{"walk": walk, **_of_walk(walker, quality)} for walk, walker, quality in added]
        data = {
            "gallery": str(config.gallery),
            "person": gallery.person_G[-1],
            "walks": rows,
            "simulated": self.simulated,
            "people": gallery.people(),
        }
        count = "1 walk" if len(rows) == 1 else f"{len(rows)} walks"
        text = (
            f"{config.gallery}: {data['person']} enrolled by {count}"
            f"{' of a simulated walker' if self.simulated else ''}; {len(gallery.people())} "
            f"people, {len(gallery)} walks"
        )
        return Outcome(data, text)


def ready(config: EnrolConfig, walks_of: WalksOf | None = None) -> Ready:
    """Read the source, and check the walks.

    Args:
        walks_of: reads the walks of the source; None: they are masks.

    Raises:
        ArtefactError: a model without embeddings, or the gallery of another model.
        DataError: no walk in the source, or one that cannot be used.
        UsageError: no such walk, or the file cannot be written.
    """
    require_usable_folder(config.gallery.parent, f"--gallery {config.gallery}")
    terms = terms_of(config, config.name, is_store(config.gallery), is_simulated(config.source))
    model = _open(config.model, config.threads, config.seed)
    # A wrong file is told of before the work.
    gallery_for(config.gallery, model.card, config.key)
    identifier = Identifier(model, notify=say)
    walks = walks_in(config.source, config.seed) if walks_of is None else walks_of()
    chosen = _chosen(walks, config.walk, config.source)
    walkers = [identifier.embed(walk) for walk in chosen]
    vectors = [_vector(walker, config.take_as_is) for walker in walkers]
    qualities = [walker.quality() for walker in walkers]
    called_N = [one_name(called(config.source, walker.name)) for walker in walkers]
    scores = [quality.score for quality in qualities]
    terms = dataclasses.replace(terms, quality=dict(zip(called_N, scores, strict=True)))
    simulated = any(walk.simulated for walk in chosen)
    return Ready(config, model, walkers, vectors, qualities, terms, simulated)


def identify(config: IdentifyConfig, walks_of: WalksOf | None = None) -> Outcome:
    """`edgehuman gallery identify`: name the person of each walk of the source.

    Args:
        walks_of: reads the walks of the source; None: they are masks.

    Raises:
        ArtefactError: no gallery, or that of another model.
        DataError: an empty gallery, no walk in the source, or none with an answer.
        UsageError: a threshold outside -1 to 1.
    """
    model = _open(config.model, config.threads, config.seed)
    gallery = read_gallery(config.gallery, config.key)
    require_same_model(gallery, model.card)
    require_people(gallery, config.gallery)
    identifier = Identifier(model, gallery, config.threshold, say)
    walks = walks_in(config.source, config.seed) if walks_of is None else walks_of()
    results = [identifier.answer(walk) for walk in walks]
    if all(result.reason for result in results):
        raise DataError(f"{config.source}: no walk has an answer; the first: {results[0].reason}")
    rows = [to_row(result) for result in results]
    data = {
        "gallery": str(config.gallery),
        "source": config.source,
        "simulated": any(walk.simulated for walk in walks),
        "threshold": identifier.threshold,
        "walks": rows,
    }
    return Outcome(data, "\n".join(map(in_words, rows)))


def _vector(walker: Walker, take_as_is: bool) -> Float32:
    """The vector of a walk (D,), or (P, D) of parts.

    Raises:
        DataError: too few frames can be used; or most cannot, and it is not taken as it is.
    """
    vector = walker.embed()
    if not take_as_is:
        _require_clear(walker)
    return vector


def _open(name: str, threads: int, seed: int) -> Model:
    model = load(name, threads=threads, seed=seed, notify=say)
    require_silhouettes(model)
    require_vectors(model.card)
    return model


def _chosen(walks: list[MaskWalk], asked: str | None, source: str) -> list[MaskWalk]:
    """The requested walk, or all.

    Raises:
        UsageError: no such walk.
    """
    if asked is None:
        return walks
    found = [walk for walk in walks if walk.name == asked]
    if not found:
        names = ", ".join(walk.name for walk in walks[:6]) + (", …" if len(walks) > 6 else "")
        raise UsageError(f"--walk {asked}: no such walk in {source}; choose one of {names}")
    return found


def _known_as(source: str, walk: str, gallery: Gallery) -> str:
    """The id of a walk in a gallery: the end of its path.

    Raises:
        DataError: it is in the gallery already.
    """
    known_as = called(source, walk)
    if known_as in gallery.walk_G:
        whose = gallery.person_G[gallery.walk_G.index(known_as)]
        raise DataError(
            f"the walk {known_as!r} is in the gallery already, as {whose}; choose others with "
            f"--walk, or first run `edgehuman gallery forget GALLERY --walk {known_as}`"
        )
    return known_as


def _of_walk(walker: Walker, quality: Quality) -> dict[str, Any]:
    return {"frames": walker.frames, "used": walker.used, "quality": quality.as_row()}


def called(source: str, walk: str) -> str:
    """The id of a walk in a gallery: the end of its path."""
    place = Path(source)
    parts = place.parts[-2:] if walk in (place.name, place.stem) else (*place.parts[-2:], walk)
    return "/".join(parts).strip("/")


def _require_enough(walker: Walker, quality: Quality) -> None:
    """Raises DataError for a walk of too few steps, or of too low a quality, to be known by."""
    said = too_little(quality, ENROL_STEPS, ENROL_QUALITY)
    if said:
        raise DataError(
            f"{walker.name} shows too little of how somebody walks: {said}. Nobody was enrolled; "
            "give a longer walk in which the whole body is seen, or --take-as-is"
        )


def _require_clear(walker: Walker) -> None:
    """Raises DataError for a walk most of whose frames cannot be used."""
    lost = sum(walker.dropped.values())
    if lost > _MOST_DROPPED * walker.frames:
        why = ", ".join(f"{count} {reason}" for reason, count in walker.dropped.items())
        raise DataError(
            f"{walker.name}: {lost} of {walker.frames} frames cannot be used ({why}). Nobody was "
            "enrolled; give better masks, or --take-as-is"
        )
