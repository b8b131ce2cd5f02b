"""A wearable network with its training loss, and what the loss must know of each window.

Axes: N samples, T time, M training labels, P placements, K classes, O = P * K outputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.errors import DataError, UsageError
from edgehuman.nets import draws
from edgehuman.preprocess.imu.naming import EITHER
from edgehuman.preprocess.imu.upright import common_direction, gravity, to_upright
from edgehuman.records import Bool, Float32, WindowSet
from edgehuman.tasks.imu.settings import ActivityConfig, Placements, read_placements
from edgehuman.tasks.learner import Learner
from edgehuman.training.imu.augment import TURNED, UPRIGHT, ImuAugment, slow_down
from edgehuman.training.imu.disturbances import disturbances
from edgehuman.training.many.gather import gather, own_rows, together

UPSIDE_DOWN_SHARE = 0.25
HALF_TURN = torch.diag(torch.tensor([-1.0, -1.0, 1.0]))


class Classifier(Learner):
    """A network with its training loss: cross-entropy with label smoothing, augmentation, mixup.

    Args:
        network: windows (N, T, 6) -> logits (N, O).
        config: strengths.
        allowed_MK: which classes each training label may be; the loss is that of all of them
            together.
        labels: the K classes.
    """

    def __init__(
        self,
        network: nn.Module,
        config: ActivityConfig,
        allowed_MK: NDArray[np.bool_],
        labels: tuple[str, ...],
    ) -> None:
        super().__init__()
        self.network = network
        self.allowed_MK: Tensor
        self.register_buffer("allowed_MK", torch.from_numpy(allowed_MK), persistent=False)
        self.turned_MK: Tensor
        turned_MK = if_turned(allowed_MK, labels, config.turned_alike)
        self.register_buffer("turned_MK", torch.from_numpy(turned_MK), persistent=False)
        self.either_P: Tensor
        either = [len(axis) == 1 for axis in read_placements(config.placements).axes] or [False]
        self.register_buffer("either_P", torch.tensor(either), persistent=False)
        self.smoothing, self.mixup = config.label_smoothing, config.mixup
        self.slow_share, self.slowest = config.slow_share, config.slowest
        self.foreign_share = config.foreign_share
        require_classes("--slowed", config.slowed, labels)
        self.slowed_M: Tensor
        slowed_M = allowed_MK[:, [label in config.slowed for label in labels]].any(axis=1)
        self.register_buffer("slowed_M", torch.from_numpy(slowed_M), persistent=False)
        self.foreign = 0
        if config.foreign_share:
            require_classes("--foreign-label", (config.foreign_label,), labels)
            self.foreign = labels.index(config.foreign_label)
        self.augment = ImuAugment(
            rotation_deg=config.rotation_deg,
            scale=config.scale,
            jitter=config.jitter,
            gyro_bias=config.gyro_bias,
            time_warp=config.time_warp,
            turned_share=config.turned_share,
            upright_share=config.upright_share,
            facing_share=config.facing_share,
        )

    def viewed(self, *batch: Tensor) -> tuple[Tensor, ...]:
        """Augment the windows; see `_viewed`."""
        return self._viewed(*batch)

    def _viewed(
        self,
        imu_NTC: Tensor,
        label_N: Tensor,
        place_NP: Tensor,
        upright_N33: Tensor | None = None,
        frame_N: Tensor | None = None,
    ) -> tuple[Tensor, ...]:
        """Return the augmented windows (N, T, 6), which outputs are right (N, P, K) and, with
        mixup, those of the window that each is mixed with, and the share (N,) of its own.

        Args:
            imu_NTC: windows (N, T, 6).
            label_N: training labels (N,).
            place_NP: which placements each window may be of, bool.
            upright_N33: the rotation of each into its wearer's upright frame.
            frame_N: the most that each may stay as it was worn: WORN, UPRIGHT or FACING; None: all
                may.
        """
        drawn_N = self.augment.frames(len(label_N))
        frame_N = drawn_N if frame_N is None else torch.minimum(drawn_N, frame_N)
        if upright_N33 is not None:
            upright_N33 = self._either_way(upright_N33, place_NP, frame_N)
        if self.slow_share:
            imu_NTC = self._slowed(imu_NTC, label_N)
        imu_NTC = self.augment(imu_NTC, frame_N, upright_N33)
        turned_N1 = (frame_N == TURNED)[:, None]
        right_NK = torch.where(turned_N1, self.turned_MK[label_N], self.allowed_MK[label_N])
        if self.foreign_share:
            imu_NTC, right_NK, place_NP = self._with_foreign(imu_NTC, right_NK, place_NP)
        right_NPK = place_NP[:, :, None] & right_NK[:, None]
        if not self.mixup:
            return imu_NTC, right_NPK
        share = float(torch.distributions.Beta(self.mixup, self.mixup).sample())
        # Of the windows of all processes, each is mixed with another.
        order_N = own_rows(torch.randperm(len(label_N) * together()[1]))
        imu_NTC = share * imu_NTC + (1 - share) * gather(imu_NTC)[order_N]
        other_NPK = gather(right_NPK)[order_N]
        return imu_NTC, right_NPK, other_NPK, torch.full((len(label_N),), share)

    def classes_of(self, *target: Tensor) -> Tensor | None:
        """Return the first of the classes (N,) that are right."""
        right_NPK = target[0]
        return right_NPK.any(dim=1).int().argmax(dim=1)

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return {"loss", "accuracy"} of logits (N, O)."""
        right_NPK, *mixed = target
        loss_N = self._loss(output_N, right_NPK.flatten(1))
        if mixed:
            other_NPK, share_N = mixed
            loss_N = share_N * loss_N
            loss_N = loss_N + (1 - share_N) * self._loss(output_N, other_NPK.flatten(1))
        classes_NK = torch.unflatten(output_N, 1, (right_NPK.shape[1], -1)).logsumexp(dim=1)
        hit_N = right_NPK.any(dim=1).gather(1, classes_NK.argmax(1, keepdim=True))
        return {"loss": loss_N.mean(), "accuracy": hit_N.float().mean()}

    def _slowed(self, imu_NTC: Tensor, label_N: Tensor) -> Tensor:
        """Slow some windows of the slowed classes down."""
        count = len(label_N)
        is_slow_N = self.slowed_M[label_N] & (draws.rand(count) < self.slow_share)
        factor_N = 1 + (self.slowest - 1) * draws.rand(count)
        return slow_down(imu_NTC, torch.where(is_slow_N, factor_N, torch.ones(count)))

    def _with_foreign(
        self, imu_NTC: Tensor, right_NK: Tensor, place_NP: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Put what no person does in the place of some windows, of any placement."""
        count, classes = right_NK.shape
        is_foreign_N = draws.rand(count) < self.foreign_share
        made_NTC = disturbances(count, imu_NTC.shape[1])
        only_K = torch.arange(classes) == self.foreign
        return (
            torch.where(is_foreign_N[:, None, None], made_NTC, imu_NTC),
            torch.where(is_foreign_N[:, None], only_K, right_NK),
            place_NP | is_foreign_N[:, None],
        )

    def _either_way(self, upright_N33: Tensor, place_NP: Tensor, frame_N: Tensor) -> Tensor:
        """Turn some windows upside down whose placement does not say which end of its axis is up:
        so a stream sees them that has not learnt it yet."""
        either_N = (place_NP & self.either_P).any(dim=1) & ~(place_NP & ~self.either_P).any(dim=1)
        drawn_N = either_N & (frame_N == UPRIGHT) & (draws.rand(len(frame_N)) < UPSIDE_DOWN_SHARE)
        return torch.where(
            drawn_N[:, None, None], HALF_TURN.to(upright_N33) @ upright_N33, upright_N33
        )

    def _loss(self, logits_NO: Tensor, right_NO: Tensor) -> Tensor:
        """Cross-entropy (N,); a window's probability is that of all the outputs it may be."""
        log_NO = functional.log_softmax(logits_NO, dim=1)
        right_N = torch.logsumexp(log_NO.masked_fill(~right_NO, -torch.inf), dim=1)
        return -((1 - self.smoothing) * right_N + self.smoothing * log_NO.mean(dim=1))


def if_turned(
    allowed_MK: NDArray[np.bool_], labels: tuple[str, ...], alike: tuple[str, ...]
) -> NDArray[np.bool_]:
    """Return which classes each training label may be after a turn, (M, K).

    Raises:
        UsageError: one of `alike` is no class.
    """
    require_classes("--turned-alike", alike, labels)
    alike_K = np.array([label in alike for label in labels])
    touched_M = (allowed_MK & alike_K).any(axis=1)
    return np.asarray(allowed_MK | (touched_M[:, None] & alike_K))


def require_classes(flag: str, given: tuple[str, ...], labels: tuple[str, ...]) -> None:
    """Raise UsageError if one of the names given with a flag is no class."""
    unknown = [name for name in given if name not in labels]
    if unknown:
        raise UsageError(f"{flag} {unknown[0]} is no class; valid: {', '.join(labels)}")


def placed(windows: WindowSet, placements: Placements) -> Bool:
    """Return which placements each window may be of, (N, P): any, where the data do not say.

    Raises:
        DataError: the data have a placement that is none of these.
    """
    if not placements.names:
        return np.ones((len(windows), 1), bool)
    foreign = sorted(set(windows.placement_N.tolist()).difference({""}, *placements.others))
    if foreign:
        raise DataError(
            f"the data have sensors at the {foreign[0]}, and --placements are "
            f"{' '.join(placements.names)}; add it, or name it as another: "
            f"'{placements.names[0]}{EITHER}{foreign[0]}={placements.axes[0]}'"
        )
    found = [np.isin(windows.placement_N, [*names, ""]) for names in placements.others]
    return np.stack(found, axis=1)


def uprights(sets: Sequence[WindowSet], upright_M: NDArray[np.bool_]) -> Float32:
    """Return the rotation (N, 3, 3) of each window of the joined sets into its wearer's frame.

    A mounting is that of one person at one placement of one set; it is as worn if the person has
    no window of an upright class.

    Args:
        upright_M: which training labels are upright classes.
    """
    parts = [_uprights(windows, upright_M) for windows in sets]
    return np.concatenate(parts)


def _uprights(windows: WindowSet, upright_M: NDArray[np.bool_]) -> Float32:
    upright_N = upright_M[windows.label_N]
    gravity_N3 = gravity(windows.imu_NTC)
    name_N = np.char.add(np.char.add(windows.subject_N, "|"), windows.placement_N)
    turns_N33 = np.tile(np.eye(3, dtype=np.float32), (len(windows), 1, 1))
    for name in np.unique(name_N):
        own_N = name_N == name
        up_3 = common_direction(gravity_N3[own_N & upright_N])
        if up_3 is not None:
            turns_N33[own_N] = to_upright(up_3)
    return turns_N33
