"""The gallery of a run, as its page manages it: who is in it, enrol who walks now, forget somebody.

    keeper = Keeper(path, key, card, walking, use)
    keeper.enrol(asked)["said"]

Every change is the gallery's own (`update_gallery`): its lock, encryption, checks and log are those
of the command line. What is refused says so in words, and leaves the file and the run as they were.
"""

from __future__ import annotations

import dataclasses
import datetime
import os
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from edgehuman.card import Card
from edgehuman.errors import DataError, UsageError
from edgehuman.placing import followed
from edgehuman.records import Float32
from edgehuman.runtime.gallery.files import gallery_for, is_store, update_gallery
from edgehuman.runtime.gallery.gallery import Gallery, threshold_for
from edgehuman.runtime.gallery.key import read_key
from edgehuman.runtime.gallery.outliers import fit_of
from edgehuman.runtime.gallery.terms import EnrolmentTerms, Terms, terms_of
from edgehuman.runtime.names import one_name
from edgehuman.runtime.serve.people.asked import Asked, Enrol, Forget

MOST_LISTED = 200
"""People of one answer; a name that is typed finds the others."""
_SAME_WALK = 1 - 1e-6
_MOST_REMEMBERED = 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """The newest walk of a track.

    Attributes:
        vector_D: the mean over its windows.
        windows: how many.
        began: when it began; with the track it says which walk this is.
        quality: 0 to 100; None: not measured.
        remarks: what may be wrong with it, by one weak sign.
    """

    vector_D: Float32
    windows: int
    began: str
    quality: int | None = None
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ready:
    """What may be enrolled.

    Attributes:
        track, name: of whom.
        walk: its name.
        taken: what is known of it; terms: on which it is kept.
    """

    track: str
    name: str
    walk: str
    taken: Taken
    terms: Terms

    @property
    def walk_id(self) -> tuple[str, str]:
        """Which walk of the run it is."""
        return self.track, self.taken.began


class Managing(Protocol):
    """What a page manages people by."""

    def change(self, asked: Asked) -> dict[str, Any]:
        """Do what was asked; `said` says what was done."""

    def listing(self, part: str = "") -> dict[str, Any]:
        """Who is known, and who may be enrolled now."""

    def gone(self) -> set[str]:
        """Who was forgotten since this was asked last."""


class Walking(Protocol):
    """Who walks before the run now."""

    def now(self) -> Sequence[Mapping[str, Any]]:
        """The tracks that may be enrolled: `track`, `windows`, `needed`."""

    def taken(self, track: str) -> Taken:
        """The newest walk of a track.

        Raises:
            DataError: it has left, or nobody would be found by it; says why.
        """


class Keeper:
    """Manages one gallery; from any thread.

    Args:
        path: of the gallery, which need not be there yet.
        key: of an encrypted one (`read_key`).
        card: of the model that gives the vectors.
        walking: who walks now.
        use: called with the gallery after each change, and where another program changed it.
        notify: what the page does not say, such as that a new gallery is not encrypted.

    Attributes:
        path: of the gallery.

    Raises:
        UsageError: an .npz gallery, which has no place for consent.
    """

    def __init__(
        self,
        path: Path,
        key: Path | None,
        card: Card,
        walking: Walking,
        use: Callable[[Gallery], object],
        notify: Callable[[str], object],
    ) -> None:
        if not is_store(path):
            raise UsageError(
                f"--serve-gallery: {path} is an .npz gallery, which holds no consent; make one "
                "that does with `edgehuman gallery convert`"
            )
        self.path, self._key, self._card = path, key, card
        self._walking, self._use, self._notify = walking, use, notify
        self._enrolled: dict[tuple[str, str], str] = {}
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._rows: list[dict[str, Any]] = []
        self._gone: set[str] = set()

    def change(self, asked: Asked) -> dict[str, Any]:
        """Do what was asked; `said` says what was done.

        Raises:
            EdgehumanError: it was refused, and nothing was changed.
        """
        return self.forget(asked) if isinstance(asked, Forget) else self.enrol(asked)

    def enrol(self, asked: Enrol) -> dict[str, Any]:
        """Enrol who is on a track now, on the terms that were given.

        Raises:
            DataError: weak evidence, or it is somebody else's walk. UsageError, ArtefactError: as
                `update_gallery`.
        """
        ready = self.ready(asked)
        people, taken = self.write(ready).people(), ready.taken
        said = f"{ready.name} is enrolled with track {asked.track}, {taken.windows} windows: "
        said += f"{counted(people[ready.name], 'walk')} of {ready.name}, "
        said += f"{counted(len(people), 'person')} in all"
        return {"said": "; ".join([said, *taken.remarks])}

    def ready(self, asked: Enrol, walk: str = "") -> Ready:
        """What there is to be enrolled now; nothing is written.

        Args:
            walk: its name; "": a new one.

        Raises:
            DataError: weak evidence. UsageError: no consent, or no name.
        """
        taken = self._walking.taken(asked.track)
        name = one_name(asked.name)
        flags = EnrolmentTerms(
            consent=asked.consent,
            consent_by=asked.by or None,
            keep_days=asked.keep_days,
            key=self._key,
        )
        terms = terms_of(flags, name, True, False)
        walk = walk or one_name(f"page {_now():%Y-%m-%d %H:%M:%S.%f} #{asked.track[:40]}")
        if taken.quality is not None:
            terms = dataclasses.replace(terms, quality={walk: taken.quality})
        return Ready(asked.track, name, walk, taken, terms)

    def check(self, ready: Ready) -> None:
        """Refuse what `write` would refuse now.

        Raises:
            DataError, UsageError, ArtefactError: as `write`.
        """
        self._with(gallery_for(self.path, self._card, self._key), ready)

    def write(self, ready: Ready) -> Gallery:
        """Enrol it; the gallery as it is then.

        Raises:
            DataError: it is somebody else's walk. UsageError, ArtefactError: as `update_gallery`.
        """
        _, gallery = update_gallery(
            self.path,
            lambda known: self._with(known, ready),
            self._card,
            self._notify,
            self._key,
            ready.terms,
        )
        with self._lock:
            self._enrolled[ready.walk_id] = ready.name
            while len(self._enrolled) > _MOST_REMEMBERED:
                del self._enrolled[next(iter(self._enrolled))]
        self._use(gallery)
        return gallery

    def take_back(self, walk: str) -> None:
        """Remove one walk that this page has written.

        Raises:
            UsageError, ArtefactError: as `update_gallery`.
        """
        _, gallery = update_gallery(
            self.path, lambda known: known.forget(walk=walk), notify=self._notify, key=self._key
        )
        with self._lock:
            self._enrolled.popitem()
        self._use(gallery)

    def _with(self, known: Gallery, ready: Ready) -> Gallery:
        self._require_new(known, ready.name, ready.track, ready.walk_id)
        self._require_fitting(known, ready.name, ready.track, ready.taken.vector_D)
        return known.enrol(ready.name, ready.walk, ready.taken.vector_D)

    def forget(self, asked: Forget) -> dict[str, Any]:
        """Remove a person with all their walks.

        Raises:
            UsageError: nobody has the name. UsageError, ArtefactError: as `update_gallery`.
        """
        name, told = one_name(asked.name), list[str]()
        before, after = update_gallery(
            self.path, lambda known: known.forget(name), notify=told.append, key=self._key
        )
        with self._lock:
            self._enrolled = {walk: own for walk, own in self._enrolled.items() if own != name}
        self._use(after)
        said = f"{name} is forgotten ({counted(len(before) - len(after), 'walk')}); "
        said += (
            f"{counted(len(after.people()), 'person')} left. Copies of the file made before, such "
        )
        said += "as back-ups, still hold what was forgotten"
        return {"said": "; ".join([said, *told])}

    def listing(self, part: str = "") -> dict[str, Any]:
        """Who is in the gallery, and who may be enrolled now.

        Args:
            part: of the names that are wanted.

        Raises:
            ArtefactError, UsageError: the gallery cannot be read.
        """
        tracks, rows = self.walking_now(), self.rows()
        wanted = one_name(part).casefold()
        found = [row for row in rows if wanted in row["name"].casefold()]
        counts = {"people": found[:MOST_LISTED], "found": len(found), "count": len(rows)}
        return {"gallery": self.path.name, **counts, "tracks": tracks}

    def walking_now(self) -> list[Mapping[str, Any]]:
        """The tracks that may be enrolled."""
        return list(self._walking.now())

    def rows(self) -> list[dict[str, Any]]:
        """Everybody in the gallery as it is now: `name` and `walks`.

        Raises:
            ArtefactError, UsageError: the gallery cannot be read.
        """
        with self._lock:
            self._look()
            return self._rows

    def holds(self, name: str) -> bool:
        """Whether somebody is in the gallery now.

        Raises:
            ArtefactError, UsageError: the gallery cannot be read.
        """
        return any(row["name"] == name for row in self.rows())

    def gone(self) -> set[str]:
        """Who left the gallery since this was asked last, by the page or another program."""
        with self._lock:
            gone, self._gone = self._gone, set()
        return gone

    def _look(self) -> None:
        """Read the gallery if it is another than before: this page or another program changed
        it.
        """
        seen = _signature(self.path)
        if seen == self._seen:
            return
        if not self.path.exists():
            self._rows, self._seen = [], seen
            return
        from edgehuman.runtime.gallery.store.book import read_book

        book = read_book(self.path, read_key(self._key))
        rows: dict[str, dict[str, Any]] = {}
        for name, record in zip(book.gallery.person_G, book.walks, strict=True):
            consent = record.consent
            row: dict[str, Any] = {"enrolled": _day(record.added_s)}
            row["keep_until"] = None if record.expires_s is None else _day(record.expires_s)
            row["consent"] = None if consent is None else dataclasses.asdict(consent)
            rows.setdefault(name, {"name": name, "walks": []})["walks"].append(row)
        self._use(book.gallery)  # also before the first look: it may be another since the run began
        self._gone |= {row["name"] for row in self._rows} - rows.keys()
        self._rows, self._seen = list(rows.values()), seen

    def _require_new(self, known: Gallery, name: str, track: str, walk_id: tuple[str, str]) -> None:
        """Raises DataError for a walk that this page enrolled already."""
        with self._lock:
            earlier = self._enrolled.get(walk_id)
        if earlier is not None and earlier in known.person_G:
            raise DataError(
                f"this walk of track {track} was enrolled as {earlier} already; let {name} walk "
                "past again for another"
            )

    def _require_fitting(self, known: Gallery, name: str, track: str, vector_D: Float32) -> None:
        """Raises DataError for a walk that is somebody else's, as `gallery enroll` does."""
        if not len(known):
            return
        fit = fit_of(known, name, vector_D)
        threshold = threshold_for(self._card, None, known)
        if max(fit.own, fit.other) >= _SAME_WALK:
            whose = fit.whose if fit.other >= _SAME_WALK else name
            raise DataError(f"this walk of track {track} is in the gallery already, as {whose}'s")
        if fit.is_outlier(threshold):
            raise DataError(
                f"track {track} walks like {fit.whose} ({fit.other:.3f}) and not like {name} "
                f"({fit.own:.3f}, and the threshold is {threshold:.3f}). Nobody was enrolled; "
                "check who it is"
            )


def _signature(path: Path) -> tuple[int, ...]:
    """Changes whenever a gallery does."""
    found: list[int] = []
    for name in (followed(path), f"{followed(path)}-wal"):
        try:
            stat = os.stat(name)
        except OSError:
            found += (0, 0, 0)
        else:
            found += (stat.st_ino, stat.st_size, stat.st_mtime_ns)
    return tuple(found)


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def _day(time_s: int) -> str:
    return datetime.datetime.fromtimestamp(time_s, datetime.timezone.utc).date().isoformat()


def counted(many: int, what: str) -> str:
    """So many of something, in words."""
    return f"1 {what}" if many == 1 else f"{many} {'people' if what == 'person' else what + 's'}"
