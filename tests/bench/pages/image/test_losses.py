"""The picture of a scale-aware pretraining's losses: what it reads, what it refuses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from edgehuman.bench.entry import main
from edgehuman.bench.pages.image.losses import (
    Losses,
    LossesConfig,
    medians,
    picture_losses,
    read_losses,
)
from edgehuman.card import Card, OutputSpec, TrainingData, image_input
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.training.checkpoint import save_weights

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


def a_card(run: Path, data: Sequence[TrainingData]) -> None:
    """Weights of one number, with a card that learned from the data."""
    output = OutputSpec("embedding")
    card = Card("x", "embedding", "tinyvit_5m", 1, 1, image_input(), output, data=tuple(data))
    save_weights(run, {"a": torch.zeros(1)}, card)


def test_losses_are_those_of_the_objectives_that_were_learned(tmp_path: Path) -> None:
    assert read_losses(a_run(tmp_path / "a"), "a") == Losses(
        "a",
        True,
        {
            "csm": {10: 6.0, 20: 5.0, 30: 4.0, 40: 3.0},
            "csr": {10: 1.0, 20: 0.5, 30: 1 / 3, 40: 0.25},
        },
    )
    assert not read_losses(a_run(tmp_path / "b", data="photos"), "b").simulated


@pytest.mark.parametrize(
    ("rows", "simulated"),
    [
        ([("pretraining", True)], True),
        ([("pretraining", True), ("training", True), ("selection", False)], True),
        ([("pretraining", False), ("training", True)], False),
        ([], False),
    ],
)
def test_the_card_says_whether_the_people_are_simulated(
    tmp_path: Path, rows: list[tuple[Any, bool]], simulated: bool
) -> None:
    """Whatever --data was called: a folder of simulated people is one, and the card knows."""
    for data in ("folder", "simulated"):
        run = a_run(tmp_path / data, data=data)
        a_card(run, [TrainingData("x", role, "", "", 1, 1, mark) for role, mark in rows])
        assert read_losses(run, "a").simulated == simulated


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
        ([], {}, "no loss logged yet"),
        ([{"csm": 1.0}], {}, "damaged .*'step'"),
        ([{"step": 1, "csm": float("nan")}], {}, r"damaged .*csm is nan at step 1"),
        ([{"step": 7, "csr": float("-inf")}], {}, r"damaged .*csr is -inf at step 7"),
        ([{"step": 1, "csm": 10**400}], {}, "damaged .*OverflowError"),
        (RECORDS, {"method": "mae"}, "a training of another kind; .*--method saip"),
    ],
)
def test_a_folder_without_losses_is_refused(
    tmp_path: Path, records: Any, changes: dict[str, str], said: str
) -> None:
    with pytest.raises(CheckpointError, match=said):
        read_losses(a_run(tmp_path / "a", records, **changes), "a")


def test_damaged_settings_and_weights_are_refused(tmp_path: Path) -> None:
    run = a_run(tmp_path / "a")
    for content, said in (
        (b"", "damaged"),
        (b"\xff" * 20, "damaged"),
        (b"\x02" + bytes(7) + b"{}", "has no edgehuman card"),
        (b"\x09" + bytes(7) + b"{", "damaged"),
    ):
        (run / "model.safetensors").write_bytes(content)
        with pytest.raises(CheckpointError, match=rf"model\.safetensors: {said}"):
            read_losses(run, "a")
    (run / "config.toml").write_text('method = "saip"\n')
    with pytest.raises(CheckpointError, match=r"config\.toml: holds no data; restore the file"):
        read_losses(run, "a")


def test_a_picture_that_could_not_be_written_is_refused_first(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "folder.png").mkdir()
    for out, said in (("file/x.png", "file is a file, not"), ("folder.png", "is a folder, not a")):
        with pytest.raises(UsageError, match=f"--out .*{out}: .*{said}"):
            picture_losses(LossesConfig((tmp_path / "none",), tmp_path / out))


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
