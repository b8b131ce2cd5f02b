"""`edgehuman import --source opengait`: the network comes back; bad input is one line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import edgehuman.nets
from edgehuman import catalogue
from edgehuman.cli import main
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import read_weights
from edgehuman.nets.silhouette import opengait
from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.tables.licences import verdict
from edgehuman.tables.network import Network
from tests.nets.silhouette.recipe import filled, waves

TINY = "tiny_silhouettes"


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """The catalogue has a narrow network beside the others."""
    row = Network(
        "edgehuman.nets.silhouette.smplgait:SmplGait",
        {"stages": ((4, 4), (4, 4), (8, 8)), "width": 4},
        "smplgait", "silhouette", "SilhouetteSequence", "gait-embedding", "none", 1, "-", 1, "made",
    )  # fmt: skip
    monkeypatch.setitem(catalogue.NETWORKS, TINY, row)


def original() -> SilhouetteNet:
    """The network that OpenGait trained, on five people."""
    network = build(TINY, num_ids=5)
    assert isinstance(network, SilhouetteNet)
    state = filled(opengait.to_opengait(network))
    network.load_state_dict(opengait.from_opengait(network, state, "made").weights)
    return network


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """Its file."""
    path = tmp_path / "Tiny-60000.pt"
    model = opengait.to_opengait(original())
    torch.save({"model": model, "optimizer": {"lr": 0.1}, "iteration": 60_000}, path)
    return path


def run(path: Path, out: Path, *words: str, arch: str = TINY) -> int:
    command = ["import", str(path), "--source", "opengait", "--arch", arch, "--out", str(out)]
    return main([*command, *words])


def test_import_writes_a_checkpoint_folder_that_computes_the_same(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(saved, tmp_path / "t", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["dropped"][0] == "BNNecks.fc_bin"
    assert (said["parts"], said["dim"], said["identities"]) == (31, 4, 0)
    network, sils_NTHW = edgehuman.nets.load(tmp_path / "t"), waves()
    with torch.inference_mode():
        features_NCP = network.backbone(sils_NTHW)
        assert torch.equal(features_NCP, original().backbone(sils_NTHW))
        assert torch.equal(network.head(features_NCP), original().head(features_NCP))
    _, card = read_weights(tmp_path / "t")
    assert (card.arch, card.output.distance, card.output.parts) == (TINY, "euclidean", 31)
    assert card.input.record == "SilhouetteSequence"
    assert "Tiny-60000.pt (sha256 " in card.recipe
    assert "academic use alone" in card.recipe
    [row] = card.data
    assert row.dataset == "Tiny-60000.pt: weights"
    assert verdict(row.dataset, row.licence).use == "forbidden"


def test_identities_are_kept_when_asked_for(saved: Path, tmp_path: Path) -> None:
    assert run(saved, tmp_path / "t", "--identities", "keep", "--distance", "cosine") == 0
    network: Any = edgehuman.nets.load(tmp_path / "t")
    embedding_NDP = torch.randn(2, 4, 31)
    with torch.inference_mode():
        assert torch.equal(network.logits(embedding_NDP), original().logits(embedding_NDP))
    assert read_weights(tmp_path / "t")[1].output.distance == "cosine"


@pytest.mark.parametrize(
    ("arch", "said"),
    [
        ("gaitset", "set_block1.forward_block.0.conv.weight is missing"),
        ("gaitset_small", "is not a network of OpenGait"),
        ("gaitsett", "Did you mean 'gaitset'"),
        ("imuconv_288k", "reads a ImuWindow; choose a silhouette network: gaitset"),
    ],
)
def test_another_network_is_named(
    saved: Path, tmp_path: Path, arch: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(saved, tmp_path / "t", arch=arch) in (1, 2)
    told = capsys.readouterr().err
    assert said in told
    assert (f"It fits --arch {TINY}" in told) == (arch == "gaitset")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (torch.int8, "FCs.fc_bin is torch.int8, not torch.float32"),
        (torch.complex64, "FCs.fc_bin is torch.complex64, not torch.float32"),
        (torch.float64, "head.weight holds values that are not finite in float32"),
    ],
)
def test_numbers_that_are_no_weights_are_refused(
    kind: torch.dtype, said: str, saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held = torch.load(saved, weights_only=True)
    head = held["model"]["FCs.fc_bin"].to(kind)
    held["model"]["FCs.fc_bin"] = head * 1e300 if kind is torch.float64 else head
    torch.save(held, saved)
    assert run(saved, tmp_path / "t") == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "t").exists()


def test_half_precision_is_read(saved: Path, tmp_path: Path) -> None:
    held = torch.load(saved, weights_only=True)
    held["model"] = {name: tensor.half() for name, tensor in held["model"].items()}
    torch.save(held, saved)
    assert run(saved, tmp_path / "t") == 0
    weight = edgehuman.nets.load(tmp_path / "t").state_dict()["head.weight"]
    assert weight.dtype == torch.float32
    assert torch.equal(weight, original().state_dict()["head.weight"].half().float())


def test_other_wrappings_and_heads_are_read(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = torch.load(saved, weights_only=True)["model"]
    zeros = {name: torch.zeros_like(tensor) for name, tensor in model.items()}
    named = {f"module.encoder.{name}": tensor for name, tensor in model.items()}
    held = {"net": zeros, "ema": {**named, "module.projector.weight": torch.ones(2)}}
    torch.save(held, saved)
    assert run(saved, tmp_path / "t") == 0
    told = capsys.readouterr().out
    assert "weights: ema.encoder, a moving average; net would fit as well" in told
    assert "left out: projector.weight" in told
    weight = edgehuman.nets.load(tmp_path / "t").state_dict()["head.weight"]
    assert torch.equal(weight, original().state_dict()["head.weight"])
    assert run(saved, tmp_path / "n", "--which", "net") == 0
    assert not edgehuman.nets.load(tmp_path / "n").state_dict()["head.weight"].any()


def test_a_folder_in_use_is_refused(
    saved: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(saved, tmp_path / "t") == 0
    assert run(saved, tmp_path / "t") == 2
    assert "already holds a checkpoint" in capsys.readouterr().err


def test_the_source_chooses_the_flags(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", "--source", "opengait", "--help"]) == 0
    assert "--identities" in capsys.readouterr().out
    assert main(["import", "x.pt", "--source", "opengate", "--arch", "a", "--out", "o"]) == 2
    assert "Did you mean 'opengait'" in capsys.readouterr().err
