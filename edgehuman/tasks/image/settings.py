"""The configs of the tasks on person images: what they share, then what each adds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.config import require
from edgehuman.nets.image.size import require_size
from edgehuman.tasks.settings import FinetuneConfig

if TYPE_CHECKING:
    from edgehuman.tasks.image.augment import Variation

DEFAULT_ARCH = "tinyvit_5m"


@dataclass(frozen=True, kw_only=True)
class PersonConfig(FinetuneConfig):
    """A task on person images."""

    arch: str | None = None
    """A network from `edgehuman models` that reads a PersonCrop; by default that of --weights."""
    data: str = SIMULATED
    """A dataset's path, or the word `simulated`."""
    height: int = 256
    """Height of the network's input, pixels; a multiple of 32."""
    width: int = 128
    """Width of the network's input, pixels; a multiple of 32."""
    steps: int = 1000
    """Optimiser steps."""
    batch: int = 32
    """Images per step and process, after accumulation."""
    lr: float = 5e-4
    """Peak learning rate of the head."""
    backbone_lr: float = 1.0
    """Learning rate of the backbone, as a factor of --lr; 0 freezes it."""
    layer_decay: float = 1.0
    """Learning rate of each backbone block, as a factor of that of the block above it."""
    drop_path: float = 0.0
    """Stochastic depth rate of the last block, while training."""
    select_share: float = 0.2
    """Share of the training people (or images) held out to select the checkpoint."""
    workers: int = 1
    """Threads that read images ahead."""
    flip: float = 0.5
    """Augmentation: probability of a mirror image; left and right are swapped in the labels."""
    shift_px: int = 0
    """Augmentation: largest shift along each axis, pixels."""
    scale: float = 0.0
    """Augmentation: range of the scale; 0.25 gives 0.75 to 1.25."""
    rotate_deg: float = 0.0
    """Augmentation: largest rotation."""
    light: float = 0.2
    """Augmentation: largest relative change of brightness, contrast and colour."""
    erase: float = 0.0
    """Augmentation: probability that a rectangle of the image becomes noise."""

    def __post_init__(self) -> None:
        FinetuneConfig.__post_init__(self)
        require_size((self.height, self.width))
        rules = (
            (self.backbone_lr >= 0, "backbone_lr", "0 or more"),
            (0 < self.layer_decay <= 1, "layer_decay", "above 0, at most 1"),
            (0 <= self.drop_path < 1, "drop_path", "from 0 to under 1"),
            (self.workers >= 0, "workers", "0 or more"),
            (0 <= self.flip <= 1, "flip", "from 0 to 1"),
            (0 <= self.erase <= 1, "erase", "from 0 to 1"),
            (self.shift_px >= 0, "shift_px", "0 or more"),
            (0 <= self.scale < 1, "scale", "from 0 to under 1"),
            (0 <= self.rotate_deg <= 180, "rotate_deg", "from 0 to 180"),
            (0 <= self.light < 1, "light", "from 0 to under 1"),
        )
        require(self, rules)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.height, self.width

    @property
    def variation(self) -> Variation:
        """The augmentation these settings describe."""
        from edgehuman.tasks.image.augment import Variation

        return Variation(
            self.flip, self.shift_px, self.scale, self.rotate_deg, self.light, self.erase
        )


@dataclass(frozen=True, kw_only=True)
class ReidConfig(PersonConfig):
    """Person re-identification."""

    task: Literal["reid"] = "reid"
    """The task."""
    dim: int | None = None
    """Dimension of the vector; by default the width of the image token, without a projection."""
    each: int = 4
    """Images per person in a batch."""
    margin: float | None = None
    """Margin of the triplet loss; none: softplus instead of a hinge."""
    label_smoothing: float = 0.0
    """Share of the target probability spread over all identities."""
    batch: int = 64
    """Images per step, of all processes: batch / each people."""
    lr: float = 3.5e-4
    """Peak learning rate of the head."""
    shift_px: int = 10
    """Augmentation: largest shift along each axis, pixels."""
    erase: float = 0.5
    """Augmentation: probability that a rectangle of the image becomes noise."""

    def kept_together(self) -> int:
        """The images of one person."""
        return self.each

    def __post_init__(self) -> None:
        PersonConfig.__post_init__(self)
        part = self.batch // self.accumulate
        rules = (
            (self.each >= 2, "each", "at least 2; a triplet needs two images of a person"),
            (
                part % max(self.each, 1) == 0 and part >= 2 * self.each,
                "batch",
                f"a multiple of --each {self.each} and at least twice that, in each of "
                f"--accumulate {self.accumulate} parts",
            ),
            (self.dim is None or self.dim >= 1, "dim", "at least 1"),
        )
        require(self, rules)


@dataclass(frozen=True, kw_only=True)
class AttributesConfig(PersonConfig):
    """Person attributes."""

    task: Literal["attributes"] = "attributes"
    """The task."""
    lr: float = 3e-4
    """Peak learning rate of the head."""
    shift_px: int = 10
    """Augmentation: largest shift along each axis, pixels."""


@dataclass(frozen=True, kw_only=True)
class CropConfig(PersonConfig):
    """A task whose answers move with the picture."""

    crops: bool = False
    """Augmentation: compose crops as a detector gives them: enlarged by 1.0 to 1.4, shifted, cut
    off, pasted on other backgrounds, other people beside, things before, few pixels, nobody."""
    simulated: float = 0.0
    """Share of simulated people among the samples, beside those of --data; needs --crops."""
    simulated_people: int = 150
    """How many simulated people there are, with four pictures each."""
    acting: float = 0.0
    """Share of the simulated people's pictures in which they sit, squat, bend or reach, in the
    place of walking or standing."""
    also: tuple[str, ...] = ()
    """More people to learn from, with the same labels as those of --data: folders of datasets, of
    which the training parts are read; needs --crops."""
    also_share: float = 0.1
    """Share of the people of --also among the samples."""
    streets: str = ""
    """Whose streets people are pasted on, and who stands beside them: photos with parts, such as
    those of ccp, of which the training part is read; by default those of --data. Needs --crops."""

    def __post_init__(self) -> None:
        PersonConfig.__post_init__(self)
        rules = (
            (0 <= self.simulated < 1, "simulated", "from 0 to under 1"),
            (self.crops or not self.simulated, "simulated", "0 without --crops"),
            (self.simulated_people >= 5, "simulated_people", "at least 5"),
            (0 <= self.acting <= 1, "acting", "from 0 to 1"),
            (self.simulated > 0 or not self.acting, "acting", "0 without --simulated"),
            (self.crops or not self.also, "also", "left out without --crops"),
            (self.crops or not self.streets, "streets", "left out without --crops"),
            (
                0 < self.also_share < 1 - self.simulated,
                "also_share",
                f"above 0, and with --simulated {self.simulated} under 1",
            ),
        )
        require(self, rules)


@dataclass(frozen=True, kw_only=True)
class PoseConfig(CropConfig):
    """The 17 joints of COCO."""

    task: Literal["pose", "landmarks"] = "pose"
    """The task."""
    head: Literal["heatmaps", "simcc"] = "heatmaps"
    """`heatmaps`: one map per joint; `simcc`: its column, its row, and whether it is there."""
    articulate: float = 0.0
    """Augmentation: probability of arms and legs turned about their joints, of people with masks;
    needs --crops and the 17 joints of COCO."""
    cut: float = 0.5
    """Augmentation: probability that a crop ends within the person: before a camera many people are
    cut off. Needs --crops."""
    ends: float = 0.0
    """Augmentation: probability that the picture ends where a crop is cut, so that its edge goes
    on; as likely, something covers the rest. At most 0.5; needs --crops."""
    beside: float = 0.3
    """Augmentation: probability of another person beside or before; needs --crops."""
    turned: float = 0.0
    """Augmentation: probability that somebody seen from the side or from behind takes a sample's
    place; people before a camera mostly face it. Needs --crops and the 17 joints of COCO."""
    presence: float = 1.0
    """Weight of the presence of joints in the loss of SimCC."""
    sigma: float = 2.0
    """Sigma of the target Gaussians of heat maps, cells."""
    scale: float = 0.3
    """Augmentation: range of the scale; 0.25 gives 0.75 to 1.25."""
    rotate_deg: float = 40.0
    """Augmentation: largest rotation."""
    shift_px: int = 10
    """Augmentation: largest shift along each axis, pixels."""

    def __post_init__(self) -> None:
        CropConfig.__post_init__(self)
        rules = (
            (self.sigma > 0, "sigma", "above 0"),
            (self.presence >= 0, "presence", "0 or more"),
            (self.head == "heatmaps" or self.crops, "head", "heatmaps without --crops"),
            (0 <= self.articulate <= 1, "articulate", "from 0 to 1"),
            (self.crops or not self.articulate, "articulate", "0 without --crops"),
            (0 <= self.cut <= 1, "cut", "from 0 to 1"),
            (0 <= self.ends <= 0.5, "ends", "from 0 to 0.5"),
            (self.crops or not self.ends, "ends", "0 without --crops"),
            (0 <= self.beside <= 1, "beside", "from 0 to 1"),
            (0 <= self.turned <= 1, "turned", "from 0 to 1"),
            (self.crops or not self.turned, "turned", "0 without --crops"),
        )
        require(self, rules)


@dataclass(frozen=True, kw_only=True)
class LandmarksConfig(PoseConfig):
    """The 133 landmarks of COCO-WholeBody."""

    task: Literal["pose", "landmarks"] = "landmarks"
    """The task."""
    sigma: float = 1.5
    """Sigma of the target Gaussians, cells; smaller because finger joints are close together."""


@dataclass(frozen=True, kw_only=True)
class ParsingConfig(CropConfig):
    """Body parts and clothes."""

    task: Literal["parsing"] = "parsing"
    """The task."""
    parts: Literal["all", "garments", "person"] = "all"
    """`all`: every part that the data labels; `garments`: eight (background, hair, skin, and where
    garments are worn); `person`: the silhouette."""
    lovasz: float = 1.0
    """Weight of the Lovász-softmax relative to the cross-entropy."""
    label_stride: Literal[1, 2, 4] = 2
    """The loss uses every n-th label pixel along each axis; 1 is finest, 4 is cheapest."""
    scale: float = 0.25
    """Augmentation: range of the scale; 0.25 gives 0.75 to 1.25."""
    rotate_deg: float = 15.0
    """Augmentation: largest rotation."""
    shift_px: int = 10
    """Augmentation: largest shift along each axis, pixels."""

    def __post_init__(self) -> None:
        CropConfig.__post_init__(self)
        require(self, [(self.lovasz >= 0, "lovasz", "0 or more")])
