"""`edgehuman gallery enroll|identify` of skeletons: known people from the command line.

    edgehuman gallery enroll zoo:gait-skeleton --source anna.jsonl --name ANNA --gallery known.npz
    edgehuman gallery identify zoo:gait-skeleton --source door.jsonl --gallery known.npz

A track is a walk: its vector is the mean over its windows. Who does not walk is neither enrolled
nor named.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tyro.conf import Positional

from edgehuman.catalogue import SIMULATED
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_folder
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.declared import declare
from edgehuman.preprocess.skeleton.motion.way import BACKWARDS
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
from edgehuman.runtime.loop.dropped import loss_lines
from edgehuman.runtime.loop.play import Playable, say
from edgehuman.runtime.loop.results import UNKNOWN
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.names import one_name
from edgehuman.runtime.skeleton.answer import require_gait
from edgehuman.runtime.skeleton.enrolment import remarks, require_one, require_right
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.shown import idle_of
from edgehuman.runtime.skeleton.walks import Walks, walks_of
from edgehuman.runtime.states import NAMELESS, NOT_WALKING, state_of, too_little

_SHOWN = 3
Poses = Callable[[], Playable[PoseBlock]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolConfig(EnrolmentTerms):
    """Enrol a person in a gallery.

    Attributes:
        model: zoo:NAME, an artefact's path, or a catalogue name (random weights).
        source: FILE.jsonl of tracked skeletons, the file or folder of a pose estimator (OpenPose,
            AlphaPose, YOLO, MediaPipe, mmpose, COCO, ...), - (standard input), udp://HOST:PORT or
            simulated.
        name: the person's name.
        gallery: the gallery file; created if missing.
        track: which track of the source; needed if it holds several.
        walk: id of this walk in the gallery (default: the source's name and the track).
        take_as_is: enrol despite an apparent mistake: joints in another order, mirrored, upside
            down, x and y swapped, not in pixels or outside the image, under 10 frames a second, two
            people under one id, somebody who does not walk, or walks backwards, too few steps or
            too low a quality, a walk that looks like somebody else, or one already enrolled under
            another name. By default it is refused, as such a walk identifies nobody.
        on_the_spot: who walks on the spot walks, as on a treadmill, or before a camera that
            follows.
        seconds: use this much stream time (simulated: 10 by default; required for udp, where it
            also counts wall-clock time).
        sender: of udp://, whose datagrams are read: ADDRESS or ADDRESS:PORT (default: the first).
        threads: threads inside one operator of the model.
        rate_hz: frames per second of a pose estimator's files that have frame numbers (default:
            24, and it is said).
        size: of the pictures, WIDTHxHEIGHT, if the source does not state it.
        layout: the order of the joints, if the source does not name it and their number does not
            tell it.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    name: str
    gallery: Path
    track: str | None = None
    walk: str | None = None
    take_as_is: bool = False
    on_the_spot: bool = False
    seconds: float | None = None
    sender: str | None = None
    threads: int = 1
    rate_hz: float | None = None
    size: str | None = None
    layout: str | None = None
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyConfig:
    """Identify the walker of every track.

    Attributes:
        model: the model that the gallery was created with.
        source: FILE.jsonl of tracked skeletons, the file or folder of a pose estimator (OpenPose,
            AlphaPose, YOLO, MediaPipe, mmpose, COCO, ...), - (standard input), udp://HOST:PORT or
            simulated.
        gallery: the file of known people.
        key: of an encrypted gallery (default: EDGEHUMAN_GALLERY_KEY).
        threshold: under this score the answer is "unknown" (default: the gallery's own, of `gallery
            threshold`, or the model's card).
        on_the_spot: who walks on the spot gets a name, as on a treadmill, or before a camera that
            follows.
        seconds: use this much stream time (simulated: 10 by default; required for udp, where it
            also counts wall-clock time).
        sender: of udp://, whose datagrams are read: ADDRESS or ADDRESS:PORT (default: the first).
        threads: threads inside one operator of the model.
        rate_hz: frames per second of a pose estimator's files that have frame numbers (default:
            24, and it is said).
        size: of the pictures, WIDTHxHEIGHT, if the source does not state it.
        layout: the order of the joints, if the source does not name it and their number does not
            tell it.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    gallery: Path
    key: Path | None = None
    threshold: float | None = None
    on_the_spot: bool = False
    seconds: float | None = None
    sender: str | None = None
    threads: int = 1
    rate_hz: float | None = None
    size: str | None = None
    layout: str | None = None
    seed: int = 0


def enroll(config: EnrolConfig, poses: Poses | None = None) -> Outcome:
    """`edgehuman gallery enroll`: add one walk to the file; on an error the file is unchanged.

    Args:
        poses: opens the poses of the source; None: by its name.

    Raises:
        ArtefactError, DataError, UsageError: as `ready`; or the file cannot be written.
    """
    return ready(config, poses).write()


@dataclass(frozen=True, slots=True)
class Ready:
    """A walk that may be enrolled, not yet written.

    Attributes:
        config: whose, and where.
        model: gave its vector.
        walks: of the source.
        track: which of them; walk: its id.
        terms: on which it is enrolled.
    """

    config: EnrolConfig
    model: Model
    walks: Walks
    track: str
    walk: str
    terms: Terms

    @property
    def where(self) -> str:
        """The source and the track, for messages."""
        return f"{self.config.source}, track {self.track}"

    def added(self, known: Gallery) -> Gallery:
        """A gallery with the walk.

        Raises:
            DataError: it is enrolled already, or looks like somebody else.
        """
        config, vector_D = self.config, self.walks.vectors[self.track]
        if not config.take_as_is:
            threshold = threshold_for(self.model.card, None, known)
            require_own(known, config.name, vector_D, self.where)
            require_fitting(known, config.name, vector_D, threshold, self.where)
        return known.enrol(config.name, self.walk, vector_D)

    def write(self) -> Outcome:
        """Add it to the file.

        Raises:
            ArtefactError, DataError, UsageError: as `update_gallery` and `added`.
        """
        config, walks, track = self.config, self.walks, self.track
        _, gallery = update_gallery(
            config.gallery, self.added, self.model.card, say, config.key, self.terms
        )
        person, walk = gallery.person_G[-1], gallery.walk_G[-1]
        say_unrecorded(config, person)
        _remark(walks)
        for remark in remarks(walks, track):
            say(f"{self.where}: {remark}")
        quality = walks.quality[track]
        data = {
            "gallery": str(config.gallery),
            "person": person,
            "walk": walk,
            "windows": walks.windows[track],
            "quality": quality.as_row(),
            "simulated": config.source == SIMULATED,
            "people": gallery.people(),
        }
        simulated = " (a simulated walker)" if config.source == SIMULATED else ""
        text = (
            f"{config.gallery}: {person} enrolled by {walk}{simulated}, {data['windows']} windows, "
            f"quality {quality.score} of 100; {len(gallery.people())} people, {len(gallery)} walks"
        )
        return Outcome(data, "\n".join([text, *loss_lines(walks.report)]))


def ready(config: EnrolConfig, poses: Poses | None = None, chooses: str = "--track") -> Ready:
    """Read the source, and check the walk.

    Args:
        poses: opens the poses of the source; None: by its name.
        chooses: the flag that chooses a track.

    Raises:
        ArtefactError: a model without embeddings, or the gallery of another model.
        DataError: no walk in the source, or several; two people with one id; an apparent mistake.
        UsageError: no such track, or the file cannot be written.
    """
    require_usable_folder(config.gallery.parent, f"--gallery {config.gallery}")
    terms = terms_of(config, config.name, is_store(config.gallery), config.source == SIMULATED)
    model = _open(config.model, config.threads, config.seed)
    # A wrong file is told of before the work.
    gallery_for(config.gallery, model.card, config.key)
    declared = declare(config.rate_hz, config.size, config.layout)
    opened = None if poses is None else poses()
    walks = walks_of(
        model, config.source, config.seconds, config.seed, declared, False, config.sender, opened
    )
    track = _one_track(walks, config.track, config.source, chooses)
    where = f"{config.source}, track {track}"
    require_one(walks, track, where)
    if not config.take_as_is:
        require_right(walks, track, where, config.on_the_spot)
    walk = config.walk or f"{Path(config.source).name}#{track}"
    quality = {one_name(walk): walks.quality[track].score}
    terms = dataclasses.replace(terms, quality=quality)
    return Ready(config, model, walks, track, walk, terms)


def identify(config: IdentifyConfig, poses: Poses | None = None) -> Outcome:
    """`edgehuman gallery identify`: name the person of each track of the source, and of each part
    of a track that broke: after a break the id may be somebody else's.

    Args:
        poses: opens the poses of the source; None: by its name.

    Raises:
        ArtefactError: no gallery, or that of another model.
        DataError: an empty gallery, or no walk in the source.
        UsageError: a threshold outside -1 to 1.
    """
    model = _open(config.model, config.threads, config.seed)
    gallery = read_gallery(config.gallery, config.key)
    require_same_model(gallery, model.card)
    threshold = threshold_for(model.card, config.threshold, gallery, say)
    require_people(gallery, config.gallery)
    declared = declare(config.rate_hz, config.size, config.layout)
    opened = None if poses is None else poses()
    walks = walks_of(
        model, config.source, config.seconds, config.seed, declared, True, config.sender, opened
    )
    _remark(walks)
    for track in (track for track, is_so in walks.backwards.items() if is_so):
        say(f"{config.source}, track {track}: {BACKWARDS}")
    rows = [_row(gallery, track, walks, threshold, config.on_the_spot) for track in walks.vectors]
    data = {
        "gallery": str(config.gallery),
        "source": config.source,
        "simulated": config.source == SIMULATED,
        "threshold": threshold,
        "tracks": rows,
        "report": walks.report,
    }
    return Outcome(data, "\n".join([*map(_line, rows), *loss_lines(walks.report)]))


def _remark(walks: Walks) -> None:
    """Print the stream's remarks; if enrolment is refused, the error says the same instead."""
    source = walks.report["source"]
    for remark in [*source.get("remarks", ()), *walks.report["stream"]["notes"]]:
        say(f"{source['source']}: {remark}")


def _open(name: str, threads: int, seed: int) -> Model:
    model = load(name, threads=threads, seed=seed, notify=say)
    require_gait(model)
    require_vectors(model.card)
    return model


def _one_track(walks: Walks, asked: str | None, source: str, chooses: str) -> str:
    """The requested track, or the only one.

    Args:
        chooses: the flag that asks for one.

    Raises:
        DataError: several tracks, and none requested.
        UsageError: no such track.
    """
    tracks = list(walks.vectors)
    if asked is None and len(tracks) == 1:
        return tracks[0]
    if asked is None:
        raise DataError(
            f"{source} holds {len(tracks)} tracks ({', '.join(tracks)}); choose one with {chooses}"
        )
    if asked not in tracks:
        raise UsageError(
            f"{chooses} {asked}: no such track in {source}; choose one of {', '.join(tracks)}"
        )
    return asked


def _row(
    gallery: Gallery, track: str, walks: Walks, threshold: float, on_the_spot: bool
) -> dict[str, Any]:
    """The answer for a walk: nobody is named who does not walk, or of whom too little was seen."""
    found, quality = gallery.identify(walks.vectors[track], threshold), walks.quality[track]
    idle = idle_of(walks.idle[track], on_the_spot)
    state = state_of(quality, idle, found.person)
    row: dict[str, Any] = {
        "id": track,
        "label": None if state in NAMELESS else found.person,
        "state": state,
        "score": round(found.score, 5),
        "nearest": found.nearest,
        "others": [{"label": name, "score": round(s, 5)} for name, s in found.others[:_SHOWN]],
        "windows": walks.windows[track],
        "quality": quality.as_row(),
    }
    if state == NOT_WALKING:
        row |= {"score": 0.0, "nearest": None, "others": []}
    return row | ({"why": idle or too_little(quality)} if state in NAMELESS else {})


def _line(row: dict[str, Any]) -> str:
    if row["label"] is None:
        return f"track {row['id']:<12} {row['state']}: {row['why']}"
    nearest = f" (nearest: {row['nearest']})" if row["label"] == UNKNOWN else ""
    score = f"{row['score']:6.3f}, quality {row['quality']['score']}"
    return f"track {row['id']:<12} {row['label']:<20} {score}{nearest}"
