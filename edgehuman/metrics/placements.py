"""Logits of where a sensor is worn and what its wearer does, together: the sums of both.

    logits_NC = of_classes(output_NO, 4)                     any of four placements
    logits_NC = of_classes(output_NO, 4, prob_P)             as far as each is likely
    prob_NP = of_placements(output_NO, 4)
    logits_NC = answered(card, output_NO, prob_P)            of a card, adapted to a person or not

A posture shows differently at each placement: what is standing at the waist is sitting at the
ankle. So the network answers for all pairs, and a stream whose user states the placement weights
them.

Axes: N samples, O = P * C outputs (placement by placement), P placements, C classes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehuman.card import Card
from edgehuman.metrics.affine import apply
from edgehuman.metrics.calibration import softmax
from edgehuman.records import Float32, Float64

# No placement is ruled out: the user may be wrong, or move the sensor.
_LEAST_PROB = 1e-3


def of_classes(
    logits_NO: Float32, placements: int, prob_P: NDArray[np.floating] | None = None
) -> Float32:
    """Return logits (N, C) of the classes: their probability is the sum over placements.

    Args:
        placements: number of placements; 0 or 1: the logits are those of the classes.
        prob_P: how likely each placement is; None: as the network has learnt.
    """
    if placements < 2:
        return logits_NO
    joint_NPC = np.asarray(logits_NO, np.float64).reshape(len(logits_NO), placements, -1)
    if prob_P is not None:
        joint_NPC = joint_NPC + np.log(np.maximum(prob_P, _LEAST_PROB))[:, None]
    return np.asarray(np.logaddexp.reduce(joint_NPC, axis=1), np.float32)


def answered(card: Card, output_NO: Float32, prob_P: NDArray[np.floating] | None = None) -> Float32:
    """Return the logits (N, C) that a model answers with: of its classes, with the card's step."""
    logits_NC = of_classes(output_NO, len(card.output.placements), prob_P)
    return apply(logits_NC, card.decision.affine)


def of_placements(logits_NO: Float32, placements: int) -> Float64:
    """Return the probability (N, P) of each placement: the sum over classes."""
    prob_NO = softmax(logits_NO)
    return np.asarray(prob_NO.reshape(len(prob_NO), max(1, placements), -1).sum(axis=2))
