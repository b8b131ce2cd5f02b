"""Faults of joints, by hand: one person of 100 x 100 pixels whose joints are moved."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.pages.image import joint_faults
from edgehuman.bench.pages.image.joint_faults import (
    FAULTS,
    FaultsConfig,
    Looked,
    build,
    faults,
    groups,
    measured,
    similarity,
)
from edgehuman.card import Decision, OutputSpec
from edgehuman.data.image.load import load_persons
from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.geometry import COCO_17
from edgehuman.metrics.keypoints import SIGMAS
from edgehuman.records import Float32

SHOULDER, OTHER = COCO_17.index("l_shoulder"), COCO_17.index("r_shoulder")
KNEE, ANKLE = COCO_17.index("l_knee"), COCO_17.index("l_ankle")


def people(count: int = 1) -> Float32:
    """Everybody's joints 400 pixels apart along a line, all visible."""
    joint_NJ3 = np.full((count, 17, 3), 2, np.float32)
    joint_NJ3[..., 0], joint_NJ3[..., 1] = 400 * np.arange(17), 50
    return joint_NJ3


def looked(found_NJ3: Float32, true_NJ3: Float32) -> Looked:
    return Looked(found_NJ3, true_NJ3, np.full(len(true_NJ3), 1e4, np.float32))


def test_similarity_is_that_of_oks() -> None:
    true_NJ3 = people()
    found_NJ3 = true_NJ3.copy()
    # At 2 sigma of 100 pixels the similarity is exp(-1/2).
    found_NJ3[0, SHOULDER, 1] += 2 * 100 * SIGMAS[17][SHOULDER]
    true_NJ3[0, KNEE, 2] = 0
    alike_J = similarity(found_NJ3, looked(found_NJ3, true_NJ3))[0]
    assert alike_J[SHOULDER] == pytest.approx(np.exp(-0.5), abs=1e-5)
    assert (alike_J[KNEE], alike_J[ANKLE]) == (0.0, 1.0)


def test_each_fault_has_its_name() -> None:
    true_NJ3 = people()
    found_NJ3 = true_NJ3.copy()
    step = 2 * 100 * SIGMAS[17]
    found_NJ3[0, 0, 1] += step[0]  # exp(-1/2) is 0.61
    found_NJ3[0, SHOULDER] = true_NJ3[0, OTHER]
    found_NJ3[0, KNEE] = true_NJ3[0, ANKLE]
    found_NJ3[0, ANKLE, 1] += 5 * step[ANKLE]
    true_NJ3[0, 1, 2] = 0
    fault_J = faults(looked(found_NJ3, true_NJ3))[0]
    named = [FAULTS[fault_J[each]] for each in (0, SHOULDER, KNEE, ANKLE, OTHER)]
    assert named == ["near", "mirrored", "other", "missed", "good"]
    assert fault_J[1] == -1


def test_a_joint_without_a_label_is_nobodys_place() -> None:
    true_NJ3 = people()
    found_NJ3 = true_NJ3.copy()
    found_NJ3[0, SHOULDER] = true_NJ3[0, OTHER]
    true_NJ3[0, OTHER, 2] = 0
    assert FAULTS[faults(looked(found_NJ3, true_NJ3))[0, SHOULDER]] == "missed"


def test_groups_by_what_is_labelled() -> None:
    true_NJ3 = people(3)
    true_NJ3[1, 8:, 2] = 0
    true_NJ3[2, :, 2] = 0
    found = {name: in_N.tolist() for name, in_N in groups(looked(true_NJ3, true_NJ3)).items()}
    assert found["all"] == [True, True, False]
    assert found["legs in view"] == found["13 to 17 joints"] == [True, False, False]
    assert found["no legs in view"] == found["1 to 8 joints"] == [False, True, False]


def test_the_order_of_people_costs_what_the_best_order_wins_back() -> None:
    pytest.importorskip("pycocotools")
    true_NJ3 = people(2)
    found_NJ3 = true_NJ3.copy()
    found_NJ3[1, :, 1] += 1000
    # Who is all wrong has the higher score.
    found_NJ3[..., 2] = [[0.5], [0.9]]
    found = measured(looked(found_NJ3, true_NJ3))
    assert found["ap"] < found["ap_best_order"] == pytest.approx(0.5, abs=0.01)
    assert found["said_there"] == 1.0
    assert found["groups"]["all"] == {
        "people": 2, "oks": 0.5, "good": 0.5, "near": 0, "mirrored": 0, "other": 0, "missed": 0.5,
    }  # fmt: skip


def test_nobody_with_a_label_is_an_error() -> None:
    true_NJ3 = people()
    true_NJ3[..., 2] = 0
    with pytest.raises(DataError, match="no person here has a labelled joint"):
        measured(looked(true_NJ3, true_NJ3))


def test_the_table_of_simulated_people(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pycocotools")
    # Every joint in the middle of an input of 32x16, by heat maps of one hot cell.
    output = OutputSpec("heatmaps", COCO_17)

    def logits(image_NHWC: Any) -> Float32:
        heat_NJHW = np.zeros((len(image_NHWC), 17, 8, 4), np.float32)
        heat_NJHW[:, :, 4, 2] = 0.9
        return heat_NJHW

    inputs = SimpleNamespace(shape=(32, 16, 3), record="PersonCrop")
    card = SimpleNamespace(name="mid", output=output, input=inputs, decision=Decision())
    model = SimpleNamespace(name="mid", card=card, logits=logits)
    monkeypatch.setattr(joint_faults, "open_model", lambda config: model)
    few = load_persons("simulated", "pose", people=5, each=1)
    monkeypatch.setattr(joint_faults, "load_persons", lambda *_, **__: few)
    words: dict[str, Any] = {"model": "mid", "data": "simulated", "split": "all", "out": tmp_path}
    text = build(FaultsConfig(**words)).text
    assert "SIMULATED people" in text
    assert (tmp_path / "table.md").read_text() == f"{text}\n"
    data = json.loads(build(FaultsConfig(**words, json=True)).text)
    ways = data["ways"]
    # Its mirror image is the same picture, but for one cell.
    assert set(ways) == {"as it is", "with the mirror image"}
    shares = [ways["as it is"]["groups"]["all"][name] for name in FAULTS]
    assert sum(shares) == pytest.approx(1.0)
    card.output = OutputSpec("embedding", (), dim=8)
    with pytest.raises(ArtefactError, match="17 joints"):
        build(FaultsConfig(**words))


def test_wrong_words() -> None:
    with pytest.raises(UsageError, match="--threads is 0"):
        FaultsConfig(model="m", data="d", threads=0)
