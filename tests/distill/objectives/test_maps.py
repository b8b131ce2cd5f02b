"""Maps pixel by pixel and channel by channel, by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from edgehuman.distill.objectives.maps import Channels, HeatMaps, Pixels
from edgehuman.errors import UsageError

LN3 = math.log(3)


def shapes(*shape: int) -> dict[str, tuple[int, ...]]:
    return {"map": shape}


def random(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def row(*channels: list[float]) -> dict[str, Tensor]:
    """One map of one row."""
    return {"map": torch.tensor(channels)[None, :, None]}


KL = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)  # of 3/4, 1/4 from a half each


def test_sure_pixels_count_more() -> None:
    # Two classes, two pixels. The teacher says 3/4, 1/4 of the first and a half each of the second,
    # where the student says 3/4, 1/4.
    objective = Pixels(shapes(2, 1, 2), shapes(2, 1, 2))
    found = objective(row([0.0, LN3], [0.0, 0.0]), row([LN3, 0.0], [0.0, 0.0]))
    second = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    assert found.item() == pytest.approx((0.75 * KL + 0.5 * second) / 1.25)


def test_where_a_channel_is_high_by_hand() -> None:
    # Two channels, two pixels, T = 1: the first differs by KL, the second not at all.
    objective = Channels(shapes(2, 1, 2), shapes(2, 1, 2), temperature=1)
    found = objective(row([0.0, 0.0], [1.0, 2.0]), row([LN3, 0.0], [5.0, 6.0]))
    assert found.item() == pytest.approx(KL / 2)
    # At T = 4 of logits four times as large it is that, times 16.
    wider = Channels(shapes(2, 1, 2), shapes(2, 1, 2))
    found = wider(row([0.0, 0.0], [4.0, 8.0]), row([4 * LN3, 0.0], [20.0, 24.0]))
    assert found.item() == pytest.approx(16 * KL / 2)


def test_heat_maps_by_hand() -> None:
    objective = HeatMaps(shapes(1, 1, 2), shapes(1, 1, 2))
    assert objective(row([0.0, 1.0]), row([1.0, 3.0])).item() == pytest.approx(2.5)


@pytest.mark.parametrize("objective", [Pixels, Channels, HeatMaps])
def test_a_smaller_map_is_resampled_to_the_teacher_s(objective: type[Pixels]) -> None:
    made = objective(shapes(3, 2, 1), shapes(3, 4, 2))
    student, teacher = random(2, 3, 2, 1), random(2, 3, 4, 2)
    resampled = torch.nn.functional.interpolate(student, (4, 2), mode="bilinear")
    expected = made({"map": resampled}, {"map": teacher})
    torch.testing.assert_close(made({"map": student}, {"map": teacher}), expected)


def test_pixels_and_their_places_are_told_apart() -> None:
    # A swap of the two pixels on both sides changes nothing; on one side it does.
    objective = Pixels(shapes(2, 1, 2), shapes(2, 1, 2))
    student, teacher = row([0.0, LN3], [0.0, 0.0]), row([LN3, 0.0], [0.0, 0.0])
    swapped = [{"map": each["map"].flip(-1)} for each in (student, teacher)]
    assert objective(*swapped).item() == pytest.approx(objective(student, teacher).item())
    assert objective(swapped[0], teacher).item() != pytest.approx(
        objective(student, teacher).item()
    )


def test_other_channels_and_axes_are_refused() -> None:
    with pytest.raises(UsageError, match="student has channels 3 and the teacher 17"):
        HeatMaps(shapes(3, 8, 4), shapes(17, 8, 4))
    with pytest.raises(UsageError, match=r"map has the shape \(3, 8\)"):
        Pixels(shapes(3, 8), shapes(3, 8))
