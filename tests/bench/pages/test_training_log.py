"""What a training left about itself, read without torch, and what is refused of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.pages.training_log import names_of, read_card, read_numbers, read_settings
from edgehuman.errors import CheckpointError, UsageError


def a_run(folder: Path, *records: dict[str, Any]) -> Path:
    """A folder as a pretraining leaves it."""
    folder.mkdir()
    (folder / "config.toml").write_text('method = "saip"\nteacher = 3\n')
    (folder / "metrics.jsonl").write_text("".join(json.dumps(one) + "\n" for one in records))
    return folder


def test_names_tell_the_runs_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert names_of([Path("x/a"), Path("x/b")]) == ["a", "b"]
    assert names_of([Path("x/a"), Path("y/a"), Path("x/b")]) == ["x/a", "y/a", "x/b"]
    assert names_of([Path("p/x/a"), Path("q/x/a")]) == ["p/x/a", "q/x/a"]
    assert names_of([Path()]) == [tmp_path.name]
    (tmp_path / "link").symlink_to("x/a")
    (tmp_path / "x" / "a").mkdir(parents=True)
    for again in (Path("x/a"), Path("x/b/../a"), tmp_path / "x" / "a", Path("link")):
        with pytest.raises(
            UsageError, match=r"--run names .* twice \(x/a\); give each folder once"
        ):
            names_of([Path("x/a"), again])


def test_settings_are_those_of_the_method_that_is_asked_for(tmp_path: Path) -> None:
    run = a_run(tmp_path / "a")
    assert read_settings(run, "saip", ["teacher"]) == {"method": "saip", "teacher": 3}
    with pytest.raises(CheckpointError, match=r"of another kind; give one of .*--method mae"):
        read_settings(run, "mae", [])
    with pytest.raises(CheckpointError, match=r"config\.toml: holds no lr and no seed; restore"):
        read_settings(run, "saip", ["lr", "teacher", "seed"])


@pytest.mark.parametrize("gone", ["metrics.jsonl", "config.toml"])
def test_a_folder_without_its_files_is_none_of_a_pretraining(tmp_path: Path, gone: str) -> None:
    run = a_run(tmp_path / "a")
    (run / gone).unlink()
    with pytest.raises(CheckpointError, match=f"no {gone} in it; give a folder that"):
        read_settings(run, "saip", [])


def test_a_number_is_read_at_the_steps_that_logged_it(tmp_path: Path) -> None:
    run = a_run(tmp_path / "a", {"step": 10, "loss": 2.5}, {"step": 20}, {"step": 30, "loss": 1})
    assert read_numbers(run, "loss") == {10: 2.5, 30: 1.0}
    assert read_numbers(run, "accuracy") == {}


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ({"loss": 1.0}, "KeyError: 'step'"),
        ({"step": 7, "loss": float("nan")}, "loss is nan at step 7"),
        ({"step": 7, "loss": [1]}, "TypeError"),
    ],
)
def test_a_damaged_log_says_what_is_wrong(
    tmp_path: Path, record: dict[str, Any], said: str
) -> None:
    with pytest.raises(CheckpointError, match=rf"damaged .*{said}.*continue the training with"):
        read_numbers(a_run(tmp_path / "a", record), "loss")


def test_before_the_first_checkpoint_there_is_no_card(tmp_path: Path) -> None:
    assert read_card(a_run(tmp_path / "a")) is None
