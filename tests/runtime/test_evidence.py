"""Names over time, on vectors that a person can compute: angles in a plane.

ANNA is at 0 degrees and BOB at 90; a name is given at a cosine of 0.9 (25.8 degrees), and kept down
to 0.9 - 0.1 / 3 = 0.867 (29.9 degrees).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from edgehuman.records import Float32
from edgehuman.runtime.evidence import Evidence, Rule, Verdict, rule_for
from edgehuman.runtime.gallery import Gallery, empty_gallery
from tests.runtime.gait_models import gait_card


def at(degrees: float) -> Float32:
    turn = math.radians(degrees)
    return np.array((math.cos(turn), math.sin(turn)), np.float32)


KNOWN = empty_gallery(gait_card()).enrol("ANNA", "a", at(0)).enrol("BOB", "b", at(90))
ALONE = Rule(joined=1)


def verdicts(
    degrees: Sequence[float], gallery: Gallery | None = KNOWN, rule: Rule = ALONE
) -> list[Verdict]:
    evidence = Evidence(gallery, 0.9, "cosine", rule)
    return [evidence.add(at(each)) for each in degrees]


def said(degrees: Sequence[float], rule: Rule = ALONE) -> list[str]:
    return [each.label or each.state for each in verdicts(degrees, rule=rule)]


def test_a_name_needs_two_windows_that_agree_and_unknown_three_windows() -> None:
    assert said([10, 10, 10]) == ["not yet", "ANNA", "ANNA"]
    assert said([45, 45, 45, 45]) == ["not yet", "not yet", "unknown", "unknown"]
    assert said([10, 80, 10, 80]) == ["not yet"] * 4  # each time another: nobody has agreed
    states = [each.state for each in verdicts([45, 45, 45, 10, 10])]
    assert states == ["not yet", "not yet", "unknown", "unknown", "known"]


def test_a_name_is_kept_below_the_threshold_and_lost_below_the_lower_one() -> None:
    assert said([10, 10, 28, 28, 28, 10]) == ["not yet", *["ANNA"] * 5]
    assert said([10, 10, 32, 28, 28]) == ["not yet", "ANNA", "unknown", "unknown", "unknown"]
    assert said([28, 28, 28, 28])[2:] == ["unknown", "unknown"]  # never given at that score
    without = Rule(joined=1, kept=0.0)
    assert said([10, 10, 28, 10, 10], without) == ["not yet", "ANNA", "unknown", "unknown", "ANNA"]


def test_somebody_else_takes_the_track_over() -> None:
    """The old name's score is far below the lower threshold at once; the new one needs two."""
    assert said([0, 0, 0, 90, 90, 90]) == ["not yet", *["ANNA"] * 2, "unknown", "BOB", "BOB"]


def test_the_score_is_that_of_the_name_and_else_of_the_nearest() -> None:
    near = empty_gallery(gait_card()).enrol("ANNA", "a", at(0)).enrol("CY", "c", at(30))
    _, second, third = verdicts([5, 5, 16], near)
    assert (second.label, round(second.score, 4)) == ("ANNA", round(math.cos(math.radians(5)), 4))
    # CY is nearer now, by one window; the name and its score stay.
    assert third.identity is not None
    assert (third.label, third.identity.nearest) == ("ANNA", "CY")
    assert third.score == pytest.approx(math.cos(math.radians(16)), abs=1e-6)
    assert verdicts([20])[0].score == pytest.approx(math.cos(math.radians(20)), abs=1e-6)


def test_windows_are_joined_at_length_one_and_the_oldest_forgotten() -> None:
    evidence = Evidence(None, 0.9, "cosine", Rule(joined=2))
    evidence.add(at(40))
    evidence.add(100 * at(0))  # its length says nothing
    verdict = evidence.add(at(20))
    assert verdict.vector == pytest.approx(at(10), abs=1e-6)
    assert verdict.windows == 2


def test_the_mean_of_vectors_ranks_as_the_mean_of_scores() -> None:
    """Under the cosine, up to one factor for all walks of a gallery."""
    random = np.random.default_rng(0)
    windows_ND, walks_GD = random.normal(size=(5, 8)), random.normal(size=(9, 8))
    windows_ND /= np.linalg.norm(windows_ND, axis=1, keepdims=True)
    walks_GD /= np.linalg.norm(walks_GD, axis=1, keepdims=True)
    evidence = Evidence(None, 0.9, "cosine", Rule())
    for window_D in windows_ND:
        verdict = evidence.add(window_D.astype(np.float32))
    assert verdict.vector is not None
    ratio_G = (walks_GD @ verdict.vector) / (walks_GD @ windows_ND.T).mean(axis=1)
    assert ratio_G == pytest.approx(ratio_G[0], rel=1e-4)


def test_without_people_nobody_is_named() -> None:
    assert [each.state for each in verdicts([0, 0, 0], None)] == [""] * 3
    empty = verdicts([0, 0, 0], empty_gallery(gait_card()))
    assert [each.label or each.state for each in empty] == ["not yet", "not yet", "unknown"]
    assert empty[-1].identity is None
    assert Evidence(KNOWN, 0.9, "cosine", ALONE).verdict == Verdict("not yet")


def test_the_rule_is_of_seconds() -> None:
    assert rule_for(0.625) == Rule(8, 2, 3)  # of the zoo's model
    assert rule_for(0.25) == Rule(19, 3, 6)
    assert rule_for(5.0) == Rule(2, 2, 3)
    assert Rule().leaves(0.9) == pytest.approx(0.9 - 0.1 / 3)
    assert Rule().leaves(1.0) == 1.0


@pytest.mark.parametrize("parts", [1, 3])
def test_vectors_of_parts_are_joined_part_by_part(parts: int) -> None:
    evidence = Evidence(None, 0.9, "cosine", Rule(joined=2))
    evidence.add(np.stack([at(0)] * parts))
    verdict = evidence.add(np.stack([at(20)] * parts))
    assert verdict.vector == pytest.approx(np.stack([at(10)] * parts), abs=1e-6)


def test_who_is_forgotten_loses_the_name_at_once_and_who_stays_keeps_it() -> None:
    evidence = Evidence(KNOWN, 0.9, "cosine", Rule())
    for _ in range(3):
        evidence.add(at(0))
    assert (evidence.verdict.state, evidence.verdict.label) == ("known", "ANNA")
    evidence.use(KNOWN.forget("BOB"), 0.9)
    assert evidence.verdict.label == "ANNA"
    evidence.use(KNOWN.forget("ANNA"), 0.9)
    assert (evidence.verdict.state, evidence.verdict.label) == ("not yet", "")
    assert evidence.add(at(0)).label == "unknown"
