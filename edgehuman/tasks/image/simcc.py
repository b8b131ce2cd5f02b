"""SimCC: targets and loss of the classes along both axes, the presence of joints, and its
calibration on people held out.

Sources: Li et al., "SimCC", arXiv 2107.03332, with the sigmas and the Kullback-Leibler divergence
of RTMPose, arXiv 2303.07399, section 3. The presence is ours: a joint outside the crop, behind
something, or of nobody is `ABSENT`, and one that nobody labelled teaches nothing.

Axes: N people, J joints, B classes of one axis, X logits of a joint, K people held out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from edgehuman.card import Decision, OutputSpec
from edgehuman.data.image.crops.compose import Crop
from edgehuman.data.image.crops.view import ABSENT
from edgehuman.errors import DataError, ImageError
from edgehuman.metrics.calibration import fit_temperature
from edgehuman.metrics.person_answers import BINS_PER_PIXEL, decode_joints, simcc_sigma
from edgehuman.nets.image.heads import PersonNet
from edgehuman.progress import tell
from edgehuman.records import Float32, Index, Uint8
from edgehuman.tasks.image.composing import Composed
from edgehuman.tasks.learner import Learner

_AT_ONCE = 32
_ROUND = 0xCA1B


def simcc_targets(place_NJ: Tensor, pixels: int) -> Tensor:
    """Return the target (N, J, B) of each joint along one axis: a Gaussian that sums to 1.

    Args:
        place_NJ: pixels; the centre of the first is 0.
        pixels: of the input along this axis.
    """
    bins = BINS_PER_PIXEL * pixels
    centre_NJ1 = ((place_NJ + 0.5) * BINS_PER_PIXEL - 0.5)[..., None]
    gap_NJB = torch.arange(bins, device=place_NJ.device) - centre_NJ1
    return (-0.5 * (gap_NJB / simcc_sigma(bins)) ** 2).softmax(dim=2)


def simcc_loss(
    logits_NJX: Tensor, joint_NJ3: Tensor, size: tuple[int, int], presence: float = 1.0
) -> dict[str, Tensor]:
    """Return {"loss", "place", "presence"}: the divergence of the classes of known joints, and the
    cross-entropy of the presence of known and absent ones.

    Args:
        joint_NJ3: x, y in pixels of the input, and 0 unknown, 1 hidden, 2 visible, or `ABSENT`.
        size: height and width of the input. presence: weight of its loss.

    Raises:
        DataError: shapes that do not match.
    """
    height, width = size
    bins = BINS_PER_PIXEL * (height + width) + 1
    if logits_NJX.shape != (*joint_NJ3.shape[:2], bins) or joint_NJ3.shape[2:] != (3,):
        raise DataError(
            f"found logits {tuple(logits_NJX.shape)} and joints {tuple(joint_NJ3.shape)}; an input "
            f"of {width}x{height} pixels needs (N, J, {bins}) and (N, J, 3)"
        )
    logits_NJX, joint_NJ3 = logits_NJX.float(), joint_NJ3.float()
    is_there_NJ = joint_NJ3[..., 2] > 0
    # A joint without a place may have any coordinates: its divergence is not counted.
    xy_NJ2 = torch.where(is_there_NJ[..., None], joint_NJ3[..., :2], 0.0)
    columns = BINS_PER_PIXEL * width
    sides = ((logits_NJX[..., :columns], width), (logits_NJX[..., columns:-1], height))
    gap_NJ = torch.zeros_like(xy_NJ2[..., 0])
    for axis, (logits_NJB, pixels) in enumerate(sides):
        target_NJB = simcc_targets(xy_NJ2[..., axis], pixels)
        log_NJB = logits_NJB.log_softmax(dim=2)
        gap_NJ = gap_NJ + functional.kl_div(log_NJB, target_NJB, reduction="none").sum(dim=2)
    place = (gap_NJ * is_there_NJ).sum() / is_there_NJ.sum().clamp(min=1)
    is_told_NJ = joint_NJ3[..., 2] != 0
    wrong_NJ = functional.binary_cross_entropy_with_logits(
        logits_NJX[..., -1], is_there_NJ.float(), reduction="none"
    )
    there = (wrong_NJ * is_told_NJ).sum() / is_told_NJ.sum().clamp(min=1)
    return {"loss": place + presence * there, "place": place, "presence": there}


class SimccLearner(Learner):
    """A network with its loss."""

    compares = True

    def __init__(self, network: PersonNet, size: tuple[int, int], presence: float) -> None:
        super().__init__()
        self.network, self.size, self.presence = network, size, presence

    def loss_of(self, output_N: Tensor, *target: Tensor) -> dict[str, Tensor]:
        """Return the losses of logits (N, J, X), for joints (N, J, 3)."""
        return simcc_loss(output_N, target[0], self.size, self.presence)


def calibrate(
    answer: Callable[[Uint8], Float32],
    composed: Composed,
    index_K: Index,
    output: OutputSpec,
    size: tuple[int, int],
    seed: int,
    crops: int,
) -> Decision:
    """Fit temperature and threshold of the presence on crops of people held out, some of them cut
    off, covered or empty; pictures that cannot be read are left out. Without joints of both kinds
    the decision stays as it is.

    The temperature makes the presence a probability; the threshold divides the confidences of
    present and absent joints with the fewest errors, each kind counted as a half.
    """
    logits, joints = [], []
    left_out: set[str] = set()
    for start in range(0, crops, _AT_ONCE):
        made = list(_crops(composed, index_K, seed, range(start, start + _AT_ONCE), left_out))
        if not made:
            continue
        logits.append(answer(np.stack([crop.image_HWC for crop in made])))
        joints.append(np.stack([crop.joint_J3 for crop in made]))
    if left_out:
        tell(f"left out {len(left_out)} unreadable images of the calibration: {min(left_out)}")
    if not logits:
        return Decision()
    logits_NJX, joint_NJ3 = np.concatenate(logits), np.concatenate(joints)
    is_there_NJ, is_absent_NJ = joint_NJ3[..., 2] > 0, joint_NJ3[..., 2] == ABSENT
    told_NJ = is_there_NJ | is_absent_NJ
    if not is_there_NJ.any() or not is_absent_NJ.any():
        return Decision()
    logit_M = logits_NJX[..., -1][told_NJ]
    temperature = fit_temperature(
        np.stack([np.zeros_like(logit_M), logit_M], axis=1), is_there_NJ[told_NJ].astype(np.int64)
    )
    temperature = round(temperature, 4)
    found_NJ3 = decode_joints(logits_NJX, output, size, Decision(temperature=temperature))
    sure_NJ = found_NJ3[..., 2]
    threshold = best_threshold(sure_NJ[is_there_NJ], sure_NJ[is_absent_NJ])
    return Decision(temperature=temperature, threshold=threshold)


def _crops(
    composed: Composed, index_K: Index, seed: int, numbers: range, left_out: set[str]
) -> Iterator[Crop]:
    """Yield crops of people held out; add why a picture cannot be read to `left_out`."""
    for number in numbers:
        rng = np.random.default_rng((seed, _ROUND, number))
        try:
            yield composed.composer.sample(int(rng.choice(index_K)), rng)
        except ImageError as error:
            left_out.add(str(error))


def best_threshold(present_P: Float32, absent_A: Float32) -> float:
    """Return the confidence that divides present and absent joints with the fewest errors, each
    kind counted as a half; 0 to 1 in hundredths.
    """
    step_T = np.arange(1, 100) / 100
    missed_T = np.array([np.mean(present_P < step) for step in step_T])
    invented_T = np.array([np.mean(absent_A >= step) for step in step_T])
    return float(step_T[np.argmin(missed_T + invented_T)])
