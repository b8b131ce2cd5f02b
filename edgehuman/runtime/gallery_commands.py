"""`edgehuman gallery enroll|identify|list|forget`: known people from the command line.

    edgehuman gallery enroll zoo:gait-skeleton --source anna.jsonl --name ANNA --gallery known.npz
    edgehuman gallery identify zoo:gait-skeleton --source door.jsonl --gallery known.npz

A track is a walk: its vector is the mean over its windows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.errors import DataError, UsageError
from edgehuman.metrics.gait_vectors import mean_vector
from edgehuman.outcome import Outcome
from edgehuman.runtime.datagrams import SCHEME
from edgehuman.runtime.gallery import (
    UNKNOWN,
    Gallery,
    empty_gallery,
    read_gallery,
    require_same_model,
    require_vectors,
    write_gallery,
)
from edgehuman.runtime.identifier import Identifier, require_gait, threshold_of
from edgehuman.runtime.losses import loss_lines
from edgehuman.runtime.model import Model, load
from edgehuman.runtime.playing import account, first_seconds, require_seconds, say
from edgehuman.runtime.pose_source import SIMULATED, PoseSource, open_poses
from edgehuman.samples import FloatArray

_SIMULATED_S = 10.0
_SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolConfig:
    """Take a person into a gallery.

    Attributes:
        model: zoo:NAME, an artefact's path, or a catalogue name (random weights).
        source: FILE.jsonl of tracked skeletons, - (standard input), udp://HOST:PORT or simulated.
        name: what the person is called.
        gallery: the file; made where there is none.
        track: which track of the source; needed where it holds several.
        walk: id of this walk in the gallery; by default the source's name and the track.
        seconds: take so much stream time (simulated: 10 by default; udp needs it).
        threads: threads inside one operator of the model.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    name: str
    gallery: Path
    track: str | None = None
    walk: str | None = None
    seconds: float | None = None
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentifyConfig:
    """Say who walks.

    Attributes:
        model: the model that the gallery was made with.
        source: FILE.jsonl of tracked skeletons, - (standard input), udp://HOST:PORT or simulated.
        gallery: the file of known people.
        threshold: under this score the answer is "unknown" (default: the model's card).
        seconds: take so much stream time (simulated: 10 by default; udp needs it).
        threads: threads inside one operator of the model.
        seed: of the simulated walkers and of random weights.
    """

    model: Positional[str]
    source: str
    gallery: Path
    threshold: float | None = None
    seconds: float | None = None
    threads: int = 1
    seed: int = 0


@dataclass(frozen=True, slots=True)
class GalleryListConfig:
    """Who is in a gallery.

    Attributes:
        gallery: the file.
    """

    gallery: Positional[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetConfig:
    """Take a person, or one walk, out of a gallery.

    Attributes:
        gallery: the file.
        name: the person to forget, with all walks.
        walk: the one walk to forget.
    """

    gallery: Positional[Path]
    name: str | None = None
    walk: str | None = None


@dataclass(frozen=True, slots=True)
class Walks:
    """What a source held.

    Attributes:
        vectors: (D,) of each track with a window, the mean over its windows.
        windows: how many each is the mean of.
        report: what was read and lost.
    """

    vectors: dict[str, FloatArray]
    windows: dict[str, int]
    report: dict[str, Any] = field(default_factory=dict)


def enroll(config: EnrolConfig) -> Outcome:
    """`edgehuman gallery enroll`: the file has one more walk, or is as it was.

    Raises:
        ArtefactError: a model without vectors, or the gallery of another model.
        DataError: no walk in the source, several, or one that is enrolled already.
        UsageError: no such track, or the file cannot be written.
    """
    model = _open(config.model, config.threads, config.seed)
    exists = config.gallery.exists()
    gallery = read_gallery(config.gallery) if exists else empty_gallery(model.card)
    require_same_model(gallery, model.card)
    walks = walks_of(model, config.source, config.seconds, config.seed)
    track = _one_track(walks, config.track, config.source)
    walk = config.walk or f"{Path(config.source).name}#{track}"
    gallery = gallery.enrol(config.name, walk, walks.vectors[track])
    write_gallery(config.gallery, gallery)
    data = {
        "gallery": str(config.gallery),
        "person": config.name,
        "walk": walk,
        "windows": walks.windows[track],
        "simulated": config.source == SIMULATED,
        "people": gallery.people(),
    }
    simulated = " (a simulated walker)" if config.source == SIMULATED else ""
    text = (
        f"{config.gallery}: {config.name} enrolled by {walk}{simulated}, {data['windows']} windows;"
        f" {len(gallery.people())} people, {len(gallery)} walks"
    )
    return Outcome(data, "\n".join([text, *loss_lines(walks.report)]))


def identify(config: IdentifyConfig) -> Outcome:
    """`edgehuman gallery identify`: who each track of the source is.

    Raises:
        ArtefactError: no gallery, or one of another model.
        DataError: an empty gallery, or no walk in the source.
        UsageError: a threshold outside -1 to 1.
    """
    model = _open(config.model, config.threads, config.seed)
    gallery = read_gallery(config.gallery)
    require_same_model(gallery, model.card)
    threshold = threshold_of(model.card, config.threshold)
    if not len(gallery):
        raise DataError(
            f"{config.gallery} is empty; enrol somebody with `edgehuman gallery enroll`"
        )
    walks = walks_of(model, config.source, config.seconds, config.seed)
    rows = [_row(gallery, track, walks, threshold) for track in walks.vectors]
    data = {
        "gallery": str(config.gallery),
        "source": config.source,
        "simulated": config.source == SIMULATED,
        "threshold": threshold,
        "tracks": rows,
        "report": walks.report,
    }
    return Outcome(data, "\n".join([*map(_line, rows), *loss_lines(walks.report)]))


def list_gallery(config: GalleryListConfig) -> Outcome:
    """`edgehuman gallery list`: names and walks, and which model they belong to.

    Raises:
        ArtefactError: no such file, or it is damaged.
    """
    gallery = read_gallery(config.gallery)
    walks: dict[str, list[str]] = {}
    for person, walk in zip(gallery.person_G, gallery.walk_G, strict=True):
        walks.setdefault(person, []).append(walk)
    data = {
        "gallery": str(config.gallery),
        "model": gallery.model,
        "weights_sha256": gallery.weights_sha256,
        "distance": gallery.distance,
        "dim": int(gallery.vector_GD.shape[1]),
        "people": walks,
    }
    head = (
        f"{config.gallery}: {len(walks)} people, {len(gallery)} walks, vectors of {data['dim']} by "
        f"{gallery.model} (weights {gallery.weights_sha256[:12]}), compared by {gallery.distance}"
    )
    lines = [f"  {person:<20} {', '.join(own)}" for person, own in walks.items()]
    return Outcome(data, "\n".join([head, *lines]))


def forget(config: ForgetConfig) -> Outcome:
    """`edgehuman gallery forget`: their vectors are gone from the file.

    Raises:
        ArtefactError: no such file, or it is damaged.
        UsageError: neither or both named, no such name, or the file cannot be written.
    """
    before = read_gallery(config.gallery)
    after = before.forget(config.name, config.walk)
    write_gallery(config.gallery, after)
    data = {
        "gallery": str(config.gallery),
        "forgotten": len(before) - len(after),
        "people": after.people(),
    }
    said = config.name if config.walk is None else config.walk
    walks = f"{data['forgotten']} walks" if data["forgotten"] != 1 else "1 walk"
    return Outcome(
        data, f"{config.gallery}: {said} forgotten ({walks}); {len(after.people())} people stay"
    )


def walks_of(model: Model, source: str, seconds: float | None = None, seed: int = 0) -> Walks:
    """The vector of every track of a source that holds a window.

    Raises:
        DataError: there is none, or the source cannot be read.
        UsageError: words that name no source, seconds not above 0, or none for a source that never
            ends.
    """
    require_seconds(seconds)
    if source.startswith(SCHEME) and seconds is None:
        raise UsageError(f"{source} never ends; say with --seconds how long to listen")
    if source == SIMULATED and seconds is None:
        seconds = _SIMULATED_S
    opened = open_poses(source, seed=seed)
    listener = Identifier(model, opened.name, notify=say)
    sums: dict[str, FloatArray] = {}
    counts: dict[str, int] = {}
    with opened:
        for track, vector_D in _window_vectors(listener, opened, seconds):
            sums[track] = sums.get(track, np.zeros_like(vector_D)) + vector_D
            counts[track] = counts.get(track, 0) + 1
    for remark in listener.report.notes:
        say(f"{opened.name}: {remark}")
    report = account(listener, opened)
    if not sums:
        raise DataError(f"{opened.name}: {listener.no_window(opened.report())}")
    vectors = {
        track: mean_vector(total_D[None] / np.float32(counts[track]), listener.distance)
        for track, total_D in sums.items()
    }
    return Walks(vectors, counts, report)


def _window_vectors(
    listener: Identifier, source: PoseSource, seconds: float | None
) -> Iterator[tuple[str, FloatArray]]:
    """Track and vector of every window, each as much as the other: a mean of them is the walk's."""
    for block in first_seconds(source, seconds):
        for window, vector_D in listener.embed(block):
            if vector_D is not None:
                yield window.track, mean_vector(vector_D[None], listener.distance)


def _open(name: str, threads: int, seed: int) -> Model:
    model = load(name, threads=threads, seed=seed, notify=say)
    require_gait(model)
    require_vectors(model.card)
    return model


def _one_track(walks: Walks, asked: str | None, source: str) -> str:
    """The track that is meant.

    Raises:
        DataError: several, and none is asked for.
        UsageError: one that is not there.
    """
    tracks = list(walks.vectors)
    if asked is None and len(tracks) == 1:
        return tracks[0]
    if asked is None:
        raise DataError(
            f"{source} holds {len(tracks)} tracks ({', '.join(tracks)}); say with --track whose "
            "walk it is"
        )
    if asked not in tracks:
        raise UsageError(f"--track {asked}: {source} holds {', '.join(tracks)}")
    return asked


def _row(gallery: Gallery, track: str, walks: Walks, threshold: float) -> dict[str, Any]:
    found = gallery.identify(walks.vectors[track], threshold)
    return {
        "id": track,
        "label": found.person,
        "score": round(found.score, 5),
        "nearest": found.nearest,
        "others": [{"label": name, "score": round(s, 5)} for name, s in found.others[:_SHOWN]],
        "windows": walks.windows[track],
    }


def _line(row: dict[str, Any]) -> str:
    nearest = f" (nearest: {row['nearest']})" if row["label"] == UNKNOWN else ""
    return f"track {row['id']:<12} {row['label']:<20} {row['score']:6.3f}{nearest}"
