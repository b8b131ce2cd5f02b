"""OpenGait's names of the weights of our silhouette networks, both ways.

A trained OpenGait file holds the state dict of its model under `model`. Its tensors are taken by
name and shape, each exactly once; the identities of its training are kept or left out by name, and
anything else is an error. `to_opengait` gives the same names back, in OpenGait's order.

Source: the names and shapes of OpenGait's modules (commit 0efafd47); no released checkpoint was at
hand to try. No code of OpenGait is used; its terms allow academic use alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.errors import CheckpointError, UsageError
from edgehuman.nets import wrappings
from edgehuman.nets.silhouette.deepgaitv2 import DeepGaitV2
from edgehuman.nets.silhouette.gaitbase import GaitBase
from edgehuman.nets.silhouette.gaitgl import GaitGl, NormedFc
from edgehuman.nets.silhouette.gaitpart import GaitPart
from edgehuman.nets.silhouette.gaitset import GaitSet
from edgehuman.nets.silhouette.network import SilhouetteNet
from edgehuman.nets.silhouette.smplgait import SmplGait

Pair = tuple[str, str, int]
"""OpenGait's name, ours, and which of our groups of output channels it is; -1: the whole tensor."""
WHOLE = -1
_CLASSIFIER = "classifier."
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
_SHOWN = 6


@dataclass(frozen=True)
class Taken:
    """What came of an OpenGait state dict.

    Attributes:
        weights: by our names.
        dropped: names of tensors that were left out: the identities of its training, other heads.
    """

    weights: dict[str, Tensor]
    dropped: tuple[str, ...]


def pairs(network: SilhouetteNet) -> list[Pair]:
    """OpenGait's names of a network's weights, in OpenGait's order, beside ours.

    Raises:
        UsageError: a network that OpenGait does not have.
    """
    names = _OF_KIND.get(type(network))
    found = [] if names is None else list(names(network))
    if {ours for _, ours, _ in found} != set(network.state_dict()):
        raise UsageError(
            f"{type(network).__name__} with these layers is not a network of OpenGait; choose "
            "one whose source is OpenGait from `edgehuman models`"
        )
    return found


def to_opengait(network: SilhouetteNet) -> dict[str, Tensor]:
    """Return the weights by OpenGait's names, in its order and shapes.

    Raises:
        UsageError: a network that OpenGait does not have.
    """
    state = network.state_dict()
    given: dict[str, Tensor] = {}
    for theirs, ours, group in pairs(network):
        tensor = state[ours]
        if group != WHOLE:
            tensor = tensor.chunk(network.parts)[group]
        given[theirs] = _to_theirs(tensor, theirs, network.parts)
    return given


def from_opengait(
    network: SilhouetteNet, state: Mapping[str, Tensor], where: str, fits: str = ""
) -> Taken:
    """Return the weights of an OpenGait model by our names; every tensor is accounted for.

    Args:
        state: by OpenGait's names; see `model_of`.
        where: the file, for messages.
        fits: said behind an error: the networks that this file does fit.

    Raises:
        UsageError: a network that OpenGait does not have.
        CheckpointError: a tensor is missing, unknown, of another shape, or holds no weights; the
            message names them.
    """
    expected = to_opengait(network)
    dropped = _left_out(network, expected, state)
    if wrong := differences(expected, state, dropped):
        more = f"; {len(wrong)} differences" if len(wrong) > _SHOWN else ""
        raise CheckpointError(
            f"{where}: holds another network: {'; '.join(wrong[:_SHOWN])}{more}. {fits}".rstrip()
        )
    groups: dict[str, list[Tensor]] = {}
    own = network.state_dict()
    for theirs, ours, _ in pairs(network):
        groups.setdefault(ours, []).append(_to_ours(state[theirs], theirs))
    weights = {
        ours: torch.cat(found).reshape(own[ours].shape).to(own[ours].dtype)
        if own[ours].ndim
        else found[0]
        for ours, found in groups.items()
    }
    return Taken(weights, dropped)


def _left_out(
    network: SilhouetteNet, expected: Mapping[str, Tensor], state: Mapping[str, Tensor]
) -> tuple[str, ...]:
    """The names that serve its training alone: identities, and heads of modules of their own."""
    identities = _names_of_identities(network)
    known = dict.fromkeys([*expected, *identities])
    return tuple(
        name
        for name in state
        if name not in expected and (name in identities or wrappings.is_head(name, known))
    )


def fits(network: SilhouetteNet, state: Mapping[str, Tensor]) -> bool:
    """Whether an OpenGait state dict holds the weights of this network.

    Raises:
        UsageError: a network that OpenGait does not have.
    """
    expected = to_opengait(network)
    return not differences(expected, state, _left_out(network, expected, state))


def differences(
    expected: Mapping[str, Tensor], state: Mapping[str, Tensor], dropped: tuple[str, ...]
) -> list[str]:
    """What is missing, unknown, or of another shape or kind of number, in words."""
    wrong = [f"{name} is missing" for name in expected if name not in state]
    wrong += [f"{name} is unknown" for name in state if name not in {*expected, *dropped}]
    wrong += [
        f"{name} is {tuple(state[name].shape)}, not {tuple(tensor.shape)}"
        for name, tensor in expected.items()
        if name in state and state[name].shape != tensor.shape
    ]
    wrong += [
        f"{name} is {state[name].dtype}, not {tensor.dtype}"
        for name, tensor in expected.items()
        if name in state and tensor.is_floating_point() and not state[name].is_floating_point()
    ]
    return wrong


def model_of(
    loaded: Mapping[str, object], network: SilhouetteNet, where: str, which: str | None = None
) -> wrappings.Found:
    """Find the tensors of a network in a file that OpenGait, or a training on top of it, saved.

    Args:
        network: the one that they are for.
        where: the file, for messages.
        which: the state dict or prefix to take; None: the one that fits best.

    Raises:
        CheckpointError: it holds no tensors.
        UsageError: a network that OpenGait does not have, or no state dict is called `which`.
    """
    expected = to_opengait(network)
    return wrappings.find(loaded, partial(wrappings.score_of, expected), where, which)


def identities_in(state: Mapping[str, Tensor]) -> int:
    """Return how many identities the model was trained to tell apart; 0: it has no classifier."""
    for name in ("BNNecks.fc_bin", "Head1.fc_bin"):
        if name in state and state[name].ndim == 3:
            return int(state[name].shape[2])
    return 0


def is_of_identities(name: str) -> bool:
    """Whether a tensor, by OpenGait's name, serves the people of its training alone."""
    return name.startswith(("BNNecks.", "Head1."))


def _names_of_identities(network: SilhouetteNet) -> tuple[str, ...]:
    """OpenGait's names of what serves the training's identities alone: BNNeck and classifier."""
    if isinstance(network, GaitSet | GaitPart):
        return ()
    if isinstance(network.head, NormedFc):
        return ("Head1.fc_bin",)
    return ("BNNecks.fc_bin", *(f"BNNecks.bn1d.{name}" for name in _NORM))


def _to_ours(tensor: Tensor, theirs: str) -> Tensor:
    """A matrix for each part (P, C, D) -> the weight of a convolution (P x D, C, 1, 1)."""
    if theirs in _PART_LAYERS:
        return tensor.transpose(1, 2).flatten(0, 1)[:, :, None, None]
    return tensor


def _to_theirs(tensor: Tensor, theirs: str, parts: int) -> Tensor:
    if theirs in _PART_LAYERS:
        return torch.unflatten(tensor.flatten(1), 0, (parts, -1)).transpose(1, 2).contiguous()
    if "shortcut3d" in theirs:
        return tensor[..., None]
    if theirs.endswith("downsample.0.weight") and "Backbone" not in theirs:
        return tensor[:, :, None]
    return tensor


_PART_LAYERS = ("Head.fc_bin", "Head0.fc_bin", "FCs.fc_bin")


def _whole(theirs: str, ours: str) -> Iterator[Pair]:
    yield theirs, ours, WHOLE


def _norm(theirs: str, ours: str) -> Iterator[Pair]:
    for name in _NORM:
        yield f"{theirs}.{name}", f"{ours}.{name}", WHOLE


def _weight(theirs: str, ours: str) -> Iterator[Pair]:
    yield f"{theirs}.weight", f"{ours}.weight", WHOLE


def _neck(network: SilhouetteNet) -> Iterator[Pair]:
    if network.num_ids:
        yield from _whole("BNNecks.fc_bin", f"{_CLASSIFIER}weight")
        yield from _norm("BNNecks.bn1d", f"{_CLASSIFIER}norm")


def _plain(theirs: str, ours: str, layers: nn.Module) -> Iterator[Pair]:
    for name, layer in layers.named_children():
        if isinstance(layer, nn.Conv2d):
            yield from _weight(f"{theirs}.{name}.conv", f"{ours}.{name}")


def _gaitset(network: GaitSet) -> Iterator[Pair]:
    for i in (1, 2, 3):
        block = f"set_block{i}"
        yield from _plain(f"{block}.forward_block", block, network.get_submodule(block))
    for i in (2, 3):
        block = f"global_block{i}"
        yield from _plain(f"gl_block{i}", block, network.get_submodule(block))
    yield from _whole("Head.fc_bin", "head.weight")


def _gaitpart(network: GaitPart) -> Iterator[Pair]:
    yield from _plain("Backbone.forward_block.feature", "frames", network.frames)
    yield from _whole("Head.fc_bin", "head.weight")
    for branch, ours in (("conv1d3x1", "short"), ("conv1d3x3", "long")):
        for part in range(network.parts):
            for i, layer in ((0, "squeeze"), (2, "excite")):
                theirs = f"TFA.pooling_func.{branch}.{part}.{i}.conv.weight"
                yield theirs, f"{ours}.{layer}.weight", part


def _smplgait(network: SmplGait) -> Iterator[Pair]:
    yield from _plain("Backbone.forward_block.feature", "frames", network.frames)
    yield from _whole("FCs.fc_bin", "head.weight")
    yield from _neck(network)


def _gaitgl(network: GaitGl) -> Iterator[Pair]:
    for name, layer in network.first.named_children():
        if isinstance(layer, nn.Conv3d):
            yield from _weight(f"conv3d.{name}.conv3d", f"first.{name}")
    yield from _weight("LTA.0.conv3d", "group")
    for i, (stage, blocks) in enumerate(network.stages.named_children()):
        theirs = ("GLConvA0", "GLConvA1", "GLConvB2")[i]
        for k, _ in blocks.named_children():
            place = f"{theirs}.{k}" if len(list(blocks.children())) > 1 else theirs
            yield from _weight(f"{place}.global_conv3d.conv3d", f"stages.{stage}.{k}.whole")
            yield from _weight(f"{place}.local_conv3d.conv3d", f"stages.{stage}.{k}.local")
    yield from _whole("HPP.p", "rows.exponent")
    if not isinstance(network.head, NormedFc):
        yield from _whole("Head0.fc_bin", "head.weight")
        yield from _neck(network)
        return
    yield from _whole("Head0.fc_bin", "head.fc.weight")
    yield from _norm("Bn", "head.norm")
    if network.num_ids:
        yield from _whole("Head1.fc_bin", f"{_CLASSIFIER}weight")


def _gaitbase(network: GaitBase) -> Iterator[Pair]:
    front = "Backbone.forward_block"
    yield from _weight(f"{front}.conv1.conv", "conv1")
    yield from _norm(f"{front}.bn1", "norm1")
    for i, block in enumerate(network.stages):
        yield from _basic_block(f"{front}.layer{i + 1}.0", f"stages.{i}", block)
    yield from _whole("FCs.fc_bin", "head.weight")
    yield from _neck(network)


def _basic_block(theirs: str, ours: str, block: nn.Module) -> Iterator[Pair]:
    for i in (1, 2):
        yield from _weight(f"{theirs}.conv{i}", f"{ours}.conv{i}")
        yield from _norm(f"{theirs}.bn{i}", f"{ours}.norm{i}")
    yield from _shortcut(theirs, ours, block)


def _shortcut(theirs: str, ours: str, block: nn.Module) -> Iterator[Pair]:
    if not isinstance(block.get_submodule("shortcut"), nn.Identity):
        yield from _weight(f"{theirs}.downsample.0", f"{ours}.shortcut.0")
        yield from _norm(f"{theirs}.downsample.1", f"{ours}.shortcut.1")


def _deepgaitv2(network: DeepGaitV2) -> Iterator[Pair]:
    yield from _weight("layer0.forward_block.0", "conv1")
    yield from _norm("layer0.forward_block.1", "norm1")
    for i, block in enumerate(network.stage1):
        yield from _basic_block(f"layer1.forward_block.{i}", f"stage1.{i}", block)
    for s, stage in enumerate(network.stages):
        for i, (_, block) in enumerate(stage.named_children()):
            theirs, ours = f"layer{s + 2}.{i}", f"stages.{s}.{i}"
            for k in (1, 2):
                yield from _weight(f"{theirs}.conv{k}.forward_block.0", f"{ours}.conv{k}")
                yield from _norm(f"{theirs}.conv{k}.forward_block.1", f"{ours}.norm{k}")
            yield from _weight(f"{theirs}.shortcut3d", f"{ours}.time")
            yield from _norm(f"{theirs}.sbn", f"{ours}.time_norm")
            yield from _shortcut(theirs, ours, block)
    yield from _whole("FCs.fc_bin", "head.weight")
    yield from _neck(network)


_OF_KIND: Mapping[type[SilhouetteNet], Callable[[Any], Iterator[Pair]]] = {
    GaitSet: _gaitset,
    GaitPart: _gaitpart,
    GaitGl: _gaitgl,
    SmplGait: _smplgait,
    GaitBase: _gaitbase,
    DeepGaitV2: _deepgaitv2,
}
