"""Objectives by name, each with its weight, as one loss.

weighted = build_objectives(["kd", "rkd=10"], student_shapes, teacher_shapes, seed=0)
losses = weighted(student_answers, teacher_answers, target_N)
losses["distil"].backward()

name         usual weight  of what       file
kd           1             logits        logits.py: times T^2, T 4
dkd          1             logits        decoupled.py: alpha 1, beta 8, T 4
bce          1             logits        logits.py
features     1             embedding     features.py
features-l1  1             embedding     features.py
rkd          25            embedding     relations.py: distances 25, angles 50
similarity   1             embedding     similarity.py: queue of 4096
identity     1             embedding     alignments.py
tokens       1             tokens        tokens.py
part         1             tokens        alignments.py
relation     1             tokens        alignments.py
pixel        1             map           maps.py: T 1
channel      3             map           maps.py: T 4
heatmaps     1             map           maps.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.distill.objectives.alignments import Identity, Parts, Relation
from edgehuman.distill.objectives.decoupled import Decoupled
from edgehuman.distill.objectives.features import Features, SmoothFeatures
from edgehuman.distill.objectives.logits import SoftAttributes, SoftLabels
from edgehuman.distill.objectives.maps import Channels, HeatMaps, Pixels
from edgehuman.distill.objectives.objective import Answers, Objective, Shapes
from edgehuman.distill.objectives.relations import Relations
from edgehuman.distill.objectives.similarity import Similarity
from edgehuman.distill.objectives.tokens import Tokens
from edgehuman.errors import DataError, UsageError

OBJECTIVES: Mapping[str, type[Objective]] = MappingProxyType(
    {
        "kd": SoftLabels,
        "dkd": Decoupled,
        "bce": SoftAttributes,
        "features": Features,
        "features-l1": SmoothFeatures,
        "rkd": Relations,
        "similarity": Similarity,
        "identity": Identity,
        "tokens": Tokens,
        "part": Parts,
        "relation": Relation,
        "pixel": Pixels,
        "channel": Channels,
        "heatmaps": HeatMaps,
    }
)
TOTAL = "distil"


class Weighted(nn.Module):
    """Objectives and their weights. Its parameters (projectors, queries) are for training alone.

    Attributes:
        objectives: by name.
        weights: by name.
        needs: kinds of answers that student and teacher must give.
        compatible: whether an objective puts the student's embedding into the teacher's space.
    """

    def __init__(self, objectives: Mapping[str, Objective], weights: Mapping[str, float]) -> None:
        super().__init__()
        self.objectives = nn.ModuleDict(objectives)
        self.weights = dict(weights)
        self.needs = tuple(sorted({kind for each in objectives.values() for kind in each.needs}))
        self.compatible = any(getattr(each, "compatible", False) for each in objectives.values())

    def forward(
        self, student: Answers, teacher: Answers, target_N: Tensor | None = None
    ) -> dict[str, Tensor]:
        """Return each objective's loss by name, without its weight, and their sum as "distil".

        Raises:
            DataError: the teacher's answers are not finite, or the answers do not fit each other.
        """
        for kind in self.needs:
            if kind in teacher:
                _require_finite(kind, teacher[kind])
        losses: dict[str, Tensor] = {
            name: objective(student, teacher, target_N)
            for name, objective in self.objectives.items()
        }
        weighted = [self.weights[name] * loss for name, loss in losses.items()]
        return {**losses, TOTAL: torch.stack(weighted).sum()}


def _require_finite(kind: str, answer: Tensor) -> None:
    bad = int((~answer.isfinite()).flatten(1).any(dim=1).sum())
    if bad:
        raise DataError(
            f"the teacher's {kind} is not finite in {bad} of {len(answer)} samples; a student "
            "cannot follow NaN or infinity: check the teacher on these samples, in float32"
        )


def build_objectives(words: Sequence[str], student: Shapes, teacher: Shapes, seed: int) -> Weighted:
    """Build objectives of words like "kd" or "rkd=10" for a pair of student and teacher.

    Args:
        student, teacher: shape of one sample's answer of each kind, without N.
        seed: of the projectors' and the queries' weights; those of an objective are the same
            whichever others there are.

    Raises:
        UsageError: no word, an unknown name, a name twice, a weight that is not a finite number
            above 0, or an objective that does not fit student and teacher.
    """
    weights = parse_objectives(words)
    objectives: dict[str, Objective] = {}
    for name in weights:
        _require_kinds(name, student, teacher)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            try:
                objectives[name] = OBJECTIVES[name](student, teacher)
            except UsageError as error:
                raise UsageError(f"objective {name}: {error}") from error
    return Weighted(objectives, weights)


def parse_objectives(words: Sequence[str]) -> dict[str, float]:
    """Return the weight of each named objective; the usual one where none is given.

    Raises:
        UsageError: see `build_objectives`.
    """
    weights: dict[str, float] = {}
    for word in words:
        name, given, value = word.partition("=")
        usual = catalogue.find(OBJECTIVES, "objective", name).weight
        if name in weights:
            raise UsageError(f"objective {name} is named twice; name it once, with one weight")
        weights[name] = _weight(name, value) if given else usual
    if not weights:
        raise UsageError(f"no objective is named; name at least one of: {', '.join(OBJECTIVES)}")
    return weights


def _weight(name: str, value: str) -> float:
    try:
        weight = float(value)
    except ValueError:
        weight = math.nan
    if not (math.isfinite(weight) and weight > 0):
        raise UsageError(
            f"the weight of objective {name} is {value!r}; it must be a finite number above 0: "
            f"{name}={OBJECTIVES[name].weight:g} is usual"
        )
    return weight


def _require_kinds(name: str, student: Shapes, teacher: Shapes) -> None:
    """Raise a UsageError where student or teacher lacks a kind; it says which objectives fit."""
    for whose, shapes in (("student", student), ("teacher", teacher)):
        for kind in OBJECTIVES[name].needs:
            if kind not in shapes:
                raise UsageError(
                    f"objective {name} needs {kind}, and the {whose} gives "
                    f"{', '.join(shapes) or 'nothing'}; of what both give, these objectives fit: "
                    f"{', '.join(fitting(student, teacher)) or 'none'}"
                )


def fitting(student: Shapes, teacher: Shapes) -> list[str]:
    """Return the names of the objectives whose kinds of answers both give."""
    both = set(student) & set(teacher)
    return [name for name, row in OBJECTIVES.items() if both.issuperset(row.needs)]
