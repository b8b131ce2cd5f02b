"""Tasks on several people, by the commands: trained, evaluated, exported, run and searched."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests import leaving
from tests.runtime.photos import flag, photo

ARCHS = ("starnet_s3", "tinyvit_5m", "vit_tiny")
FRAMES = "--height 96 --width 128 --most-select 8 --lr 5e-4 --no-read-test --threads 1"
CROPS = "--height 64 --width 32"
TASKS = {"multi-parsing": FRAMES, "part-attributes": FRAMES, "text-reid": CROPS}


def edgehuman(*words: str | Path) -> str:
    """What a command that succeeds prints."""
    command = [sys.executable, "-m", "edgehuman.cli", *map(str, words)]
    done = leaving.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, words))}\n{done.stderr[-2000:]}"
    return done.stdout


def answer(*words: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(edgehuman(*words, "--json"))
    return found


def exported(run: Path, precisions: Sequence[str]) -> dict[str, Path]:
    files = {each: run.with_suffix(f".{each}.onnx") for each in precisions}
    for precision, file in files.items():
        edgehuman(
            *("export", run, "--precision", precision, "--data", "simulated", "--samples", "16"),
            *("--out", file),
        )
    return files


@pytest.mark.longest
@pytest.mark.slow
@pytest.mark.parametrize("arch", ARCHS)
@pytest.mark.parametrize("task", TASKS)
def test_from_simulated_people_to_answers_in_three_precisions(
    task: str, arch: str, tmp_path: Path
) -> None:
    photos, run = tmp_path / "photos", tmp_path / "run"
    for index in range(2):
        photo(photos / f"{index}.png", flag(96 + index, 128))
    common = ("--task", task, "--arch", arch, "--data", "simulated", "--out", run)
    edgehuman("finetune", *common, "--steps", "50", "--batch", "8", *TASKS[task].split())
    every = () if task == "text-reid" else ("--every", "20")
    metrics = answer("evaluate", run, "--data", "simulated", *every)["metrics"]
    assert metrics
    assert all(0 <= value <= 1 for value in metrics.values())
    # A parser of 50 steps is over INT8's budget of boxes; docs/crowds.md says so.
    precisions = ("fp16", "fp32") if task == "multi-parsing" else ("int8", "fp16", "fp32")
    files = exported(run, precisions)
    sizes = [files[each].stat().st_size for each in precisions]
    assert sizes == sorted(set(sizes))
    for file in files.values():
        if task == "text-reid":
            words = ("search", "woman in a red coat", "--photos", photos, "--model", file)
            assert "0.png" in edgehuman(*words, "--json")
        else:
            lines = edgehuman("run", file, "--source", photos, "--json").splitlines()
            assert len(lines) == len(list(photos.iterdir()))
            assert all(isinstance(json.loads(line), dict) for line in lines)
