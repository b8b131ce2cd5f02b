"""How the scores of two gait models of the zoo become one, as measured on simulated people.

    edgehuman evaluate zoo:gait-silhouette --fuse zoo:gait-skeleton --data simulated:100 --json

prints `weights`, and under `calibrated` the rest; `tests/tables/test_fusions.py` says when a model
was taught again, so that its row is to be measured anew. What a user calibrates on their own people
(`edgehuman gallery threshold --fuse-gallery`) comes first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measured:
    """Attributes:
    share: of the score by joints in the mean of both.
    threshold: of the mean, at which 5 % of strangers are taken for somebody.
    people: simulated, in the gallery.
    day: when it was measured.
    """

    share: float
    threshold: float
    people: int
    day: str


FUSIONS: Mapping[tuple[str, str], Measured] = {
    (
        "30d7931b8d7d1124f3761807bdcd8d172b745f56eeb19270a3eb67f9ff9b6620",
        "8394fd3429347b824191dbbac97bb10d3f50abd3ab6f5366954fe240ed902f5c",
    ): Measured(share=0.3798, threshold=0.8774, people=100, day="2026-12-01"),
}
"""By the hashes of the weights of joints and of outlines."""
