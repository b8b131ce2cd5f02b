"""Read checkpoints: the weights of a checkpoint folder, their card, and the network of both.
`edgehuman.training.checkpoint` writes them and resumes from them.

In the place of a folder stands also `zoo:NAME` or an FP32 .onnx of ours: the weights are then read
back from the graph (`edgehuman.nets.from_onnx`).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import CARD_KEY, WEIGHTS, Card, from_json
from edgehuman.errors import CheckpointError
from edgehuman.nets.building import ENCODER, Fitting
from edgehuman.nets.widths import fit_head, fit_widths
from edgehuman.reading.parsers import foreign
from edgehuman.runtime.zoo import ZOO


def read_weights(folder: Path) -> tuple[dict[str, Tensor], Card]:
    """Read the weights of a checkpoint folder, or of a graph, and their card.

    Raises:
        UsageError: no such model in the zoo.
        ArtefactError: no such graph, or not of ours.
        CheckpointError: no such folder, no weights in it, damaged, or not written by edgehuman; or
            a graph of another precision than FP32.
    """
    if _is_graph(folder):
        from edgehuman.nets.from_onnx import weights_of

        return weights_of(str(folder))
    path = folder / WEIGHTS
    if not path.is_file():
        if folder.is_file():
            raise CheckpointError(
                f"{folder}: a file, but a checkpoint is a folder; `edgehuman import` creates one "
                "from published weights"
            )
        found = "no such folder" if not folder.is_dir() else f"no {WEIGHTS} in it"
        raise CheckpointError(f"{folder}: {found}; give a checkpoint folder written by a training")
    try:
        with foreign():
            with safe_open(path, framework="pt") as stream:
                metadata = stream.metadata() or {}
            weights = load_file(path)
    except (ValueError, OSError) as error:
        raise CheckpointError(
            f"{path}: damaged ({error}); train again or restore a copy"
        ) from error
    if CARD_KEY not in metadata:
        raise CheckpointError(
            f"{path}: has no edgehuman card; use a folder written by an edgehuman training"
        )
    return weights, from_json(metadata[CARD_KEY], str(path))


def read_card(folder: Path) -> Card:
    """Read the card of a checkpoint folder or of a graph, as `read_weights`, which takes longer."""
    if not _is_graph(folder):
        return read_weights(folder)[1]
    from edgehuman.nets.from_onnx import fp32_card

    return fp32_card(str(folder))


def _is_graph(folder: Path) -> bool:
    return str(folder).startswith(ZOO) or folder.suffix == ".onnx"


def load_network(folder: Path) -> tuple[nn.Module, Card]:
    """Load the trained network of a checkpoint folder, in eval mode, and its card.

    Raises:
        CheckpointError: as `read_weights`, or weights that do not match the card's network.
    """
    weights, card = read_weights(folder)
    network: nn.Module = catalogue.step(card.input.record, "build")(card, weights)
    if card.pruned:
        fit_widths(network, weights)
    load_into(network, weights, str(folder))
    return network, card


def load_into(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Load weights whose names and shapes must match exactly.

    Raises:
        CheckpointError: names or shapes differ; the message shows the first differences.
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
    network.load_state_dict(dict(weights))


def require_arch(card: Card, folder: Path, arch: str) -> None:
    """Raise CheckpointError if a checkpoint has another architecture."""
    if card.arch != arch:
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
