"""Load published weights into our networks: rename keys, resample to other sizes and windows.

    import_state(network, state, "timm")      load the weights; an error names what does not fit

Sources: pytorch-image-models (timm: all three families), microsoft/Cream (tinyvit), Rewrite-the-
Stars (starnet), facebookresearch/dino and facebookresearch/mae. Only the key names differ; the
tensors are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import torch
from torch import Tensor, nn

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets import wrappings
from edgehuman.nets.building import Fitting
from edgehuman.nets.image.pixels import IMAGENET_MEAN, IMAGENET_STD, Pixels, side_of
from edgehuman.nets.image.starnet import StarNet
from edgehuman.nets.image.tinyvit import TinyVit
from edgehuman.nets.image.vit import Vit
from edgehuman.tables.networks import Source

PixelKind = Literal["imagenet", "half"]
PIXELS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "half": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
}
_SHOWN = 5
# What a network counts for itself; files of old PyTorch lack it.
_COUNTER = "num_batches_tracked"


@dataclass(frozen=True)
class Layout:
    """How a source names the weights of one family.

    Attributes:
        renames: (pattern of its key names, our name), applied in order.
        drops: pattern of keys that our network lacks.
        pixels: the normalisation that its weights were trained with.
    """

    renames: Sequence[tuple[str, str]] = ()
    drops: str = r"$^"
    pixels: PixelKind = "imagenet"


_VIT = (
    (r"^patch_embed\.proj\.", "patch_embed."),
    (r"^(blocks\.\d+)\.norm1\.", r"\1.attention_norm."),
    (r"^(blocks\.\d+)\.norm2\.", r"\1.mlp_norm."),
    (r"^(blocks\.\d+)\.attn\.proj\.", r"\1.attention.project."),
    (r"^(blocks\.\d+)\.attn\.", r"\1.attention."),
    (r"^(blocks\.\d+)\.mlp\.fc1\.", r"\1.mlp.0."),
    (r"^(blocks\.\d+)\.mlp\.fc2\.", r"\1.mlp.3."),
)
_CREAM = (
    (r"^patch_embed\.seq\.0\.", "patch_embed.conv1."),
    (r"^patch_embed\.seq\.2\.", "patch_embed.conv2."),
    # Cream's downsampling ends a stage; ours starts the next one.
    *((rf"^layers\.{i}\.downsample\.", f"stages.{i + 1}.downsample.") for i in range(3)),
    (r"^layers\.", "stages."),
    (r"\.c\.", ".conv."),
    (r"^norm_head\.", "norm."),
)
LAYOUTS: Mapping[type[nn.Module], Mapping[str, Layout]] = {
    # timm's own ViT weights (AugReg) are trained with mean and deviation 0.5; its DeiT weights not.
    Vit: {
        "timm": Layout(_VIT, pixels="half"),
        "dino": Layout(_VIT, r"^head\."),
        "mae": Layout(_VIT, r"^(?:decoder_|mask_token$|head\.)"),
    },
    TinyVit: {
        "timm": Layout(
            ((r"^head\.norm\.", "norm."), (r"^head\.fc\.", "head.")), r"attention_bias_idxs$"
        ),
        "tinyvit": Layout(_CREAM, r"attention_bias_idxs$"),
    },
    StarNet: {"timm": Layout(), "starnet": Layout()},
}


@dataclass(frozen=True)
class Imported:
    """Attributes:
    dropped: keys of the source that our network lacks.
    resampled: our names of resampled positions and bias tables.
    pixels: the normalisation that the network now uses.
    taken: which of the file's weights, and why, in lines of text.
    """

    dropped: tuple[str, ...]
    resampled: tuple[str, ...]
    pixels: PixelKind
    taken: tuple[str, ...] = ()


def import_state(
    network: nn.Module,
    state: Mapping[str, Any],
    source: Source,
    where: str = "the checkpoint",
    pixels: PixelKind | None = None,
    which: str | None = None,
) -> Imported:
    """Load another project's weights into a network, all of them or none.

    A classifier, projector or loss is dropped if the network has no place for it. Position
    embeddings and bias tables of another size are resampled.

    Args:
        state: the state dict, or a checkpoint that contains it; see `nets.wrappings`.
        where: its name, for messages.
        pixels: the pixel normalisation; None: that of the source's weights.
        which: the state dict or prefix to take; None: the one that fits best.

    Raises:
        UsageError: the source has no networks of this family, or no state dict is called `which`.
        CheckpointError: names or shapes differ; the message lists what did not match.
    """
    layout = layout_of(network, source)
    own = {k: v for k, v in network.state_dict().items() if not k.startswith("pixels.")}
    found = wrappings.find(
        state,
        lambda tensors: wrappings.score_of(own, _translate(tensors, layout, own)[0]),
        where,
        which,
    )
    _require_finite(found.tensors, where)
    named, dropped = _translate(found.tensors, layout, own)
    heads = [name for name in named if name not in own and wrappings.is_head(name, own)]
    named = {name: tensor for name, tensor in named.items() if name not in heads}
    fitted = fit(network, named)
    _require_match(own, named, fitted, f"{where}: not a {_kind(network)} in {source} format", found)
    resampled = tuple(name for name in fitted if fitted[name].shape != named[name].shape)
    network.load_state_dict({name: tensor.float() for name, tensor in fitted.items()}, strict=False)
    kind = pixels or layout.pixels
    own_pixels = network.get_submodule("pixels")
    assert isinstance(own_pixels, Pixels)
    own_pixels.expect(*PIXELS[kind])
    left_out = (*dropped, *heads, *found.beside)
    return Imported(left_out, resampled, kind, tuple(found.in_words()))


def layout_of(network: nn.Module, source: str) -> Layout:
    """Return the source's layout; raise UsageError if it has no networks of this family."""
    known = LAYOUTS[type(network)]
    if source not in known:
        raise UsageError(
            f"--source {source} has no {_kind(network)}; its weights come from {', '.join(known)}"
        )
    return known[source]


def _require_finite(tensors: Mapping[str, Tensor], where: str) -> None:
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise CheckpointError(
                f"{where}: {name} has values that are not finite; download the file again"
            )


def fit(
    network: nn.Module,
    weights: Mapping[str, Tensor],
    image_size: Sequence[int] | None = None,
) -> dict[str, Tensor]:
    """Resample positions and bias tables of our weights to this network's grid and windows.

    Args:
        weights: by our names, of a network of the same architecture.
        image_size: height and width of the weights; None: a square.
    """
    if isinstance(network, Fitting):
        return network.fit_weights(weights, image_size)
    return dict(weights)


def geometry(weights: Mapping[str, Tensor]) -> dict[str, Any]:
    """Infer builder arguments from weights: the windows of a TinyViT, or none.

    Args:
        weights: by our names, possibly with a prefix.
    """
    ends = tuple(f"stages.{stage}.blocks.0.attn.attention_biases" for stage in (1, 2, 3))
    tables = [tensor for end in ends for name, tensor in weights.items() if name.endswith(end)]
    if len(tables) != len(ends):
        return {}
    return {"windows": tuple(side_of(table.shape[1]) for table in tables)}


def _translate(
    found: Mapping[str, Tensor], layout: Layout, own: Mapping[str, Tensor]
) -> tuple[dict[str, Tensor], list[str]]:
    """Return the tensors by our names, and the dropped keys."""
    named, dropped = {}, []
    for key, tensor in found.items():
        name = key
        for pattern, ours in layout.renames:
            name = re.sub(pattern, ours, name)
        headless = name.startswith("head.") and "head.weight" not in own
        if headless or re.search(layout.drops, key):
            dropped.append(key)
        else:
            named[name] = tensor
    return named, dropped


def _require_match(
    own: Mapping[str, Tensor],
    named: Mapping[str, Tensor],
    fitted: Mapping[str, Tensor],
    said: str,
    found: wrappings.Found,
) -> None:
    missing = [name for name in own if name not in fitted and not name.endswith(_COUNTER)]
    unexpected = [name for name in named if name not in own]
    shapes = [
        f"{name} is {tuple(fitted[name].shape)}, not {tuple(own[name].shape)}"
        for name in own
        if name in fitted and fitted[name].shape != own[name].shape
    ]
    kinds = [
        f"{name} is {fitted[name].dtype}"
        for name in own
        if name in fitted and own[name].is_floating_point() and not fitted[name].is_floating_point()
    ]
    parts = [
        f"{len(names)} {what} ({', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''})"
        for names, what in (
            (missing, "missing"),
            (unexpected, "unexpected"),
            (shapes, "of another shape"),
            (kinds, "that hold no real numbers"),
        )
        if names
    ]
    if parts:
        inside = f" (its weights under {found.label})" if found.label else ""
        raise CheckpointError(f"{said}{inside}: {'; '.join(parts)}. {_hint(found.tensors)}")


def _hint(found: Mapping[str, Tensor]) -> str:
    """Return a hint about the source that uses these keys."""
    signs = {
        "a ViT pretrained by MAE (--source mae)": "decoder_embed.weight",
        "a ViT (--source timm or dino)": "blocks.0.attn.qkv.weight",
        "a TinyViT from Cream (--source tinyvit)": "patch_embed.seq.0.c.weight",
        "a TinyViT from timm (--source timm)": "stages.1.blocks.0.attn.attention_biases",
        "a StarNet (--source starnet or timm)": "stages.0.1.dwconv.conv.weight",
        "an edgehuman checkpoint, which needs no import": "pixels.scale_C11",
    }
    for kind, key in signs.items():
        if key in found:
            return f"Its keys are those of {kind}; give the matching --arch and --source"
    return f"Its keys match none of the sources ({', '.join(get_args(Source))})"


def _kind(network: nn.Module) -> str:
    return {Vit: "ViT", TinyVit: "TinyViT", StarNet: "StarNet"}[type(network)]
