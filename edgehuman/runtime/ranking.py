"""The people of a gallery, ranked by their scores for one vector.

Axes: G walks, P people.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import overload

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Float64, Index

Scored = tuple[str, float]


class People:
    """The walks of each person.

    Args:
        person_G: names, one per walk.
    """

    def __init__(self, person_G: Sequence[str]) -> None:
        place = {name: index for index, name in enumerate(dict.fromkeys(person_G))}
        index_G = np.array([place[name] for name in person_G])
        self._name_P = np.array([*place], object)
        # Walks sorted by person, and where each person begins there.
        self._order_G = np.argsort(index_G, kind="stable")
        self._begin_P = np.searchsorted(index_G[self._order_G], np.arange(len(place)))

    def rank(self, score_G: Float64) -> Ranking:
        """The people by the score (G,) of their best walk."""
        return Ranking(self._name_P, np.maximum.reduceat(score_G[self._order_G], self._begin_P))


class Ranking(Sequence[Scored]):
    """Names and scores, best first; equal scores stay in their order.

    All are sorted when any but the first is asked for: a live stream needs the first alone, and
    sorting 20,000 people takes longer than scoring them.
    """

    def __init__(self, name_P: NDArray[np.object_], score_P: Float64) -> None:
        self._name_P, self._score_P = name_P, score_P

    def first(self) -> Scored:
        """The best."""
        best = int(self._score_P.argmax())
        return self._name_P[best], float(self._score_P[best])

    def rest(self) -> Ranking:
        """All but the best."""
        best = int(self._score_P.argmax())
        return Ranking(np.delete(self._name_P, best), np.delete(self._score_P, best))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ranking | tuple) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __len__(self) -> int:
        return len(self._score_P)

    @overload
    def __getitem__(self, place: int) -> Scored: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Scored, ...]: ...

    def __getitem__(self, place: int | slice) -> Scored | tuple[Scored, ...]:
        if isinstance(place, slice):
            chosen_K = self._order_P[place]
            return tuple(
                zip(self._name_P[chosen_K].tolist(), self._score_P[chosen_K].tolist(), strict=True)
            )
        chosen = self._order_P[place]
        return self._name_P[chosen], float(self._score_P[chosen])

    @cached_property
    def _order_P(self) -> Index:
        return np.argsort(-self._score_P, kind="stable")
