"""The network to export: a trained checkpoint, an FP32 file of one, or a catalogue name with seeded
random weights.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from torch import nn

from edgehuman import catalogue
from edgehuman.card import RANDOM_WEIGHTS, WEIGHTS, Card
from edgehuman.errors import CheckpointError, UsageError
from edgehuman.export.graph.learnt import STUDENT
from edgehuman.export.graph.trace import weights_sha256
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.nets.building import size_of
from edgehuman.nets.checkpoint import load_network
from edgehuman.runtime.zoo import ZOO
from edgehuman.tables.trainings import TEXT_REID


def load(
    checkpoint: str, seed: int, post: Literal["inside", "outside"] = "inside"
) -> tuple[nn.Module, Card]:
    """Load the network, in eval mode, and its card.

    Args:
        post: where the people and items that a network finds are chosen.

    Raises:
        UsageError: an engine, neither a folder nor a name of the catalogue, or `post` of a network
            that finds nobody.
        CheckpointError: as `load_network`.
    """
    network, card = _loaded(checkpoint, seed)
    if card.output.kind in ("boxes", "person_parts", "part_attributes"):
        network.post = post  # type: ignore[assignment]  # of `nets.image.detection.Detector`
    elif post != "inside":
        raise UsageError(
            f"--post {post} is for networks that find people, whose output is boxes, person_parts "
            f"or part_attributes; {checkpoint} outputs {card.output.kind}: remove --post"
        )
    return network, card


def float_student(checkpoint: str) -> nn.Module | None:
    """The float network from which a checkpoint's quantisation-aware training began: that in the
    folder above; None if it is another by now, or none.

    Raises:
        CheckpointError: that above is damaged.
    """
    note, above = Path(checkpoint) / STUDENT, Path(checkpoint).resolve().parent
    if not note.is_file() or not (above / WEIGHTS).is_file():
        return None
    student, _ = load_network(above)
    digest = weights_sha256(student).encode()
    return student if read_bounded(note, MOST_NOTE, CheckpointError) == digest else None


def _loaded(checkpoint: str, seed: int) -> tuple[nn.Module, Card]:
    path = Path(checkpoint)
    if path.suffix == ".engine":
        raise UsageError(
            f"{checkpoint} is already built; give a checkpoint folder written by a training, an "
            "FP32 .onnx, or a name from `edgehuman models`"
        )
    if checkpoint.startswith(ZOO) or path.suffix == ".onnx":
        network, card = load_network(path)
        if card.task == TEXT_REID:
            raise UsageError(
                f"{checkpoint} is one of two graphs; another precision is exported from the "
                "checkpoint folder that it was made from"
            )
        # What the graph did not need has other weights now; its embeddings are the same.
        return network, card.replace(space=card.gallery_space)
    if path.is_dir():
        return load_network(path)
    if len(path.parts) > 1:
        raise UsageError(
            f"{checkpoint}: no such folder; give a checkpoint folder written by a training, or a "
            "name from `edgehuman models`"
        )
    return random_network(checkpoint, seed)


def random_network(name: str, seed: int) -> tuple[nn.Module, Card]:
    """Build a catalogued network with seeded random weights, for checks, and a card that says so.

    A wearable network gets a classifier of the six activities; a network of person images outputs
    its image token, one of skeletons or silhouettes its embedding.

    Raises:
        UsageError: unknown network; the message lists the valid names.
    """
    row = catalogue.network(name)
    card = Card(
        name=name,
        task=row.task,
        arch=name,
        params=row.params,
        flops=row.flops,
        input=catalogue.step(row.input, "input")(row),
        output=catalogue.step(row.input, "output")(row),
        recipe=f"{RANDOM_WEIGHTS}, seed {seed}: for checks, untrained",
    )
    network: nn.Module = catalogue.step(row.input, "build")(card, {}, seed)
    params, flops = size_of(name, network, card.input)
    card = card.replace(params=params, flops=flops)
    if card.output.kind == "embedding":
        width: Any = network.width
        parts: Any = getattr(network, "parts", 0)
        card = card.replace(output=replace(card.output, dim=width, parts=parts))
    return network, card
