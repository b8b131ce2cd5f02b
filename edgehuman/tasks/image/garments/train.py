"""Part-level attributes: people in frames, what they wear, and the attributes of each piece.

    edgehuman finetune --task part-attributes --data simulated --steps 50 --out runs/worn

The detector's recipe with a label for every category, the masks of the parser, and attributes;
losses in `losses.py` beside this file. How many categories and attributes there are, the data say.
The checkpoint is selected by AP_IoU+F1 of the boxes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.garments.score import FrameGarmentsJudge, fitting
from edgehuman.metrics.garments.answers import PERSON
from edgehuman.nets.image.crowds.masks import quartered
from edgehuman.nets.image.garments.network import GarmentNet, garment_net
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Bool, Float32
from edgehuman.tasks.finetune import Work, start_from
from edgehuman.tasks.image.crowds.losses import mask_loss
from edgehuman.tasks.image.detection.assignment import People
from edgehuman.tasks.image.detection.augment import IGNORED, draw_view
from edgehuman.tasks.image.detection.augment import PERSON as COUNTS
from edgehuman.tasks.image.detection.losses import assigned_losses
from edgehuman.tasks.image.detection.settings import DEFAULT_ARCH
from edgehuman.tasks.image.detection.train import points_of, said_of
from edgehuman.tasks.image.detection.work import FrameTask, Scored, Views, frame_sets, frame_work
from edgehuman.tasks.image.garments.losses import attribute_loss
from edgehuman.tasks.image.garments.settings import PartAttributesConfig
from edgehuman.tasks.image.garments.views import boxes_of, garments_in
from edgehuman.tasks.learner import Learner

TASK = "part-attributes"


class GarmentLearner(Learner):
    """A network of garments with its loss."""

    compares = True

    network: GarmentNet

    def __init__(self, network: GarmentNet, attribute_weight: float) -> None:
        super().__init__()
        self.network, self.attribute_weight = network, attribute_weight

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return what the network says before anything is chosen, (N, numbers)."""
        return self.network.maps(record_N)

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses for boxes (N, M, 4), their kinds and labels (N, M), attributes (N, M,
        A) and masks (N, M, h, w).
        """
        box_NM4, kind_NM, label_NM, attribute_NMA, mask_NMhw = target
        network = self.network
        said, points = network.garments_of(output_N.float()), points_of(network)
        many, one = (said_of(network, each) for each in (said.many_NPV, said.one_NPV))
        things = People(box_NM4, kind_NM == COUNTS, kind_NM == IGNORED, label_NM)
        losses, found = assigned_losses(many, one, things, points)

        def seen(image: int, thing_K: Tensor) -> Tensor:
            return quartered(mask_NMhw[image, thing_K]) > 0

        losses["mask"] = mask_loss(said, network.masks, found, seen, points)
        losses["attributes"] = self.attribute_weight * attribute_loss(
            network.describe, said.feature_NPC, one, found, label_NM, attribute_NMA
        )
        return {"loss": torch.stack([*losses.values()]).sum(), **losses}


def train(
    config: PartAttributesConfig, data: FrameSet | Sequence[FrameSet] | None = None
) -> Outcome:
    """Run `edgehuman finetune --task part-attributes`; write the checkpoint to `config.out`.

    Args:
        data: frames in memory with garments, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(
    config: PartAttributesConfig, data: FrameSet | Sequence[FrameSet] | None = None
) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, CheckpointError: see `start_from`. DataError: the data cannot be read, do not
            say what people wear or not in the same names, or have no training part.
    """
    start = start_from(config, TASK, DEFAULT_ARCH)
    config, sets = frame_sets(config, data)
    output = output_of(sets)
    network = garment_net(
        start.arch,
        len(output.labels),
        len(output.attributes),
        config.size,
        config.seed,
        drop_path=config.drop_path,
    )

    def sample(frames: FrameSet, index: int, rng: np.random.Generator) -> Views:
        assert frames.garments is not None
        frame_HWC, garments = frames.frames[index], frames.garments[index]  # looks at its size
        view = draw_view(frame_HWC, boxes_of(garments), config.variation, rng, *config.size)
        return view.image_HWC, *garments_in(garments, view)

    described, together_CA = _described(sets, output)
    task = FrameTask(
        name=TASK,
        output=output,
        network=network,
        said=lambda image_NHWC: _with_all(network, image_NHWC),
        learner=lambda inner: GarmentLearner(_as_network(inner), config.attribute_weight),
        sample=sample,
        scorer=lambda threshold: GarmentScorer(output, config.size, described),
        select_by="box_ap_iou_f1",
    )
    work = frame_work(config, start, sets, task)
    # After the weights, whose table is of other data; attributes of people are never said.
    network.describe.together_LA[1:] = torch.from_numpy(together_CA.astype(np.float32))
    network.describe.together_LA[0] = 0
    return work


def output_of(sets: Sequence[FrameSet]) -> OutputSpec:
    """What a network of these sets gives.

    Raises:
        DataError: a set does not say what people wear, or in other names than the first.
    """
    first = sets[0].garments
    labels = () if first is None else (PERSON, *first.categories)
    output = OutputSpec(
        "part_attributes", labels, attributes=() if first is None else first.attributes
    )
    for each in sets:
        fitting(each, output)
    return output


def _described(sets: Sequence[FrameSet], output: OutputSpec) -> tuple[tuple[bool, ...], Bool]:
    """Which categories have attributes, and which attributes each has in the training parts."""
    together_CA = np.zeros((len(output.labels) - 1, len(output.attributes)), np.bool_)
    described = np.zeros(len(output.labels) - 1, np.bool_)
    for each in sets:
        garments = fitting(each, output)
        together_CA |= garments.together_CA(np.flatnonzero(each.role_N == "train"))
        described |= np.array(garments.described, np.bool_)
    return tuple(map(bool, described)), together_CA


class GarmentScorer:
    """AP_IoU+F1 of the garments of frames, of any sets."""

    def __init__(
        self, output: OutputSpec, size: tuple[int, int], described: Sequence[bool]
    ) -> None:
        self._judge = FrameGarmentsJudge(output, size, described)

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        """Compare the items of one frame."""
        self._judge.add(frames, index, row_RX, place)

    def scores(self) -> Scored:
        """The scores of all."""
        found = self._judge.scores()
        return Scored(found.metrics, found.threshold)


def _with_all(network: GarmentNet, image_NHWC: Tensor) -> Tensor:
    """What the loss is of, with the numbers of masks and the attributes of every point, which it
    asks of chosen points alone.
    """
    said_NX = network.maps(image_NHWC)
    feature_NPC = network.garments_of(said_NX).feature_NPC
    few_NKC = feature_NPC[:, :2]
    nowhere = few_NKC.new_zeros(*few_NKC.shape[:2], 4), few_NKC.new_zeros(few_NKC.shape[:2])
    described = network.describe(feature_NPC, few_NKC, *nowhere, nowhere[1])
    numbers = network.masks.numbers(feature_NPC)
    return torch.cat((said_NX, numbers.flatten(1), described.flatten(1)), dim=1)


def _as_network(network: nn.Module) -> GarmentNet:
    assert isinstance(network, GarmentNet)
    return network
