"""Who walks before a run now, to be enrolled from its page: `serve.people.keeper.Walking`.

walking = Enrolling(identifier)
walking.taken("7").vector_D
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.model import Model
from edgehuman.runtime.serve.people.keeper import Keeper, Taken
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.enrolment import remarks, require_one, require_right
from edgehuman.runtime.skeleton.walks import Newest

LEAST_WINDOWS = 4
"""Windows of a track until it may be enrolled."""


class Enrolling:
    """The tracks of a run's identifiers: one for each of its sources, which have tracks of their
    own. For the loop that adds them, and the page that asks.

    Attributes:
        gallery: the newest one; None: it was not changed yet.
    """

    def __init__(self) -> None:
        self._heard: list[tuple[Identifier, Newest]] = []
        self.gallery: Gallery | None = None
        self._names: frozenset[str] = frozenset()

    def listen(self, identifier: Identifier) -> None:
        """Listen to an identifier from now on; it names people by the newest gallery."""
        newest = Newest(identifier.distance, identifier.windows)
        identifier.heard = newest.hear
        if self.gallery is not None:
            identifier.use(self.gallery)
        self._heard.append((identifier, newest))

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from now on."""
        self.gallery, self._names = gallery, frozenset(gallery.person_G)
        for identifier, _ in tuple(self._heard):
            identifier.use(gallery)

    def knows(self, name: str) -> bool:
        """Whether somebody was not forgotten meanwhile."""
        return self.gallery is None or name in self._names

    def now(self) -> list[dict[str, Any]]:
        """The tracks, how many windows each has, and how many it needs."""
        return [
            {"track": track, "windows": count, "needed": LEAST_WINDOWS}
            for _, newest in tuple(self._heard)
            for track, count in newest.windows().items()
        ]

    def taken(self, track: str) -> Taken:
        """The newest walk of a track.

        Raises:
            DataError: it has left; too little was seen; or an apparent mistake, as `gallery enroll`
                refuses it.
        """
        counts = [(*each, each[1].windows().get(track)) for each in tuple(self._heard)]
        own = next((each for each in counts if each[2] is not None), None)
        if own is None:
            raise DataError(f"track {track} has left; choose one that is there")
        identifier, newest, count = own
        found = newest.walk(track)
        if found is None or count is None or count < LEAST_WINDOWS:
            raise DataError(
                f"track {track} was seen for too short a time: {count} windows, and "
                f"{LEAST_WINDOWS} are needed. Nobody was enrolled; let them walk on"
            )
        (walks, began_s), where = found, f"track {track}"
        try:
            require_one(walks, track, where)
            require_right(walks, track, where, identifier.on_the_spot)
        except DataError as error:
            # What follows is a flag of the command line.
            raise DataError(str(error).partition("; if the poses are correct")[0]) from None
        said = tuple(remarks(walks, track))
        score = walks.quality[track].score
        return Taken(walks.vectors[track], count, f"{began_s:.6f}", score, said)


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
        changed: called after each change, when the identifiers have the new gallery.

    Raises:
        UsageError: an .npz gallery.
    """

    def use(gallery: Gallery) -> None:
        enrolling.use(gallery)
        changed()

    return Keeper(path, key, model.card, enrolling, use, notify)
