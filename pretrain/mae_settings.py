"""The config of masked autoencoding, importable without PyTorch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.records import IMU_WINDOW
from edgehuman.training.settings import TrainingConfig

# Samples of a patch; the tokens of an ImuVit.
PATCH = 4
NUM_PATCHES = IMU_WINDOW // PATCH


@dataclass(frozen=True, kw_only=True)
class MaeConfig(TrainingConfig, ReadingFlags):
    """Masked autoencoding of accelerometer and gyroscope windows."""

    method: Literal["mae"] = "mae"
    """The pretraining method."""
    arch: str = "imuvit_512x5"
    """A network from `edgehuman models` whose method is mae."""
    data: tuple[str, ...] = (SIMULATED,)
    """Training datasets: paths, or the word `simulated`. Their test people are left out."""
    hop: int = 64
    """Hop between windows cut from recordings, samples."""
    subset: float = 1.0
    """Share of the pretraining set that is used, of all datasets together."""
    subset_by: Literal["user", "random"] = "random"
    """`user`: all windows of a share of the people. `random`: a share of all windows."""
    valid_share: float = 0.1
    """Share of the people held out for the pretraining test loss."""
    valid_fold: int = 0
    """Which people are held out: the number of a draw."""
    mask_ratio: float = 0.7
    """Share of the patches that are hidden."""
    encode: Literal["visible", "all"] = "visible"
    """Encode the visible patches only, or all, with mask tokens for the hidden ones (slow)."""
    loss_on: Literal["masked", "all"] = "masked"
    """Patches that the loss is computed on."""
    loss_view: Literal["both", "raw"] = "both"
    """What of a patch the loss is computed on: raw signals and their fine view, which is much
    noise, or the raw signals alone, as in the paper."""
    decoder_depth: int = 2
    """Blocks of the decoder."""
    param: Literal["sp", "completep"] = "sp"
    """Parametrisation: as the network starts, or CompleteP, for series of depths and widths."""
    base_arch: str = ""
    """completep: network whose width and depth --lr is tuned for; by default the smallest of the
    family."""
    dropout: float = 0.1
    """Dropout in attention and MLP of the encoder, while training."""
    rotation_deg: float = 0.0
    """Augmentation: largest rotation, shared by both sensors."""
    scale: float = 0.0
    """Augmentation: standard deviation of a gain per sensor."""
    jitter: float = 0.0
    """Augmentation: standard deviation of white noise, g and rad/s."""
    time_warp: float = 0.0
    """Augmentation: standard deviation of the local speed."""

    def __post_init__(self) -> None:
        TrainingConfig.__post_init__(self)
        _ = self.format  # its own rules
        rules = (
            (
                1 <= visible_patches(self.mask_ratio) < NUM_PATCHES,
                "mask_ratio",
                f"a share that leaves 1 to {NUM_PATCHES - 1} of {NUM_PATCHES} patches visible",
            ),
            (self.hop > 0, "hop", "at least 1"),
            (
                not self.base_arch or self.param == "completep",
                "base_arch",
                "left out, or used with --param completep",
            ),
            (self.decoder_depth > 0, "decoder_depth", "at least 1"),
            (0 <= self.dropout < 1, "dropout", "a share from 0 to under 1"),
            (0 < self.subset <= 1, "subset", "a share above 0, at most 1"),
            (0 <= self.valid_share < 1, "valid_share", "a share from 0 to under 1"),
            (self.valid_fold >= 0, "valid_fold", "0 or more"),
            (bool(self.data), "data", f"at least one path, or the word {SIMULATED}"),
        )
        require(self, rules)


def visible_patches(mask_ratio: float) -> int:
    """Return the number of a window's patches that stay visible: 9 of 32 at 0.7."""
    # The small term keeps rounding errors from turning 32 x 0.5 into 15.
    return int(NUM_PATCHES * (1 - mask_ratio) + 1e-9)
