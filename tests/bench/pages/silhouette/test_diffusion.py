"""The page of diffusion pretraining: each training is asked for once; finished rows are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.silhouette import diffusion, trainings
from edgehuman.bench.pages.silhouette.diffusion import (
    DiffusionPageConfig,
    Found,
    build_page,
    curve,
    rows_of,
)
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome
from edgehuman.pictures.curves import Panel

Asked = list[tuple[str, Any]]
LAST = {False: 0.5, True: 0.1}
"""Rank-1 at the end of a pretraining with different, and with the same subsequences."""


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The configs of all trainings, which are left out."""
    pytest.importorskip("torch")
    found: Asked = []

    def pretrained(config: Any) -> Outcome:
        found.append(("pretrain", config))
        rank = LAST[config.same_subsequence]
        data = {
            "rank1_by_step": {0: 0.1, 6: rank},
            "negative_by_step": {0: 0.2, 6: 0.2 + rank},
            "positive_by_step": {0: 0.1, 6: 0.2},
        }
        return Outcome(data, "")

    def tuned(config: Any) -> Outcome:
        found.append(("tune", config))
        score = (0.6 if config.weights else 0.3) + config.seed / 10
        return Outcome({"metrics": {"rank1": score, "map": 0.2, "minp": 0.1}}, "")

    def evaluated(config: Any) -> Outcome:
        found.append(("evaluate", config))
        energy = {"gait_energy_images": {"rank1": 0.44, "map": 0.4}}
        return Outcome({"metrics": {"rank1": 0.11, "map": 0.1}, "baselines": energy}, "")

    monkeypatch.setattr("edgehuman.pretrain.diffusion.diffusion.train", pretrained)
    monkeypatch.setattr("edgehuman.tasks.silhouette.gait.train", tuned)
    monkeypatch.setattr(trainings, "evaluate", evaluated)
    monkeypatch.setattr(diffusion, "require_pictures", lambda: None)
    monkeypatch.setattr(diffusion, "draw_curves", lambda panels, label, path: path)
    return found


def small(out: Path, **changes: Any) -> DiffusionPageConfig:
    fields: dict[str, Any] = {"seeds": (0, 1), "steps": 6, "points": 1, "tune_steps": 9}
    return DiffusionPageConfig(out=out, **{**fields, **changes})


def of(asked: Asked, kind: str) -> list[Any]:
    return [config for name, config in asked if name == kind]


def test_each_training_is_asked_for_once_with_the_words_of_its_row(
    asked: Asked, tmp_path: Path
) -> None:
    config = small(tmp_path)
    build_page(config)
    pretrainings, tunings = of(asked, "pretrain"), of(asked, "tune")
    assert [(c.seed, c.same_subsequence) for c in pretrainings] == [
        (0, False), (0, True), (1, False), (1, True),
    ]  # fmt: skip
    assert all(c.backbone_lr == pytest.approx(2 * c.lr) for c in pretrainings)
    assert len(tunings) == len(rows_of(config)) * 2 * 2 == len({c.out for c in tunings})
    assert {c.steps for c in tunings} == {9, 3}
    begun = {(c.weights, c.seed) for c in tunings if c.weights}
    assert begun == {(c.out, c.seed) for c in pretrainings if not c.same_subsequence}
    ratios = {c.lr_ratio for c in tunings if c.weights and c.mode == "finetune"}
    assert ratios == set(config.ratios)
    assert {bool(c.weights) for c in tunings if c.mode == "probe"} == {True, False}


def test_the_page_holds_curves_rows_and_baselines(asked: Asked, tmp_path: Path) -> None:
    text = build_page(small(tmp_path)).text
    lines = text.splitlines()
    assert "All people are simulated" in lines[0]
    curves = [line for line in lines if line.startswith(("| 0 (untrained)", "| 6 "))]
    assert curves[0] == "| 0 (untrained) | 10.0 ± 0.0 | 10.0 ± 0.0 | 10.0 ± 0.0 | 10.0 ± 0.0 |"
    assert curves[1] == "| 6 | 50.0 ± 0.0 | 10.0 ± 0.0 | 50.0 ± 0.0 | 10.0 ± 0.0 |"
    spread = "35.0 ± 7.1 | 20.0 ± 0.0"
    assert f"| from scratch | {spread} | {spread} |" in lines
    assert any(line.startswith("| gait energy images") and "44.0" in line for line in lines)
    assert any(line.startswith("| random weights") and "11.0" in line for line in lines)
    assert (tmp_path / "table.md").read_text().strip() == text.strip()
    data = json.loads((tmp_path / "table.json").read_text())
    assert data["simulated"] is True
    assert data["curves"]["different"]["rank1"]["6"] == [0.5, 0.5]


def test_finished_trainings_are_kept_and_changed_words_train_again(
    asked: Asked, tmp_path: Path
) -> None:
    first = build_page(small(tmp_path))
    asked.clear()
    assert build_page(small(tmp_path)).text == first.text
    assert not asked
    # Another pretraining: what began with its weights is trained again, the rest is not.
    build_page(small(tmp_path, lr=2e-3))
    assert len(of(asked, "pretrain")) == 4
    assert all(config.weights for config in of(asked, "tune"))
    assert len(of(asked, "tune")) == 4 * 2 * 2


def test_a_page_that_was_stopped_shows_what_is_finished(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(config: Any) -> Outcome:
        return Outcome({}, "", exit_code=1)

    monkeypatch.setattr("edgehuman.tasks.silhouette.gait.train", stopped)
    with pytest.raises(KeyboardInterrupt):
        build_page(small(tmp_path))
    assert "| from scratch | - | - | - | - |" in (tmp_path / "table.md").read_text()


def test_the_curves_are_drawn_beside_the_untrained_backbone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[Panel] = []
    monkeypatch.setattr(diffusion, "draw_curves", lambda panels, *_: drawn.extend(panels))
    outcome = {
        "rank1_by_step": {"0": 0.25, "5": 0.5},
        "negative_by_step": {"0": 0.5, "5": 0.75},
        "positive_by_step": {"0": 0.25, "5": 0.25},
    }
    diffusion.draw(Found(curves={"different": [outcome], "same": [outcome]}), tmp_path / "c.png")
    rank1, gap = drawn
    assert rank1.curves == {
        "random weights": ([0, 5], [25, 25]),
        "s_E ≠ s_G": ([0, 5], [25, 50]),
        "s_E = s_G": ([0, 5], [25, 50]),
    }
    assert gap.curves["s_E ≠ s_G"] == ([0, 5], [0.25, 0.5])


def test_the_gap_is_that_of_each_seed() -> None:
    outcome = {
        "rank1_by_step": {"0": 0.5},
        "negative_by_step": {"0": 0.75},
        "positive_by_step": {"0": 0.25},
    }
    assert curve([outcome, outcome], "gap") == {0: [0.5, 0.5]}
    assert curve([outcome], "rank1") == {0: [0.5]}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"seeds": ()}, "--seeds is"),
        ({"steps": 5, "points": 6}, "--steps is 5; it must be at least --points 6"),
        ({"tune_steps": 2}, "--tune-steps is 2"),
        ({"ratios": (0.0,)}, "--ratios is"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(tmp_path, **changes)
