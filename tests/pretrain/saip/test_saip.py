"""SAIP as a whole: which network gets which views, independence of objectives, training."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from edgehuman.cli import main
from edgehuman.errors import DataError, UsageError
from edgehuman.nets.checkpoint import load_into, load_network, read_weights
from edgehuman.nets.image.vit import Vit
from edgehuman.pretrain.saip import saip
from edgehuman.pretrain.saip.matching import Matching
from edgehuman.pretrain.saip.saip import Saip
from edgehuman.training.processes import Place
from tests.pretrain.made_persons import MadePersons, tiny_config, train_tiny, use_made_persons
from tests.pretrain.tiny_backbone import TinyBackbone
from tests.two_processes import in_two_processes

PLACE = Place(torch.device("cpu"), 0, 1, torch.float32)
OBJECTIVES = ("csm", "csr", "css")


def tiny(**changes: Any) -> Saip:
    torch.manual_seed(0)
    return Saip(TinyBackbone(), tiny_config(Path("unused"), **changes)).train()


def views(step: int = 0, small: int = 2) -> tuple[Tensor, Tensor]:
    config = tiny_config(Path("unused"), local_views=small).views()
    return MadePersons("made", config, 4, 0, 0).tensors(step, PLACE)


def run(model: Saip, step: int = 0) -> dict[str, Any]:
    torch.manual_seed(step)
    parts: dict[str, Any] = model(*views(step))
    return parts


def test_every_resolution_is_one_call_and_the_expert_gets_whole_persons() -> None:
    model = tiny(scale_low=0.9, scale_high=2.0)
    run(model)
    student, expert = model.student, model.expert
    assert isinstance(student, TinyBackbone)
    assert isinstance(expert, TinyBackbone)
    # Two large views of four persons, the anchor at twice the size, three small views.
    assert student.calls == [(8, 3, 64, 32), (4, 3, 128, 64), (12, 3, 32, 16)]
    # The large views, the masked view at twice the size, pictures twice as wide.
    assert expert.calls == [(8, 3, 64, 32), (4, 3, 128, 64), (4, 3, 64, 64)]


def test_losses_are_summed_by_their_weights() -> None:
    parts = run(tiny(csm=2.0, csr=0.5, css=1.0))
    expected = 2 * parts["csm"] + 0.5 * parts["csr"] + parts["css"]
    assert parts["loss"].item() == pytest.approx(expected.item())


@pytest.mark.parametrize("left_out", OBJECTIVES)
def test_turning_an_objective_off_changes_no_other_loss(left_out: str) -> None:
    """At the same weights, step after step, the others' losses are the same to the bit."""
    whole, less = tiny(), tiny(**{left_out: 0.0})
    for step in range(4):
        both, one = run(whole, step), run(less, step)
        # Matching also logs its divergence.
        kept = {"loss", *OBJECTIVES, "csm_kl"} - {left_out}
        assert set(one) == kept - ({"csm_kl"} if left_out == "csm" else set())
        assert all(one[name].item() == both[name].item() for name in OBJECTIVES if name in one)


def test_every_objective_teaches_the_student() -> None:
    for only in OBJECTIVES:
        model = tiny(**{name: float(name == only) for name in OBJECTIVES})
        run(model)["loss"].backward()
        got = {n for n, p in model.student.named_parameters() if p.grad is not None}
        assert "middle.0.weight" in got
        assert not any(p.grad is not None for p in model.expert.parameters())


def test_the_expert_moves_only_with_a_step_and_by_the_schedule() -> None:
    model = tiny(momentum=0.5)
    before = model.expert.state_dict()["stem.0.weight"].clone()
    with torch.no_grad():
        for parameter in model.student.parameters():
            parameter.add_(1.0)
    run(model)
    assert torch.equal(model.expert.state_dict()["stem.0.weight"], before)
    model.advance(0)
    torch.testing.assert_close(model.expert.state_dict()["stem.0.weight"], before + 0.5)
    model.advance(20)  # the last of twenty: momentum 1
    torch.testing.assert_close(model.expert.state_dict()["stem.0.weight"], before + 0.5)


def test_only_whole_persons_update_the_saved_statistics() -> None:
    model, alone = tiny(), tiny()
    run(model)
    alone.student.features(alone.student.normalise(views()[0].transpose(0, 1).flatten(0, 1)))  # type: ignore[operator]
    for name, value in alone.student.state_dict().items():
        if "running" in name:
            torch.testing.assert_close(model.student.state_dict()[name], value)


def test_a_given_expert_is_neither_saved_nor_updated() -> None:
    torch.manual_seed(0)
    given = TinyBackbone(width=6).requires_grad_(False).eval()
    model = Saip(TinyBackbone(), tiny_config(Path("unused")), given).train()
    before = {name: value.clone() for name, value in given.state_dict().items()}
    parts = run(model)
    parts["loss"].backward()
    model.advance(0)
    assert 0 < parts["csm"].item() < 2
    assert not given.training
    assert all(torch.equal(before[n], value) for n, value in given.state_dict().items())
    assert not any(name.startswith("expert") for name in model.state_dict())
    assert model.to(torch.float64).expert.state_dict()["stem.0.weight"].dtype == torch.float64


def test_options_of_the_released_code_run() -> None:
    parts = run(tiny(csr_encoder="student", csr_anchor="token", css_loss="l2", blend=0.7))
    assert all(value.isfinite() for value in parts.values())
    torch.manual_seed(0)
    vit = Vit(32, 4, 1, image_size=(64, 32))
    related = Saip(vit, tiny_config(Path("unused"), relation=1.0)).train()
    parts = run(related)
    assert parts["relation"].item() == pytest.approx(0.0, abs=1e-5)  # the expert is still a copy
    with torch.no_grad():
        for parameter in related.student.parameters():
            parameter.mul_(1.5)
    assert run(related)["relation"].item() > 1e-4


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> None:
    use_made_persons(monkeypatch)


@pytest.mark.usefixtures("made")
@pytest.mark.long
def test_all_three_losses_fall(tmp_path: Path) -> None:
    outcome = saip.train(tiny_config(tmp_path, steps=80, momentum=0.9))
    assert isinstance(outcome.data, dict)
    assert outcome.data["finished"] is True
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert len(lines) == 80
    for name in OBJECTIVES:
        first = sum(line[name] for line in lines[:10])
        last = sum(line[name] for line in lines[-10:])
        assert last < first, name
    weights, card = read_weights(tmp_path)
    load_into(TinyBackbone(), weights, "here")
    assert (card.input.record, card.input.shape) == ("PersonCrop", (64, 32, 3))
    assert (card.output.kind, card.output.dim, card.recipe) == ("embedding", 12, "saip")
    assert card.data[0].dataset == "made"


@pytest.mark.usefixtures("made")
def test_resuming_repeats_the_uninterrupted_run_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saip.train(tiny_config(tmp_path / "whole", steps=12))
    whole = MadePersons.tensors

    def interrupted(self: MadePersons, step: int, place: Place) -> tuple[Tensor, Tensor]:
        if step == 5:
            os.kill(os.getpid(), signal.SIGTERM)
        return whole(self, step, place)

    monkeypatch.setattr(MadePersons, "tensors", interrupted)
    stopped = saip.train(tiny_config(tmp_path / "parted", steps=12))
    assert stopped.exit_code == 1
    assert "continue with --resume" in stopped.text
    monkeypatch.setattr(MadePersons, "tensors", whole)
    saip.train(tiny_config(tmp_path / "parted", steps=12, resume=True))
    files = [load_file(tmp_path / name / "model.safetensors") for name in ("whole", "parted")]
    assert all(torch.equal(files[0][name], files[1][name]) for name in files[0])
    states = [torch.load(tmp_path / n / "state.pt", weights_only=True) for n in ("whole", "parted")]
    for name, value in states[0]["model"].items():
        assert torch.equal(value, states[1]["model"][name]), name


@pytest.mark.usefixtures("made")
def test_invalid_saip_trainings_are_refused(tmp_path: Path) -> None:
    for arch, message in (
        ("imuvit_512x5", "imuvit_512x5 is pretrained by mae, not by saip"),
        ("tinyvit5m", "Did you mean 'tinyvit_5m'"),
    ):
        with pytest.raises(UsageError, match=message):
            saip.train(tiny_config(tmp_path, arch=arch))
    with pytest.raises(UsageError, match=r"--relation is 1.0, but tinyvit_5m has no attention"):
        saip.train(tiny_config(tmp_path, relation=1.0))
    with pytest.raises(DataError, match=r"has 20 images, but a step needs 24 different persons"):
        saip.train(tiny_config(tmp_path, batch=24, accumulate=1))


def test_an_occupied_folder_is_refused_before_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("make_model", "PersonViews"):
        monkeypatch.setattr(saip, name, lambda *words: pytest.fail("too late"))
    (tmp_path / "state.pt").write_bytes(b"kept")
    with pytest.raises(UsageError, match="already contains a checkpoint"):
        saip.train(tiny_config(tmp_path))


@pytest.mark.parametrize("centring", ["mean", "sinkhorn"])
def test_train_uses_the_configured_centring(tmp_path: Path, centring: str) -> None:
    config = tiny_config(tmp_path, arch="vit_tiny", centring=centring)
    matching = saip.make_model(config).matching
    assert isinstance(matching, Matching)
    assert matching.centring == centring


def test_the_first_line_names_simulated_data(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(saip, "make_model", lambda config: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        saip.train(tiny_config(tmp_path, data="simulated"))
    assert capsys.readouterr().err.startswith("pretraining on simulated people")


@pytest.mark.slow
@pytest.mark.parametrize("csm", [1.0, 0.0])
def test_two_processes_train(tmp_path: Path, csm: float) -> None:
    in_two_processes(train_tiny, tmp_path, csm)
    state = torch.load(tmp_path / "state.pt", weights_only=True)
    assert state["step"] == 3
    assert all(value.isfinite().all() for value in state["model"].values())


@pytest.mark.slow
@pytest.mark.parametrize("arch", ["tinyvit_5m", "starnet_s3", "vit_tiny"])
def test_the_command_pretrains_each_student_on_simulated_people(
    arch: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    small = "--height 64 --width 32 --batch 4 --steps 1 --workers 0 --threads 1 --local-views 1"
    heads = "--prototypes 16 --head-width 16 --decoder-width 32 --decoder-depth 1 --json"
    words = ["pretrain", "--arch", arch, "--out", str(tmp_path), *small.split(), *heads.split()]
    assert main(words) == 0
    said = capsys.readouterr()
    assert said.err.startswith("pretraining on simulated people")
    assert "css=" in said.err
    data = json.loads(said.out)
    assert data["simulated"]
    assert {"csm", "csr", "css"} <= set(data)
    network, card = load_network(tmp_path)
    assert card.data[0].simulated
    token_ND = network(torch.zeros(1, 64, 32, 3, dtype=torch.uint8))
    assert token_ND.shape == (1, card.output.dim)
