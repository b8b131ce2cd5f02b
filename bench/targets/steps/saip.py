"""Overhead of a SAIP step over its networks: views, heads, decoders, losses, optimiser, expert.

Two sides take turns on the same images: the whole step, and its passes through student and expert
alone. The student sees large, rescaled and small views, forward and backward; the expert large
views and a picture of several persons, forward, and the masked view with the gradient of its mask.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from edgehuman.bench.targets.ratios import in_turns, require_torch

if TYPE_CHECKING:
    from torch import Tensor

    from edgehuman.pretrain.saip.saip import Saip
    from edgehuman.pretrain.saip.settings import SaipConfig

PERSONS = 8
SCALE = 1.25


def saip_step_over_networks(arch: str, rounds: int = 4, **changes: Any) -> float:
    """Seconds of a step over seconds of its networks' passes: eight persons, one thread.

    Args:
        arch: the student.
        rounds: counted runs of each side.
        changes: to the config of `edgehuman pretrain`.
    """
    require_torch()
    import torch

    from edgehuman.pretrain.saip.saip import make_model
    from edgehuman.pretrain.saip.settings import SaipConfig

    torch.set_num_threads(1)
    # One size for all rescaled views, so that every step does the same work.
    values = {"arch": arch, "batch": PERSONS, "accumulate": 1, "scale_low": SCALE}
    config = SaipConfig(**{**values, "scale_high": SCALE, **changes})
    model = make_model(config).train()
    seconds = in_turns(
        {"step": step_of(model, config), "networks": networks_of(model, config)}, rounds
    )
    return seconds["step"] / seconds["networks"]


def step_of(model: Saip, config: SaipConfig, *told: Tensor) -> Callable[[], None]:
    """One training step as in the loop, without reading the images.

    Args:
        told: what a given expert says of the large views, if it is kept.
    """
    import torch

    from edgehuman.training.optimiser import make_optimiser

    optimiser = make_optimiser(model, config)
    chance = torch.Generator().manual_seed(0)
    height, width = config.height, config.width
    size = (config.batch, 2, height, width, 3)
    small = (config.batch, config.local_views + 1, height // 2, width // 2, 3)
    views = [
        torch.randint(256, shape, dtype=torch.uint8, generator=chance) for shape in (size, small)
    ]

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        model(*views, *told)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimiser.step()
        model.advance(0)

    return step


def networks_of(model: Saip, config: SaipConfig) -> Callable[[], None]:
    """The same step's passes through student and expert, and nothing else."""
    import torch

    from edgehuman.pretrain.saip.expert import as_backbone

    student, expert = as_backbone(model.student), as_backbone(model.expert)
    count, height, width = config.batch, config.height, config.width
    assert model.reconstruction is not None
    masker = model.reconstruction

    def images(number: int, size: tuple[int, int]) -> torch.Tensor:
        return torch.randn(number, *size, 3).permute(0, 3, 1, 2)

    scaled = images(count, model.sizes[0])
    large, small = (
        images(2 * count, (height, width)),
        images(count * (config.local_views + 1), (height // 2, width // 2)),
    )
    picture = images(count, (height, 2 * width))
    cells = [side // expert.stride for side in scaled.shape[2:]]
    hidden_NHW = torch.zeros(count, *cells, dtype=torch.bool)
    hidden_NHW[:, : round(masker.ratio * cells[0])] = True

    def passes() -> None:
        # As in the step, gradients start from None.
        model.zero_grad(set_to_none=True)
        seen = [student.features(large), student.features(scaled)]
        results = [student.backbone(small)[0]]
        results += [part for each in seen for part in (each.token_ND, each.middle_NEHW)]
        with torch.no_grad():
            expert.backbone(large)
            expert.features(picture)
        results.append(expert.masked_features(scaled, hidden_NHW, masker.mask_token).middle_NEHW)
        torch.autograd.backward(torch.stack([each.square().mean() for each in results]).sum())

    return passes
