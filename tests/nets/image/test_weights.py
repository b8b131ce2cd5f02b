"""Published weights load by their own key names, also for other sizes; mismatches are listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.image.tinyvit import TinyVit
from edgehuman.nets.image.vit import Vit
from edgehuman.nets.image.weights import fit, geometry, import_state
from edgehuman.tables.networks import Source
from tests.nets.hash_fill import fill

State = dict[str, Tensor]


def small_vit(size: tuple[int, int] = (64, 64), **options: Any) -> Vit:
    return Vit(32, 4, 2, image_size=size, **options)


def small_tinyvit(windows: tuple[int, int, int] = (4, 4, 2), **options: Any) -> TinyVit:
    return TinyVit((32, 32, 64, 96), (1, 1, 1, 1), windows=windows, **options)


def small_starnet(**options: Any) -> StarNet:
    return StarNet(8, (1, 1, 1, 1), **options)


def renamed(network: nn.Module, *pairs: tuple[str, str]) -> State:
    """Return its weights renamed: each pattern of ours to another project's name."""
    state = {}
    for name, tensor in network.state_dict().items():
        for pattern, theirs in pairs:
            name = re.sub(pattern, theirs, name)
        if not name.startswith("pixels."):
            state[name] = tensor.clone()
    return state


def timm_vit(network: nn.Module) -> State:
    return renamed(
        network,
        (r"^patch_embed\.", "patch_embed.proj."),
        (r"attention_norm", "norm1"),
        (r"mlp_norm", "norm2"),
        (r"attention\.project", "attn.proj"),
        (r"attention\.qkv", "attn.qkv"),
        (r"mlp\.0", "mlp.fc1"),
        (r"mlp\.3", "mlp.fc2"),
    )


def dino_vit(network: nn.Module) -> dict[str, Any]:
    inside = {f"module.backbone.{name}": t for name, t in timm_vit(network).items()}
    inside["module.head.mlp.0.weight"] = torch.zeros(2, 2)
    zeros = {name: torch.zeros_like(tensor) for name, tensor in inside.items()}
    return {"student": zeros, "teacher": inside, "epoch": 3}


def mae_vit(network: nn.Module) -> dict[str, Any]:
    extra = {"mask_token": torch.zeros(1, 1, 8), "decoder_blocks.0.norm1.weight": torch.zeros(8)}
    return {"model": {**timm_vit(network), **extra}}


def timm_tinyvit(network: nn.Module) -> State:
    return renamed(network, (r"^norm\.", "head.norm."), (r"^head\.(weight|bias)", r"head.fc.\1"))


def cream_tinyvit(network: nn.Module) -> dict[str, Any]:
    state = renamed(
        network,
        (r"^patch_embed\.conv1", "patch_embed.seq.0"),
        (r"^patch_embed\.conv2", "patch_embed.seq.2"),
        *((rf"^stages\.{i + 1}\.downsample", f"layers.{i}.downsample") for i in range(3)),
        (r"^stages", "layers"),
        (r"\.conv\.", ".c."),
        (r"^norm\.", "norm_head."),
    )
    state["layers.1.blocks.0.attn.attention_bias_idxs"] = torch.zeros(16, 16)
    return {"model": state}


def plain(network: nn.Module) -> dict[str, Any]:
    return {"state_dict": renamed(network), "epoch": 300}


CASES: Mapping[str, tuple[Callable[..., nn.Module], Callable[[nn.Module], Any], Source]] = {
    "vit from timm": (small_vit, timm_vit, "timm"),
    "vit from DINO": (small_vit, dino_vit, "dino"),
    "vit from MAE": (small_vit, mae_vit, "mae"),
    "tinyvit from timm": (small_tinyvit, timm_tinyvit, "timm"),
    "tinyvit from Cream": (small_tinyvit, cream_tinyvit, "tinyvit"),
    "starnet from its authors": (small_starnet, plain, "starnet"),
    "starnet from timm": (small_starnet, renamed, "timm"),
}


@pytest.mark.parametrize("case", CASES)
def test_imported_weights_give_the_outputs_of_the_source(case: str) -> None:
    make, as_published, source = CASES[case]
    original: Any = fill(make())
    network: Any = make().eval()
    import_state(network, as_published(original), source)
    x_NCHW = torch.randn(2, 3, 64, 64)
    with torch.inference_mode():
        for found, expected in zip(
            network.features(x_NCHW), original.features(x_NCHW), strict=True
        ):
            assert torch.equal(found, expected)


@pytest.mark.parametrize("case", ["vit from timm", "tinyvit from Cream", "starnet from timm"])
def test_a_classifier_is_kept_only_if_the_network_has_one(case: str) -> None:
    make, as_published, source = CASES[case]
    original: Any = fill(make(num_classes=5))
    state = as_published(original)
    with_head: Any = make(num_classes=5)
    assert not [key for key in import_state(with_head, state, source).dropped if "head" in key]
    assert torch.equal(with_head.head.weight, original.head.weight)
    found = import_state(make(), state, source)
    assert [key for key in found.dropped if "head" in key] == ["head.weight", "head.bias"]


def test_the_normalisation_is_the_sources_unless_overridden() -> None:
    black_NHWC = torch.zeros(1, 1, 1, 3, dtype=torch.uint8)
    network, state = small_vit(), timm_vit(small_vit())
    assert import_state(network, state, "timm").pixels == "half"
    assert network.normalise(black_NHWC).flatten().tolist() == pytest.approx([-1.0] * 3)
    assert import_state(network, state, "timm", pixels="imagenet").pixels == "imagenet"
    expected = [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225]
    assert network.normalise(black_NHWC).flatten().tolist() == pytest.approx(expected)


def test_positions_are_resampled_from_a_square() -> None:
    original = fill(small_vit())
    network = small_vit((128, 64))
    found = import_state(network, timm_vit(original), "timm")
    assert found.resampled == ("pos_embed",)
    assert network.pos_embed.shape == (1, 1 + 8 * 4, 32)
    x_NCHW = torch.randn(1, 3, 128, 64)
    assert isinstance(original, Vit)
    with torch.inference_mode():
        # The original resamples its positions for such an image.
        torch.testing.assert_close(network.eval().backbone(x_NCHW), original.backbone(x_NCHW))


def test_bias_tables_are_resampled_for_other_windows() -> None:
    original = fill(small_tinyvit((4, 4, 4)))
    network = small_tinyvit((8, 4, 2))
    found = import_state(network, timm_tinyvit(original), "timm")
    ends = [name.removesuffix(".blocks.0.attn.attention_biases") for name in found.resampled]
    assert ends == ["stages.1", "stages.3"]
    assert geometry(network.state_dict()) == {"windows": (8, 4, 2)}
    assert geometry({f"encoder.{k}": v for k, v in original.state_dict().items()}) == {
        "windows": (4, 4, 4)
    }
    assert geometry(small_vit().state_dict()) == {}


def test_positions_are_resampled_from_the_given_size() -> None:
    tall, square = small_vit((128, 32)), small_vit((64, 64))  # 8 x 2 and 4 x 4 patches: both 16
    weights = tall.state_dict()
    assert fit(small_vit((96, 32)), weights, (128, 32))["pos_embed"].shape == (1, 1 + 12, 32)
    assert fit(small_vit((96, 32)), weights, (64, 32))["pos_embed"] is weights["pos_embed"]
    assert fit(square, weights, (128, 32))["pos_embed"] is weights["pos_embed"]


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (
            timm_vit(Vit(64, 4, 2, image_size=(64, 64))),
            r"x\.pth: not a ViT in timm format: 54 of another shape \(cls_token is \(1, 1, 64\), "
            r"not \(1, 1, 32\).*Its keys are those of a ViT",
        ),
        (
            cream_tinyvit(small_tinyvit()),
            r"54 missing \(cls_token, .*unexpected \(patch_embed\.seq\.0\.c\.weight.*"
            r"a TinyViT from Cream \(--source tinyvit\)",
        ),
        (
            small_vit().state_dict(),
            r"unexpected \(pixels.*an edgehuman checkpoint, which needs no import",
        ),
        (
            {"layer1.0.weight": torch.zeros(2)},
            r"unexpected \(layer1.*keys match none of the sources",
        ),
    ],
)
def test_mismatched_names_and_shapes_are_listed(state: Any, said: str) -> None:
    network = small_vit()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(CheckpointError, match=said):
        import_state(network, state, "timm", "x.pth")
    after = network.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before)


def test_one_missing_weight_is_named() -> None:
    state = timm_vit(small_vit())
    del state["blocks.2.attn.qkv.bias"]
    with pytest.raises(CheckpointError, match=r"1 missing \(blocks\.2\.attention\.qkv\.bias\)\."):
        import_state(small_vit(), state, "timm")


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ({}, r"holds no state dict \(it holds nothing\)"),
        ({"optimizer": {"lr": 1.0}}, r"it holds optimizer\)"),
        ({"model": {"epoch": 3}}, r"it holds model\)"),
        ({"a": torch.tensor([1.0, torch.nan])}, "a has values that are not finite"),
    ],
)
def test_files_without_finite_weights_are_refused(state: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckpointError, match=said):
        import_state(small_vit(), state, "timm")


def test_a_source_without_this_family_is_refused() -> None:
    with pytest.raises(UsageError, match=r"--source mae has no TinyViT; .* from timm, tinyvit"):
        import_state(small_tinyvit(), {}, "mae")
