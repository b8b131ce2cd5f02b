"""Multi-human parsing: find everybody in a frame, and part each into garments and skin.

    edgehuman finetune --task multi-parsing --data simulated --steps 50 --out runs/crowds

The detector's recipe, with a branch of parts and a mask for each person; losses in `losses.py`
beside this file. The checkpoint is selected by AP^p_vol.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.parsed.score import PAINTED, FramePartsJudge, fitting
from edgehuman.data.image.part_groups import grouped_frames
from edgehuman.errors import DataError
from edgehuman.geometry import mirror_order
from edgehuman.nets.image.crowds.parser import CrowdParser, crowd_parser
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32
from edgehuman.tasks.finetune import Work, start_from
from edgehuman.tasks.image.crowds.losses import cells_of, mask_loss, part_losses
from edgehuman.tasks.image.crowds.settings import MultiParsingConfig
from edgehuman.tasks.image.crowds.views import labels_in
from edgehuman.tasks.image.detection.augment import draw_view, in_order, padded
from edgehuman.tasks.image.detection.losses import assigned_losses
from edgehuman.tasks.image.detection.settings import DEFAULT_ARCH
from edgehuman.tasks.image.detection.train import people_of, points_of, said_of
from edgehuman.tasks.image.detection.work import FrameTask, Scored, Views, frame_sets, frame_work
from edgehuman.tasks.learner import Learner

TASK = "multi-parsing"


class ParserLearner(Learner):
    """A parser with its loss."""

    compares = True

    network: CrowdParser

    def __init__(self, network: CrowdParser, lovasz: float) -> None:
        super().__init__()
        self.network, self.lovasz = network, lovasz

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return what the network says before anybody is chosen, (N, numbers)."""
        return self.network.maps(record_N)

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses for boxes (N, M, 4), their kinds (N, M), and the part and the person of
        each cell (N, h, w).
        """
        box_NM4, kind_NM, part_Nhw, who_Nhw = target
        said, points = self.network.unpacked(output_N.float()), points_of(self.network)
        losses, found = assigned_losses(
            said_of(self.network, said.many_NP5),
            said_of(self.network, said.one_NP5),
            people_of(box_NM4, kind_NM),
            points,
        )
        losses |= part_losses(said.part_NChw, part_Nhw, self.lovasz)
        losses["mask"] = mask_loss(said, self.network.masks, found, cells_of(who_Nhw), points)
        return {"loss": torch.stack([*losses.values()]).sum(), **losses}


def train(config: MultiParsingConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Outcome:
    """Run `edgehuman finetune --task multi-parsing`; write the checkpoint to `config.out`.

    Args:
        data: frames in memory with parts, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: MultiParsingConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, CheckpointError: see `start_from`. DataError: the data cannot be read, have no
            parts or not the same ones, or no training part.
    """
    start = start_from(config, TASK, DEFAULT_ARCH)
    config, sets = frame_sets(config, data)
    sets, labels = same_parts(sets, config)
    network = crowd_parser(
        start.arch, len(labels), config.size, config.seed, drop_path=config.drop_path
    )
    mirrored = mirror_order(labels)

    def sample(frames: FrameSet, index: int, rng: np.random.Generator) -> Views:
        view = draw_view(
            frames.frames[index], frames.people[index], config.variation, rng, *config.size
        )
        assert frames.parts is not None
        order_M = in_order(view.box_M4, view.kind_M)
        labels_hw = labels_in(frames.parts[index], view, order_M, mirrored)
        return view.image_HWC, *padded(view.box_M4, view.kind_M), *labels_hw

    task = FrameTask(
        name=TASK,
        output=OutputSpec("person_parts", labels),
        network=network,
        said=lambda image_NHWC: _with_masks(network, image_NHWC),
        learner=lambda inner: ParserLearner(_as_parser(inner), config.lovasz),
        sample=sample,
        scorer=lambda threshold: PartsScorer(labels, config.size, threshold),
        select_by="ap_p_vol",
    )
    return frame_work(config, start, sets, task)


def same_parts(
    sets: Sequence[FrameSet], config: MultiParsingConfig
) -> tuple[list[FrameSet], tuple[str, ...]]:
    """The sets with the parts that are asked for, and the names of these.

    Raises:
        DataError: a set has no parts, or others than the first.
    """
    if config.parts != "all":
        sets = [grouped_frames(each, config.parts) for each in sets]
    without = [each.dataset for each in sets if each.parts is None]
    if without:
        raise DataError(
            f"{without[0]} has boxes of people and no parts; give a set that has both, such as "
            "cihp, lv_mhp_v2, ccp or `simulated`"
        )
    labels = () if sets[0].parts is None else sets[0].parts.names
    return [fitting(each, labels) for each in sets], labels


class PartsScorer:
    """The metrics of parts of frames, of any sets.

    Args:
        labels: of the network; size: height and width of its input.
        threshold: the score from which detections are painted; None: not chosen yet.
    """

    def __init__(
        self, labels: tuple[str, ...], size: tuple[int, int], threshold: float | None
    ) -> None:
        painted = PAINTED if threshold is None else threshold
        self._judge = FramePartsJudge(labels, size, painted)

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        """Compare the people of one frame."""
        self._judge.add(frames, index, row_RX, place)

    def scores(self) -> Scored:
        """The scores of all."""
        found = self._judge.scores()
        return Scored(found.metrics, found.threshold)


def _with_masks(network: CrowdParser, image_NHWC: Tensor) -> Tensor:
    """What the loss is of, with the numbers of masks, which it asks of chosen points alone."""
    said_NX = network.maps(image_NHWC)
    numbers = network.masks.numbers(network.unpacked(said_NX).feature_NPC)
    return torch.cat((said_NX, numbers.flatten(1)), dim=1)


def _as_parser(network: nn.Module) -> CrowdParser:
    assert isinstance(network, CrowdParser)
    return network
