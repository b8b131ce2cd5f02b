"""From logits to a label on a stream: temperature, smoothing within a delay budget, threshold.

    decider = Decider(card.decision, card.output.labels, hop_s=0.64)
    for decided in decider.push(window, t_s, logits_C): ...
    for decided in decider.flush(): ...

Smoothing never looks further ahead than `delay_s` of stream time:

- `none`: the network's own answer.
- `hysteresis`: the label changes only after one other label has led by `MARGIN` on every hop of the
  budget (and on at least one hop); no answer waits, a change comes late instead.
- `fixed_lag`: the most likely path of a hidden Markov chain that stays with probability `stay`
  (Viterbi), answered at most `delay_s` later, or earlier if every surviving path agrees: no later
  window could change that label.

Axes: C classes, as plain floats.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from edgehuman.card import Decision
from edgehuman.errors import UsageError
from edgehuman.runtime.loop.results import UNKNOWN

MARGIN = 0.1
"""Hysteresis: how much more probable than the present label the new one must be."""

BEFORE = 2
"""A window's energy is judged together with that of so many before it: one step over a kerb is
still walking."""

_LEAST_PROB = 1e-6  # floor of a probability: networks are overconfident
_LEAST_LOG = math.log(_LEAST_PROB)

Item = TypeVar("Item")
Probabilities = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Decided(Generic[Item]):
    """The answer for one window.

    Attributes:
        item: what was pushed with the window.
        label: the class, or "unknown": no evidence, a score under the threshold, or windows unlike
            what the model learnt.
        score: mean calibrated probability of the class over this window and those looked ahead at.
        raw_label: the network's own label; "unknown" if it gave none.
        prob_C: the network's calibrated probabilities; None if it gave none.
        newest: what was pushed with the newest window that the label is based on.
        look_ahead_s: stream time between this window and that one.
        is_unlike: the windows are unlike what the model learnt.
    """

    item: Item
    label: str
    score: float
    raw_label: str
    prob_C: Probabilities | None
    newest: Item
    look_ahead_s: float
    is_unlike: bool = False


@dataclass(slots=True)
class _Pending(Generic[Item]):
    item: Item
    t_s: float
    prob_C: Probabilities | None
    energy: float


def _largest(value_C: Sequence[float]) -> int:
    return value_C.index(max(value_C))


class Smoother(Protocol):
    """Chooses one class index per hop, in order; the answer may come some hops later."""

    def push(self, prob_C: Probabilities | None) -> list[int]:
        """The choices that this hop (None: no evidence) settles, oldest first; -1: no class."""

    def flush(self) -> list[int]:
        """The remaining choices; the chain restarts."""


@dataclass(slots=True)
class Unsmoothed:
    """The largest probability of each hop."""

    def push(self, prob_C: Probabilities | None) -> list[int]:
        return [-1 if prob_C is None else _largest(prob_C)]

    def flush(self) -> list[int]:
        return []


@dataclass(slots=True)
class Hysteresis:
    """Changes only after one other label has led by `MARGIN` on `hops` hops in a row."""

    hops: int
    _present: int = -1
    _challenger: int = -1
    _led: int = 0

    def push(self, prob_C: Probabilities | None) -> list[int]:
        if prob_C is None:
            return [self._present]
        best = _largest(prob_C)
        if self._present < 0:
            self._present = best
        leads = best != self._present and prob_C[best] - prob_C[self._present] >= MARGIN
        self._led = (self._led + 1 if best == self._challenger else 1) if leads else 0
        self._challenger = best if leads else -1
        if self._led >= self.hops:
            self._present, self._challenger, self._led = best, -1, 0
        return [self._present]

    def flush(self) -> list[int]:
        self._present, self._challenger, self._led = -1, -1, 0
        return []


@dataclass(slots=True)
class FixedLag:
    """Viterbi on a chain that stays with probability `stay`, answered at most `lag` hops later.

    The moves away are equally likely, so one step is O(C): each class is reached from itself or
    from the best. Scores are log-probabilities; a hop without evidence adds none. `_back` holds,
    for the newest hops, the class of the hop before that each class was reached from; `_owed` hops
    have no answer yet.
    """

    lag: int
    stay: float
    _score_C: list[float] = field(default_factory=list)
    _owed: int = 0
    _back: deque[list[int]] = field(default_factory=deque)

    def push(self, prob_C: Probabilities | None) -> list[int]:
        evidence_C = None
        if prob_C is not None:
            evidence_C = [math.log(p) if p > _LEAST_PROB else _LEAST_LOG for p in prob_C]
        if self._score_C:
            self._step(evidence_C)
        elif evidence_C is None:
            return [-1]
        else:
            self._score_C = evidence_C
        self._owed += 1
        return self._answer(max(self._agreed(), self._owed - self.lag))

    def flush(self) -> list[int]:
        answers = self._answer(self._owed)
        self._score_C = []
        self._back.clear()
        return answers

    def _step(self, evidence_C: list[float] | None) -> None:
        others = max(len(self._score_C) - 1, 1)
        stays = math.log(self.stay)
        best = max(self._score_C)
        source = len(self._score_C) - 1 - self._score_C[::-1].index(best)  # of equal ones the last
        moved = best + math.log((1.0 - self.stay) / others)
        stayed_C = [score + stays for score in self._score_C]
        self._back.append([k if score >= moved else source for k, score in enumerate(stayed_C)])
        if len(self._back) > self.lag:
            self._back.popleft()
        reached_C = [score if score > moved else moved for score in stayed_C]
        if evidence_C is not None:
            reached_C = [a + b for a, b in zip(reached_C, evidence_C, strict=True)]
        top = max(reached_C)
        self._score_C = [score - top for score in reached_C]

    def _agreed(self) -> int:
        """How many of the owed hops have the same class on every surviving path."""
        if self._owed < 2:
            return 0
        reached = set(self._back[-1])
        for ago in range(1, self._owed):
            if len(reached) == 1:
                return self._owed - ago
            if ago + 1 < self._owed:
                reached = {self._back[-1 - ago][k] for k in reached}
        return 0

    def _answer(self, count: int) -> list[int]:
        """The oldest `count` owed classes of the best path."""
        if count <= 0:
            return []
        path = [_largest(self._score_C)]
        for ago in range(1, self._owed):
            path.append(self._back[-ago][path[-1]])
        answers = path[::-1][:count]
        self._owed -= count
        return answers


def make_smoother(decision: Decision, num_classes: int, hop_s: float) -> Smoother:
    """The smoother of a decision, for this hop.

    `stay` holds per `decision.hop_s`; at another hop the chain stays with the probability that
    gives the same chance per second.

    Raises:
        UsageError: a negative delay, an unknown smoothing, or a probability to stay below chance.
    """
    if not (0 <= decision.delay_s < math.inf and 0 < hop_s < math.inf):
        raise UsageError(
            f"delay_s is {decision.delay_s} and hop_s is {hop_s}; give finite numbers, at least 0 "
            "and above 0"
        )
    hops = int(decision.delay_s / hop_s + 1e-6)
    if decision.smoothing == "none":
        return Unsmoothed()
    if decision.smoothing == "hysteresis":
        return Hysteresis(hops + 1)
    if decision.smoothing != "fixed_lag":
        raise UsageError(
            f"unknown smoothing {decision.smoothing!r}; valid: none, fixed_lag, hysteresis"
        )
    if not 1.0 / num_classes <= decision.stay < 1.0:
        raise UsageError(
            f"stay is {decision.stay}; with {num_classes} classes it must be at least "
            f"1/{num_classes} and under 1"
        )
    stay = decision.stay ** (hop_s / decision.hop_s)
    return FixedLag(hops, max(stay, 1.0 / num_classes))


class Decider(Generic[Item]):
    """Logits in, labels out, in the order of the windows; a pause in the stream restarts the chain.

    Args:
        decision: from the card, possibly overridden in part.
        labels: class names, in the order of the logits.
        hop_s: stream time between windows.

    Raises:
        UsageError: a parameter outside its range.
    """

    def __init__(self, decision: Decision, labels: Sequence[str], hop_s: float) -> None:
        if not decision.temperature > 0:
            raise UsageError(f"temperature is {decision.temperature}; give a number above 0")
        if not 0 <= decision.threshold <= 1:
            raise UsageError(f"threshold is {decision.threshold}; give a number from 0 to 1")
        self._decision = decision
        self._labels = tuple(labels)
        self._hop_s = hop_s
        self.smoother = make_smoother(decision, len(labels), hop_s)
        self._pending: deque[_Pending[Item]] = deque()
        self._newest_s = -math.inf
        self._before: deque[float] = deque(maxlen=BEFORE)

    def push(
        self,
        item: Item,
        t_s: float,
        logits_C: Sequence[float] | None,
        energy: float = math.inf,
    ) -> list[Decided[Item]]:
        """The windows that this one (None: nothing usable) settles, oldest first."""
        paused = t_s - self._newest_s > 1.5 * self._hop_s
        decided = self.flush() if paused else []
        if paused:
            self._before.clear()
        prob_C = None if logits_C is None else self._probabilities(logits_C)
        self._pending.append(_Pending(item, t_s, prob_C, energy))
        self._newest_s = t_s
        return decided + [self._decide(k) for k in self.smoother.push(prob_C)]

    @property
    def waiting(self) -> int:
        """Windows that have no answer yet."""
        return len(self._pending)

    def flush(self) -> list[Decided[Item]]:
        """The windows still waiting: the stream ended or paused."""
        return [self._decide(k) for k in self.smoother.flush()]

    def _probabilities(self, logits_C: Sequence[float]) -> Probabilities:
        """One row's softmax; on so few numbers plain floats are several times faster than numpy."""
        top = max(logits_C)
        temperature = self._decision.temperature
        weight_C = [math.exp((logit - top) / temperature) for logit in logits_C]
        total = math.fsum(weight_C)
        return tuple([weight / total for weight in weight_C])

    def _decide(self, chosen: int) -> Decided[Item]:
        seen = [(row.prob_C, row.energy) for row in self._pending if row.prob_C is not None]
        newest = self._pending[-1]
        own = self._pending.popleft()
        look_ahead_s = newest.t_s - own.t_s
        if own.prob_C is None:
            self._before.clear()
            return Decided(own.item, UNKNOWN, 0.0, UNKNOWN, None, newest.item, look_ahead_s)
        score = sum([prob_C[chosen] for prob_C, _ in seen]) / len(seen)
        is_unlike = self._is_unlike([energy for _, energy in seen])
        is_known = score >= self._decision.threshold and not is_unlike
        label = self._labels[chosen] if is_known else UNKNOWN
        raw_label = self._labels[_largest(own.prob_C)]
        said = (own.item, label, score, raw_label, own.prob_C, newest.item, look_ahead_s)
        return Decided(*said, is_unlike=is_unlike)

    def _is_unlike(self, seen: list[float]) -> bool:
        """Whether the windows seen, with those just before, are together unlike what was learnt."""
        least = self._decision.energy
        together = [*self._before, *seen]
        self._before.append(seen[0])
        return least is not None and sum(together) < least * len(together)
