"""The people of a gallery, ranked by their scores for one vector.

Axes: G walks, K of them, P people.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        self._name_P, self._index_G = np.array([*place], object), index_G
        # Walks sorted by person, and where each person begins there.
        self._order_G = np.argsort(index_G, kind="stable")
        self._begin_P = np.searchsorted(index_G[self._order_G], np.arange(len(place)))

    def __len__(self) -> int:
        return len(self._name_P)

    def among(self, index_K: Index, score_K: Float64) -> Ranking:
        """The people of some walks, by the score (K,) of their best one among them."""
        person_P, place_K = np.unique(self._index_G[index_K], return_inverse=True)
        score_P = np.full(len(person_P), -np.inf)
        np.maximum.at(score_P, place_K.reshape(-1), score_K)
        return Ranking(self._name_P[person_P], score_P)

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


class Nearest(Ranking):
    """A ranking of which the first are known, and the whole is made when more is asked for.

    Args:
        known: the first, best first.
        count: how many there are.
        whole: makes all of them.
    """

    def __init__(self, known: Sequence[Scored], count: int, whole: Callable[[], Ranking]) -> None:
        self._known, self._count, self._make = tuple(known), count, whole

    @cached_property
    def _whole(self) -> Ranking:
        return self._make()

    def first(self) -> Scored:
        """The best."""
        return self[0]

    def rest(self) -> Ranking:
        """All but the best."""
        return Nearest(self._known[1:], self._count - 1, lambda: self._whole.rest())

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> Scored: ...

    @overload
    def __getitem__(self, place: slice) -> tuple[Scored, ...]: ...

    def __getitem__(self, place: int | slice) -> Scored | tuple[Scored, ...]:
        chosen = range(self._count)[place]
        asked = chosen if isinstance(chosen, range) else range(chosen, chosen + 1)
        if len(asked) and max(asked[0], asked[-1]) >= len(self._known):
            return self._whole[place]
        found = tuple(self._known[index] for index in asked)
        return found if isinstance(place, slice) else found[0]
