"""`edgehuman search`: rank photos, or the tracks of a recording, by a sentence about a person.

    edgehuman search "woman in a red coat" --photos holiday --model words.onnx --save sheet.jpg
    edgehuman search "woman in a red coat" --recording door.mp4 --model words.onnx

With --detector people are found in each photo, and each of them is ranked; without it each photo is
one person. Vectors are kept in the user's cache, so that the next query reads no photo again. Axes:
P people, K of them, D dimensions.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.config import require
from edgehuman.errors import DataError, UsageError, safe_name
from edgehuman.files import own_folder, require_usable_file
from edgehuman.outcome import Outcome
from edgehuman.progress import progress_bar, tell
from edgehuman.records import Float32
from edgehuman.records import Index as Places
from edgehuman.runtime.image.frames.watch import ALONE
from edgehuman.runtime.image.search.index import Index, index_path, read_index, write_index
from edgehuman.runtime.image.search.look import Eye, open_eye
from edgehuman.runtime.image.search.ranking import in_words, nearest, remark_on, remarks_on
from edgehuman.runtime.image.search.sheet import Shown, require_sheet, write_sheet
from edgehuman.runtime.image.search.tracks import DETECTOR, search_tracks
from edgehuman.runtime.image.source import find_photos, name_in
from edgehuman.runtime.loop.stopping import StopSignals

_WRITE_EVERY = 2000
_SHOWN = 60


@dataclass(frozen=True, slots=True)
class SearchConfig:
    """Rank photos, or the tracks of a recording, by a sentence about a person."""

    query: Positional[str]
    """What the person looks like: "woman in a red coat"."""
    model: str
    """An artefact of `edgehuman finetune --task text-reid`, its graph of sentences beside it."""
    photos: str | None = None
    """A folder of photos, one photo, or a pattern such as 'photos/*.jpg'."""
    recording: str | None = None
    """A video, or a folder of `edgehuman run --record`; who is followed in it is ranked."""
    every: int = 1
    """Take every so many frames of a recording."""
    detector: str | None = None
    """A model that finds people, such as zoo:person-detector-int8, which is the default for
    recordings; each of them is then ranked. For photos, without it, and with `none`, each photo is
    one person."""
    top: int = 20
    """How many are shown, the best first."""
    save: Path | None = None
    """A contact sheet of them, .jpg or .png."""
    cache: bool = True
    """Keep the vectors of the photos in the user's cache for the next query."""
    threads: int = 1
    """Threads inside one operator."""

    def __post_init__(self) -> None:
        if not any(map(str.isalnum, self.query)):
            raise UsageError(
                f"the query {self.query[:_SHOWN]!r} has no word; give a sentence, such as 'woman "
                "in a red coat'"
            )
        counted = ("top", "threads", "every")
        require(self, ((getattr(self, name) >= 1, name, "at least 1") for name in counted))
        if (self.photos is None) == (self.recording is None):
            raise UsageError("give one of --photos and --recording, the place to search")
        if self.photos is not None and self.every != 1:
            raise UsageError(f"--every is {self.every}; it is for --recording")
        if self.recording is not None and self.detector == ALONE:
            raise UsageError(f"--detector {ALONE} is for photos; in a recording people are found")
        if self.save is not None:
            require_sheet(self.save)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody in the photos, in their order.

    Attributes:
        photo_P: number of the photo. box_P4: NaN: the whole photo. vector_PD: of length 1.
    """

    photo_P: Places
    box_P4: Float32
    vector_PD: Float32


def search(config: SearchConfig) -> Outcome:
    """Look at the photos, or at the recording, that are new, then rank everybody by the sentence.

    Ctrl-C ends the looking; those seen so far are ranked, and kept for the next query.

    Raises:
        UsageError: an empty query, a wrong flag, or a sheet among the photos or not writable.
        ArtefactError, EngineError, SignatureError: as `open_eye`.
        DataError: no photo, or nobody in those that can be read; or as `search_tracks`.
    """
    if config.save is not None:
        require_usable_file(config.save, f"--save {config.save}")
    if config.recording is not None:
        detector = config.detector or DETECTOR
        return search_tracks(
            config, config.recording, open_eye(config.model, detector, config.threads)
        )
    return _search_photos(config, str(config.photos))


def _search_photos(config: SearchConfig, photos: str) -> Outcome:
    eye = open_eye(config.model, config.detector, config.threads)
    source = Path(photos)
    paths = {name_in(source, path): path for path in find_photos(photos).photos}
    _require_outside(config.save, photos, paths.values())
    remarks = remarks_on(config.query, eye)
    index, fresh, stopped = _looked(config, photos, eye, paths)
    names = [name for name in paths if name in index.photos]
    people = everybody(index, names)
    unreadable = {name: reason for name in names if (reason := index.photos[name].reason)}
    if not len(people.photo_P):
        why = next(iter(unreadable.values()), "nobody was found in them")
        raise DataError(f"{photos}: nobody to rank in {len(names)} photos: {why}")
    remarks += remark_on(len(unreadable), "photos", next(iter(unreadable.values()), ""))
    begin_ns = time.perf_counter_ns()
    query_D = eye.sentences.vectors([config.query])[0]
    index_K, score_K = nearest(people.vector_PD, query_D, config.top)
    spent_ms = (time.perf_counter_ns() - begin_ns) / 1e6
    rows = list(_rows(people, names, index_K, score_K))
    if config.save is not None:
        shown = [Shown(paths[row["photo"]], row["photo"], row["score"], row["box"]) for row in rows]
        write_sheet(config.save, f'"{config.query}"', shown)
    data = {
        "query": config.query,
        "model": config.model,
        "detector": config.detector,
        "photos": len(names),
        "people": len(people.photo_P),
        "looked_at": fresh,
        "unreadable": len(unreadable),
        "query_ms": round(spent_ms, 2),
        "results": rows,
        "remarks": remarks,
        "save": None if config.save is None else str(config.save),
        "stopped": stopped,
    }
    return Outcome(data, _in_words(data))


def everybody(index: Index, names: Sequence[str]) -> People:
    """The people of these photos, in their order."""
    photos = [index.photos[name] for name in names]
    counts = [len(photo.box_M4) for photo in photos]
    return People(
        np.repeat(np.arange(len(photos)), counts),
        np.concatenate([np.zeros((0, 4), np.float32), *(photo.box_M4 for photo in photos)]),
        np.concatenate([photo.vector_MD for photo in photos] or [np.zeros((0, 0), np.float32)]),
    )


def _looked(
    config: SearchConfig, photos: str, eye: Eye, paths: dict[str, Path]
) -> tuple[Index, int, bool]:
    """The index with all photos, how many were looked at, and whether that was stopped."""
    file = None
    if config.cache:
        folder = own_folder("XDG_CACHE_HOME", ".cache") / "search"
        file = index_path(folder, photos, eye.identity)
    old = Index() if file is None else read_index(file, eye.dim)
    index, fresh, changed, stop = Index(dict(old.photos)), 0, 0, StopSignals()
    bar = progress_bar(paths.items(), "looking at photos", unit="photo", delay=2, leave=False)
    with stop:
        for name, path in stop.until_stopped(bar):
            before = index.photos.get(name)
            try:
                found = index.known(path, name)
                if found is None:
                    found = index.add(name, path, lambda: eye.look(path, name))  # noqa: B023
                    fresh += 1
            except OSError as error:
                index.photos.pop(name, None)
                tell(f"{path}: {error.strerror}; left out")
                continue
            changed += found is not before
            if file is not None and changed and changed % _WRITE_EVERY == 0:
                write_index(file, index, eye.dim)
    gone = [name for name in index.photos if name not in paths]
    for name in gone:
        del index.photos[name]
    if file is not None and (changed or gone):
        write_index(file, index, eye.dim)
    return index, fresh, stop.requested


def _require_outside(save: Path | None, photos: str, paths: Iterable[Path]) -> None:
    """Raise UsageError for a sheet that would be one of the photos, now or in the next query."""
    if save is None:
        return
    folder, place = Path(photos), save.resolve()
    inside = folder.is_dir() and place.is_relative_to(folder.resolve())
    if inside or any(place == path.resolve() for path in paths if path.name == place.name):
        raise UsageError(
            f"--save {save} is among the photos of {photos}; the next query would rank it. Choose "
            "another folder"
        )


def _rows(
    people: People, names: Sequence[str], index_K: Places, score_K: Float32
) -> Iterator[dict[str, Any]]:
    for rank, (place, score) in enumerate(zip(index_K.tolist(), score_K.tolist(), strict=True), 1):
        box_4 = people.box_P4[place]
        yield {
            "rank": rank,
            "photo": names[int(people.photo_P[place])],
            "score": round(score, 4),
            "box": None if np.isnan(box_4).any() else [round(x, 1) for x in box_4.tolist()],
        }


def _in_words(data: dict[str, Any]) -> str:
    rows = []
    for row in data["results"]:
        where = "" if row["box"] is None else f"  at {' '.join(f'{x:.0f}' for x in row['box'])}"
        rows.append(f"{safe_name(row['photo'])}{where}")
    stopped = "the photos after that were not looked at; the next query goes on"
    return in_words(data, f"{data['people']} people in {data['photos']} photos", rows, stopped)
