"""The latent encoder that ships, and the recipe that trained it.

TAESD's weights are not ours to fetch; where nobody gives them, a stand-in encodes: the same
architecture with 8 channels in the place of 64, trained as an autoencoder on simulated silhouettes
alone. Its latents have mean 0 and standard deviation 1, as diffusion expects.

    python -m edgehuman.pretrain.diffusion.latent --out pretrain/diffusion/latent.safetensors

Axes: N images, C channels, H height, W width.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.config import resolve
from edgehuman.data.silhouette.walks import simulated_set
from edgehuman.files import write_whole
from edgehuman.nets.checkpoint import require_finite
from edgehuman.outcome import Outcome, to_json
from edgehuman.pretrain.diffusion.settings import STAND_IN
from edgehuman.pretrain.diffusion.taesd import decoder, encoder, load_encoder
from edgehuman.progress import progress_bar
from edgehuman.records import Uint8
from edgehuman.training.batches import batch_indices
from edgehuman.training.schedule import learning_rate

SHIPPED = Path(__file__).with_name("latent.safetensors")
WORLD = 3_000_000
"""Simulator seed, distinct from those of training, exam and evaluation."""
EACH, FRAMES = 4, 24
"""Walks of a person, and frames of a walk."""


@dataclass(frozen=True, slots=True)
class LatentConfig:
    """Training of the stand-in for the latent encoder."""

    out: Path = SHIPPED
    """File of the encoder's weights."""
    width: int = 8
    """Channels of every layer; 64 in TAESD."""
    people: int = 24
    """Simulated people."""
    steps: int = 800
    """Optimiser steps."""
    batch: int = 16
    """Frames per step."""
    lr: float = 2e-3
    """Peak learning rate."""
    seed: int = 0
    """Seed of weights, people and batches."""


def load_latent(weights: str) -> nn.Sequential:
    """Load the encoder at a path, or the stand-in; frozen.

    Raises:
        CheckpointError: see `load_encoder`.
    """
    return load_encoder(SHIPPED if weights == STAND_IN else Path(weights))


def as_images(silhouette_NHW: Uint8) -> Tensor:
    """Return silhouettes as images of three equal channels, (N, 3, 64, 64) in 0..1."""
    return (torch.from_numpy(silhouette_NHW).float() / 255)[:, None].expand(-1, 3, -1, -1)


def normalise_latents(network: nn.Sequential, image_NCHW: Tensor) -> None:
    """Change the last layer so that each channel has mean 0 and standard deviation 1 here."""
    last = network[-1]
    assert isinstance(last, nn.Conv2d)
    assert last.bias is not None
    with torch.no_grad():
        latent_NCHW = torch.cat([network(part) for part in torch.split(image_NCHW, 64)])
        mean_C, std_C = latent_NCHW.mean(dim=(0, 2, 3)), latent_NCHW.std(dim=(0, 2, 3))
        last.weight.div_(std_C[:, None, None, None])
        last.bias.sub_(mean_C).div_(std_C)


def train(config: LatentConfig, silhouette_SHW: Uint8) -> tuple[nn.Sequential, float]:
    """Train an autoencoder; return the encoder, and the mean absolute error of a pixel.

    The decoder is judged on the last tenth of the frames, which are not trained on.
    """
    torch.manual_seed(config.seed)
    network, back = encoder(config.width), decoder(config.width)
    parameters = [*network.parameters(), *back.parameters()]
    optimiser = torch.optim.AdamW(parameters, weight_decay=0.0)
    learned = len(silhouette_SHW) - max(1, len(silhouette_SHW) // 10)
    bar = progress_bar(total=config.steps, desc="latent", unit="step")
    with bar:
        for step in range(config.steps):
            for group in optimiser.param_groups:
                group["lr"] = learning_rate(step, config.steps, config.lr, 1e-5, 0.05)
            chosen_N = batch_indices(learned, config.batch, step, config.seed)
            image_NCHW = as_images(silhouette_SHW[chosen_N])
            latent_NCHW = network(image_NCHW)
            error = functional.mse_loss(back(latent_NCHW), image_NCHW)
            # Latents stay where the decoder's clamp is nearly linear.
            loss = error + 1e-3 * latent_NCHW.square().mean()
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 1.0)
            optimiser.step()
            bar.set_postfix({"error": f"{float(error.detach()):.4f}"}, refresh=False)
            bar.update()
    with torch.inference_mode():
        unseen = [as_images(part) for part in np.array_split(silhouette_SHW[learned:], 8)]
        wrong = [float((back(network(x)).clamp(0, 1) - x).abs().mean()) for x in unseen if len(x)]
    normalise_latents(network, as_images(silhouette_SHW[:learned][:: max(1, learned // 1024)]))
    return network, float(np.mean(wrong))


def save_encoder(network: nn.Module, path: Path, card: dict[str, object]) -> None:
    """Write the weights in half precision, with what they are.

    Raises:
        CheckpointError: weights that are not finite in half precision.
    """
    weights = {name: tensor.half().contiguous() for name, tensor in network.state_dict().items()}
    require_finite(weights, f"{path} was not written")
    write_whole(path, save(weights, {"edgehuman": to_json(card)}))


def make(config: LatentConfig) -> Outcome:
    """Train the stand-in on simulated silhouettes and write it."""
    walks = simulated_set(config.people, EACH, WORLD + config.seed, FRAMES)
    network, wrong = train(config, walks.silhouette_SHW)
    card: dict[str, object] = {
        "name": "stand-in for TAESD's encoder",
        "architecture": f"TAESD's encoder with {config.width} channels, float16",
        "data": f"simulated silhouettes of {config.people} people (edgehuman's own), no real ones",
        "pixel_error": wrong,
        "steps": config.steps,
        "seed": config.seed,
    }
    save_encoder(network, config.out, card)
    return Outcome({"out": str(config.out), **card}, f"{config.out}: pixel error {wrong:.4f}")


if __name__ == "__main__":
    words = resolve(
        LatentConfig, sys.argv[1:], prog="python -m edgehuman.pretrain.diffusion.latent"
    )
    print(make(words).text)
