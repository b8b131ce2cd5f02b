"""Energy images by hand, and people whom they tell apart."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.data.silhouette.gei import energy_images, energy_scores
from tests.data.outlines import outlines


def test_the_mean_of_the_middle_columns() -> None:
    walks = outlines(2, 1, 3)
    image_NHW = energy_images(walks)
    assert image_NHW.shape == (2, 64, 44)
    expected_NHW = np.stack(
        [walks.sequence(i)[:, :, 10:54].astype(float).mean(axis=0) / 255 for i in range(2)]
    )
    np.testing.assert_allclose(image_NHW, expected_NHW, atol=1e-6)
    # A bar of two columns that steps over three: its middle is white in one or two of three frames.
    assert image_NHW[0, 30, 4:8] == pytest.approx([1 / 3, 2 / 3, 2 / 3, 1 / 3])


def test_bars_of_other_widths_are_told_apart() -> None:
    scores = energy_scores(outlines(5, 4, 6))
    assert (scores.metrics["rank1"], scores.people, scores.probes) == (1, 5, 10)
