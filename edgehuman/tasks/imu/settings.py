"""The config of activity recognition."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.preprocess.imu.naming import EITHER
from edgehuman.preprocess.imu.reading import ReadingFlags
from edgehuman.tasks.settings import FinetuneConfig

DEFAULT_ARCH = "imuvit_512x5"
Frame = Literal["worn", "upright", "facing"]
AXES = ("+x", "-x", "x", "+y", "-y", "y", "+z", "-z", "z")


@dataclass(frozen=True, kw_only=True)
class ActivityConfig(FinetuneConfig, ReadingFlags):
    """Activity recognition on labelled windows of wearable data."""

    task: Literal["activity"] = "activity"
    """The task."""
    arch: str | None = None
    """A network from `edgehuman models` that reads an ImuWindow; by default that of --weights, or
    imuvit_512x5."""
    mode: Literal["finetune", "probe"] = "finetune"
    """Train all weights, or a linear head on the frozen encoder."""
    data: tuple[str, ...] = (SIMULATED,)
    """Datasets: paths, `simulated`, or `simulated:PLACEMENT`. The first sets the test people, and
    the labels unless --labels does."""
    labels: tuple[str, ...] = ()
    """The classes; by default those of the first dataset."""
    map: tuple[str, ...] = ()
    """Other names of the data's classes: `jogging=running`; with
    `stairs=walking_upstairs|walking_downstairs` either is right; `typing=` is left out."""
    balance: tuple[float, ...] = ()
    """Share of each dataset in a batch, within it the same for each class; by default every window
    counts the same."""
    steps: int = 400
    """Optimiser steps."""
    batch: int = 128
    """Windows per step and process, after accumulation."""
    hop: int = 64
    """Hop between windows cut from recordings, samples."""
    select_share: float = 0.2
    """Share of the training people held out to select the checkpoint and fit the temperature;
    a probe uses folds over all training people instead."""
    reject_share: float = 0.02
    """Share of the rightly answered windows of people held out that a stream may call unknown, as
    unlike what was learnt: more finds more of what is truly unknown; 0: it never does. With
    --stream-data, less of it if it costs online accuracy."""
    selected: Path | None = None
    """With --select-share 0: the checkpoint whose temperature and decision are reused."""
    stream_data: str | None = None
    """Continuous recordings for choosing smoothing and threshold on the people held out."""
    delay_s: float = 1.28
    """Delay budget of the smoothing chosen on --stream-data, seconds."""
    dropout: float = 0.1
    """Dropout in attention and MLP, while training."""
    layer_decay: float = 1.0
    """Learning rate of each encoder block, as a factor of that of the block above it."""
    label_smoothing: float = 0.1
    """Share of the target probability spread over all classes."""
    mixup: float = 0.0
    """Beta parameter of mixup between windows of a batch; 0: no mixup."""
    rotation_deg: float = 0.0
    """Augmentation: largest rotation, shared by both sensors."""
    turned_share: float = 0.0
    """Augmentation: share of the windows turned to any orientation, not by --rotation-deg."""
    upright_by: tuple[str, ...] = ()
    """Classes in which a wearer is upright and moves, e.g. walking: a stream then learns from them
    how the sensor is mounted, and where it is worn."""
    upright_share: float = 0.0
    """Augmentation: share of the windows turned as a stream turns them that has learnt that."""
    facing_share: float = 0.0
    """Augmentation: share turned so, and about the vertical by any angle."""
    frames: tuple[Frame, ...] = ()
    """For each dataset, how it is mounted: `worn` as usual, then its windows also stay so; turned
    `upright` always; or by accident, then they always face anywhere (`facing`). By default worn."""
    placements: tuple[str, ...] = ()
    """Where sensors are worn, told together with the classes, and which axis then points up while
    walking: `waist=+x`, `pocket|thigh=y` (either name of the data, either end of y)."""
    turned_alike: tuple[str, ...] = ()
    """Classes that cannot be told apart once a window was turned to any orientation: any of them is
    right then. With gravity alone to tell them, those are the postures."""
    slowed: tuple[str, ...] = ()
    """Classes that people also do more slowly than those of the data, e.g. walking."""
    slow_share: float = 0.0
    """Augmentation: share of the windows of --slowed that are slowed down, up to --slowest."""
    slowest: float = 1.8
    """How many times as long a slowed step may take."""
    foreign_share: float = 0.0
    """Augmentation: share of the windows in whose place stands what no person does (vibrations,
    shaking, noise, blows), labelled --foreign-label."""
    foreign_label: str = "other"
    """The class that stands for all else."""
    scale: float = 0.0
    """Augmentation: standard deviation of a gain per sensor."""
    jitter: float = 0.0
    """Augmentation: standard deviation of white noise, g and rad/s."""
    gyro_bias: float = 0.0
    """Augmentation: standard deviation of a constant gyroscope offset, rad/s."""
    time_warp: float = 0.0
    """Augmentation: standard deviation of the local speed."""

    def __post_init__(self) -> None:
        FinetuneConfig.__post_init__(self)
        _ = self.format  # its own rules
        rules = (
            (0 <= self.dropout < 1, "dropout", "from 0 to under 1"),
            (0 <= self.label_smoothing < 1, "label_smoothing", "from 0 to under 1"),
            (self.hop >= 1, "hop", "at least 1"),
            (0 <= self.reject_share < 1, "reject_share", "from 0 to under 1"),
            (0 <= self.turned_share <= 1, "turned_share", "from 0 to 1"),
            (0 <= self.upright_share <= 1, "upright_share", "from 0 to 1"),
            (0 <= self.facing_share <= 1, "facing_share", "from 0 to 1"),
            (0 <= self.slow_share <= 1, "slow_share", "from 0 to 1"),
            (1 <= self.slowest <= 4, "slowest", "from 1 to 4"),
            (0 <= self.foreign_share <= 0.5, "foreign_share", "from 0 to 0.5"),
            (len(self.placements) != 1, "placements", "none, or at least two"),
            (
                not self.balance or len(self.balance) == len(self.data),
                "balance",
                f"one number for each of the {len(self.data)} datasets",
            ),
            (all(share > 0 for share in self.balance), "balance", "numbers above 0"),
            (
                not self.frames or len(self.frames) == len(self.data),
                "frames",
                f"one for each of the {len(self.data)} datasets",
            ),
            (bool(self.data), "data", f"at least one path, or the word {SIMULATED}"),
        )
        require(self, rules)
        read_placements(self.placements)
        selects = self.select_share > 0 and self.mode == "finetune"
        clashes = (
            (
                self.stream_data and not selects,
                "--stream-data",
                "--select-share above 0 to finetune",
            ),
            (self.selected and self.select_share, "--selected", "--select-share 0"),
            (self.resume and self.mode == "probe", "--resume", "--mode finetune"),
            (self.balance and self.mode == "probe", "--balance", "--mode finetune"),
            (self.turned_alike and not self.turned_share, "--turned-alike", "--turned-share"),
            (self.upright_share and not self.upright_by, "--upright-share", "--upright-by"),
            (self.frames and not self.upright_by, "--frames", "--upright-by"),
            (self.slow_share and not self.slowed, "--slow-share", "--slowed"),
            (self.slowed and not self.slow_share, "--slowed", "--slow-share"),
            (self.facing_share and not self.upright_by, "--facing-share", "--upright-by"),
            (self.placements and self.mode == "probe", "--placements", "--mode finetune"),
            (self.upright_by and self.mode == "probe", "--upright-by", "--mode finetune"),
        )
        for clash, flag, needed in clashes:
            if clash:
                raise UsageError(f"{flag} has no effect here; it needs {needed}")


@dataclass(frozen=True, slots=True)
class Placements:
    """Where sensors are worn.

    Attributes:
        names: what the card calls them.
        others: all their names in the data.
        axes: of each, the axis of a sensor worn as usual that points up while walking.
    """

    names: tuple[str, ...] = ()
    others: tuple[tuple[str, ...], ...] = ()
    axes: tuple[str, ...] = ()


def read_placements(words: tuple[str, ...]) -> Placements:
    """Read `pocket|thigh=y`: names, the first of which the card uses, and an axis.

    Raises:
        UsageError: a word of another form, or a name given twice.
    """
    split = [word.partition("=") for word in words]
    others = tuple(tuple(names.split(EITHER)) for names, _, _ in split)
    axes = tuple(axis for _, _, axis in split)
    for word, names, axis in zip(words, others, axes, strict=True):
        if not all(names) or axis not in AXES:
            raise UsageError(
                f"--placements {word!r} is not NAME=AXIS; e.g. waist=+x 'pocket|thigh=y'; the axes "
                f"are {', '.join(AXES)}"
            )
    every = [name for names in others for name in names]
    if len(set(every)) < len(every):
        raise UsageError(f"--placements {' '.join(words)}: each name may be given once")
    return Placements(tuple(names[0] for names in others), others, axes)
