"""A sample that does not fit to the others of its person.

One wrong walk under a name makes its owner's walks that person's for good, as a person's score is
that of their nearest walk. So a walk that none of the person's own would be recognised by, and that
somebody else would be recognised as, is refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgehuman.errors import DataError
from edgehuman.records import Float32
from edgehuman.runtime.gallery.gallery import Gallery
from edgehuman.runtime.names import one_name


@dataclass(frozen=True, slots=True)
class Fit:
    """How a vector fits to a person of a gallery.

    Attributes:
        own: best score with their walks; -inf if they have none.
        other: best score with anybody else's; -inf if there is nobody.
        whose: who that is; empty if nobody.
    """

    own: float
    other: float
    whose: str

    def is_outlier(self, threshold: float) -> bool:
        """Whether it looks like somebody else and not like the person."""
        return bool(np.isfinite(self.own)) and self.own < threshold <= self.other


def fit_of(gallery: Gallery, person: str, vector_D: Float32, walk: str | None = None) -> Fit:
    """How a vector of the model fits to a person.

    Args:
        walk: one of the person's walks that does not count, as it is this vector.

    Raises:
        DataError: a vector of another width.
    """
    if not len(gallery):
        return Fit(-np.inf, -np.inf, "")
    score_G = gallery.scores(vector_D)
    is_own_G = np.array([name == one_name(person) for name in gallery.person_G])
    counts_G = np.array([each != walk for each in gallery.walk_G])
    own_G = np.where(is_own_G & counts_G, score_G, -np.inf)
    other_G = np.where(is_own_G, -np.inf, score_G)
    nearest = int(other_G.argmax())
    whose = gallery.person_G[nearest] if np.isfinite(other_G[nearest]) else ""
    return Fit(float(own_G.max()), float(other_G[nearest]), whose)


def require_fitting(
    gallery: Gallery, person: str, vector_D: Float32, threshold: float, where: str
) -> None:
    """Raises DataError for a walk that looks like somebody else, and not like the person's own."""
    fit = fit_of(gallery, person, vector_D)
    if fit.is_outlier(threshold):
        raise DataError(
            f"{where}: this walk looks like {fit.whose} ({fit.other:.3f}) and not like those of "
            f"{person} ({fit.own:.3f}, and the threshold is {threshold:.3f}). Nobody was enrolled; "
            f"check who it is, and give --take-as-is if it is {person}"
        )
