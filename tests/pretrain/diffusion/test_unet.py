"""The video denoiser equals the public network: outputs, sizes, and what each axis sees."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from edgehuman.nets.building import count_params
from edgehuman.pretrain.diffusion.unet import VideoUnet, buckets, sinusoid
from edgehuman.records import Float64

# The public network's names, replaced in turn by ours.
RENAMED = (
    ("null_cond_emb", "null_1D"),
    ("time_rel_pos_bias.relative_attention_bias.weight", "relative_bias_BQ"),
    ("init_temporal_attn", "first_time"),
    ("init_conv", "first"),
    (r"time_mlp\.1", "embed_time.0"),
    (r"time_mlp\.3", "embed_time.2"),
    ("mid_block", "middle"),
    ("mid_spatial_attn", "middle_space"),
    ("mid_temporal_attn", "middle_time"),
    (r"final_conv\.0", "final"),
    (r"final_conv\.1", "predict"),
    (r"(downs|ups)\.(\d)\.0", r"\1.\2.block1"),
    (r"(downs|ups)\.(\d)\.1", r"\1.\2.block2"),
    (r"(downs|ups)\.(\d)\.2", r"\1.\2.space"),
    (r"(downs|ups)\.(\d)\.3", r"\1.\2.time"),
    (r"(downs|ups)\.(\d)\.4", r"\1.\2.resize"),
    (r"fn\.norm\.gamma", "gain_C"),
    (r"(fn\.)+to_", "attention."),
    (r"mlp\.1", "scale_shift"),
    (r"block(\d)\.proj", r"conv\1"),
    (r"block(\d)\.norm", r"norm\1"),
    ("res_conv", "shortcut"),
)


def uniform(number: int, size: int) -> Float64:
    """The recipe's numbers -0.5..0.5 of tensor `number`: see the facts, 1.1."""
    h: Any = (np.arange(size, dtype=np.uint64) * 2654435761 + (number + 1) * 40503) % 2**32
    h = (((h ^ (h >> 15)) * 2246822519) % 2**32).astype(np.uint64)
    h ^= h >> 13
    return np.asarray(h / 2**32 - 0.5)


def recipe(name: str, number: int, shape: list[int]) -> Tensor:
    """The weights that the reference arrays were computed with."""
    u = uniform(number, math.prod(shape))
    if name.endswith(("gamma", "norm.weight")):
        u = 1 + 0.2 * u
    elif len(shape) < 2:
        u = 0.2 * u
    elif not name.endswith(("null_cond_emb", "relative_attention_bias.weight")):
        u = u * math.sqrt(12) / math.sqrt(math.prod(shape[1:]))
    return torch.from_numpy(u).view(shape)


def ours(name: str) -> str:
    for pattern, new in RENAMED:
        name = re.sub(pattern, new, name)
    return name


@pytest.mark.parametrize("dropped", [False, True])
def test_the_outputs_are_those_of_the_public_network(
    reference_vectors: Path, dropped: bool
) -> None:
    arrays = np.load(reference_vectors / "unet3d_gn32_dim64.npz")
    network = VideoUnet(dim=64).double()
    own = network.state_dict()
    weights = {
        ours(name): recipe(name, number, shape)
        for number, (name, shape) in enumerate(json.loads(str(arrays["keys"])))
        if not name.endswith("freqs")
    }
    exact_K = torch.from_numpy(10_000.0 ** (-np.arange(16) / 16))
    torch.testing.assert_close(own["frequency_K"], exact_K, rtol=1e-7, atol=0)
    weights["frequency_K"] = exact_K
    network.load_state_dict({name: each.reshape(own[name].shape) for name, each in weights.items()})
    x, time, cond = (torch.from_numpy(arrays[name]) for name in ("x", "time", "cond"))
    with torch.inference_mode():
        found = network(x, time, cond, torch.tensor([dropped, dropped]))
    expected = torch.from_numpy(arrays["out_null" if dropped else "out_cond"])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize(("dim", "params"), [(32, 3_654_228), (64, 11_573_908), (128, 40_211_220)])
def test_the_sizes_are_the_papers(dim: int, params: int) -> None:
    with torch.device("meta"):
        assert count_params(VideoUnet(dim)) == params


def test_buckets_are_one_a_frame_when_near_and_shared_when_far() -> None:
    bucket_TT = buckets(40)
    assert bucket_TT[10, 3:11].tolist() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert bucket_TT[0, 1:8].tolist() == [17, 18, 19, 20, 21, 22, 23]
    assert bucket_TT[39, 0] == bucket_TT[38, 0] == 15
    assert bucket_TT[0, 39] == 31


def test_the_time_is_embedded_as_sines_then_cosines() -> None:
    found_D = sinusoid(torch.tensor([2.0]), 4)[0]
    expected = [math.sin(2), math.sin(2e-4), math.cos(2), math.cos(2e-4)]
    assert found_D.tolist() == pytest.approx(expected)


def test_each_sample_drops_its_own_condition() -> None:
    network = VideoUnet(dim=8, condition_width=5)
    noisy, time = torch.randn(1, 4, 3, 8, 8).expand(2, -1, -1, -1, -1), torch.ones(2)
    condition = torch.randn(1, 5).expand(2, -1)
    with torch.inference_mode():
        kept, null = network(noisy, time, condition, torch.tensor([False, True]))
        own = network(noisy, time, network.null_1D.expand(2, -1), torch.tensor([False, True]))
    assert not torch.allclose(kept, null, atol=1e-4)
    torch.testing.assert_close(own[0], null)
