"""Warm-up rises linearly, the cosine ends at the floor; WSD stays, then falls from a trunk."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from edgehuman.config import read_table, to_table
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.training.checkpoint import changed_words, load_state
from edgehuman.training.loop import train_steps
from edgehuman.training.schedule import learning_rate, rate_at, stable_rate
from edgehuman.training.settings import TrainingConfig
from tests.training.toy import line_config, line_job

TRUNK = {"schedule": "wsd", "warmup": 0.0, "decay": 0.0, "keep_at": (10, 25)}
DECAY = {"schedule": "wsd", "warmup": 0.0, "decay_from": 25, "steps": 31}


@pytest.fixture(scope="module")
def trunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trunk of forty steps without a decay, which keeps two states."""
    folder = tmp_path_factory.mktemp("of a trunk") / "trunk"
    train_steps(line_job(), line_config(folder, **TRUNK))
    return folder


def test_warm_up_is_linear_and_reaches_the_peak() -> None:
    rates = [learning_rate(step, 100, peak=1.0, floor=0.0, warmup=0.04) for step in range(4)]
    assert rates == [0.25, 0.5, 0.75, 1.0]


def test_the_middle_of_the_cosine_is_the_middle_of_the_range() -> None:
    assert learning_rate(50, 100, peak=1.0, floor=0.2, warmup=0.0) == pytest.approx(0.6)
    assert learning_rate(100, 100, peak=1.0, floor=0.2, warmup=0.0) == pytest.approx(0.2)


def test_wsd_rises_stays_and_falls_as_one_minus_a_root() -> None:
    rates = [stable_rate(step, 20, 1.0, 0.2, rising=4, falls_from=16) for step in range(21)]
    assert rates[:5] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert set(rates[4:17]) == {1.0}
    # A quarter of the decay: 0.2 + 0.8 (1 - 1/2).
    assert rates[17] == pytest.approx(0.6)
    assert rates[20] == pytest.approx(0.2)


def test_a_config_says_the_rate_by_its_schedule(tmp_path: Path) -> None:
    cosine = line_config(tmp_path, steps=100, lr=1.0, min_lr=0.0, warmup=0.0)
    assert rate_at(cosine, 50) == pytest.approx(0.5)
    stable = line_config(tmp_path, steps=100, lr=1.0, min_lr=0.0, warmup=0.1, schedule="wsd")
    assert stable.falls_from == 90
    assert [rate_at(stable, step) for step in (0, 9, 50, 90)] == [0.1, 1.0, 1.0, 1.0]
    assert rate_at(stable, 99) == pytest.approx(1 - 0.9**0.5)
    # The warm-up of a decay was its trunk's.
    late = line_config(
        tmp_path, steps=10, lr=1.0, warmup=0.9, schedule="wsd", trunk=Path("t"), decay_from=5
    )
    assert rate_at(late, 4) == 1.0


def test_a_decay_ends_with_the_weights_of_a_whole_run_of_its_length(
    trunk: Path, tmp_path: Path
) -> None:
    begun = line_config(tmp_path / "decay", trunk=trunk, **DECAY)
    done = train_steps(line_job(), begun)
    train_steps(line_job(), line_config(tmp_path / "whole", **DECAY))
    made, whole = (load_file(tmp_path / n / "model.safetensors") for n in ("decay", "whole"))
    assert all(torch.equal(made[name], whole[name]) for name in whole)
    # Its record has the trunk's steps too, and both name the trunk that they share.
    assert [row["step"] for row in done.records] == [5, 10, 15, 20, 25, 30, 31]
    assert begun.trunk_name == line_config(trunk, **TRUNK).trunk_name == "trunk"
    assert line_config(tmp_path / "whole", **DECAY).trunk_name == ""


def test_a_trunk_keeps_the_states_asked_for_and_each_is_whole(trunk: Path) -> None:
    assert {path.name for path in trunk.glob("*.pt")} == {"state.pt", "state-10.pt", "state-25.pt"}
    assert load_state(trunk, "state-10.pt")["step"] == 10


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"decay_from": 20}, CheckpointError, "keeps no state of step 20; it keeps 10, 25: give"),
        ({"lr": 0.1}, UsageError, "trained with other settings: --lr 0.05 -> 0.1; a decay goes"),
        ({"batch": 4, "ema": 0.5}, UsageError, "--batch 8 -> 4, --ema 0.0 -> 0.5"),
    ],
)
def test_a_trunk_that_does_not_fit_is_refused(
    trunk: Path, tmp_path: Path, changes: dict[str, object], error: type[Exception], said: str
) -> None:
    config = line_config(tmp_path / "decay", trunk=trunk, **{**DECAY, **changes})
    with pytest.raises(error, match=said):
        train_steps(line_job(), config)
    assert not (tmp_path / "decay").exists()


def test_a_trunk_without_states_or_of_the_cosine_is_refused(tmp_path: Path) -> None:
    train_steps(line_job(), line_config(tmp_path / "cosine", steps=25))
    with pytest.raises(CheckpointError, match="it keeps none: train it with --schedule wsd"):
        train_steps(line_job(), line_config(tmp_path / "a", trunk=tmp_path / "cosine", **DECAY))
    state = tmp_path / "cosine" / "state.pt"
    state.rename(state.with_name("state-25.pt"))
    with pytest.raises(UsageError, match="was trained without --schedule wsd"):
        train_steps(line_job(), line_config(tmp_path / "a", trunk=tmp_path / "cosine", **DECAY))


def test_a_damaged_state_of_a_trunk_is_refused(trunk: Path, tmp_path: Path) -> None:
    copy = tmp_path / "trunk"
    copy.mkdir()
    for name in ("config.toml", "state-25.pt"):
        (copy / name).write_bytes((trunk / name).read_bytes())
    (copy / "state-25.pt").write_bytes((trunk / "state-25.pt").read_bytes()[:300])
    with pytest.raises(CheckpointError, match=r"state-25\.pt: .*start again"):
        train_steps(line_job(), line_config(tmp_path / "decay", trunk=copy, **DECAY))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"keep_at": (5,)}, r"--keep-at is \(5,\); it must be left out, or used with --schedule"),
        ({"trunk": Path("t")}, "--trunk is t; it must be left out, or used with --schedule wsd"),
        ({"decay_from": 5}, "--decay-from is 5; it must be left out, or used with --schedule wsd"),
        ({"schedule": "wsd", "trunk": Path("t")}, "--trunk is t; it must be used with --decay-fr"),
        ({"schedule": "wsd", "decay": 1.0}, "--decay is 1.0; it must be a share from 0 to under"),
        ({"schedule": "wsd", "decay_from": 41}, "--decay-from is 41; it must be 0, or a step from"),
        ({"schedule": "wsd", "decay_from": -1}, "--decay-from is -1; it must be 0, or a step"),
        ({"schedule": "wsd", "warmup": 0.5, "decay_from": 9}, r"from 20 \(the end of the warm-up"),
        ({"schedule": "wsd", "warmup": 0.5, "decay": 0.6}, "it must be a share that ends the war"),
        ({"schedule": "wsd", "keep_at": (37,)}, "it must be steps from 1 to 36, where the decay"),
        ({"schedule": "wsd", "keep_at": (0,)}, "it must be steps from 1 to 36, where the decay"),
        ({"schedule": "wsd", "keep_at": tuple(range(1, 34))}, "it must be at most 32 steps"),
    ],
)
def test_impossible_schedules_are_refused(
    tmp_path: Path, changes: dict[str, object], said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        line_config(tmp_path, **changes)


def test_a_run_begun_by_an_earlier_edgehuman_has_no_changed_settings(tmp_path: Path) -> None:
    config = line_config(tmp_path)
    train_steps(line_job(), config)
    lines = (tmp_path / "config.toml").read_text().splitlines()
    later = ("schedule", "decay", "decay_from", "keep_at")
    kept = [line for line in lines if line.partition(" ")[0] not in later]
    assert len(kept) == len(lines) - len(later)
    (tmp_path / "config.toml").write_text("\n".join(kept))
    assert changed_words(tmp_path, line_config(tmp_path, lr=0.1)) == ["--lr 0.05 -> 0.1"]
    assert set(later) < set(to_table(TrainingConfig())) > set(read_table(tmp_path / "config.toml"))


def test_the_state_of_another_step_under_its_name_is_refused(trunk: Path, tmp_path: Path) -> None:
    copy = tmp_path / "trunk"
    copy.mkdir()
    (copy / "config.toml").write_bytes((trunk / "config.toml").read_bytes())
    (copy / "state-25.pt").write_bytes((trunk / "state-10.pt").read_bytes())
    with pytest.raises(CheckpointError, match=r"state-25\.pt: is the state of step 10; copy"):
        train_steps(line_job(), line_config(tmp_path / "decay", trunk=copy, **DECAY))
    assert load_state(trunk)["step"] == 40
