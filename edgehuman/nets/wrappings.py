"""Find one network's weights in another project's checkpoint, however they are wrapped.

    {"epoch": 3, "model": {"module.backbone.conv1.weight": ...}, "model_ema": {...}}

A state dict is any mapping of names to tensors, at any depth of the file. Of every state dict and
every prefix of its names that ends with a dot, that one is taken under which most of the network's
names are found with their shapes. Of several that fit equally well:

    1. a moving average of the weights (ema, swa, averaged, teacher), which publications report
    2. weights that are called neither
    3. what a training keeps beside them (student, momentum, target, encoder_k)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from edgehuman.errors import CheckpointError, UsageError

Score = tuple[float, float]
"""The shares of a network's names that are there with their shapes, and in any shape."""

# What DataParallel, torch.compile, FSDP and activation checkpointing put into names, anywhere.
_WRAPPER = re.compile(
    r"(?:^|(?<=\.))(?:module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)\."
)
_AVERAGED = re.compile(r"(?<![a-zA-Z])(?:ema|swa|averaged|teacher)(?![a-zA-Z])|EMA")
_BESIDE = re.compile(r"(?<![a-zA-Z])(?:student|momentum|target|encoder_k|key|raw)(?![a-zA-Z])")
# The first word of what stands behind an encoder and takes no part in its features.
_HEAD = re.compile(
    r"head|proj|predict|classif|logit|prototype|criterion|loss|^aux|decoder|^fc$|^linear$|"
    r"bnneck|bottleneck|arcface|cosface|centers|queue"
)
# Below this share of the network's names it is another network.
_SAME_NETWORK = 0.5
_DEEPEST = 6
_SHOWN = 5


@dataclass(frozen=True)
class Found:
    """One network's weights.

    Attributes:
        tensors: by name, without the prefix.
        key: of the state dict in the file, such as "model"; "": the file itself.
        prefix: what the names began with, such as "module.backbone."; "": nothing.
        beside: names of the state dict's tensors that do not have the prefix.
        others: the state dicts that fit as well, as `--which` takes them.
    """

    tensors: dict[str, Tensor]
    key: str
    prefix: str
    beside: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The state dict and the prefix, as `--which` takes them."""
        return _label(self.key, self.prefix)

    def in_words(self) -> list[str]:
        """Which weights were taken and why; empty if the file has no others and no prefix."""
        said = []
        if self.others:
            chosen = self.label or "the file's own names"
            why = (", a moving average", "", "")[_rank(self.label)]
            said.append(
                f"weights: {chosen}{why}; {', '.join(self.others)} would fit as well: "
                "--which NAME takes it"
            )
        elif self.key:
            said.append(f"weights: {self.key}")
        if self.prefix:
            said.append(f"names without their prefix {self.prefix}")
        return said


def find(
    loaded: Mapping[str, Any],
    score: Callable[[Mapping[str, Tensor]], Score],
    where: str,
    which: str | None = None,
) -> Found:
    """Find the weights that fit a network best.

    Args:
        loaded: the file's content.
        score: of tensors by name without prefix; see `score_of`.
        where: the file, for messages.
        which: a state dict or prefix to choose from; None: any.

    Raises:
        CheckpointError: the file holds no state dict.
        UsageError: no state dict or prefix is called `which`.
    """
    held = dict(_state_dicts(loaded))
    if not held:
        keys = ", ".join(map(str, list(loaded)[:_SHOWN])) or "nothing"
        raise CheckpointError(
            f"{where}: holds no state dict (it holds {keys}); give a file with tensors by name"
        )
    places = [(key, prefix) for key, state in held.items() for prefix in _prefixes(state)]
    wanted = [place for place in places if which is None or _is_called(_label(*place), which)]
    if not wanted:
        raise UsageError(
            f"--which {which}: {where} holds no such state dict or prefix; it holds "
            f"{', '.join(key or 'one without a name' for key in list(held)[:_SHOWN])}"
        )
    scored = {place: score(_without(held[place[0]], place[1])) for place in wanted}
    best = max(scored.values())
    fitting = [place for place in wanted if scored[place] == best]
    if best[1] < _SAME_NETWORK:
        fitting = [_plainest(held, wanted)]
    key, prefix = min(fitting, key=lambda place: (_rank(_label(*place)), len(place[1])))
    names = (_label(*place) or "the file's own names" for place in fitting if place[0] != key)
    inside = (_label(*place) for place in fitting if place[0] == key and place[1] != prefix)
    return Found(
        _without(held[key], prefix),
        key,
        prefix,
        tuple(name for name in held[key] if not name.startswith(prefix)),
        (*names, *inside),
    )


def score_of(expected: Mapping[str, Tensor], tensors: Mapping[str, Tensor]) -> Score:
    """The shares of the expected tensors that are there with their shapes, and in any shape."""
    there = [name for name in expected if name in tensors]
    fitting = sum(tensors[name].shape == expected[name].shape for name in there)
    return fitting / len(expected), len(there) / len(expected)


def is_head(name: str, own: Mapping[str, Any]) -> bool:
    """Whether a tensor belongs to a head for which a network has no place: a classifier, projector
    or loss, in a module of its own.

    Args:
        own: what the network has, by name.
    """
    first, _, rest = name.partition(".")
    modules = {each.partition(".")[0] for each in own}
    return bool(rest) and first not in modules and bool(_HEAD.search(first.lower()))


def _state_dicts(value: Any, key: str = "", depth: int = 0) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of names to tensors, with its place in the file."""
    if depth > _DEEPEST or not isinstance(value, Mapping | list | tuple):
        return
    items = list(value.items() if isinstance(value, Mapping) else enumerate(value))
    if isinstance(value, Mapping):
        state = {k: v for k, v in items if isinstance(k, str) and isinstance(v, Tensor)}
        if state:
            yield key, _without_wrappers(state)
    for name, item in items:
        yield from _state_dicts(item, f"{key}.{name}".lstrip("."), depth + 1)


def _without_wrappers(state: dict[str, Tensor]) -> dict[str, Tensor]:
    plain = {_WRAPPER.sub("", name): tensor for name, tensor in state.items()}
    return plain if len(plain) == len(state) else state


def _prefixes(state: Mapping[str, Tensor]) -> list[str]:
    """Everything that names begin with up to a dot, and nothing."""
    found: dict[str, None] = {"": None}
    for name in state:
        for dot in re.finditer(r"\.", name):
            found[name[: dot.end()]] = None
    return list(found)


def _without(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _plainest(
    held: Mapping[str, Mapping[str, Tensor]], places: list[tuple[str, str]]
) -> tuple[str, str]:
    """Of weights that fit nowhere, the largest state dict without what all its names begin with."""
    key = max((key for key, _ in places), key=lambda key: len(held[key]))
    of_all = [
        prefix
        for name, prefix in places
        if name == key and all(each.startswith(prefix) for each in held[key])
    ]
    return key, max(of_all, key=len) if of_all and len(held[key]) > 1 else ""


def _label(key: str, prefix: str) -> str:
    return f"{key}.{prefix}".strip(".")


def _is_called(label: str, which: str) -> bool:
    """Whether a place has this name among its dotted parts."""
    return f".{which.strip('.')}." in f".{label}."


def _rank(label: str) -> int:
    """0: a moving average; 1: neither; 2: what a training keeps beside the weights."""
    if _AVERAGED.search(label):
        return 0
    return 2 if _BESIDE.search(label) else 1
