"""Who walks before a run now, to be enrolled from its page: `serve.people.keeper.Walking`.

enrolling = Enrolling()
enrolling.add(tracks)               of each source of the run, which have tracks of their own
enrolling.taken("7").vector_D
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.model import Model
from edgehuman.runtime.serve.people.keeper import Keeper, Taken

LEAST_WINDOWS = 4
"""Windows of a track until it may be enrolled."""


class Tracks(Protocol):
    """The tracks of one source; asked from any thread."""

    def windows(self) -> Mapping[str, int]:
        """Windows of each track that is there, the oldest track first."""

    def taken(self, track: str) -> Taken | None:
        """The newest walk of a track; None: it has left, or has no window.

        Raises:
            DataError: nobody would be found by it.
        """

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from now on."""


class Enrolling:
    """The tracks of a run; for the loop that adds its sources, and the page that asks.

    Attributes:
        gallery: the newest one; None: it was not changed yet.
    """

    def __init__(self) -> None:
        self._added: list[Tracks] = []
        self.gallery: Gallery | None = None
        self._names: frozenset[str] = frozenset()

    def add(self, tracks: Tracks) -> None:
        """Take the tracks of one more source; they are named by the newest gallery."""
        if self.gallery is not None:
            tracks.use(self.gallery)
        self._added.append(tracks)

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from now on."""
        self.gallery, self._names = gallery, frozenset(gallery.person_G)
        for tracks in tuple(self._added):
            tracks.use(gallery)

    def knows(self, name: str) -> bool:
        """Whether somebody was not forgotten meanwhile."""
        return self.gallery is None or name in self._names

    def now(self) -> list[dict[str, Any]]:
        """The tracks, how many windows each has, and how many it needs."""
        return [
            {"track": track, "windows": count, "needed": LEAST_WINDOWS}
            for tracks in tuple(self._added)
            for track, count in tracks.windows().items()
        ]

    def taken(self, track: str) -> Taken:
        """The newest walk of a track.

        Raises:
            DataError: it has left; too little was seen; or an apparent mistake, as `gallery enroll`
                refuses it.
        """
        own = next((each for each in tuple(self._added) if track in each.windows()), None)
        if own is None:
            raise DataError(f"track {track} has left; choose one that is there")
        count = own.windows().get(track, 0)
        found = own.taken(track) if count >= LEAST_WINDOWS else None
        if found is None or found.windows < LEAST_WINDOWS:
            raise DataError(
                f"track {track} was seen for too short a time: {count} windows, and "
                f"{LEAST_WINDOWS} are needed. Nobody was enrolled; let them walk on"
            )
        return found


def keeper_for(
    path: Path,
    key: Path | None,
    model: Model,
    enrolling: Enrolling,
    changed: Callable[[], object],
    notify: Callable[[str], object],
) -> Keeper:
    """What manages the gallery of a run on its page.

    Args:
        changed: called after each change, when the tracks have the new gallery.

    Raises:
        UsageError: an .npz gallery.
    """

    def use(gallery: Gallery) -> None:
        enrolling.use(gallery)
        changed()

    return Keeper(path, key, model.card, enrolling, use, notify)
