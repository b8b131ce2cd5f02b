"""People in frames: a detector on a backbone of person images.

    edgehuman finetune --task detection --arch starnet_s150 --data crowdhuman --out runs/detector

Recipe: the losses of `losses.py` with the augmentation of `augment.py`, both beside this file. The
checkpoint is selected by average precision (AP50); see `work.py` for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from edgehuman.card import OutputSpec
from edgehuman.data.image.frames.score import as_metrics, boxes_of, require_boxes, seen
from edgehuman.data.image.frames.set import FrameSet
from edgehuman.data.image.frames.set import People as FramePeople
from edgehuman.metrics.boxes.detection import Found, average_precision
from edgehuman.nets.image.detection import EDGES, VALUES, Detector, detector
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.letterbox import Letterbox
from edgehuman.records import Float32
from edgehuman.tasks.finetune import Work, start_from
from edgehuman.tasks.image.detection.assignment import People, Points, Said
from edgehuman.tasks.image.detection.augment import IGNORED, PERSON, padded, vary
from edgehuman.tasks.image.detection.losses import detection_loss
from edgehuman.tasks.image.detection.settings import DEFAULT_ARCH, DetectionConfig
from edgehuman.tasks.image.detection.work import FrameTask, Scored, Views, frame_sets, frame_work
from edgehuman.tasks.learner import Learner

TASK = "detection"
OUTPUT = OutputSpec("boxes")


class DetectionLearner(Learner):
    """A detector with its loss."""

    compares = True

    network: Detector

    def __init__(self, network: Detector) -> None:
        super().__init__()
        self.network = network

    def output_of(self, record_N: Tensor, *target: Tensor) -> Tensor:
        """Return what both towers say of every point, (N, P, 10)."""
        return self.network.maps(record_N)

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses for boxes (N, M, 4) and their kinds (N, M)."""
        many, one = (
            said_of(self.network, each_NP5)
            for each_NP5 in torch.split(output_N.float(), VALUES, dim=2)
        )
        return detection_loss(many, one, people_of(*target), points_of(self.network))


def said_of(network: Detector, said_NP5: Tensor) -> Said:
    """Return what a tower says of each point, its boxes in pixels."""
    return Said(said_NP5[..., :-EDGES], network.decode.boxes(said_NP5[..., -EDGES:]))


def people_of(box_NM4: Tensor, kind_NM: Tensor) -> People:
    """Return the people of a batch of boxes and their kinds."""
    return People(box_NM4, kind_NM == PERSON, kind_NM == IGNORED)


def points_of(network: Detector) -> Points:
    """Return the points of a network's three maps."""
    decode = network.decode
    return Points(decode.point_P4[:, :2], decode.stride_P, decode.sizes)


def train(config: DetectionConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Outcome:
    """Run `edgehuman finetune --task detection`; write the checkpoint to `config.out`.

    Args:
        data: frames in memory, in the place of `config.data`.

    Raises:
        UsageError, DataError, CheckpointError, TrainingError: see `prepare` and `finetune`.
    """
    return prepare(config, data).run()


def prepare(config: DetectionConfig, data: FrameSet | Sequence[FrameSet] | None = None) -> Work:
    """Return the training that `train` runs.

    Raises:
        UsageError, CheckpointError: see `start_from`. DataError: the data cannot be read, or have
            no training part.
    """
    start = start_from(config, TASK, DEFAULT_ARCH)
    config, sets = frame_sets(config, data)
    network = detector(start.arch, config.size, config.seed, drop_path=config.drop_path)

    def sample(frames: FrameSet, index: int, rng: np.random.Generator) -> Views:
        view_HWC, box_M4, kind_M = vary(
            frames.frames[index], frames.people[index], config.variation, rng, *config.size
        )
        return view_HWC, *padded(box_M4, kind_M)

    task = FrameTask(
        name=TASK,
        output=OUTPUT,
        network=network,
        said=network.maps,
        learner=lambda inner: DetectionLearner(_as_detector(inner)),
        sample=sample,
        scorer=lambda threshold: BoxScorer(),
        select_by="ap50",
    )
    return frame_work(config, start, sets, task)


class BoxScorer:
    """Average precision of the boxes of frames."""

    def __init__(self) -> None:
        self._found: list[Found] = []
        self._people: list[FramePeople] = []

    def add(self, frames: FrameSet, index: int, row_RX: Float32, place: Letterbox) -> None:
        """Compare the boxes of one frame."""
        self._found.append(boxes_of(require_boxes(row_RX[None])[0], place))
        self._people.append(seen(frames.people[index], (place.height, place.width)))

    def scores(self) -> Scored:
        """The average precision of all."""
        found = average_precision(self._found, self._people)
        return Scored(as_metrics(found), found.best_score)


def _as_detector(network: nn.Module) -> Detector:
    assert isinstance(network, Detector)
    return network
