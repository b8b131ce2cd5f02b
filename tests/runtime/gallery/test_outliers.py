"""A walk that looks like somebody else is not enrolled."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.errors import DataError
from edgehuman.runtime.gallery import empty_gallery
from edgehuman.runtime.gallery.outliers import fit_of, require_fitting
from tests.runtime.gallery.made import gait_card, known, vector


def test_how_a_walk_fits() -> None:
    fit = fit_of(known(), "ANNA ", vector(0.6, 0.8))
    assert (fit.own, fit.other, fit.whose) == pytest.approx((1.0, 0.8, "BOB"))
    # a2 itself does not count: then a1 is ANNA's only walk.
    assert fit_of(known(), "ANNA", vector(0.6, 0.8), "a2").own == pytest.approx(0.6)
    assert fit_of(known(), "EVE", vector(1, 0)).own == -np.inf
    assert fit_of(known().forget("BOB"), "ANNA", vector(1, 0)).whose == ""
    assert fit_of(empty_gallery(gait_card()), "ANNA", vector(1, 0)).whose == ""


def test_only_a_walk_of_somebody_else_is_refused() -> None:
    alone = known().forget(walk="a2")
    with pytest.raises(
        DataError, match=r"looks like BOB \(1.000\) and not like those of ANNA \(0.0"
    ):
        require_fitting(alone, "ANNA", vector(0, 1), 0.9, "walk.jsonl")
    # Of nobody yet; like the person's own; like nobody; like both.
    require_fitting(alone, "EVE", vector(0, 1), 0.9, "walk.jsonl")
    require_fitting(alone, "ANNA", vector(1, 0.1), 0.9, "walk.jsonl")
    require_fitting(alone, "ANNA", vector(-1, -1), 0.9, "walk.jsonl")
    require_fitting(known(), "ANNA", vector(3, 5), 0.8, "walk.jsonl")
