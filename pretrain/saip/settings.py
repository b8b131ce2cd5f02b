"""The config of scale-aware pretraining: the paper's defaults, scaled to one machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgehuman import catalogue
from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.errors import UsageError
from edgehuman.training.settings import TrainingConfig

if TYPE_CHECKING:
    from edgehuman.data.image.views.load import ViewConfig

Centring = Literal["mean", "sinkhorn"]
PART = 8
# Of 256 rows this leaves 26, a distant person; smaller views are hardly one cell of the network.
SMALLEST_SCALE = 0.1
_COLOUR = ("brightness", "contrast", "saturation", "hue", "grey", "solarise")


@dataclass(frozen=True, kw_only=True)
class SaipConfig(TrainingConfig):
    """Scale-aware pretraining of a person-image network."""

    method: Literal["saip"] = "saip"
    """The pretraining method."""
    arch: str = "tinyvit_5m"
    """A network from `edgehuman models` whose method is saip."""
    data: str = SIMULATED
    """A folder of images, WebDataset shards, or the word `simulated`."""
    on_bad_shard: Literal["fail", "skip"] = "fail"
    """A shard that is missing, damaged or not its index's: an error, or left out and listed."""
    cache_gb: float = 0.0
    """GB of remote shards kept on this machine; 0: EDGEHUMAN_CACHE_GB, or 50."""
    dataset: str = ""
    """Name of --data in `edgehuman data list`; the card then states its licence."""
    steps: int = 300
    """Optimiser steps."""
    batch: int = 32
    """Persons per step and process, after accumulation."""
    accumulate: int = 0
    """Number of parts a batch is split into; 0: parts of up to 8 persons (5 GB with tinyvit_5m)."""
    lr: float = 0.0
    """Peak learning rate; 0: base_lr x persons of all processes / 256."""
    base_lr: float = 2.5e-4
    """Peak learning rate for 256 persons per step; ignored if --lr is given."""
    clip_norm: float = 3.0
    """Largest gradient norm, by clipping; 0: no clipping."""
    log_every: int = 10
    """Steps between lines of metrics.jsonl."""
    save_every: int = 100
    """Steps between checkpoints."""
    workers: int = 2
    """Processes that read images and cut views; 0: the main process does it."""
    height: int = 256
    """Height of the large views, pixels; a multiple of 32."""
    width: int = 128
    """Width of the large views, pixels; a multiple of 32."""
    local_views: int = 6
    """Small random crops per person, half as high and wide, besides one of the whole anchor."""
    global_scale: tuple[float, float] = (0.8, 1.0)
    """Smallest and largest area of a large crop, as a share of the image."""
    local_scale: tuple[float, float] = (0.05, 0.8)
    """Smallest and largest area of a small crop, as a share of the image."""
    colour: float = 1.0
    """Strength of the colour augmentation relative to the paper; 0: off."""
    scale_low: float = 0.75
    """Smallest size of the anchor's rescaled view, relative to the large views."""
    scale_high: float = 1.5
    """Largest size of the anchor's rescaled view, relative to the large views."""
    csm: float = 1.0
    """Weight of cross-scale matching; 0: off."""
    csr: float = 1.0
    """Weight of cross-scale reconstruction; 0: off."""
    css: float = 1.0
    """Weight of cross-scale search; 0: off."""
    relation: float = 0.0
    """Weight of the released code's attention loss (ViT only); 0: off."""
    teacher: Path | None = None
    """Checkpoint of a larger network as the expert (SAIP*); none: the student's moving average."""
    momentum: float | None = None
    """Initial decay of that average; none: 0.99 to 0.9995, depending on batch and steps."""
    prototypes: int = 4096
    """Prototypes of the matching heads; the released code has 65536."""
    head_width: int = 2048
    """Hidden width of the matching heads."""
    student_temp: float = 0.1
    """Temperature of the student's softmax."""
    teacher_temp: float = 0.04
    """Temperature of the expert's softmax."""
    centre_momentum: float = 0.9
    """Decay of the running mean of the expert's outputs; ignored with --centring sinkhorn."""
    centring: Centring = "mean"
    """`mean` subtracts that mean; `sinkhorn` balances the targets in each part of a step."""
    mask_ratio: float | None = None
    """Share of cells hidden; none: 0.75 of a ViT's patches, 0.6 of cells of 32 pixels."""
    csr_encoder: Literal["expert", "student"] = "expert"
    """Encoder of the masked view: the expert as in the paper, the student as in the code."""
    csr_anchor: Literal["patches", "token"] = "patches"
    """Input from the anchor: patch tokens as in the paper, one token as in the code."""
    persons: int = 3
    """Largest number of persons on an image of the search; at least 2 are drawn."""
    css_loss: Literal["bce", "l2"] = "bce"
    """Cross-entropy as in the code, or squared error as in the paper."""
    blend: float = 1.0
    """Opacity of a pasted person in its box; the released code has 0.7."""
    decoder_width: int = 256
    """Width of the two pixel decoders, a multiple of 32."""
    decoder_depth: int = 2
    """Blocks of the two pixel decoders."""

    def __post_init__(self) -> None:
        if self.dataset:
            row = catalogue.find(catalogue.DATASETS, "dataset", self.dataset)
            held = catalogue.datasets_of("image")
            if self.dataset not in held:
                raise UsageError(
                    f"--dataset {self.dataset} has no images ({row.modality}); give one of "
                    f"{', '.join(held)}, or omit it if --data is none of these"
                )
            if self.data == SIMULATED:
                raise UsageError(
                    f"--dataset is {self.dataset}, but simulated people belong to no dataset; omit "
                    "it or give --data"
                )
        if self.accumulate == 0:
            object.__setattr__(self, "accumulate", self._parts())
        require(self, self._rules())
        if self.lr == 0:
            object.__setattr__(self, "lr", self.base_lr * self.batch / 256)
            object.__setattr__(self, "min_lr", min(self.min_lr, self.lr))
        TrainingConfig.__post_init__(self)

    def _parts(self) -> int:
        """Return the fewest equal parts that are small, but large enough for the search; at least
        two persons each, because batch norms and --centring sinkhorn need two.
        """
        sizes = range(min(self.batch, PART), self.persons if self.css else 1, -1)
        return next((self.batch // size for size in sizes if self.batch % size == 0), 1)

    def views(self) -> ViewConfig:
        """Return the config of each image's views."""
        from edgehuman.data.image.views.load import ViewConfig

        usual = ViewConfig()
        strengths = {name: self.colour * getattr(usual, name) for name in _COLOUR}
        return ViewConfig(
            **strengths,
            height=self.height,
            width=self.width,
            num_locals=self.local_views,
            global_scale=self.global_scale,
            local_scale=self.local_scale,
        )

    def _rules(self) -> Iterator[tuple[bool, str, str]]:
        for each in fields(self):
            yield _is_finite(getattr(self, each.name)), each.name, "a finite number"
        yield self.lr >= 0, "lr", "above 0, or 0 for base_lr x batch / 256"
        yield self.base_lr > 0, "base_lr", "above 0"
        yield self.workers >= 0, "workers", "0 or more"
        yield self.cache_gb >= 0, "cache_gb", "0 or more"
        yield self.height > 0 and self.height % 32 == 0, "height", "a multiple of 32"
        yield self.width > 0 and self.width % 32 == 0, "width", "a multiple of 32"
        yield self.local_views >= 0, "local_views", "0 or more"
        for name in ("global_scale", "local_scale"):
            low, high = getattr(self, name)
            yield 0 < low <= high <= 1, name, "two shares above 0 and up to 1, the smaller first"
        yield 0 <= self.colour <= 2.5, "colour", "from 0 to 2.5"
        scaled = SMALLEST_SCALE <= self.scale_low <= self.scale_high
        yield scaled, "scale_low", f"at least {SMALLEST_SCALE}, at most scale_high"
        yield self.scale_high <= 4, "scale_high", "at most 4"
        for name in ("csm", "csr", "css", "relation"):
            yield getattr(self, name) >= 0, name, "a weight of 0 or more"
        together = self.csm + self.csr + self.css
        yield together > 0, "csm", "above 0 if csr and css are 0"
        known = self.momentum is None or 0 <= self.momentum < 1
        yield known, "momentum", "a decay from 0 to under 1"
        fixed = self.momentum is None or self.teacher is None
        yield fixed, "momentum", "omitted with --teacher, because that expert is fixed"
        alone = not self.relation or (self.csm > 0 and self.teacher is None)
        yield alone, "relation", "0 if csm is 0 or --teacher is given"
        yield self.prototypes > 1, "prototypes", "at least 2"
        yield self.head_width > 0, "head_width", "at least 1"
        yield self.student_temp > 0, "student_temp", "above 0"
        yield self.teacher_temp > 0, "teacher_temp", "above 0"
        yield 0 <= self.centre_momentum < 1, "centre_momentum", "a decay from 0 to under 1"
        sinkhorn = self.centring == "sinkhorn"
        chooses = self.csm > 0 and self.teacher is None
        yield chooses or not sinkhorn, "centring", "mean if csm is 0 or --teacher is given"
        part = self.batch // max(1, self.accumulate)
        rule = f"at least 2 in each of its {self.accumulate} part(s) with --centring sinkhorn"
        yield part > 1 or not sinkhorn, "batch", rule
        shown = self.mask_ratio is None or 0 < self.mask_ratio < 1
        yield shown, "mask_ratio", "a share above 0 and under 1"
        yield self.persons > 1, "persons", "at least 2"
        enough = not self.css or self.batch // max(1, self.accumulate) > self.persons
        yield (
            enough,
            "batch",
            f"above {self.persons} (--persons) in each of its {self.accumulate} part(s)",
        )
        yield 0 < self.blend <= 1, "blend", "a share above 0, at most 1"
        whole = self.decoder_width > 0 and self.decoder_width % 32 == 0
        yield whole, "decoder_width", "a multiple of 32"
        yield self.decoder_depth > 0, "decoder_depth", "at least 1"


def _is_finite(value: Any) -> bool:
    """Whether a field has no infinite or NaN number; other types pass."""
    if isinstance(value, tuple):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
