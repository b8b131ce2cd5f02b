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
        "649235f49ed43b2674e68a449b18df742744d323c57c2c1d95d426ccc0739b54",
    ): Measured(share=0.3797, threshold=0.5997, people=100, day="2026-12-01"),
}
"""By the hashes of the weights of joints and of outlines."""
