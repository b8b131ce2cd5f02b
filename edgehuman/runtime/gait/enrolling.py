"""The tracks of outlines, to be enrolled from the page of a run (`serve.people.enrolling`)."""

from __future__ import annotations

from edgehuman.errors import DataError
from edgehuman.runtime.gait.outlines import Outlines
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.serve.people.keeper import Taken
from edgehuman.runtime.states import ENROL_QUALITY, ENROL_STEPS, too_little


class OutlineTracks:
    """Those of one source."""

    def __init__(self, outlines: Outlines) -> None:
        self._outlines = outlines

    def use(self, gallery: Gallery) -> None:
        """Name people by this gallery from the next frame on."""
        self._outlines.use(gallery)

    def windows(self) -> dict[str, int]:
        """Windows of each track that is there, the oldest track first; none of who stands."""
        with self._outlines.lock:
            shown = sorted(self._outlines.shown.items(), key=lambda each: each[1].began_s)
            return {track: own.windows for track, own in shown if own.windows or own.idle()}

    def taken(self, track: str) -> Taken | None:
        """The newest walk of a track; None: it has left, or has no window.

        Raises:
            DataError: it shows too little of how somebody walks.
        """
        with self._outlines.lock:
            own = self._outlines.shown.get(track)
            if own is None or not own.windows:
                return None
            quality, vector = own.quality(), own.vector(self._outlines.distance)
            windows, began_s = own.windows, own.began_s
        if said := too_little(quality, ENROL_STEPS, ENROL_QUALITY):
            raise DataError(
                f"track {track}: it shows too little of how somebody walks: {said}. Nobody was "
                "enrolled; let them walk by, seen from head to foot"
            )
        return Taken(vector, windows, f"{began_s:.6f}", quality.score)
