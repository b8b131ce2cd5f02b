"""The loss of a wearable network: either of several labels, turned windows, placements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.errors import DataError, UsageError
from edgehuman.preprocess.imu.upright import gravity, turn
from edgehuman.records import Float32, WindowSet
from edgehuman.tasks.imu.classifier import Classifier, if_turned, placed, uprights
from edgehuman.tasks.imu.settings import ActivityConfig, read_placements

ANY_2 = torch.ones(2, 1, dtype=torch.bool)  # one placement, any of it


def test_mixup_mixes_windows_and_losses_alike(tmp_path: Path) -> None:
    class Sum(torch.nn.Module):
        def forward(self, imu_NTC: torch.Tensor) -> torch.Tensor:
            total_N = imu_NTC.sum((1, 2))
            return torch.stack([total_N, -total_N], dim=1)

    torch.manual_seed(0)
    settings = ActivityConfig(out=tmp_path, data=("x",), mixup=0.5, label_smoothing=0.0)
    model = Classifier(Sum(), settings, np.eye(2, dtype=bool), ("a", "b"))
    imu_NTC = torch.zeros(2, 4, 6)
    imu_NTC[0, 0, 0], imu_NTC[1, 0, 0] = 1.0, -1.0
    torch.manual_seed(3)
    found = model(imu_NTC, torch.tensor([0, 1]), ANY_2)["loss"].item()
    torch.manual_seed(3)
    share = float(torch.distributions.Beta(0.5, 0.5).sample())
    order = torch.randperm(2).tolist()
    mixed = [
        share * v + (1 - share) * [1.0, -1.0][o] for v, o in zip([1.0, -1.0], order, strict=True)
    ]
    signs = [1.0, -1.0]
    own = np.mean([np.log1p(np.exp(-2 * s * m)) for s, m in zip(signs, mixed, strict=True)])
    other = np.mean(
        [np.log1p(np.exp(-2 * signs[o] * m)) for o, m in zip(order, mixed, strict=True)]
    )
    assert found == pytest.approx(share * own + (1 - share) * other, rel=1e-5)


class Fixed(torch.nn.Module):
    """The same logits for every window."""

    def forward(self, imu_NTC: torch.Tensor) -> torch.Tensor:
        return torch.log(torch.tensor([0.5, 0.3, 0.2])).expand(len(imu_NTC), 3)


def test_a_window_that_may_be_either_costs_what_both_together_cost(tmp_path: Path) -> None:
    settings = ActivityConfig(out=tmp_path, data=("x",), label_smoothing=0.0)
    allowed_MK = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [0, 1, 1]], bool)
    model = Classifier(Fixed(), settings, allowed_MK, ("a", "b", "c"))
    found = model(torch.zeros(1, 4, 6), torch.tensor([3]), ANY_2[:1])
    assert found["loss"].item() == pytest.approx(-np.log(0.5))
    assert found["accuracy"].item() == 0.0


def test_a_turn_makes_postures_alike_and_nothing_else() -> None:
    labels = ("walking", "sitting", "standing")
    alike = ("sitting", "standing")
    turned_MK = if_turned(np.eye(3, dtype=bool), labels, alike)
    assert turned_MK.tolist() == [[True, False, False], [False, True, True], [False, True, True]]
    with pytest.raises(UsageError, match="--turned-alike flying is no class; valid: walking"):
        if_turned(np.eye(3, dtype=bool), labels, ("flying",))


def test_a_window_is_taught_for_its_own_placement_and_for_any_if_that_is_not_known(
    tmp_path: Path,
) -> None:
    class Joint(torch.nn.Module):
        """Two placements of two classes, with these probabilities."""

        def forward(self, imu_NTC: torch.Tensor) -> torch.Tensor:
            return torch.log(torch.tensor([0.4, 0.3, 0.2, 0.1])).expand(len(imu_NTC), 4)

    words: dict[str, Any] = {"label_smoothing": 0.0, "placements": ("waist=+x", "wrist=-x")}
    settings = ActivityConfig(out=tmp_path, data=("x",), **words)
    model = Classifier(Joint(), settings, np.eye(2, dtype=bool), ("a", "b"))
    place_NP = torch.tensor([[False, True], [True, True]])
    for row, right in ((0, 0.2), (1, 0.6)):
        found = model(torch.zeros(1, 4, 6), torch.tensor([0]), place_NP[row : row + 1])
        assert found["loss"].item() == pytest.approx(-np.log(right))
        assert found["accuracy"].item() == 1.0


def windows(imu_NTC: Float32, placement: str, label: int = 0) -> WindowSet:
    count = len(imu_NTC)
    return WindowSet(
        imu_NTC,
        np.full(count, label),
        np.full(count, "p:1"),
        np.zeros(count, bool),
        ("walking", "sitting"),
        ("made",),
        np.full(count, placement),
    )


def resting(up_3: tuple[float, float, float], count: int = 5) -> Float32:
    imu_NTC = np.zeros((count, 8, 6), np.float32)
    imu_NTC[..., :3] = up_3
    return imu_NTC


def test_each_sensor_is_turned_by_its_own_walking() -> None:
    waist = windows(resting((0.0, 0.0, 1.0)), "waist")
    wrist = windows(resting((-1.0, 0.0, 0.0)), "wrist")
    sat = windows(resting((0.0, 1.0, 0.0)), "waist", label=1)
    unknown = windows(resting((0.0, -1.0, 0.0)), "ankle", label=1)
    sets = [waist, wrist, sat, unknown]
    turns_N33 = uprights([joined(sets)], np.array([True, False]))
    up_N3 = [
        gravity(turn(one.imu_NTC[:1], turns_N33[5 * i].astype(np.float64)))[0]
        for i, one in enumerate(sets)
    ]
    assert up_N3[0] == pytest.approx([1, 0, 0], abs=1e-6)
    assert up_N3[1] == pytest.approx([1, 0, 0], abs=1e-6)
    assert abs(up_N3[2][0]) < 1e-6  # sitting keeps its tilt away from walking
    assert up_N3[3] == pytest.approx([0, -1, 0])  # never walked: as worn


def joined(sets: list[WindowSet]) -> WindowSet:
    from edgehuman.tasks.imu.splits import join

    return join(sets)


def test_placements_are_read_and_a_foreign_one_is_refused() -> None:
    placements = read_placements(("waist=+x", "pocket|thigh=y"))
    assert placements.names == ("waist", "pocket")
    thigh = windows(resting((0.0, 1.0, 0.0), 2), "thigh")
    assert placed(thigh, placements).tolist() == [[False, True]] * 2
    anywhere = windows(resting((0.0, 1.0, 0.0), 1), "")
    assert placed(anywhere, placements).tolist() == [[True, True]]
    with pytest.raises(DataError, match=r"sensors at the chest.*'waist\|chest=\+x'"):
        placed(windows(resting((1.0, 0.0, 0.0)), "chest"), placements)


@pytest.mark.parametrize("word", ["waist", "waist=up", "=x", "a|=+x", "waist=+x=+y"])
def test_a_placement_of_another_form_is_refused(word: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"is not NAME=AXIS; e\.g\. waist="):
        ActivityConfig(out=tmp_path, placements=(word, "ankle=+x"))
    with pytest.raises(UsageError, match="each name may be given once"):
        read_placements(("waist=+x", "waist=-x"))


class Remember(Fixed):
    """Keeps the windows that it was given."""

    def forward(self, imu_NTC: torch.Tensor) -> torch.Tensor:
        self.seen = imu_NTC
        return super().forward(imu_NTC)


def test_slow_windows_are_of_the_slowed_classes_only(tmp_path: Path) -> None:
    settings = ActivityConfig(out=tmp_path, data=("x",), slowed=("a",), slow_share=1.0)
    network = Remember()
    model = Classifier(network, settings, np.eye(3, dtype=bool), ("a", "b", "c"))
    imu_NTC = torch.randn(2, 128, 6).cumsum(dim=1) / 10
    model(imu_NTC, torch.tensor([0, 1]), ANY_2)
    assert not torch.equal(network.seen[0], imu_NTC[0])
    torch.testing.assert_close(network.seen[1], imu_NTC[1])


def test_what_no_person_does_is_the_foreign_class_at_any_placement(tmp_path: Path) -> None:
    settings = ActivityConfig(
        out=tmp_path, data=("x",), foreign_share=0.5, foreign_label="c", label_smoothing=0.0
    )
    network = Remember()
    model = Classifier(network, settings, np.eye(3, dtype=bool), ("a", "b", "c"))
    torch.manual_seed(0)
    found = model(
        torch.zeros(400, 128, 6), torch.zeros(400, dtype=torch.long), ANY_2[:1].expand(400, 1)
    )
    share = (network.seen.abs().sum((1, 2)) > 0).float().mean().item()
    assert share == pytest.approx(0.5, abs=0.08)
    expected = -(share * np.log(0.2) + (1 - share) * np.log(0.5))
    assert found["loss"].item() == pytest.approx(expected, rel=1e-4)
    with pytest.raises(UsageError, match="--foreign-label other is no class; valid: a, b, c"):
        Classifier(
            network,
            ActivityConfig(out=tmp_path, data=("x",), foreign_share=0.1),
            np.eye(3, dtype=bool),
            ("a", "b", "c"),
        )
