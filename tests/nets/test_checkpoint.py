"""A checkpoint comes back as the network that its card describes, or says what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from edgehuman import nets
from edgehuman.card import IMU_INPUT, WEIGHTS, Card, OutputSpec, image_input
from edgehuman.errors import CheckpointError
from edgehuman.nets.building import build
from edgehuman.nets.checkpoint import load_encoder, load_network
from edgehuman.training.checkpoint import save_weights

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
    assert found == card()
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
