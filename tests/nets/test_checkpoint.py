"""A checkpoint comes back as the network that its card describes, or says what is wrong with it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from edgehuman import nets
from edgehuman.card import (
    CARD_SEAL_KEY,
    IMU_INPUT,
    WEIGHTS,
    Card,
    OutputSpec,
    image_input,
    of_weights,
)
from edgehuman.cli import main
from edgehuman.errors import CheckpointError, SignatureError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import (
    load_encoder,
    load_network,
    read_card,
    read_weights,
    sha256_of,
)
from edgehuman.training.checkpoint import save_weights
from tests.device_half import ROOT
from tests.runtime.provenance.signed import make_key, public_of, sign_with

READERS = {"read_weights", "load_network", "read_card", "load_encoder"}
LABELS = ("walking", "sitting")


def card(arch: str = "imuvit_512x5") -> Card:
    return Card("test", "activity", arch, 1, 1, IMU_INPUT, OutputSpec("classes", labels=LABELS))


def saved(folder: Path) -> torch.nn.Module:
    network = build("imuvit_512x5", seed=4, num_classes=2)
    save_weights(folder, network.state_dict(), card())
    return network


def test_a_network_comes_back_with_its_card(tmp_path: Path) -> None:
    network = saved(tmp_path)
    again, found = load_network(tmp_path)
    imu_NTC = torch.randn(2, 128, 6)
    assert found == card().replace(weights_sha256=sha256_of(network.state_dict()))
    torch.testing.assert_close(again(imu_NTC), network(imu_NTC))
    torch.testing.assert_close(nets.load(str(tmp_path))(imu_NTC), network(imu_NTC))


def test_an_encoder_loads_under_another_head(tmp_path: Path) -> None:
    network = saved(tmp_path)
    other = build("imuvit_512x5", seed=9, num_classes=5)
    load_encoder(other, tmp_path, "imuvit_512x5")
    assert torch.equal(other.state_dict()["embed.weight"], network.state_dict()["embed.weight"])
    assert other.state_dict()["head.weight"].shape == (5, 128)


def test_a_network_of_pictures_comes_back_at_its_size_and_starts_another(tmp_path: Path) -> None:
    network = build("vit_tiny", seed=4, image_size=(64, 32))
    output = OutputSpec("embedding", distance="cosine", dim=192)
    of_pictures = Card("v", "person-embedding", "vit_tiny", 1, 1, image_input(64, 32), output)
    save_weights(tmp_path, network.state_dict(), of_pictures)
    again, _ = load_network(tmp_path)
    image_NHWC = torch.randint(0, 256, (1, 64, 32, 3), dtype=torch.uint8)
    with torch.inference_mode():
        assert torch.equal(again(image_NHWC), network(image_NHWC))
    larger = build("vit_tiny", image_size=(96, 64))
    load_encoder(larger, tmp_path, "vit_tiny")
    found, saved_weights = larger.state_dict(), network.state_dict()
    assert found["pos_embed"].shape == (1, 1 + 6 * 4, 192)
    assert torch.equal(found["pos_embed"][:, 0], saved_weights["pos_embed"][:, 0])
    assert torch.equal(found["norm.weight"], saved_weights["norm.weight"])


def test_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    saved(tmp_path)
    other = build("imuvit_1024x5")
    with pytest.raises(CheckpointError, match="contains imuvit_512x5, but --arch is imuvit_1024x5"):
        load_encoder(other, tmp_path, "imuvit_1024x5")


def test_weights_that_do_not_fit_the_card_are_refused(tmp_path: Path) -> None:
    network = build("imuvit_512x5", num_classes=2)
    save_weights(tmp_path, network.state_dict(), card("imuvit_1024x5"))
    with pytest.raises(CheckpointError, match=r"embed.weight is \(128, 48\), not \(256, 48\)"):
        load_network(tmp_path)


def test_missing_and_damaged_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such folder"):
        load_network(tmp_path / "nowhere")
    with pytest.raises(CheckpointError, match=r"no model.safetensors in it"):
        load_network(tmp_path)
    saved(tmp_path)
    path = tmp_path / WEIGHTS
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(CheckpointError, match="damaged"):
        load_network(tmp_path)


def test_a_foreign_safetensors_file_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"x": torch.zeros(2)}, tmp_path / WEIGHTS)
    with pytest.raises(CheckpointError, match="has no edgehuman card"):
        load_network(tmp_path)


def edited(folder: Path, edit: Callable[[dict[str, str], dict[str, torch.Tensor]], object]) -> None:
    """Write a checkpoint again with other metadata or weights, as somebody else would."""
    path = folder / WEIGHTS
    with safe_open(path, framework="pt") as stream:
        metadata = stream.metadata()
    weights = load_file(path)
    edit(metadata, weights)
    save_file(weights, path, metadata)


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (lambda m, w: w.update({"head.bias": w["head.bias"] + 1}), "its weights have sha256"),
        (lambda m, w: w.update({"head.bios": w.pop("head.bias")}), "its weights have sha256"),
        (lambda m, w: m.update(edgehuman=m["edgehuman"].replace("1", "2", 1)), "card was changed"),
        (lambda m, w: m.update({CARD_SEAL_KEY: "0" * 64}), "card was changed"),
        (lambda m, w: m.update({"edgehuman.card_sha257": m.pop(CARD_SEAL_KEY)}), "was changed"),
    ],
)
def test_a_checkpoint_that_was_changed_is_refused(edit: Any, said: str, tmp_path: Path) -> None:
    saved(tmp_path)
    edited(tmp_path, edit)
    with pytest.raises(CheckpointError, match=said):
        load_network(tmp_path)
    if "card" in said:
        with pytest.raises(CheckpointError, match=said):
            of_weights(tmp_path / WEIGHTS)


def test_a_checkpoint_without_a_seal_is_refused_until_it_is_sealed(tmp_path: Path) -> None:
    network = saved(tmp_path)
    text = card().replace(weights_sha256="of what it was made from").to_json()
    edited(tmp_path, lambda m, w: m.pop(CARD_SEAL_KEY) and m.update(edgehuman=text))
    for load in (load_network, lambda folder: of_weights(folder / WEIGHTS)):
        with pytest.raises(CheckpointError, match=f"no seal.*`edgehuman seal {tmp_path}`"):
            load(tmp_path)
    assert main(["seal", str(tmp_path)]) == 0
    again, found = load_network(tmp_path)
    assert found == card().replace(weights_sha256=sha256_of(network.state_dict()))
    assert all(torch.equal(t, again.state_dict()[n]) for n, t in network.state_dict().items())


def test_without_its_seal_a_changed_checkpoint_is_not_read(tmp_path: Path) -> None:
    saved(tmp_path)
    edited(tmp_path, lambda m, w: m.pop(CARD_SEAL_KEY) and w["head.bias"].neg_())
    with pytest.raises(CheckpointError, match="no seal"):
        load_network(tmp_path)


def test_where_signatures_are_required_a_checkpoint_has_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, key = tmp_path / "runs", make_key(tmp_path)
    network = saved(folder)
    monkeypatch.setenv("EDGEHUMAN_REQUIRE_SIGNED", "1")
    monkeypatch.setenv("EDGEHUMAN_TRUSTED_KEYS", str(public_of(key)))
    # What is told to do has to work.
    told = rf"model\.safetensors is not signed \(no model\.sig.*`edgehuman sign {folder} --key"
    for load in (nets.load, load_network, read_weights, read_card):
        with pytest.raises(SignatureError, match=told):
            load(folder)
    assert load_network(folder, own=True)[1].arch == "imuvit_512x5"
    sign_with(key, folder)
    again, found = load_network(folder)
    assert found.weights_sha256 == sha256_of(again.state_dict()) == sha256_of(network.state_dict())
    content = bytearray((folder / WEIGHTS).read_bytes())
    content[-1] ^= 1
    (folder / WEIGHTS).write_bytes(content)
    with pytest.raises(SignatureError, match="changed after it was signed"):
        load_network(folder)


def test_whoever_reads_a_checkpoint_that_somebody_named_asks_for_its_signature() -> None:
    """Only what this run wrote itself, its --out, is read without."""
    places = [ROOT / name for name in ("edgehuman", "bench", "distill", "export", "pretrain")]
    files = {path for place in places for path in place.rglob("*.py")}
    files -= {ROOT / "edgehuman" / "nets" / "checkpoint.py"}
    calls = [
        call
        for path in files
        if any(name in (text := path.read_text()) for name in READERS)
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in READERS
    ]
    assert len(calls) > 15
    for call in calls:
        assert len(call.args) == 1 or getattr(call.func, "id", "") == "load_encoder"
        if any(word.arg == "own" for word in call.keywords):
            assert ast.unparse(call.args[0]) == "config.out"


@pytest.mark.parametrize("kind", ["activity", "gait", "probe"])
def test_a_training_starts_from_signed_weights_where_signatures_are_required(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    saved(tmp_path / "ck")
    monkeypatch.setenv("EDGEHUMAN_REQUIRE_SIGNED", "1")
    monkeypatch.setenv("EDGEHUMAN_TRUSTED_KEYS", str(public_of(make_key(tmp_path))))
    words = ["--weights", str(tmp_path / "ck"), "--out", str(tmp_path / "out"), "--data", "x.npz"]
    words += ["--mode", "probe"] if kind == "probe" else []
    task = "activity" if kind == "probe" else kind
    if kind == "gait":
        words += ["--arch", "gaitbase"]
    assert main(["finetune", "--task", task, *words]) == 1
    assert "is not signed" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
