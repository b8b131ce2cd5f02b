"""Human parsing: segment a person's body parts and clothes.

    edgehuman finetune --task parsing --weights runs/saip --data ccp --out runs/parsing

Cross-entropy and Lovász-softmax on logits upsampled from their stride. Recipe: Ruan et al., "CE2P",
arXiv 1809.05996, section 4, without its edge branch and at the size of a person crop.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from edgehuman.card import OutputSpec, TrainingData
from edgehuman.data.image.part_groups import grouped
from edgehuman.data.image.set import PersonSet
from edgehuman.geometry import mirror_order
from edgehuman.nets.image.heads import PersonNet
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import resize, resize_labels
from edgehuman.tasks.finetune import Work
from edgehuman.tasks.image.augment import (
    IGNORED,
    draw_move,
    move_mask,
    vary,
)
from edgehuman.tasks.image.composing import compose
from edgehuman.tasks.image.losses import parsing_loss
from edgehuman.tasks.image.reading_ahead import Sample
from edgehuman.tasks.image.settings import ParsingConfig
from edgehuman.tasks.image.train import PersonTask, begin, in_memory, person_work
from edgehuman.tasks.learner import Learner


class ParsingLearner(Learner):
    """A network with its losses."""

    compares = True

    def __init__(self, network: PersonNet, lovasz: float, label_stride: int) -> None:
        super().__init__()
        self.network, self.lovasz, self.label_stride = network, lovasz, label_stride

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "cross_entropy", "lovasz", "accuracy"} of logits (N, C, h, w), for parts
        (N, H, W).
        """
        (part_NHW,) = target
        logits_NCHW = at_labels(
            output_N.float(), (part_NHW.shape[1], part_NHW.shape[2]), self.label_stride
        )
        first, step = self.label_stride // 2, self.label_stride
        part_NHW = part_NHW[:, first::step, first::step]
        counts_NHW = part_NHW != IGNORED
        right_NHW = (logits_NCHW.argmax(1) == part_NHW) & counts_NHW
        return {
            **parsing_loss(logits_NCHW, part_NHW, self.lovasz, IGNORED),
            "accuracy": right_NHW.sum() / counts_NHW.sum().clamp(min=1),
        }


def at_labels(logits_NCHW: Tensor, size: tuple[int, int], step: int) -> Tensor:
    """Return the logits at every `step`-th label pixel along each axis, from the middle of the
    first `step` on, by linear interpolation.

    A label stands at the centre of its pixel. With an even step that is half a pixel beside the
    centre of the cell that it comes from: a network taught there puts everybody half a pixel off.

    Args:
        size: height and width of the labels.
    """
    rows_HI, columns_WI = (
        _between(cells, pixels, step).to(logits_NCHW)
        for cells, pixels in zip(logits_NCHW.shape[2:], size, strict=True)
    )
    # Autocast would round logits and weights to the 8 or 11 bits of a product of matrices.
    with torch.autocast(logits_NCHW.device.type, enabled=False):
        return rows_HI @ logits_NCHW @ columns_WI.T


def _between(cells: int, pixels: int, step: int) -> Tensor:
    """The weights of the cells along one axis, for each label pixel."""
    place_P = (torch.arange(step // 2, pixels, step) + 0.5) * cells / pixels - 0.5
    place_P = place_P.clamp(0, cells - 1)
    return (1 - (place_P[:, None] - torch.arange(cells)).abs()).clamp(min=0)


def train(config: ParsingConfig, data: PersonSet | None = None) -> Outcome:
    """Run `edgehuman finetune --task parsing`; write the checkpoint to `config.out`.

    Args:
        data: people in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: ParsingConfig, data: PersonSet | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, DataError, CheckpointError: see `person_work`.
    """
    config = in_memory(config, data)
    start, persons = begin(config, "parsing", data)
    if config.parts != "all":
        persons = grouped(persons, config.parts)
    labels = tuple(persons.parts)
    mirrored = mirror_order(labels)

    def sample(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
        move = draw_move(config.variation, rng, *config.size)
        view_HWC = vary(resize(persons.image(index), *config.size), move, config.variation, rng)
        part_HW = resize_labels(persons.part(index), *config.size)
        return view_HWC, move_mask(part_HW, move, mirrored)

    beside: tuple[TrainingData, ...] = ()
    chosen: Sample = sample
    if config.crops:
        grouping = None if config.parts == "all" else config.parts
        composed = compose(config, persons, "parsing", grouping, mirrored)
        beside = composed.rows

        def chosen(index: int, rng: np.random.Generator) -> tuple[NDArray[Any], ...]:
            crop = composed.sample(index, rng)
            return crop.image_HWC, crop.mask_HW

    task = PersonTask(
        name="parsing",
        output=OutputSpec("segmentation", labels),
        learner=lambda network: ParsingLearner(network, config.lovasz, config.label_stride),
        sample=chosen,
        select_by="mean_iou",
        beside=beside,
    )
    return person_work(config, start, persons, task)
