"""The frames of both subsequences: consecutive, as the network's authors draw, never the same."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.pretrain.diffusion.subsequences import sampling_of, two_subsequences


@pytest.mark.parametrize("family", ["gaitset", "gaitgl", "gaitpart", "smplgait", "gaitbase"])
@pytest.mark.parametrize("length", [5, 6, 40])
def test_the_two_are_never_the_same_frames(family: str, length: int) -> None:
    rng = np.random.default_rng(0)
    sampling = sampling_of(family, 4)
    for _ in range(200):
        target, seen = two_subsequences(length, sampling, rng)
        assert (np.diff(target) == 1).all()
        assert len(target) == len(seen) == 4
        assert 0 <= min(target[0], seen.min()) <= max(target[-1], seen.max()) < length
        assert sorted(seen.tolist()) != target.tolist()


def test_each_family_draws_as_its_authors_do() -> None:
    rng = np.random.default_rng(0)
    many = {
        family: [two_subsequences(60, sampling_of(family, 8), rng)[1] for _ in range(100)]
        for family in ("gaitset", "gaitgl", "gaitpart", "deepgaitv2")
    }
    assert any((np.diff(seen) < 0).any() for seen in many["gaitset"])
    assert all((np.diff(seen) == 1).all() for seen in many["gaitgl"])
    for family, skip in (("gaitpart", 10), ("deepgaitv2", 4)):
        assert all((np.diff(seen) > 0).all() for seen in many[family])
        assert 8 < max(int(np.ptp(seen)) + 1 for seen in many[family]) <= 8 + skip
