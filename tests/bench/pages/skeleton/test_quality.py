"""The experiment of pose quality: its shares, its facts, and trainings that are done once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.pages.skeleton import quality as gait_quality
from edgehuman.bench.pages.skeleton.quality import (
    QualityConfig,
    compare_qualities,
    facts_of,
    pool_of,
    shake,
    share_of,
)
from edgehuman.data.skeleton.load import quality_scores
from edgehuman.data.skeleton.walks import simulated_set
from edgehuman.errors import DataError, UsageError
from edgehuman.simulate.skeleton.detector import Detector

pytest.importorskip("torch")


def small(tmp_path: Path, **changes: Any) -> QualityConfig:
    values: dict[str, Any] = {
        "out": tmp_path / "runs",
        "shares": (0.5,),
        "seeds": (0, 1),
        "people": 8,
        "each": 2,
        "steps": 1,
        "batch": 4,
        "frames": 4,
        "exam_people": 4,
        "page": tmp_path / "docs" / "gait_quality.md",
        "picture": tmp_path / "docs" / "pictures" / "plot.png",
    }
    return QualityConfig(**{**values, **changes})


def test_the_best_the_worst_and_random_walks_are_as_many_and_ordered() -> None:
    pool = pool_of(8, 3, 0, Detector(spread=1.0))
    best, random, worst = (share_of(pool, arm, 0.25, 0, False) for arm in gait_quality.ARMS)
    assert len(best) == len(random) == len(worst) == round(0.25 * len(pool))
    assert quality_scores(best).min() > quality_scores(worst).max()
    assert facts_of(best)["confidence"] > facts_of(worst)["confidence"]


def test_within_views_every_share_has_all_views() -> None:
    pool = simulated_set(8, 11, seed=3)
    for arm in gait_quality.ARMS:
        part = share_of(pool, arm, 0.25, 0, True)
        views, counts = np.unique(part.view_N, return_counts=True)
        # Eight walks of each of the eleven views.
        assert len(views) == 11
        assert set(counts.tolist()) == {2}


def test_a_detector_of_more_spread_differs_more_from_walk_to_walk() -> None:
    usual = simulated_set(32, 2, seed=5)
    uneven = simulated_set(32, 2, seed=5, detector=Detector(spread=1.0))
    one_N, two_N = (
        np.array([shake(walks.sequence(i)) for i in range(len(walks))]) for walks in (usual, uneven)
    )
    assert two_N.std() / two_N.mean() > 1.4 * one_N.std() / one_N.mean()


def test_joints_that_jump_shake_and_joints_that_glide_do_not() -> None:
    skeleton = np.ones((5, 18, 3), np.float32)
    skeleton[:, :, 0] = np.arange(5)[:, None]
    skeleton[:, :, 1] = 10.0 * np.arange(18) / 17
    assert shake(skeleton) == 0
    skeleton[1::2, :, 0] += 1
    # Up by 2 and down by nothing, in turn: a second difference of 2 on a figure of 10.
    assert shake(skeleton) == pytest.approx(0.2)
    skeleton[2, :, 2] = 0
    assert shake(skeleton) == 0


def test_the_experiment_runs_once_and_says_that_it_is_simulated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from edgehuman.pretrain.contrastive import contrastive

    done: list[str] = []
    windows: set[int] = set()
    real = contrastive.fit

    def fit(config: Any, encoder: Any, base: Any, learn: Any, card: Any, exam: Any) -> Any:
        done.append(config.out.name)
        windows.add(card.input.shape[0])
        return real(config, encoder, base, learn, card, exam)

    monkeypatch.setattr(contrastive, "fit", fit)
    outcome = compare_qualities(small(tmp_path))
    assert done == [f"{arm}-0.5-{seed}" for seed in (0, 1) for arm in gait_quality.ARMS]
    assert windows == {4}
    assert isinstance(outcome.data, dict)
    assert outcome.data["simulated"] is True
    of_seed = [run for run in outcome.data["runs"] if run["seed"] == 0]
    # The same start: before the first step all three are one network.
    assert len({json.dumps(run["exams"][0]) for run in of_seed}) == 1
    assert [run["exams"][-1]["step"] for run in of_seed] == [1, 1, 1]
    page = (tmp_path / "docs" / "gait_quality.md").read_text()
    assert "**simulated people**" in page
    assert (tmp_path / "docs" / "pictures" / "plot.png").stat().st_size > 3000
    assert not list((tmp_path / "runs").glob("*/state.pt"))
    compare_qualities(small(tmp_path))
    assert len(done) == 6
    compare_qualities(small(tmp_path, seeds=(0,), spread=0.9))
    assert len(done) == 9


def test_wrong_words_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"--shares is \(0\.6,\); give shares above 0, up to 0\.5"):
        QualityConfig(shares=(0.6,))
    with pytest.raises(UsageError, match="--exam-people is 1; it must be at least 2"):
        QualityConfig(exam_people=1)
    with pytest.raises(UsageError, match="--frames is 97; simulated walks have 96"):
        QualityConfig(frames=97)
    with pytest.raises(UsageError, match="a detector's spread must be 0 to 10"):
        QualityConfig(spread=11)
    with pytest.raises(UsageError, match="--seeds is empty"):
        QualityConfig(seeds=())
    with pytest.raises(DataError, match=r"a share of 0\.1 of \d+ walks is \d, .* takes 32"):
        compare_qualities(small(tmp_path, shares=(0.1,), batch=64))
    words = ["--out", str(tmp_path), "--people", "8", "--batch", "200"]
    assert main(QualityConfig, compare_qualities, words) == DataError.exit_code
    assert "a step takes 100; raise --people or --shares" in capsys.readouterr().err
