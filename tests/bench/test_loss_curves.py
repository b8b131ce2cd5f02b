"""The picture of a scale-aware pretraining's losses: what it reads, what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edgehuman.bench.entry import main
from edgehuman.bench.loss_curves import (
    Losses,
    LossesConfig,
    medians,
    picture_losses,
    read_losses,
)
from edgehuman.errors import CheckpointError, UsageError

RECORDS = [
    {"step": 10 * k, "loss": 9.0 - k, "csm": 7.0 - k, "csr": 1.0 / k, "csm_kl": 0.5}
    for k in range(1, 5)
]


def a_run(folder: Path, records: Any = RECORDS, **changes: str) -> Path:
    """A folder as `edgehuman pretrain` leaves it."""
    folder.mkdir()
    settings = {"method": "saip", "arch": "tinyvit_5m", "data": "simulated", **changes}
    (folder / "config.toml").write_text("".join(f'{k} = "{v}"\n' for k, v in settings.items()))
    lines = "".join(json.dumps(record) + "\n" for record in records)
    (folder / "metrics.jsonl").write_text(lines)
    return folder


def test_losses_are_those_of_the_objectives_that_were_learned(tmp_path: Path) -> None:
    assert read_losses(a_run(tmp_path / "a")) == Losses(
        "a",
        True,
        {
            "csm": {10: 6.0, 20: 5.0, 30: 4.0, 40: 3.0},
            "csr": {10: 1.0, 20: 0.5, 30: 1 / 3, 40: 0.25},
        },
    )
    assert not read_losses(a_run(tmp_path / "b", data="photos")).simulated


def test_medians_are_of_the_neighbours_on_both_sides() -> None:
    assert medians([5.0, 1.0, 9.0, 2.0, 3.0], 3) == [5.0, 5.0, 2.0, 3.0, 3.0]
    assert medians([5.0, 1.0, 9.0, 2.0, 3.0], 5) == [5.0, 5.0, 3.0, 3.0, 3.0]
    assert medians([5.0, 1.0], 1) == [5.0, 1.0]


def test_the_picture_and_its_numbers(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    out = tmp_path / "docs" / "losses.png"
    runs = (a_run(tmp_path / "a"), a_run(tmp_path / "b", data="photos"))
    outcome = picture_losses(LossesConfig(runs, out))
    assert out.read_bytes().startswith(b"\x89PNG")
    assert outcome.text.splitlines()[1:] == [
        "a (simulated people): csm 6.000 -> 3.000, csr 1.000 -> 0.250",
        "b: csm 6.000 -> 3.000, csr 1.000 -> 0.250",
    ]
    told = json.loads(picture_losses(LossesConfig(runs, out, json=True)).text)
    assert [run["simulated"] for run in told["runs"]] == [True, False]
    assert told["runs"][0]["ends"] == {"csm": [6.0, 3.0], "csr": [1.0, 0.25]}


@pytest.mark.parametrize(
    ("records", "changes", "said"),
    [
        ([], {}, "no loss was logged yet"),
        ([{"csm": 1.0}], {}, "damaged .*'step'"),
        (RECORDS, {"method": "mae"}, "a training of another kind; .*--method saip"),
    ],
)
def test_a_folder_without_losses_is_refused(
    tmp_path: Path, records: Any, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(CheckpointError, match=said):
        read_losses(a_run(tmp_path / "a", records, **changes))


def test_wrong_words_say_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"--out is a\.jpg; its name must end in \.png"):
        LossesConfig((tmp_path,), Path("a.jpg"))
    with pytest.raises(UsageError, match="--run is empty"):
        LossesConfig(())
    with pytest.raises(UsageError, match="--run names 7 folders"):
        LossesConfig((tmp_path,) * 7)
    with pytest.raises(UsageError, match="--smooth is 4; it must be odd"):
        LossesConfig((tmp_path,), smooth=4)
    assert main(LossesConfig, picture_losses, ["--run", str(tmp_path / "none")]) != 0
    assert "none: no metrics.jsonl in it" in capsys.readouterr().err
