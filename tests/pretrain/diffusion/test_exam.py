"""The monitors: recognition and distances of features known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from edgehuman.data.silhouette.sampling import Sampling
from edgehuman.pretrain.diffusion.exam import Exam, draw_exam, gallery_of, unit_features
from edgehuman.pretrain.diffusion.walks import Pairs
from edgehuman.training.silhouette.augment import NONE
from tests.pretrain.made_silhouettes import made_set


class Known(nn.Module):
    """Features of two parts: the direction is set by the columns of the silhouette."""

    def __init__(self, angle_W: dict[int, float]) -> None:
        super().__init__()
        self.weight, self.angle_W = nn.Parameter(torch.ones(1)), angle_W

    def backbone(self, sils_NTHW: Tensor) -> Tensor:
        width_N = (sils_NTHW[:, 0, 0] > 0).sum(dim=1)
        angle_N = torch.tensor([self.angle_W[int(width)] for width in width_N]).deg2rad()
        first_N2 = torch.stack([angle_N.cos(), angle_N.sin()], dim=1)
        # The second part is the same for all, and longer.
        return torch.stack([first_N2, torch.full_like(first_N2, 7.0)], dim=2)


def exam_of(people: tuple[str, ...]) -> Exam:
    walks = made_set((8,) * len(people), people)
    return Exam([walks], Pairs([walks], Sampling(frames=4), NONE))


def test_recognition_and_distances_by_hand() -> None:
    # Walks of a: 0 and 10 degrees; of b: 90 and 40, nearer to a's gallery walk at 0.
    exam = exam_of(("a", "a", "b", "b"))
    found = exam(Known({1: 0.0, 2: 10.0, 3: 90.0, 4: 40.0}))
    assert found["rank1"] == 0.5
    assert found["rank5"] == 1
    # The probe at 40 has its own walk second.
    assert found["map"] == pytest.approx((1 + 1 / 2) / 2)
    assert found["positive"] == pytest.approx(0, abs=1e-6)
    # The mean over two parts, of which one never differs.
    angles = np.deg2rad([90, 40, 80, 30])
    assert found["negative"] == pytest.approx((1 - np.cos(angles)).mean() / 2, abs=1e-6)


def test_features_of_length_nought_do_not_end_a_training() -> None:
    class Dead(Known):
        def backbone(self, sils_NTHW: Tensor) -> Tensor:
            return 0 * super().backbone(sils_NTHW)

    found = exam_of(("a", "a", "b", "b"))(Dead({1: 0.0, 2: 0.0, 3: 0.0, 4: 0.0}))
    assert found["rank1"] == 0
    assert found["positive"] == found["negative"] == 1


def test_unit_features_multiply_to_the_mean_cosine_of_the_parts() -> None:
    network = Known({1: 0.0, 2: 60.0})
    sils = torch.zeros(2, 1, 64, 64, dtype=torch.uint8)
    sils[0, 0, 0, 20] = sils[1, 0, 0, 20:22] = 255
    feature_ND = unit_features(network, sils)
    assert (feature_ND @ feature_ND.T)[0].tolist() == pytest.approx([1, 0.75])


def test_the_gallery_follows_roles_or_the_first_half_of_each_person() -> None:
    person_N = np.array([0, 1, 0, 0, 1, 2])
    some = np.array(["gallery", "probe", "probe", "gallery", "gallery", "probe"])
    assert gallery_of(some, person_N).tolist() == [True, False, False, True, True, False]
    train = np.full(6, "train")
    assert gallery_of(train, person_N).tolist() == [True, True, False, False, False, True]


def test_curves_are_drawn_from_the_records(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    score = {"rank1": 0.1, "rank5": 0.4, "positive": 0.1, "negative": 0.2}
    records = [{"step": 0.0, **score}, {"step": 5.0, "loss": 1.0}, {"step": 10.0, **score}]
    path = draw_exam(records, tmp_path / "curves.png")
    assert path.read_bytes().startswith(b"\x89PNG")
