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
    """The tracks of a run's identifier.

    Args:
        identifier: names the walks; it is listened to from now on.
    """

    def __init__(self, identifier: Identifier) -> None:
        cut = identifier.windows
        self._newest = Newest(identifier.distance, cut.frames / cut.rate_hz)
        identifier.heard = self._newest.hear

    def now(self) -> list[dict[str, Any]]:
        """The tracks, how many windows each has, and how many it needs."""
        return [
            {"track": track, "windows": count, "needed": LEAST_WINDOWS}
            for track, count in self._newest.windows().items()
        ]

    def taken(self, track: str) -> Taken:
        """The newest walk of a track.

        Raises:
            DataError: it has left; too little was seen; or an apparent mistake, as `gallery enroll`
                refuses it.
        """
        count = self._newest.windows().get(track)
        if count is None:
            raise DataError(f"track {track} has left; choose one that is there")
        found = self._newest.walk(track)
        if found is None or count < LEAST_WINDOWS:
            raise DataError(
                f"track {track} was seen for too short a time: {count} windows, and "
                f"{LEAST_WINDOWS} are needed. Nobody was enrolled; let them walk on"
            )
        (walks, began_s), where = found, f"track {track}"
        try:
            require_one(walks, track, where)
            require_right(walks, track, where)
        except DataError as error:
            # What follows is a flag of the command line.
            raise DataError(str(error).partition("; if the poses are correct")[0]) from None
        said = tuple(remarks(walks, track))
        return Taken(walks.vectors[track], count, f"{began_s:.6f}", said)


def keeper_for(
    path: Path,
    key: Path | None,
    model: Model,
    identifier: Identifier,
    use: Callable[[Gallery], object],
    notify: Callable[[str], object],
) -> Keeper:
    """What manages the gallery of a run on its page.

    Args:
        use: called with the gallery after each change, when the identifier has it.

    Raises:
        UsageError: an .npz gallery.
    """

    def changed(gallery: Gallery) -> None:
        identifier.use(gallery)
        use(gallery)

    return Keeper(path, key, model.card, Enrolling(identifier), changed, notify)
