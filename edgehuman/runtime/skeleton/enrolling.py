"""The tracks of an identifier of skeletons, to be enrolled from the page of a run:
`serve.people.enrolling.Tracks`.
"""

from __future__ import annotations

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.serve.people.keeper import Taken
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.enrolment import remarks, require_one, require_right
from edgehuman.runtime.skeleton.walks import Newest


class PoseTracks:
    """Listens to an identifier from now on."""

    def __init__(self, identifier: Identifier) -> None:
        self._identifier = identifier
        self._newest = Newest(identifier.distance, identifier.windows)
        identifier.heard = self._newest.hear

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from the next block on."""
        self._identifier.use(gallery)

    def windows(self) -> dict[str, int]:
        """Windows of each track that is there, the oldest track first."""
        return self._newest.windows()

    def taken(self, track: str) -> Taken | None:
        """The newest walk of a track; None: it has left, or has no window.

        Raises:
            DataError: an apparent mistake, as `gallery enroll` refuses it.
        """
        found = self._newest.walk(track)
        if found is None:
            return None
        (walks, began_s), where = found, f"track {track}"
        try:
            require_one(walks, track, where)
            require_right(walks, track, where, self._identifier.on_the_spot)
        except DataError as error:
            # What follows is a flag of the command line.
            raise DataError(str(error).partition("; if the poses are correct")[0]) from None
        said, score = tuple(remarks(walks, track)), walks.quality[track].score
        return Taken(walks.vectors[track], walks.windows[track], f"{began_s:.6f}", score, said)
