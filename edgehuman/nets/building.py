"""Build a catalogued network; count its parameters and operations."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from edgehuman import catalogue
from edgehuman.card import InputSpec
from edgehuman.errors import UsageError
from edgehuman.own import is_own, own_code

ENCODER = "encoder."
"""Prefix of the encoder's weights in a network with a head."""
COUNTED_FRAMES = 30
"""Frames of which operations are counted where a network takes any number."""


def build(name: str, seed: int = 0, **arguments: Any) -> nn.Module:
    """Build a catalogued network with seeded random weights, in eval mode.

    A network of the caller's own (`package.module:Class`) is built too, and held to the contract
    of its record.

    Raises:
        UsageError: unknown network; the message lists the valid names. Or an own network that does
            not take these arguments or breaks its record's contract.
        OwnCodeError: an own network raised.
    """
    row = catalogue.network(name)
    builder = catalogue.load_object(row.build)
    given = {**row.arguments, **arguments}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if not is_own(name):
            network: nn.Module = builder(**given)
            return network.eval()
        network = _built_own(builder, name, given)
    catalogue.step(row.input, "contract")(network.eval(), name, given)
    return network


def _built_own(builder: Any, name: str, given: Mapping[str, Any]) -> nn.Module:
    said = ", ".join(f"{key}={value!r}" for key, value in given.items())
    try:
        inspect.signature(builder).bind(**given)
    except TypeError as error:
        raise UsageError(
            f"--arch {name} cannot be built with ({said}): {error}; a network of this record takes "
            "these keyword arguments"
        ) from error
    with own_code(name, "--arch", f"built with ({said})"):
        network = builder(**given)
    if not isinstance(network, nn.Module):
        raise UsageError(
            f"--arch {name} made {type(network).__name__}; it must make a torch.nn.Module"
        )
    return network


def require_own_output(
    network: nn.Module, name: str, record_N: torch.Tensor, shape: tuple[int, ...], method: str = ""
) -> None:
    """Check that an own network, in eval mode, maps these records to an output of this shape.

    Args:
        method: called in place of the network itself.

    Raises:
        UsageError: no such method, another shape, or values that are not finite.
        OwnCodeError: it raised.
    """
    called = f"{name}.{method}" if method else name
    function = getattr(network, method, None) if method else network
    if not callable(function):
        raise UsageError(f"--arch {name} has no {method}(); give it one that returns {shape}")
    asked = f"given {tuple(record_N.shape)} zeros"
    with torch.inference_mode(), own_code(called, "--arch", asked):
        found = function(record_N)
    size = tuple(found.shape) if isinstance(found, torch.Tensor) else type(found).__name__
    if size != shape:
        raise UsageError(
            f"--arch {called} maps {tuple(record_N.shape)} to {size}; it must return {shape}"
        )
    if not bool(found.isfinite().all()):
        raise UsageError(f"--arch {called} gives values that are not finite for a record of zeros")


def own_attribute(network: nn.Module, name: str, attribute: str) -> int:
    """Return a whole number above 0 that an own network has as an attribute.

    Raises:
        UsageError: missing, or no such number.
    """
    value = getattr(network, attribute, None)
    if not isinstance(value, int) or value < 1:
        raise UsageError(
            f"--arch {name}: its attribute {attribute} is {value!r}; it must be a whole number "
            "above 0"
        )
    return value


def size_of(
    name: str, network: nn.Module, input: InputSpec, changed: bool = False
) -> tuple[int, int]:
    """Return parameters and operations for a card: the catalogue's, or those of an own network,
    counted on one record of zeros.

    Args:
        changed: whether the network was built otherwise than the catalogue says; it is counted.
    """
    row = catalogue.network(name)
    if not is_own(name) and not changed:
        return row.params, row.flops
    shape = (1, *(size or COUNTED_FRAMES for size in input.shape))
    sample = torch.zeros(shape, dtype=getattr(torch, input.dtype))
    return count_params(network), count_flops(network, sample)


def count_params(network: nn.Module) -> int:
    """Count trainable and frozen parameters, without buffers."""
    return sum(parameter.numel() for parameter in network.parameters())


def count_flops(network: nn.Module, sample: Mapping[str, Any] | torch.Tensor) -> int:
    """Count operations (2 x multiply-adds) of matrix products and convolutions in one forward."""
    inputs = (sample,) if isinstance(sample, torch.Tensor) else tuple(sample.values())
    counter = FlopCounterMode(display=False)
    # The counter does not see the fused CPU attention kernel, so use the plain one.
    with counter, torch.inference_mode(), sdpa_kernel(SDPBackend.MATH):
        network(*inputs)
    return int(counter.get_total_flops())


def count_linear_flops(network: nn.Module, sample: torch.Tensor) -> int:
    """Count operations (2 x multiply-adds) of the linear layers only, in one forward including the
    projection head of training.

    This matches the table of arXiv 2504.07598, which omits attention's products of activations; its
    GFLOPs for the 21 networks are up to 0.3 % higher.
    """
    counted = 0

    def count(layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        nonlocal counted
        assert isinstance(layer, nn.Linear)
        counted += 2 * output.numel() * layer.in_features

    linear = [layer for layer in network.modules() if isinstance(layer, nn.Linear)]
    hooks = [layer.register_forward_hook(count) for layer in linear]
    project: Any = network.project
    try:
        with torch.inference_mode():
            project(network(sample))
    finally:
        for hook in hooks:
            hook.remove()
    return counted


@runtime_checkable
class Fitting(Protocol):
    """A network whose weights depend on the size of its input."""

    def fit_weights(
        self, weights: Mapping[str, Tensor], input_size: Sequence[int] | None
    ) -> dict[str, Tensor]:
        """Return weights of the same architecture, by our names, resampled to this network.

        Args:
            input_size: of the network that they come from; None: a square.
        """


@runtime_checkable
class Whitening(Protocol):
    """A network whose last step may be a linear map for each part of its embedding."""

    def whiten(self, centre_PD: Tensor, matrix_PDD: Tensor) -> None:
        """From now on embed each part y as (y - centre) @ matrix, y being what it is now.

        Args:
            centre_PD, matrix_PDD: of every part; P is 1 for a network of vectors.
        """


@runtime_checkable
class Twinned(Protocol):
    """A network with parts that only teach.

    Attributes:
        twins: paths of those parts; each with the part of the same make that answers, as which it
            starts where it was not kept.
    """

    twins: Mapping[str, str]
