"""The true and the found tracks of one video: what every metric of tracking reads.

    sequence = paired(frames)       people and boxes of each frame, with their tracks
    sequence.true[t], sequence.found[t], sequence.alike[t]

Axes: G people of one frame, M found boxes of one frame.
"""

from __future__ import annotations

from collections.abc import Sequence as Several
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import DataError
from edgehuman.install import not_installed
from edgehuman.metrics.boxes.overlap import ious
from edgehuman.records import Float64, Index, Intp

EPS = float(np.finfo(np.float64).eps)
"""By which a similarity may miss a threshold, as in TrackEval."""


@dataclass(frozen=True)
class Sequence:
    """Attributes:
    true: tracks of the people of each frame, numbered from 0 without gaps over the video.
    found: tracks of the found boxes of each frame, likewise.
    alike: similarity of each frame's people and boxes (G, M), 0 to 1.

    Raises:
        DataError: other numbers of frames, wrong shapes, or a track twice in a frame.
    """

    true: Several[Index]
    found: Several[Index]
    alike: Several[Float64]

    def __post_init__(self) -> None:
        if not len(self.true) == len(self.found) == len(self.alike):
            counts = f"{len(self.true)}, {len(self.found)} and {len(self.alike)}"
            raise DataError(
                f"found people, boxes and similarities of {counts} frames; give as many"
            )
        for t, (true_G, found_M, alike_GM) in enumerate(
            zip(self.true, self.found, self.alike, strict=True)
        ):
            if alike_GM.shape != (len(true_G), len(found_M)):
                raise DataError(
                    f"frame {t}: similarities of shape {alike_GM.shape} for {len(true_G)} people "
                    f"and {len(found_M)} boxes"
                )
            for what, id_K in (("people", true_G), ("found boxes", found_M)):
                if len(np.unique(id_K)) < len(id_K):
                    raise DataError(
                        f"frame {t}: two of the {what} have one track; in a frame nobody is twice"
                    )

    @property
    def count_true_G(self) -> Index:
        """In how many frames each person is."""
        return _counts(self.true)

    @property
    def count_found_M(self) -> Index:
        """In how many frames each found track is."""
        return _counts(self.found)


def paired(
    true: Several[tuple[NDArray[Any], NDArray[Any]]],
    found: Several[tuple[NDArray[Any], NDArray[Any]]],
) -> Sequence:
    """A sequence of tracks (G,) with boxes (G, 4) x1, y1, x2, y2 of each frame.

    Raises:
        DataError: other numbers of frames, or a track twice in a frame.
    """
    if len(true) != len(found):
        raise DataError(f"found boxes of {len(found)} frames for people of {len(true)}")
    alike = [ious(one[1], two[1]) for one, two in zip(true, found, strict=True)]
    return Sequence(
        renumbered([each[0] for each in true]), renumbered([each[0] for each in found]), alike
    )


def renumbered(ids: Several[NDArray[Any]]) -> list[Index]:
    """Tracks of each frame by numbers from 0 without gaps."""
    known = np.unique(np.concatenate([*ids, np.zeros(0, np.int64)]))
    return [np.asarray(np.searchsorted(known, each), np.int64) for each in ids]


def matching(worth_KM: NDArray[Any]) -> tuple[Intp, Intp]:
    """Rows and columns of the pairs with the greatest sum.

    Raises:
        MissingDependencyError: scipy is not installed.
    """
    try:
        from scipy.optimize import linear_sum_assignment
    except ImportError:
        raise not_installed("scipy", "scoring tracks") from None
    rows, columns = linear_sum_assignment(-worth_KM)
    return rows, columns


def _counts(ids: Several[Index]) -> Index:
    every = np.concatenate([*ids, np.zeros(0, np.int64)])
    return np.asarray(np.bincount(every), np.int64)
