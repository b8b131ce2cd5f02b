"""Masked autoencoding of wearable windows.

Source: Scaling laws in wearable human activity recognition (arXiv 2502.03364), section 3.3, after
He et al. 2022: 70 % of the 32 patches are hidden, only the visible ones are encoded, and a decoder
of two blocks at half the width predicts the hidden ones. Not stated there and chosen here: 9 of 32
patches stay visible (int(32 x 0.3)), mean squared error on the hidden patches (`loss_on` = "all"
uses all patches), signals in the network's units, fixed positions in encoder and decoder.

    edgehuman pretrain --arch imuvit_512x5 --data hapt_raw.npz --steps 5000 --out runs/mae

Axes: N samples, T time, C channel, S token, V visible token, M hidden token, K values of a patch,
D width, E decoder width.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman import catalogue
from edgehuman.card import IMU_INPUT, Card, OutputSpec, TrainingData
from edgehuman.catalogue import IN_MEMORY, SIMULATED
from edgehuman.data.imu.ledger import data_rows
from edgehuman.data.imu.load import load_windows, require_own
from edgehuman.data.imu.splits import pool, split_by_subject, subsample
from edgehuman.data.memory import sets_in_memory
from edgehuman.errors import DataError, UsageError
from edgehuman.nets import draws
from edgehuman.nets.attention import Block, initialise_linear, sine_positions
from edgehuman.nets.building import build, size_of
from edgehuman.nets.imu.imuvit import PATCH_VALUES, ImuVit
from edgehuman.outcome import Outcome
from edgehuman.pretrain import completep, mup
from edgehuman.pretrain.mae_settings import PATCH, MaeConfig, visible_patches
from edgehuman.records import IMU_RATE_HZ, Float32, WindowSet
from edgehuman.training.batches import batch_indices
from edgehuman.training.imu.augment import ImuAugment
from edgehuman.training.ledger import commit, versions
from edgehuman.training.loop import require_ready, train_steps
from edgehuman.training.processes import Place
from edgehuman.training.run import Job, Progress
from edgehuman.training.settings import tell_first


class MaskedAutoencoder(nn.Module):
    """An encoder with a small decoder that predicts hidden patches.

    Args:
        encoder: the network to pretrain.
        mask_ratio: share of the patches hidden.
        decoder_depth: blocks of the decoder; its width is half the encoder's.
        encode: "visible" drops hidden patches before the encoder; "all" uses mask tokens for them.
        loss_on: patches that the loss is computed on.
        loss_view: what of them: raw signals and their fine view, or the raw signals alone.
        augment: applied to the raw windows while training.
    """

    def __init__(
        self,
        encoder: ImuVit,
        mask_ratio: float = 0.7,
        decoder_depth: int = 2,
        encode: Literal["visible", "all"] = "visible",
        loss_on: Literal["masked", "all"] = "masked",
        loss_view: Literal["both", "raw"] = "both",
        augment: ImuAugment | None = None,
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.encode, self.loss_on, self.augment = encode, loss_on, augment
        self.loss_view = loss_view
        self.visible = visible_patches(mask_ratio)
        inner = encoder.width // 2
        self.narrow = nn.Linear(encoder.width, inner)
        self.mask_token = nn.Parameter(torch.zeros(inner if encode == "visible" else encoder.width))
        self.position_SE: Tensor
        self.register_buffer("position_SE", sine_positions(encoder.tokens, inner), persistent=False)
        heads = max(1, min(8, inner // 8))
        self.blocks = nn.ModuleList(Block(inner, 4 * inner, heads) for _ in range(decoder_depth))
        self.norm = nn.LayerNorm(inner)
        self.predict = nn.Linear(inner, PATCH_VALUES)
        for part in (self.narrow, self.blocks, self.predict):
            part.apply(initialise_linear)
        nn.init.normal_(self.mask_token, std=0.02)

    def forward(self, imu_NTC: Tensor) -> dict[str, Tensor]:
        """Return {"loss": mean squared error in the network's units} for windows (N, T, 6)."""
        if self.augment is not None and self.training:
            imu_NTC = self.augment(imu_NTC)
        patch_NSK = self.encoder.patches(imu_NTC)
        order_NS = draws.rand(*patch_NSK.shape[:2], device=patch_NSK.device).argsort(dim=1)
        predicted_NSK = self.reconstruct(patch_NSK, order_NS)
        if self.loss_view == "raw":
            predicted_NSK, patch_NSK = raw_of(predicted_NSK), raw_of(patch_NSK)
        return {"loss": reconstruction_loss(predicted_NSK, patch_NSK, order_NS, self.hidden_from)}

    @property
    def hidden_from(self) -> int:
        """First position in the random order that counts in the loss."""
        return self.visible if self.loss_on == "masked" else 0

    def reconstruct(self, patch_NSK: Tensor, order_NS: Tensor) -> Tensor:
        """Predict all patches (N, S, 48) from the first `visible` ones of the random order."""
        token_NSD = self.encoder.embed_patches(patch_NSK)
        visible_NV, hidden_NM = order_NS[:, : self.visible], order_NS[:, self.visible :]
        if self.encode == "all":
            masked = self.mask_token + self.encoder.position_SD
            keep_NS1 = torch.ones_like(order_NS, dtype=torch.bool).scatter(1, hidden_NM, False)
            mixed_NSD = torch.where(keep_NS1[..., None], token_NSD, masked.to(token_NSD.dtype))
            inner_NSE = self.narrow(self.encoder.encode(mixed_NSD))
        else:
            index_NVD = visible_NV[..., None].expand(-1, -1, token_NSD.shape[2])
            seen_NVE = self.narrow(self.encoder.encode(token_NSD.gather(1, index_NVD)))
            blank_NME = self.mask_token.to(seen_NVE.dtype).expand(*hidden_NM.shape, -1)
            shuffled_NSE = torch.cat([seen_NVE, blank_NME], dim=1)
            back_NSE = order_NS.argsort(dim=1)[..., None].expand_as(shuffled_NSE)
            inner_NSE = shuffled_NSE.gather(1, back_NSE)
        inner_NSE = inner_NSE + self.position_SE
        for block in self.blocks:
            inner_NSE = block(inner_NSE)
        predicted_NSK: Tensor = self.predict(self.norm(inner_NSE))
        return predicted_NSK


def raw_of(patch_NSK: Tensor) -> Tensor:
    """The raw signals (N, S, 24) of patches, without their fine views."""
    both_NSTC = patch_NSK.reshape(*patch_NSK.shape[:2], PATCH, -1)
    return both_NSTC[..., : both_NSTC.shape[3] // 2].flatten(2)


def reconstruction_loss(
    predicted_NSK: Tensor, patch_NSK: Tensor, order_NS: Tensor, hidden_from: int
) -> Tensor:
    """Return the mean squared error of the patches from `hidden_from` on, in random order."""
    error_NS = (predicted_NSK.float() - patch_NSK.float()).square().mean(dim=2)
    return error_NS.gather(1, order_NS[:, hidden_from:]).mean()


def pretraining_windows(
    config: MaeConfig, given: Sequence[WindowSet] | None = None
) -> tuple[list[WindowSet], list[WindowSet]]:
    """Return the training windows and those for the test loss, per dataset.

    The test people of any dataset are left out of all datasets (UCI HAR and HAPT share people);
    nobody held out for the test loss is in the training windows.

    Args:
        given: sets in memory, in the place of --data.

    Raises:
        DataError: no training windows are left.
    """
    if not given:
        require_own(config.data, config.format)
    sets = [each.require_finite(IN_MEMORY) for each in given or ()] or [
        load_windows(path, hop=config.hop, format=config.format) for path in config.data
    ]
    everyone = pool(sets)
    test_people = np.unique(everyone.subject_N[everyone.is_test_N])
    known = everyone.select(~np.isin(everyone.subject_N, test_people))
    if not len(known):
        raise DataError(
            f"--data {' '.join(config.data)}: no windows left without the test people; give data "
            "with training people"
        )
    held_out: list[str] = []
    if config.valid_share and len(np.unique(known.subject_N)) == 1:
        tell_first("one person trains, and nobody is left to hold out: no test loss is measured")
    elif config.valid_share:
        chosen = split_by_subject(known, config.valid_share, config.valid_fold)
        held_out = np.unique(known.subject_N[chosen]).tolist()
    not_learned = [*test_people.tolist(), *held_out]
    learn = [w.select(~np.isin(w.subject_N, not_learned)) for w in sets]
    valid = [w.select(np.isin(w.subject_N, held_out)) for w in sets]
    if config.subset < 1:
        learn = subsample(learn, config.subset, config.subset_by, config.seed)
    return [w for w in learn if len(w)], [w for w in valid if len(w)]


def test_loss(autoencoder: MaskedAutoencoder, imu_NTC: Float32, device: torch.device) -> float:
    """Return the mean reconstruction error of held-out people's windows, with fixed masks."""
    autoencoder.eval()
    with torch.random.fork_rng(devices=[]), torch.inference_mode():
        torch.manual_seed(0)
        losses = [
            autoencoder(torch.from_numpy(imu_NTC[i : i + 1024]).to(device))["loss"].item()
            * len(imu_NTC[i : i + 1024])
            for i in range(0, len(imu_NTC), 1024)
        ]
    autoencoder.train()
    return float(sum(losses)) / len(imu_NTC)


def encoder_card(config: MaeConfig, encoder: ImuVit, data: tuple[TrainingData, ...]) -> Card:
    """Return the card of the pretrained encoder."""
    params, flops = size_of(config.arch, encoder, IMU_INPUT)
    return Card(
        name=f"{config.arch} pretrained by masked autoencoding",
        task="embedding",
        arch=config.arch,
        params=params,
        flops=flops,
        input=IMU_INPUT,
        output=OutputSpec("embedding", distance="cosine", dim=encoder.width),
        data=data,
        recipe="mae",
        commit=commit(),
        versions=versions(),
    )


def make_autoencoder(config: MaeConfig, arch: str) -> MaskedAutoencoder:
    """Build a catalogued network with the config's decoder, from its seed.

    Raises:
        UsageError: the network has no masked autoencoder.
    """
    encoder = build(arch, config.seed, dropout=config.dropout)
    if not isinstance(encoder, ImuVit):
        raise UsageError(
            f"--arch {arch} is {type(encoder).__name__}; masked autoencoding needs the "
            "patches of edgehuman.nets.imu.imuvit.ImuVit: inherit from it"
        )
    augment = ImuAugment(
        rotation_deg=config.rotation_deg,
        scale=config.scale,
        jitter=config.jitter,
        time_warp=config.time_warp,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        return MaskedAutoencoder(
            encoder,
            config.mask_ratio,
            config.decoder_depth,
            config.encode,
            config.loss_on,
            config.loss_view,
            augment,
        )


def train(config: MaeConfig, data: WindowSet | Sequence[WindowSet] | None = None) -> Outcome:
    """Run `edgehuman pretrain --method mae`; write the encoder's checkpoint to `config.out`.

    Args:
        data: windows in memory, in the place of `config.data`.

    Raises:
        UsageError: data of another type; the network has no masked autoencoder, or --out cannot
            be used.
        DataError: no training windows.
        TrainingError, CheckpointError: see `train_steps`.
    """
    catalogue.network_for(config.arch, "mae")
    require_ready(config)
    given = None if data is None else sets_in_memory(data, WindowSet)
    if given is not None:
        config = dataclasses.replace(config, data=(IN_MEMORY,))
    if SIMULATED in config.data:
        said = "pretraining on simulated data (edgehuman's walker)"
        tell_first(said)
    learn, valid = pretraining_windows(config, given)
    autoencoder = make_autoencoder(config, config.arch)
    encoder, scales = autoencoder.encoder, completep.scales({})
    if config.param == "completep":
        base = make_autoencoder(config, config.base_arch or mup.base_of(config.arch))
        scales = completep.scales(completep.prepare(autoencoder, base))
    imu_NTC = torch.from_numpy(np.concatenate([w.imu_NTC for w in learn]))
    held_out_NTC = np.concatenate([w.imu_NTC for w in valid]) if valid else None

    def batch(step: int, place: Place) -> tuple[Tensor, ...]:
        chosen = batch_indices(
            len(imu_NTC), config.batch, step, config.seed, place.rank, place.world
        )
        return (imu_NTC[torch.from_numpy(chosen)],)

    def evaluate(product: nn.Module) -> dict[str, float]:
        if held_out_NTC is None:
            return {}
        device = next(product.parameters()).device
        return {"test_loss": test_loss(autoencoder, held_out_NTC, device)}

    card = encoder_card(config, encoder, data_rows(learn, "pretraining"))
    job = Job(
        autoencoder,
        batch,
        encoder,
        card,
        evaluate,
        **scales,
        saved=lambda weights: completep.folded(encoder, weights),
        name=f"mae {config.arch}",
    )
    progress = train_steps(job, config)
    return _outcome(config, progress, learn)


def _outcome(config: MaeConfig, progress: Progress, learn: list[WindowSet]) -> Outcome:
    losses = [r["loss"] for r in progress.records if "loss" in r]
    tests = [r["test_loss"] for r in progress.records if "test_loss" in r]
    data = {
        "out": str(config.out),
        "arch": config.arch,
        "steps": progress.step,
        "finished": progress.step >= config.steps,
        "trunk": config.trunk_name,
        "loss": losses[-1] if losses else None,
        "test_loss": tests[-1] if tests else None,
        "windows": sum(map(len, learn)),
        "people": len(np.unique(np.concatenate([w.subject_N for w in learn]))),
        "hours": sum(map(len, learn)) * config.hop / IMU_RATE_HZ / 3600,
        "simulated": SIMULATED in config.data,
    }
    text = f"{config.out}: {config.arch}, {progress.step} steps, "
    text += f"{data['windows']} windows of {data['people']} people"
    if tests:
        text += f", test loss {tests[-1]:.4f}"
    if progress.stopped:
        text += "; stopped early, continue with --resume"
    return Outcome(data, text, exit_code=1 if progress.stopped else 0)
