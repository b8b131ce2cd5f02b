"""Checkpoints in pieces are complete or not there, and run nothing of what they hold."""

from __future__ import annotations

import os
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import distributed, nn

from edgehuman.errors import CheckpointError
from edgehuman.training.checkpoint import pieces_in
from edgehuman.training.many import pieces
from edgehuman.training.many.pieces import PROGRESS, load, save
from edgehuman.training.optimiser import make_optimiser
from tests.training.toy import line_config

pytestmark = pytest.mark.filterwarnings("ignore:torch.distributed is disabled")


class Evil:
    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, ("ran",)


def trained(folder: Path) -> tuple[nn.Linear, torch.optim.Optimizer]:
    model = nn.Linear(3, 2)
    optimiser = make_optimiser(model, line_config(folder))
    model(torch.ones(1, 3)).sum().backward()
    optimiser.step()
    optimiser.zero_grad()
    return model, optimiser


@pytest.fixture
def saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the checkpoint of one process, without a group."""
    monkeypatch.setattr(distributed, "get_rank", lambda: 0)
    monkeypatch.setattr(distributed, "barrier", lambda: None)
    monkeypatch.chdir(tmp_path)
    best = {"score": 0.5, "step": 10}
    for step in (10, 20):
        model, optimiser = trained(tmp_path)
        said = {"step": step, "records": [{"step": 5, "loss": 0.25}], "best": best}
        save(tmp_path, model, optimiser, said, model.state_dict())
    torch.save(model.state_dict(), tmp_path / "kept.pt")
    return tmp_path


def test_the_last_complete_one_is_read_and_the_one_before_is_gone(saved: Path) -> None:
    assert [path.name for path in saved.glob("*pieces-*")] == ["pieces-000000020"]
    model, optimiser = trained(saved)
    found = load(saved, model, optimiser, model)
    kept = torch.load(saved / "kept.pt", weights_only=True)
    assert (found["step"], found["records"]) == (20, [{"step": 5, "loss": 0.25}])
    assert torch.equal(model.weight.detach(), kept["weight"])
    assert torch.equal(found["best"]["weights"]["bias"], kept["bias"])
    assert found["best"]["score"] == 0.5
    assert optimiser.state[model.weight]["step"] == 1


def test_one_without_its_index_was_not_completed(saved: Path) -> None:
    shutil.copytree(saved / "pieces-000000020", saved / "pieces-000000030")
    assert pieces_in(saved) == saved / "pieces-000000030"
    (saved / "pieces-000000030" / ".metadata").unlink()
    assert pieces_in(saved) == saved / "pieces-000000020"


@pytest.mark.parametrize("bad", [Evil(), {"x": 1}, torch.Size([1])])
def test_an_index_of_something_else_is_refused_and_not_run(bad: object, saved: Path) -> None:
    (saved / "pieces-000000020" / ".metadata").write_bytes(pickle.dumps(bad))
    with pytest.raises(CheckpointError, match=r"pieces-000000020: cannot be resumed \(\.metadata"):
        load(saved, *trained(saved), nn.Linear(3, 2))
    assert not (saved / "ran").exists()


def test_an_index_that_leads_out_of_the_folder_is_refused(saved: Path) -> None:
    (piece,) = (saved / "pieces-000000020").glob("*.distcp")
    shutil.copy(piece, saved / piece.name)
    index = saved / "pieces-000000020" / ".metadata"
    found = pickle.loads(index.read_bytes())
    for place, each in found.storage_data.items():
        found.storage_data[place] = replace(each, relative_path=f"../{piece.name}")
    index.write_bytes(pickle.dumps(found))
    with pytest.raises(CheckpointError, match=r"names '\.\./__0_0\.distcp', no piece of it"):
        load(saved, *trained(saved), nn.Linear(3, 2))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"step": -1, "records": [], "best": null}'])
def test_progress_of_another_form_is_refused(text: str, saved: Path) -> None:
    (saved / "pieces-000000020" / PROGRESS).write_text(text)
    with pytest.raises(CheckpointError, match=PROGRESS):
        load(saved, *trained(saved), nn.Linear(3, 2))


def test_damage_and_other_networks_are_named(saved: Path) -> None:
    other = nn.Linear(4, 2)
    with pytest.raises(CheckpointError, match=r"pieces-000000020: cannot be resumed \("):
        load(saved, other, make_optimiser(other, line_config(saved)), other)
    for piece in (saved / "pieces-000000020").glob("*.distcp"):
        piece.write_bytes(b"no tensors")
    with pytest.raises(CheckpointError, match="cannot be resumed"):
        load(saved, *trained(saved), nn.Linear(3, 2))


def test_without_pieces_there_is_nothing_to_resume(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"no pieces-. of --shard fsdp"):
        load(tmp_path, *trained(tmp_path), nn.Linear(3, 2))


def test_a_full_disk_leaves_the_checkpoint_before(
    saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*given: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pieces, "save_pieces", full)
    with pytest.raises(CheckpointError, match=r"No space .* the earlier checkpoint is unchanged"):
        save(saved, *trained(saved), {"step": 30, "records": [], "best": None}, None)
    assert pieces_in(saved) == saved / "pieces-000000020"
