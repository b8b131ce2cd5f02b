"""The ablations: the settings of each row, the table, and rows that are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.silhouette import trainings
from edgehuman.bench.pages.silhouette.ablations import (
    AblationsConfig,
    build_table,
    exam_of,
    rows_of,
    settings_of,
)
from edgehuman.errors import UsageError
from edgehuman.outcome import Outcome

Asked = list[tuple[str, Any]]


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Asked:
    """The configs of all trainings, which are left out."""
    pytest.importorskip("torch")
    found: Asked = []

    def pretrained(config: Any) -> Outcome:
        found.append(("pretrain", config))
        rank = 0.5 + config.seed / 10 - config.uncond / 2
        by_step = {0: 0.125, 2: 0.25, 10: rank}
        return Outcome({f"{key}_by_step": by_step for key in ("rank1", "rank5", "map")}, "")

    def tuned(config: Any) -> Outcome:
        found.append(("tune", config))
        score = 0.75 if config.weights else 0.25
        return Outcome({"metrics": {"rank1": score, "rank5": 1.0, "map": 0.5}}, "")

    def evaluated(config: Any) -> Outcome:
        metrics = {"rank1": 0.44, "rank5": 0.7, "map": 0.4}
        return Outcome({"metrics": metrics, "baselines": {"gait_energy_images": metrics}}, "")

    monkeypatch.setattr("edgehuman.pretrain.diffusion.diffusion.train", pretrained)
    monkeypatch.setattr("edgehuman.tasks.silhouette.gait.train", tuned)
    monkeypatch.setattr(trainings, "evaluate", evaluated)
    return found


def small(out: Path, **changes: Any) -> AblationsConfig:
    fields: dict[str, Any] = {"seeds": (0, 1), "steps": 10, "points": 2, "tune_steps": 3}
    return AblationsConfig(out=out, **{**fields, **changes})


def of(asked: Asked, kind: str) -> list[Any]:
    return [config for name, config in asked if name == kind]


def test_the_rows_are_those_of_the_paper_and_the_whole_grid(asked: Asked, tmp_path: Path) -> None:
    build_table(small(tmp_path, seeds=(0,)))
    every = of(asked, "pretrain")
    assert len({config.out for config in every}) == len(every) == 15
    grid = {(c.noise_schedule, c.weighting) for c in every}
    schedules, weightings = ("cosine", "inverted-cosine"), ("uniform", "min-snr", "medium-noise")
    assert grid == {(s, w) for s in schedules for w in weightings}
    assert {c.pooling for c in every} == {"mean", "max", "mean+max"}
    assert {c.uncond for c in every} == {0.0, 0.15, 0.5}
    assert {c.dim for c in every} == {16, 32, 64}
    ratios = [round(c.backbone_lr / c.lr, 9) for c in every]
    assert sorted(set(ratios)) == [1, 2, 5]
    (plain,) = (c for c in every if not any(getattr(c, chance) for chance in c.CHANCES))
    assert plain.out.name == "pretrained-no-augmentation-0"
    # But for that grid, a row differs from the default in one setting.
    config = small(tmp_path)
    usual, *rows = (settings_of(config, changes) for changes in rows_of(config).values())
    assert usual == ["inverted-cosine", "medium-noise", "mean", "on", "32", "2", "0.15"]
    assert [sum(map(str.__ne__, usual, row)) for row in rows] == [1, 1, 1, 2, 2, *[1] * 9]


def test_the_table_has_every_row_and_the_untrained_backbone(asked: Asked, tmp_path: Path) -> None:
    text = build_table(small(tmp_path, rows=("default", "uncond-0.5"))).text
    lines = text.splitlines()
    assert "All people are simulated" in lines[0]
    rows = {line.split(" | ")[0][2:]: line.split(" | ")[8:] for line in lines if line[:2] == "| "}
    assert list(rows)[1:] == [
        "default", "uncond-0.5", "untrained backbone, from scratch",
        "gait energy images, nearest neighbour",
    ]  # fmt: skip
    # Rank-1 0.425 and 0.525: mean and standard deviation of two seeds.
    assert rows["default"][0] == "47.5 ± 7.1"
    assert rows["uncond-0.5"][0] == "30.0 ± 7.1"
    assert rows["default"][3] == "75.0 ± 0.0"
    assert rows["untrained backbone, from scratch"][:4:3] == ["12.5 ± 0.0", "25.0 ± 0.0"]
    assert rows["gait energy images, nearest neighbour"][:4:3] == ["-", "44.0 ± 0.0"]
    data = json.loads((tmp_path / "table.json").read_text())
    assert data["simulated"] is True
    assert data["exams"]["untrained"] == [dict.fromkeys(("rank1", "rank5", "map"), 0.125)] * 2
    assert (tmp_path / "table.md").read_text().strip() == text.strip()


def test_finished_rows_are_kept_and_others_are_added(asked: Asked, tmp_path: Path) -> None:
    first = build_table(small(tmp_path, rows=("max",)))
    begun = {(c.weights, c.lr_ratio, c.mode) for c in of(asked, "tune")}
    folders = {tmp_path / f"pretrained-max-{seed}" for seed in (0, 1)}
    assert begun == {(None, 1.0, "finetune"), *((folder, 0.1, "finetune") for folder in folders)}
    asked.clear()
    assert build_table(small(tmp_path, rows=("max",))).text == first.text
    assert not asked
    build_table(small(tmp_path, rows=("max", "uniform")))
    assert [c.weighting for c in of(asked, "pretrain")] == ["uniform"] * 2
    assert len(of(asked, "tune")) == 2
    asked.clear()
    text = build_table(small(tmp_path, rows=("max",), mode="probe")).text
    assert [c.mode for _, c in asked] == ["probe"] * 4
    assert "untrained backbone, frozen" in text


def test_a_table_that_was_stopped_shows_what_is_finished(
    asked: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped = Outcome({}, "", exit_code=1)
    monkeypatch.setattr("edgehuman.tasks.silhouette.gait.train", lambda config: stopped)
    with pytest.raises(KeyboardInterrupt):
        build_table(small(tmp_path, seeds=(0,), rows=("default",)))
    assert "| 0.15 | 42.5 | 42.5 | 42.5 | - | - | - |" in (tmp_path / "table.md").read_text()


def test_the_exam_is_of_the_last_step_by_number() -> None:
    steps = {"0": 0.0, "10": 0.75, "9": 0.5}
    outcome = {f"{key}_by_step": steps for key in ("rank1", "rank5", "map")}
    assert exam_of(outcome, max)["map"] == 0.75
    assert exam_of(outcome, min)["map"] == 0


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rows": ("no",)}, "--rows is .*it must be of default, min-snr"),
        ({"dim": 24}, "--dim is 24; it must be a multiple of 16"),
        ({"ratio": 0.0}, "--ratio is 0"),
        ({"seeds": ()}, "--seeds is"),
    ],
)
def test_wrong_values_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        small(tmp_path, **changes)
