"""The shared training config: invalid values are errors that name the flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.catalogue import load_object
from edgehuman.config import read_toml, write_toml
from edgehuman.errors import UsageError
from edgehuman.training.settings import TrainingConfig, tell_first
from tests.training.toy import line_config


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "--steps is 0; it must be at least 1"),
        (
            {"batch": 6, "accumulate": 4},
            "--batch is 6; it must be at least 1, a multiple of accumulate",
        ),
        ({"seed": -1}, "--seed is -1; it must be 0 or more"),
        ({"lr": float("inf")}, "--lr is inf; it must be a finite number, above 0"),
        ({"lr": -1.0}, "--lr is -1.0; it must be above 0"),
        ({"ema": 1.0}, "--ema is 1.0"),
        ({"accumulate": 0}, "--accumulate is 0; it must be at least 1"),
        ({"min_lr": 5.0}, "--min-lr is 5.0; it must be from 0 to lr"),
        ({"beta2": 2.0}, "--beta2 is 2.0"),
        ({"clip_norm": -1.0}, "--clip-norm is -1.0"),
        ({"weight_decay": -0.1}, "--weight-decay is -0.1; it must be 0 or more"),
        ({"warmup": 1.0}, "--warmup is 1.0; it must be a share from 0 to under 1"),
        ({"save_every": 0}, "--save-every is 0; it must be at least 1"),
        ({"log_every": 0}, "--log-every is 0; it must be at least 1"),
        ({"threads": 0}, "--threads is 0; it must be at least 1"),
    ],
)
def test_invalid_training_settings_are_refused(
    tmp_path: Path, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        line_config(tmp_path, **changes)


def test_training_settings_survive_a_checkpoint(tmp_path: Path) -> None:
    config = line_config(tmp_path, ema=0.9, device="cpu")
    write_toml(config, tmp_path / "config.toml")
    assert read_toml(TrainingConfig, tmp_path / "config.toml") == config


@pytest.mark.parametrize(
    ("method", "words", "out"),
    [
        ("edgehuman.pretrain.mae_settings:MaeConfig", {}, "runs/mae-imuvit_512x5"),
        (
            "edgehuman.pretrain.contrastive.settings:ContrastiveConfig",
            {"arch": "gaitformer_1"},
            "runs/contrastive-gaitformer_1",
        ),
        ("edgehuman.tasks.imu.settings:ActivityConfig", {}, "runs/activity"),
        (
            "edgehuman.tasks.image.settings:ParsingConfig",
            {"arch": "starnet_s3"},
            "runs/parsing-starnet_s3",
        ),
    ],
)
def test_a_training_has_a_folder_of_its_own_unless_it_is_given(
    method: str, words: dict[str, str], out: str
) -> None:
    config = load_object(method)
    assert config(**words).out == Path(out)
    assert config(**words, out=Path("mine")).out == Path("mine")


def test_of_several_processes_the_first_alone_says_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank in ("0", "1"):
        monkeypatch.setenv("RANK", rank)
        tell_first(f"simulated, said by {rank}")
    assert capsys.readouterr().err == "simulated, said by 0\n"
