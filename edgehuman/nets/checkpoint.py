"""Read checkpoints: the weights of a checkpoint folder, their card, and the network of both.
`edgehuman.training.checkpoint` writes them and resumes from them.

In the place of a folder stands also `zoo:NAME` or an FP32 .onnx of ours: the weights are then read
back from the graph (`edgehuman.nets.from_onnx`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import load as load_bytes
from safetensors.torch import load_file
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import WEIGHTS, Card, of_metadata, sha256_of_bytes
from edgehuman.errors import CheckpointError, EdgehumanError
from edgehuman.limits.sizes import MOST_MODEL, read_bounded
from edgehuman.nets.building import ENCODER, Fitting
from edgehuman.nets.finite import not_finite
from edgehuman.nets.widths import fit_head, fit_widths
from edgehuman.reading.parsers import fault_of, foreign, json_of
from edgehuman.runtime.provenance.trusted import Trust, trust_of_environment
from edgehuman.runtime.provenance.weights_file import require_weights
from edgehuman.runtime.zoo import ZOO


def read_weights(folder: Path, own: bool = False) -> tuple[dict[str, Tensor], Card]:
    """Read the weights of a checkpoint folder, or of a graph, and their card.

    Args:
        own: this run wrote the folder, so nobody has signed it yet; any other needs a signature
            where the environment requires one.

    Raises:
        SignatureError: a signature is required, and there is none that holds.
        UsageError: no such model in the zoo.
        ArtefactError: no such graph, or not of ours.
        CheckpointError: no such folder, no weights in it, damaged, changed, not finite, or not
            written by edgehuman; or a graph of another precision than FP32.
    """
    if _is_graph(folder):
        from edgehuman.nets.from_onnx import weights_of

        weights, card = weights_of(str(folder))
        require_finite(weights, str(folder))
        return weights, card
    path = folder / WEIGHTS
    if not path.is_file():
        if folder.is_file():
            raise CheckpointError(
                f"{folder}: a file, but a checkpoint is a folder; `edgehuman import` creates one "
                "from published weights"
            )
        found = "no such folder" if not folder.is_dir() else f"no {WEIGHTS} in it"
        raise CheckpointError(f"{folder}: {found}; give a checkpoint folder written by a training")
    weights, metadata = _read(path, None if own else trust_of_environment())
    card = of_metadata(metadata, path)
    # These tensors are hashed: it does not matter whether the file was read once or twice.
    require_weights(card, sha256_of(weights), path)
    require_finite(weights, str(path))
    return weights, card


def _read(path: Path, trust: Trust | None) -> tuple[dict[str, Tensor], Mapping[str, str]]:
    """The tensors and the metadata of a file; where a signature is required, of verified bytes."""
    content = b""
    try:
        if trust is not None:
            content = read_bounded(path, MOST_MODEL, CheckpointError, "checkpoint")
            trust.require(path, sha256_of_bytes(content))
        with foreign():
            if trust is not None:
                header = json_of(content[8 : 8 + int.from_bytes(content[:8], "little")])
                return load_bytes(content), header.get("__metadata__") or {}
            with safe_open(path, framework="pt") as stream:
                metadata = stream.metadata() or {}
            return load_file(path), metadata
    except (ValueError, OSError) as error:
        if isinstance(error, EdgehumanError):
            raise
        raise CheckpointError(
            f"{path}: {fault_of(error)}; train again or restore a copy"
        ) from error


def sha256_of(weights: Mapping[str, Tensor]) -> str:
    """Hash of weights, as cards state it: name, shape, type and bytes of each, sorted by name."""
    digest = hashlib.sha256()
    for key, tensor in sorted(weights.items()):
        array = tensor.detach().cpu().contiguous()
        digest.update(f"{key} {tuple(array.shape)} {array.dtype}\n".encode())
        digest.update(array.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def read_card(folder: Path) -> Card:
    """Read the card of a checkpoint folder or of a graph, as `read_weights`, which takes longer."""
    if not _is_graph(folder):
        return read_weights(folder)[1]
    from edgehuman.nets.from_onnx import fp32_card

    return fp32_card(str(folder))


def _is_graph(folder: Path) -> bool:
    return str(folder).startswith(ZOO) or folder.suffix == ".onnx"


def require_finite(weights: Mapping[str, Tensor], where: str) -> None:
    """Raise CheckpointError for weights that hold NaN or infinity."""
    if found := not_finite(weights):
        raise CheckpointError(
            f"{where}: its weights hold {found}; use an earlier checkpoint, or train again with "
            "a lower --lr"
        )


def load_network(folder: Path, own: bool = False) -> tuple[nn.Module, Card]:
    """Load the trained network of a checkpoint folder, in eval mode, and its card.

    Args:
        own: as of `read_weights`.

    Raises:
        SignatureError: as `read_weights`.
        CheckpointError: as `read_weights`, or weights that do not match the card's network.
    """
    weights, card = read_weights(folder, own)
    network: nn.Module = catalogue.step(card.input.record, "build")(card, weights)
    if card.pruned:
        fit_widths(network, weights)
    load_into(network, weights, str(folder))
    return network, card


def load_into(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Load weights whose names and shapes must match exactly.

    Raises:
        CheckpointError: see `require_fits`.
    """
    require_fits(network, weights, where)
    network.load_state_dict(dict(weights))


def require_fits(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Check that weights are of this network, by names and shapes.

    Raises:
        CheckpointError: they differ; the message shows the first differences.
    """
    own = network.state_dict()
    wrong = [f"{name} is missing" for name in own if name not in weights]
    wrong += [f"{name} is unknown" for name in weights if name not in own]
    wrong += [
        f"{name} is {tuple(weights[name].shape)}, not {tuple(own[name].shape)}"
        for name in own
        if name in weights and weights[name].shape != own[name].shape
    ]
    if wrong:
        raise CheckpointError(
            f"{where}: contains another network ({'; '.join(wrong[:3])}; {len(wrong)} differences)"
            "; use the --arch that it was trained with"
        )


def require_arch(card: Card, folder: Path, arch: str) -> None:
    """Raise CheckpointError if a checkpoint has another architecture, which this one is not cut
    from (see `catalogue.is_cut_from`).
    """
    if card.arch != arch and not catalogue.is_cut_from(arch, card.arch):
        raise CheckpointError(
            f"{folder}: contains {card.arch}, but --arch is {arch}; "
            f"use --arch {card.arch} or other weights"
        )


def load_encoder(network: nn.Module, folder: Path, arch: str) -> Card:
    """Load a pretrained encoder into a network, which may have another head and image size.

    Raises:
        CheckpointError: the checkpoint has another architecture.
    """
    weights, card = read_weights(folder)
    require_arch(card, folder, arch)
    if any(name.startswith(ENCODER) for name in weights):
        weights = {
            name.removeprefix(ENCODER): t for name, t in weights.items() if name.startswith(ENCODER)
        }
    kept = {name: tensor for name, tensor in weights.items() if not name.startswith("head.")}
    head = {name: t for name, t in network.state_dict().items() if name.startswith("head.")}
    if isinstance(network, Fitting):
        kept = network.fit_weights(kept, card.input.shape[:2])
    if card.pruned:
        head = fit_head(head, weights)
        fit_widths(network, {**kept, **head})
    load_into(network, {**kept, **head}, str(folder))
    return card
