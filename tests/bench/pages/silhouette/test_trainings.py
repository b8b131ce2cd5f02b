"""The trainings of a page: what they are asked for, and when they are asked for again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.silhouette import trainings
from edgehuman.bench.pages.silhouette.trainings import Schedule, pretrained, tuned, untrained
from edgehuman.data.silhouette.walks import SilhouetteSet
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The configs of all trainings, which are left out."""
    pytest.importorskip("torch")
    found: list[Any] = []

    def run(config: Any, walks: SilhouetteSet | None = None) -> Outcome:
        found.append(config if walks is None else walks)
        metrics = {"rank1": 0.25}
        return Outcome({"metrics": metrics, "baselines": {"gait_energy_images": metrics}}, "")

    monkeypatch.setattr("edgehuman.pretrain.diffusion.diffusion.train", run)
    monkeypatch.setattr("edgehuman.tasks.silhouette.gait.train", run)
    monkeypatch.setattr(trainings, "evaluate", run)
    return found


def test_a_pretraining_has_the_schedule_and_its_changes(asked: list[Any], tmp_path: Path) -> None:
    schedule = Schedule(out=tmp_path, steps=20, points=4, lr=1e-3)
    folder, _ = pretrained(schedule, "one", 3, {"dim": 64, "uncond": 0.5})
    (config,) = asked
    assert (config.out, config.seed, config.steps, config.save_every) == (folder, 3, 20, 5)
    assert (config.dim, config.uncond, config.backbone_lr) == (64, 0.5, pytest.approx(2e-3))
    pretrained(schedule, "one", 3, {"dim": 64, "uncond": 0.5})
    assert len(asked) == 1
    pretrained(schedule, "one", 3, {"dim": 64, "uncond": 0.0})
    assert len(asked) == 2


def test_a_pretraining_may_see_walkers_from_one_side(asked: list[Any], tmp_path: Path) -> None:
    schedule = Schedule(out=tmp_path, people=2, exam_people=2, views=(90.0,))
    pretrained(schedule, "side", 0, {})
    (walks,) = asked
    assert set(walks.view_N) == {"090"}
    assert len(set(walks.person_N)) == 4
    assert set(walks.role_N) == {"train"}
    assert walks.simulated
    # All sides are another pretraining.
    pretrained(replace(schedule, views=()), "side", 0, {})
    assert len(asked) == 2


def test_a_training_with_labels_is_kept_with_the_weights_that_it_began_with(
    asked: list[Any], tmp_path: Path
) -> None:
    schedule = Schedule(out=tmp_path)
    folder, _ = pretrained(schedule, "before", 0, {})
    assert tuned(schedule, "after", 0, 9, folder, "probe") == {"rank1": 0.25}
    tuned(schedule, "alone", 0, 9, None, ratio=0.5)
    assert [(c.weights, c.mode, c.lr_ratio, c.steps) for c in asked[1:]] == [
        (folder, "probe", 1.0, 9), (None, "finetune", 0.5, 9),
    ]  # fmt: skip
    pretrained(schedule, "before", 1, {})
    tuned(schedule, "after", 0, 9, folder, "probe")
    tuned(schedule, "alone", 0, 9, None, ratio=0.5)
    assert len(asked) == 5


def test_the_untrained_network_is_of_the_seed(asked: list[Any], tmp_path: Path) -> None:
    found = untrained(Schedule(out=tmp_path, test_people=7), 4)
    assert found == {key: {"rank1": 0.25} for key in (trainings.ENERGY, trainings.UNTRAINED)}
    assert (asked[0].data, asked[0].seed, asked[0].model) == ("simulated:7", 4, "gaitset_small")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": ()}, "--seeds is"),
        ({"steps": 5, "points": 6}, "--steps is 5; it must be at least --points 6"),
        ({"tune_steps": 0}, "--tune-steps is 0"),
        ({"tune_batch": 10}, "--tune-batch is 10; it must be a multiple of 4"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Schedule(out=tmp_path, **changes)
