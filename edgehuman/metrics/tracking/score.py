"""All metrics of tracking for one video, or several together."""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass

from edgehuman.metrics.tracking import clear, hota, identity
from edgehuman.metrics.tracking.sequence import Sequence


@dataclass(frozen=True, slots=True)
class TrackScores:
    """Attributes:
    hota, clear, identities: the counts behind the metrics.
    people, tracks: how many there are.
    """

    hota: hota.Hota
    clear: clear.Clear
    identities: identity.Identities
    people: int
    tracks: int

    def metrics(self) -> dict[str, float]:
        """HOTA, IDF1 and MOTA first."""
        each = {
            **self.hota.metrics(),
            **self.identities.metrics(),
            **self.clear.metrics(),
            "people": self.people,
            "tracks": self.tracks,
        }
        first = ("hota", "idf1", "mota", "id_switches")
        return {
            name: each[name] for name in (*first, *(name for name in each if name not in first))
        }


def score_tracks(sequence: Sequence) -> TrackScores:
    """Score one video.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    return TrackScores(
        hota.hota(sequence),
        clear.clear(sequence),
        identity.identities(sequence),
        len(sequence.count_true_G),
        len(sequence.count_found_M),
    )


def of_several(each: Several[TrackScores]) -> TrackScores:
    """The score of several videos: counts are summed, and then combined."""
    return TrackScores(
        hota.of_several([one.hota for one in each]),
        clear.of_several([one.clear for one in each]),
        identity.of_several([one.identities for one in each]),
        sum(one.people for one in each),
        sum(one.tracks for one in each),
    )
