"""What a network says of a batch, for losses: its output, and what stands before its head.

    answering = Answering(network, card)
    answers = answering(record_N)          {"logits": (N, K), "embedding": (N, D), "tokens": ...}

The kinds stand in `kinds.py`.

Axes: N records, K labels, D width, L tokens.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from edgehuman.card import Card
from edgehuman.distill.kinds import EMBEDDING, KIND_OF, LOGITS, TOKENS


class Answering(nn.Module):
    """A network that gives out all its answers, in one forward pass. Gradients flow through each.

    A classifier's embedding is the input of its head, before dropout. Tokens are given where the
    network has a token grid or a feature map: the output of its `norm` if that has one vector per
    token, else of the last of its `stages`; a CLS token is left out. A network of body parts and
    one of skeletons give their embedding only.

    Args:
        network: a network of ours, or one that keeps the contract of its record.
        card: of the network. With placements, the logits are those of the classes: any placement.
    """

    def __init__(self, network: nn.Module, card: Card) -> None:
        super().__init__()
        self.network = network
        self.card = card

    def forward(self, record_N: Tensor) -> dict[str, Tensor]:
        return self.of(lambda: self.network(record_N))[1]

    def of(self, run: Callable[[], Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what a call of the network returns, and all its answers.

        Args:
            run: calls the network once; it may return its embedding before that is normalised.
        """
        with _seen(self.network) as seen:
            output = result = run()
        spec = self.card.output
        if len(spec.placements) > 1:
            by_placement = torch.unflatten(output, 1, (len(spec.placements), -1))
            output = by_placement.logsumexp(dim=1)
        answers = {KIND_OF[spec.kind]: output}
        if KIND_OF[spec.kind] == LOGITS and EMBEDDING in seen:
            answers[EMBEDDING] = seen[EMBEDDING]
        tokens = _tokens(self.network, seen)
        if tokens is not None:
            answers.setdefault(TOKENS, tokens)
        return result, answers

    def shapes(self, record: Sequence[int]) -> Mapping[str, tuple[int, ...]]:
        """Return the shape of each answer of one record, without the batch.

        Args:
            record: shape of the record, without the batch; of a dynamic axis, the size to try.
        """
        modes = {module: module.training for module in self.modules()}
        place = next((each.device for each in self.parameters()), torch.device("cpu"))
        zeros = torch.zeros((1, *record), dtype=getattr(torch, self.card.input.dtype), device=place)
        try:
            with torch.no_grad():
                answers = self.eval()(zeros)
        finally:
            for module, mode in modes.items():
                module.training = mode
        return {kind: tuple(answer.shape[1:]) for kind, answer in answers.items()}


@contextlib.contextmanager
def _seen(network: nn.Module) -> Iterator[dict[str, Any]]:
    """Note, during the block, what goes into the head and what comes out of the last layers."""
    seen: dict[str, Any] = {}
    hooks = []

    def note(kind: str, module: Any, *, inside: bool = False) -> None:
        if not isinstance(module, nn.Module):
            return
        if inside:
            hooks.append(
                module.register_forward_pre_hook(lambda _, given: seen.update({kind: given[0]}))
            )
        else:
            hooks.append(module.register_forward_hook(lambda _, __, out: seen.update({kind: out})))

    encoder = getattr(network, "encoder", network)
    # Dropout stands before the head; the feature is what comes before both.
    note(EMBEDDING, getattr(network, "drop", getattr(network, "head", None)), inside=True)
    note("norm", getattr(encoder, "norm", None))
    stages = getattr(encoder, "stages", None)
    note("stage", stages[-1] if isinstance(stages, (nn.Sequential, nn.ModuleList)) else None)
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _tokens(network: nn.Module, seen: Mapping[str, Any]) -> Tensor | None:
    """Return the tokens (N, L, D); None if the network has none."""
    if hasattr(network, "parts"):
        return None
    normal, last = seen.get("norm"), seen.get("stage")
    if isinstance(normal, Tensor) and normal.ndim == 3:
        has_class = hasattr(getattr(network, "encoder", network), "cls_token")
        return normal[:, 1:] if has_class else normal
    for channels_first in (normal, last):
        if isinstance(channels_first, Tensor) and channels_first.ndim in (3, 4):
            return channels_first.flatten(2).transpose(1, 2)
    return None
