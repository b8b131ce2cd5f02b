"""What the third number of a joint means: told once, from the first lines."""

from __future__ import annotations

import numpy as np
import pytest

from edgehuman.preprocess.skeleton.confidence import DECIDING_LINES, OCCLUDED, Confidences
from edgehuman.records import Float64


def made(low: float, high: float, lines: int = 60) -> Float64:
    """(lines, 17) values between two, in no order."""
    return np.random.default_rng(0).uniform(low, high, (lines, 17))


def whole(values: Float64, largest: float = 0.0) -> tuple[Float64, list[str]]:
    """Read as a file that is known whole."""
    sure = Confidences(largest)
    sure.decide(values)
    return np.stack([sure.read(line) for line in values]), sure.remarks


def streamed(values: Float64) -> tuple[Float64, list[str]]:
    """Read line by line."""
    sure = Confidences()
    return np.stack([sure.read(line) for line in values]), sure.remarks


READS = pytest.mark.parametrize("read", [whole, streamed])


@READS
def test_confidences_stay_as_they_are(read: object) -> None:
    assert callable(read)
    values = made(0.0, 1.0)
    found, remarks = read(values)
    np.testing.assert_array_equal(found, values)
    assert remarks == []


@READS
def test_a_hair_over_one_is_cut_with_one_remark(read: object) -> None:
    assert callable(read)
    values = made(0.8, 1.12)
    found, remarks = read(values)
    np.testing.assert_array_equal(found, np.minimum(values, 1.0))
    assert len(remarks) == 1
    assert "those over 1 are read as 1" in remarks[0]


@READS
def test_the_visibility_of_coco_is_three_confidences(read: object) -> None:
    assert callable(read)
    values = np.tile([2.0, 1.0, 0.0, 2.0], (30, 4))
    found, remarks = read(values)
    assert np.unique(found[values == 2]).tolist() == [1.0]
    assert np.unique(found[values == 1]).tolist() == [OCCLUDED]
    assert np.unique(found[values == 0]).tolist() == [0.0]
    assert [remark.startswith("confidences are 0, 1 and 2") for remark in remarks] == [True]


@READS
@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(2.0, 7.9, "0 to 8"), (10.0, 99.0, "0 to 100"), (10.0, 250.0, "0 to 255")],
)
def test_scores_are_divided_and_keep_their_order(
    read: object, low: float, high: float, said: str
) -> None:
    assert callable(read)
    values = made(low, high)
    found, remarks = read(values)
    assert found.min() >= 0.0
    assert found.max() <= 1.0
    order = np.argsort(values.ravel())
    assert (np.diff(found.ravel()[order]) >= 0.0).all()
    assert len(remarks) == 1
    assert said in remarks[0]


@READS
def test_logits_are_probabilities_in_the_same_order(read: object) -> None:
    assert callable(read)
    values = made(-4.0, 6.0)
    found, remarks = read(values)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-values)))
    assert "read as logits" in remarks[-1]


def test_older_alphapose_goes_to_six() -> None:
    found, remarks = whole(made(1.0, 5.8), largest=6.0)
    assert found.max() > 0.9
    assert "divided by 6" in remarks[0]


def test_minus_one_for_what_was_not_seen_is_no_logit() -> None:
    values = made(0.2, 0.9)
    values[:, ::3] = -1.0
    found, remarks = whole(values)
    assert (found[:, ::3] == 0.0).all()
    assert remarks == []


def test_single_mistakes_of_a_tool_do_not_change_the_meaning() -> None:
    values = made(0.2, 0.9)
    values[5, 3], values[7, 2] = 87.0, -3.0
    found, remarks = whole(values)
    assert (found[5, 3], found[7, 2]) == (1.0, 0.0)
    np.testing.assert_array_equal(found[8:], values[8:])
    assert remarks == ["confidences reach 87: those over 1 are read as 1"]


@pytest.mark.parametrize(("value", "read"), [(1.0, 1.0), (0.5, 0.5), (3.0, 1.0), (2.0, 1.0)])
def test_constant_scores_are_fine_and_said(value: float, read: float) -> None:
    for reads in (whole, streamed):
        found, remarks = reads(np.full((60, 17), value))
        assert np.unique(found).tolist() == [read]
        assert len(remarks) == 1


def test_what_was_not_seen_says_nothing_of_the_others() -> None:
    values = made(0.2, 0.9)
    values[:, 4] = np.nan
    found, remarks = streamed(values)
    assert np.isnan(found[:, 4]).all()
    assert remarks == []


def test_a_stream_that_turns_out_otherwise_among_the_first_lines_says_from_where() -> None:
    values = np.concatenate([made(1.6, 7.0, 3), made(-3.0, 7.0, 30)])
    found, remarks = streamed(values)
    assert np.isfinite(found).all()
    assert [remark.split(",")[0] for remark in remarks[1:]] == ["from line 4 on"]
    assert "read as logits" in remarks[1]


def test_after_the_first_lines_a_stream_does_not_turn() -> None:
    """The same values are read alike, however late; what does not fit is cut and said once."""
    values = np.concatenate([made(0.2, 0.9, DECIDING_LINES), made(2.0, 7.0, 9), made(0.2, 0.9, 9)])
    found, remarks = streamed(values)
    assert (found[DECIDING_LINES : DECIDING_LINES + 9] == 1.0).all()
    np.testing.assert_array_equal(found[-9:], values[-9:])
    [remark] = remarks
    assert remark.startswith("confidences outside the range that the first lines had are cut")
    assert f"in line {DECIDING_LINES + 1}" in remark
