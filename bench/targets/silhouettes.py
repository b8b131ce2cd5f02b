"""What silhouettes cost: each a ratio of two things in one run, or frames a second.

- a network beside the same layers written frame by frame and strip by strip
- PyTorch beside onnxruntime
- one more frame of a walk beside all of its frames again
- a step of diffusion pretraining beside the passes through its two networks
- batches of a training from a packed file, and what the simulator makes

Axes: N walks, T frames, C channels, H rows, W columns, P parts.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from edgehuman.bench.contestants import entries_of, open_contestant
from edgehuman.bench.targets.ratios import in_turns, require_torch

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

    from edgehuman.nets.silhouette.gaitbase import GaitBase
    from edgehuman.nets.silhouette.gaitgl import GaitGl, GlobalLocal
    from edgehuman.pretrain.diffusion.diffusion import Diffusion

WALKS, SHORT, FRAMES, CLIP = 2, 12, 30, 60
_PACKED_PEOPLE, _BATCHES = 16, 10


def by_frame_over_whole(arch: str, rounds: int = 4) -> float:
    """Processor time of forward and backward written frame by frame, over that of the network.

    Both sides in the type that the CPU trains fastest in: bfloat16 where it has units for it, as
    with `--autocast bf16`, else float32.

    Args:
        arch: gaitbase or gaitgl.
        rounds: counted runs of each side.
    """
    require_torch()
    import torch

    from edgehuman.nets.building import build

    torch.set_num_threads(1)
    network: Any = build(arch).train()
    sils_NTHW = torch.rand(WALKS, SHORT, 64, 44)
    slow: Callable[[Any, Tensor], Tensor] = (
        gaitbase_by_frame if arch == "gaitbase" else gaitgl_by_frame
    )
    sides = {
        "whole": _passes(network, lambda: network.backbone(sils_NTHW)),
        "by frame": _passes(network, lambda: slow(network, sils_NTHW)),
    }
    with torch.autocast("cpu", torch.bfloat16, enabled=multiplies_bfloat16()):
        seconds = in_turns(sides, rounds, time.process_time)
    return seconds["by frame"] / seconds["whole"]


def multiplies_bfloat16() -> bool:
    """Whether this CPU has matrix units for bfloat16 (AMX); False where PyTorch cannot tell."""
    import torch

    capabilities: dict[str, Any] = getattr(torch.cpu, "get_capabilities", dict)()
    return bool(capabilities.get("amx_bf16", False))


def _passes(network: nn.Module, features: Callable[[], Tensor]) -> Callable[[], None]:
    """Forward and backward, with a loss that costs next to nothing."""
    import torch

    def passes() -> None:
        network.zero_grad(set_to_none=True)
        torch.autograd.backward(features().square().mean())

    return passes


def gaitbase_by_frame(network: GaitBase, sils_NTHW: Tensor) -> Tensor:
    """The features (N, C, P) of a GaitBase that sees one frame of one walk at a time."""
    import torch

    walks = []
    for sils_THW in sils_NTHW:
        maps = [network.maps(sils_HW[None])[0] for sils_HW in sils_THW]
        walks.append(network.of_maxima((torch.cat(maps).amax(dim=0, keepdim=True),)))
    return torch.cat(walks)


def gaitgl_by_frame(network: GaitGl, sils_NTHW: Tensor) -> Tensor:
    """The features (N, C, P) of a GaitGL that makes one frame of one strip at a time."""
    import torch
    from torch.nn import functional

    from edgehuman.nets.silhouette.gaitgl import GROUP
    from edgehuman.nets.silhouette.parts import SLOPE

    x_NCTHW = sils_NTHW[:, None]
    for layer in network.first:
        x_NCTHW = _by_frame(layer, x_NCTHW) if _has_weight(layer) else layer(x_NCTHW)
    whole = x_NCTHW.shape[2] // GROUP * GROUP
    groups = torch.split(x_NCTHW[:, :, :whole], GROUP, dim=2)
    x_NCTHW = functional.leaky_relu(torch.cat([network.group(each) for each in groups], 2), SLOPE)
    for i, stage in enumerate(network.stages):
        if i == 1:
            x_NCTHW = functional.max_pool3d(x_NCTHW, (1, 2, 2))
        for block in cast("nn.Sequential", stage):
            x_NCTHW = _global_local_by_frame(cast("GlobalLocal", block), x_NCTHW)
    features_NCP: Tensor = network.rows(x_NCTHW.amax(dim=2))
    return features_NCP


def _has_weight(layer: nn.Module) -> bool:
    return hasattr(layer, "weight")


def _by_frame(conv: nn.Module, x_NCTHW: Tensor) -> Tensor:
    """A 3x3x3 convolution, one frame at a time."""
    import torch
    from torch.nn import functional

    padded_NCTHW = functional.pad(x_NCTHW, (0, 0, 0, 0, 1, 1))
    weight = cast("torch.Tensor", conv.weight)
    frames = [
        functional.conv3d(padded_NCTHW[:, :, t : t + 3], weight, padding=(0, 1, 1))
        for t in range(x_NCTHW.shape[2])
    ]
    return torch.cat(frames, dim=2)


def _global_local_by_frame(block: GlobalLocal, x_NCTHW: Tensor) -> Tensor:
    """A block of GaitGL, one frame and one strip at a time."""
    import torch
    from torch.nn import functional

    from edgehuman.nets.silhouette.parts import SLOPE

    rows = x_NCTHW.shape[3] // block.strips
    strips = [_by_frame(block.local, each) for each in torch.split(x_NCTHW, rows, dim=3)]
    local_NCTHW = functional.leaky_relu(torch.cat(strips, dim=3), SLOPE)
    whole_NCTHW = functional.leaky_relu(_by_frame(block.whole, x_NCTHW), SLOPE)
    if block.stacked:
        return torch.cat([whole_NCTHW, local_NCTHW], dim=3)
    return whole_NCTHW + local_NCTHW


def onnxruntime_over_torch(arch: str, rounds: int = 5) -> float:
    """Time of torch eager over that of onnxruntime FP32: one walk, one thread."""
    require_torch()
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        entries = entries_of(arch, ("onnxruntime", "torch"), 1, 0, Path(folder))
        walk_NTHW = np.repeat(entries[0].noise(1)[:, :1], FRAMES, axis=1)
        ours, eager = (open_contestant(each, walk_NTHW) for each in entries)
        sides = {"ours": partial(ours.call, walk_NTHW), "eager": partial(eager.call, walk_NTHW)}
        seconds = in_turns(sides, rounds, time.process_time)
    return seconds["eager"] / seconds["ours"]


def update_over_clip(arch: str, rounds: int = 5) -> float:
    """Time of the answer after one more frame, over that of a whole clip of 60 frames.

    Both sides run on onnxruntime FP32 with one thread.
    """
    require_torch()
    from edgehuman.export.export import ExportConfig, export
    from edgehuman.runtime.model import load
    from edgehuman.runtime.silhouette.windows import RunningMaximum

    clip_THW = np.random.default_rng(0).integers(0, 256, (CLIP, 64, 64), np.uint8)
    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        path = Path(folder) / f"{arch}.onnx"
        export(ExportConfig(arch, out=path))
        model = load(str(path), threads=1)
        assert model.parts is not None
        memory = RunningMaximum(model.parts)

        def update() -> None:
            memory.add(clip_THW[0])
            memory.answer()

        sides: dict[str, Callable[[], object]] = {
            "update": update,
            "clip": lambda: model.logits(clip_THW[None]),
        }
        seconds = in_turns(sides, rounds, time.process_time)
    return seconds["update"] / seconds["clip"]


def packed_frames_per_second(people: int = _PACKED_PEOPLE, batches: int = _BATCHES) -> float:
    """Silhouettes a second of one core from a packed file to batches of GaitSet's training."""
    require_torch()
    import torch

    from edgehuman.data.silhouette.load import load_silhouettes
    from edgehuman.data.silhouette.pack import PackConfig, pack
    from edgehuman.tasks.silhouette.settings import GaitConfig, recipe_of
    from edgehuman.tasks.silhouette.splits import SilhouetteBatches
    from edgehuman.training.processes import Place

    with tempfile.TemporaryDirectory(prefix="edgehuman-bench-") as folder:
        path = Path(folder) / "walks.silhouettes"
        pack(PackConfig(f"simulated:{people}", path))
        draw = SilhouetteBatches(load_silhouettes(path), recipe_of("gaitset"), GaitConfig())
        place = Place(torch.device("cpu"), 0, 1, torch.float32)
        frames = int(draw(0, place)[1].sum())

        def read() -> None:
            for step in range(batches):
                draw(step, place)

        seconds = in_turns({"read": read}, rounds=3, clock=time.process_time)
    return batches * frames / seconds["read"]


def simulated_frames_per_second(people: int = _PACKED_PEOPLE, rounds: int = 3) -> float:
    """Silhouettes a second of one core of the simulator, as training and exam take them."""
    from edgehuman.data.silhouette.walks import simulated_set

    frames = simulated_set(people, 2, 0).length_N.sum()
    sides = {"make": lambda: simulated_set(people, 2, 0)}
    return float(frames) / in_turns(sides, rounds, time.process_time)["make"]


def diffusion_step_over_networks(arch: str, rounds: int = 3, **changes: Any) -> float:
    """Processor time of a step of diffusion pretraining over that of its networks' passes.

    Args:
        arch: the gait network.
        rounds: counted runs of each side.
        changes: to the config of `edgehuman pretrain --method diffusion`.
    """
    require_torch()
    import torch

    from edgehuman.pretrain.diffusion.diffusion import make_model
    from edgehuman.pretrain.diffusion.settings import DiffusionConfig

    torch.set_num_threads(1)
    config = DiffusionConfig(**{"arch": arch, **changes})
    model = make_model(config).train()
    sides = {"step": _step_of(model), "networks": _networks_of(model)}
    seconds = in_turns(sides, rounds, time.process_time)
    return seconds["step"] / seconds["networks"]


def _step_of(model: Diffusion) -> Callable[[], None]:
    """One training step as in the loop, without reading the walks."""
    import torch

    from edgehuman.training.optimiser import make_optimiser

    config = model.config
    optimiser = make_optimiser(model, config)
    shape = (2, config.batch, config.frames, 64, 64)
    target_NTHW, seen_NTHW = torch.randint(256, shape, dtype=torch.uint8)

    def step() -> None:
        optimiser.zero_grad(set_to_none=True)
        model(target_NTHW, seen_NTHW)["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip_norm)
        optimiser.step()

    return step


def _networks_of(model: Diffusion) -> Callable[[], None]:
    """The same step's passes through the gait network and the denoiser, and nothing else."""
    import torch

    from edgehuman.pretrain.diffusion.taesd import encode_silhouettes

    config = model.config
    sils_NTHW = torch.rand(config.batch, config.frames, 64, 64)
    noisy_NCTHW = encode_silhouettes(model.latent, sils_NTHW).detach()
    time_N = torch.full((config.batch,), 500.0)
    dropped_N = torch.zeros(config.batch, dtype=torch.bool)

    def passes() -> None:
        model.zero_grad(set_to_none=True)
        condition_ND = model.condition((255 * sils_NTHW).byte())
        predicted_NCTHW = model.denoiser(noisy_NCTHW, time_N, condition_ND, dropped_N)
        torch.autograd.backward(predicted_NCTHW.square().mean())

    return passes
