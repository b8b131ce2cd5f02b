"""SimCC by hand: targets, loss, absent joints, and a threshold between present and absent ones."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
import torch

from edgehuman.card import OutputSpec
from edgehuman.data.image.crops.compose import Composer, Odds
from edgehuman.data.image.crops.view import ABSENT
from edgehuman.data.image.set import Pictures
from edgehuman.errors import DataError, ImageError
from edgehuman.metrics.person_answers import joints_of_simcc, simcc_sigma
from edgehuman.records import Float32, Uint8
from edgehuman.tasks.image.composing import Composed
from edgehuman.tasks.image.simcc import best_threshold, calibrate, simcc_loss, simcc_targets
from tests.tasks.people import made_people

SIZE = (64, 32)


def perfect(joint_NJ3: torch.Tensor, presence: float = 4.0) -> torch.Tensor:
    """The logits of somebody who knows: those of the targets."""
    sides = [simcc_targets(joint_NJ3[..., 0], SIZE[1]), simcc_targets(joint_NJ3[..., 1], SIZE[0])]
    there_NJ = torch.where(joint_NJ3[..., 2] > 0, presence, -presence)
    return torch.cat([*(side.clamp(min=1e-12).log() for side in sides), there_NJ[..., None]], dim=2)


def test_targets_are_gaussians_at_the_exact_place() -> None:
    target_B = simcc_targets(torch.tensor([[10.0]]), 32)[0, 0]
    assert target_B.sum().item() == pytest.approx(1)
    # The centre of pixel 10 is between the classes 20 and 21; sigma is sqrt(32 / 8) = 2.
    assert target_B[20].item() == pytest.approx(target_B[21].item())
    assert (target_B[22] / target_B[21]).item() == pytest.approx(math.exp(-(1.5**2 - 0.5**2) / 8))
    assert simcc_sigma(384) == pytest.approx(4.9, abs=0.01)
    assert simcc_sigma(512) == pytest.approx(5.66, abs=0.01)


@pytest.mark.parametrize(("x", "y"), [(10.0, 20.0), (3.3, 60.2), (30.9, 0.4)])
def test_what_is_encoded_is_decoded(x: float, y: float) -> None:
    logits_NJX = perfect(torch.tensor([[[x, y, 2.0]]])).numpy()
    found_3 = joints_of_simcc(logits_NJX, 64)[0, 0]
    assert found_3[:2] == pytest.approx([x, y], abs=0.7 if y < 2 else 0.1)
    assert found_3[2] > 0.85


def test_the_loss_of_perfect_logits_is_that_of_the_presence() -> None:
    joint_NJ3 = torch.tensor([[[10.0, 20.0, 2.0], [12.0, 50.0, 1.0]]])
    found = simcc_loss(perfect(joint_NJ3), joint_NJ3, SIZE)
    assert found["place"].item() == pytest.approx(0, abs=1e-5)
    assert found["presence"].item() == pytest.approx(math.log(1 + math.exp(-4.0)), abs=1e-5)
    assert found["loss"].item() == pytest.approx(found["presence"].item(), abs=1e-5)


def test_absent_joints_have_no_place_and_unknown_ones_no_loss() -> None:
    logits_NJX = torch.randn((1, 3, 193), generator=torch.manual_seed(0)).requires_grad_()
    joint_NJ3 = torch.tensor([[[1.0, 2.0, 2.0], [math.nan, 0.0, ABSENT], [0.0, math.nan, 0.0]]])
    simcc_loss(logits_NJX, joint_NJ3, SIZE)["loss"].backward()  # type: ignore[no-untyped-call]
    assert logits_NJX.grad is not None
    slope_JX = logits_NJX.grad[0]
    assert (slope_JX[0] != 0).all()
    assert not slope_JX[1, :-1].any()
    assert slope_JX[1, -1] > 0
    assert not slope_JX[2].any()


def test_a_batch_without_a_known_joint_has_a_finite_loss() -> None:
    joint_NJ3 = torch.zeros((2, 3, 3))
    assert simcc_loss(torch.zeros((2, 3, 193)), joint_NJ3, SIZE)["loss"].item() == 0


def test_logits_of_another_size_are_an_error() -> None:
    with pytest.raises(DataError, match=r"32x64 pixels needs \(N, J, 193\)"):
        simcc_loss(torch.zeros((1, 2, 100)), torch.zeros((1, 2, 3)), SIZE)


def test_the_threshold_divides_present_from_absent_joints() -> None:
    present, absent = np.array([0.9, 0.6, 0.55]), np.array([0.1, 0.5, 0.2, 0.3])
    assert 0.5 < best_threshold(present.astype(np.float32), absent.astype(np.float32)) <= 0.55


def test_presence_is_calibrated_on_crops_of_people_held_out() -> None:
    persons = made_people()
    composed = Composed(Composer(persons, SIZE, Odds(nobody=0.3)))
    output = OutputSpec("simcc", tuple(map(str, range(17))), dim=64)

    def answer(image_NHWC: Uint8) -> Float32:
        """Sure of every joint where there is a white square, and far too loud about it."""
        is_white_N = [bool((one_HWC > 230).all(axis=2).any()) for one_HWC in image_NHWC]
        joint_NJ3 = torch.tensor(
            [[[9.0, 9.0, 2.0 if white else -1.0]] * 17 for white in is_white_N]
        )
        return perfect(joint_NJ3, presence=40.0).numpy().astype(np.float32)

    found = calibrate(answer, composed, np.arange(len(persons)), output, SIZE, seed=0, crops=64)
    assert found.temperature > 5
    assert 0 < found.threshold < 1


@dataclasses.dataclass
class AllButTheFirst:
    """Pictures of which the first cannot be read."""

    images: Pictures

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int, /) -> Uint8:
        if not index:
            raise ImageError("damaged")
        return self.images[index]


def test_pictures_that_cannot_be_read_do_not_end_the_calibration(
    capsys: pytest.CaptureFixture[str],
) -> None:
    persons = made_people()
    persons = dataclasses.replace(persons, images=AllButTheFirst(persons.images))
    composed = Composed(Composer(persons, SIZE, Odds(nobody=0.3)))
    output = OutputSpec("simcc", tuple(map(str, range(17))), dim=64)
    found = calibrate(
        lambda image_NHWC: np.zeros((len(image_NHWC), 17, 193), np.float32),
        composed, np.arange(2), output, SIZE, seed=0, crops=64,
    )  # fmt: skip
    assert found.temperature > 0
    assert "left out 1 unreadable images of the calibration: damaged" in capsys.readouterr().err


def test_without_absent_joints_nothing_is_fitted() -> None:
    composed = Composed(Composer(made_people(), SIZE, Odds(nobody=1.0)))
    output = OutputSpec("simcc", tuple(map(str, range(17))), dim=64)
    silent = calibrate(
        lambda image_NHWC: np.zeros((len(image_NHWC), 17, 193), np.float32),
        composed, np.arange(4), output, SIZE, seed=0, crops=32,
    )  # fmt: skip
    assert (silent.temperature, silent.threshold) == (1.0, 0.0)
