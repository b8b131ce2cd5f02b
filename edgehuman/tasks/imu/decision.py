"""Choose a stream's smoothing and its threshold for "unknown", on people held out from training.

The delay budget is given. The chain's stay probability is the one with the best online accuracy.
"Unknown" may cost half a percentage point of it: first the least energy is the highest that costs
no more, then the threshold is the largest that still does not.

Axes: H hops, K classes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from edgehuman.card import Card, Decision
from edgehuman.errors import DataError
from edgehuman.metrics.energy import energy_of
from edgehuman.metrics.stream import online_accuracy
from edgehuman.preprocess.imu.recording import cut_windows
from edgehuman.records import IMU_RATE_HZ, IMU_WINDOW, Float32, Float64, ImuRecording
from edgehuman.runtime.imu.decision import Decider
from edgehuman.runtime.imu.mounting import Mounting

STAYS = (0.8, 0.9, 0.95, 0.98, 0.99, 0.995)
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7)
ACCEPTED_LOSS = 0.005


@dataclass(frozen=True, slots=True)
class Hops:
    """The network's outputs for one recording, hop by hop.

    Attributes:
        logits_HK: the network's logits.
        true_H: the label at the end of each window; None if not labelled.
        energy_H: the energy of its outputs.
    """

    logits_HK: Float32
    true_H: tuple[str | None, ...]
    energy_H: Float64


def hops_of(recording: ImuRecording, card: Card, output: Callable[[Float32], Float32]) -> Hops:
    """Run the network on windows of a recording, one every hop, as a stream does: the mounting is
    learnt on the way.

    Args:
        card: the network's card.
        output: windows (N, T, 6) -> the network's outputs.
    """
    hop_s = card.decision.hop_s
    hop = round(hop_s * IMU_RATE_HZ)
    windows_HTC = cut_windows(recording.imu_TC, IMU_WINDOW, hop)
    mounting = Mounting(card)
    logits, energy = [], []
    for i, imu_TC in enumerate(windows_HTC):
        output_NO = output(mounting.turned(imu_TC)[None])
        logits.append(mounting.read(imu_TC, output_NO[0], i * hop_s))
        energy.append(energy_of(output_NO)[0])
    ends = [IMU_WINDOW - 1 + i * hop for i in range(len(windows_HTC))]
    labels = recording.label_T[ends].tolist() if recording.label_T.size else [-1] * len(ends)
    true_H = tuple(recording.labels[i] if i >= 0 else None for i in labels)
    return Hops(np.stack(logits), true_H, np.array(energy))


def accuracy_of(decision: Decision, stretches: Sequence[Hops], labels: tuple[str, ...]) -> float:
    """Return the online accuracy of a decision over the labelled hops of all recordings."""
    true: list[str | None] = []
    said: list[str] = []
    for hops in stretches:
        decider: Decider[int] = Decider(decision, labels, decision.hop_s)
        decided = []
        rows = zip(hops.logits_HK.tolist(), hops.energy_H.tolist(), strict=True)
        for i, (row, energy) in enumerate(rows):
            decided += decider.push(i, i * decision.hop_s, row, energy)
        decided += decider.flush()
        said += [one.label for one in decided]
        true += hops.true_H
    return online_accuracy(true, said, labels)


def choose_decision(
    start: Decision,
    stretches: Sequence[Hops],
    labels: tuple[str, ...],
    delay_s: float,
    energies: Sequence[float] = (),
) -> Decision:
    """Return the decision with fixed-lag smoothing that does best on these recordings.

    Args:
        start: its temperature and hop are kept.
        stretches: recordings of people that the network was not trained on.
        labels: the network's classes.
        delay_s: delay budget, seconds.
        energies: least energies to choose from.

    Raises:
        DataError: no recording has a labelled hop.
    """
    if not any(label in labels for hops in stretches for label in hops.true_H):
        raise DataError(
            "--stream-data has no labelled recordings of the people held out for selection; "
            "give the continuous recordings of the same dataset, or omit the flag"
        )
    smoothed = dataclasses.replace(start, smoothing="fixed_lag", delay_s=delay_s, energy=None)

    def accuracy(decision: Decision) -> float:
        return accuracy_of(decision, stretches, labels)

    stays = [dataclasses.replace(smoothed, stay=stay) for stay in STAYS]
    best = max(stays, key=accuracy)
    floor = accuracy(best) - ACCEPTED_LOSS
    ways = [dataclasses.replace(best, energy=energy) for energy in sorted(energies)]
    known = [best, *(decision for decision in ways if accuracy(decision) >= floor)][-1]
    strict = [dataclasses.replace(known, threshold=threshold) for threshold in THRESHOLDS]
    return [decision for decision in strict if accuracy(decision) >= floor][-1]
