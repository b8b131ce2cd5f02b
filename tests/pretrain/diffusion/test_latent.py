"""The stand-in for the latent encoder: what ships, and its normalised latents."""

from __future__ import annotations

import json

import torch
from safetensors import safe_open

from edgehuman.pretrain.diffusion.latent import SHIPPED, load_latent, normalise_latents
from edgehuman.pretrain.diffusion.settings import STAND_IN
from edgehuman.pretrain.diffusion.taesd import encoder


def test_what_ships_is_small_says_what_it_is_and_loads() -> None:
    assert SHIPPED.stat().st_size < 1_000_000
    with safe_open(SHIPPED, framework="pt") as stream:
        card = json.loads(stream.metadata()["edgehuman"])
    assert "stand-in" in card["name"]
    assert "simulated silhouettes" in card["data"]
    assert card["pixel_error"] < 0.1
    network = load_latent(STAND_IN)
    with torch.inference_mode():
        assert network(torch.zeros(1, 3, 64, 64)).shape == (1, 4, 8, 8)


def test_normalised_latents_have_mean_nought_and_deviation_one() -> None:
    torch.manual_seed(0)
    network, image_NCHW = encoder(4), torch.rand(8, 3, 64, 64)
    normalise_latents(network, image_NCHW)
    with torch.inference_mode():
        latent_NCHW = network(image_NCHW)
    torch.testing.assert_close(latent_NCHW.mean(dim=(0, 2, 3)), torch.zeros(4), atol=1e-3, rtol=0)
    torch.testing.assert_close(latent_NCHW.std(dim=(0, 2, 3)), torch.ones(4), atol=1e-3, rtol=0)
