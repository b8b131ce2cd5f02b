"""The latent encoder equals TAESD's: output, sizes; weights of another shape are named."""

from __future__ import annotations

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgehuman.errors import CheckpointError
from edgehuman.nets.building import count_params
from edgehuman.pretrain.diffusion.taesd import decoder, encode_silhouettes, encoder, load_encoder
from tests.pretrain.diffusion.test_unet import uniform


def test_the_output_is_that_of_taesd(reference_vectors: Path) -> None:
    arrays = np.load(reference_vectors / "taesd_encoder_synth.npz")
    weights = {}
    for number, (name, shape) in enumerate(json.loads(str(arrays["keys"]))):
        scale = math.sqrt(24 / math.prod(shape[1:])) if len(shape) > 1 else 0.2
        weights[name] = torch.from_numpy(uniform(number, math.prod(shape)) * scale).view(shape)
    network = encoder().double()
    network.load_state_dict(weights)
    with torch.inference_mode():
        found = network(torch.from_numpy(arrays["x"][:1]))
    torch.testing.assert_close(found, torch.from_numpy(arrays["out"][:1]), rtol=0, atol=1e-6)


def test_the_sizes_are_taesds() -> None:
    assert count_params(encoder()) == 1_222_532
    assert count_params(decoder()) == 1_222_531


def test_the_decoder_returns_images_of_the_encoders_size() -> None:
    image = torch.rand(2, 3, 64, 64)
    with torch.inference_mode():
        latent = encoder(4)(image)
        assert latent.shape == (2, 4, 8, 8)
        assert decoder(4)(latent).shape == image.shape


def test_a_silhouette_is_encoded_as_three_equal_channels() -> None:
    network = encoder(4).double()
    sils = (torch.rand(2, 3, 64, 64) > 0.5).double()
    image = sils.flatten(0, 1)[:, None].expand(-1, 3, -1, -1)
    with torch.inference_mode():
        expected = network(image).unflatten(0, (2, 3)).transpose(1, 2)
    found = encode_silhouettes(network, sils)
    assert found.shape == (2, 4, 3, 8, 8)
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize("prefix", ["", "encoder.", "encoder.layers."])
@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
def test_weights_load_from_a_path_and_are_frozen(tmp_path: Path, prefix: str, suffix: str) -> None:
    network, path = encoder(4), tmp_path / f"e{suffix}"
    weights = {f"{prefix}{name}": tensor for name, tensor in network.state_dict().items()}
    if prefix:
        weights["decoder.0.weight"] = torch.zeros(1)
    if suffix == ".pth":
        torch.save(weights, path)
    else:
        save_file(weights, path)
    loaded = load_encoder(path)
    assert not any(each.requires_grad for each in loaded.parameters())
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(loaded.state_dict()[name], tensor)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "14.weight",
            torch.zeros(16, 4, 3, 3),
            r"14.weight is \(16, 4, 3, 3\), not \(4, 4, 3, 3\)",
        ),
        ("3.conv.2.bias", None, "3.conv.2.bias is missing"),
        ("15.weight", torch.zeros(1), "15.weight is unknown"),
        ("6.weight", torch.full((4, 4, 3, 3), torch.nan), "6.weight is not finite"),
        ("0.weight", torch.zeros(7), r"0.weight is \(7,\), not \(64, 3, 3, 3\)"),
    ],
)
def test_weights_of_another_shape_are_named(
    tmp_path: Path, name: str, value: torch.Tensor | None, said: str
) -> None:
    weights = encoder(4).state_dict()
    weights.pop(name, None)
    torch.save({**weights, **({} if value is None else {name: value})}, tmp_path / "e.pth")
    with pytest.raises(CheckpointError, match=said):
        load_encoder(tmp_path / "e.pth")


class Runs:
    """An object whose file runs a function when it is read."""

    def __reduce__(self) -> tuple[object, tuple[()]]:
        return os.getcwd, ()


def test_files_that_are_no_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="no such file"):
        load_encoder(tmp_path / "none.pth")
    for name in ("e.pth", "e.safetensors"):
        (tmp_path / name).write_bytes(b"not weights")
        with pytest.raises(CheckpointError, match=r"--latent-weights .*damaged"):
            load_encoder(tmp_path / name)
    torch.save([torch.zeros(1)], tmp_path / "list.pth")
    with pytest.raises(CheckpointError, match="holds a list"):
        load_encoder(tmp_path / "list.pth")
    # A file that would run code is refused, and PyTorch's advice to run it is not repeated.
    torch.save({"0.weight": Runs()}, tmp_path / "code.pth")
    with pytest.raises(CheckpointError, match=r"it names .*getcwd") as refused:
        load_encoder(tmp_path / "code.pth")
    assert "weights_only" not in str(refused.value)
