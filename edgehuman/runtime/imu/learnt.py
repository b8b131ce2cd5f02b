"""A model's logits of a set of wearables: as they were worn, or with each mounting learnt.

Learnt is what a stream knows after its wearer has walked: the labels are not used. Axes: N windows,
O outputs (placements * classes), C classes.
"""

from __future__ import annotations

import numpy as np

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.metrics.placements import answered
from edgehuman.preprocess.imu.upright import gravity, turn
from edgehuman.records import Float32, WindowSet
from edgehuman.runtime.imu.mounting import is_upright, worn
from edgehuman.runtime.model import Model


def as_worn(model: Model, windows: WindowSet, batch: int) -> Float32:
    """Logits (N, C) of the windows as they were worn."""
    output_NO = _outputs(model, windows.imu_NTC, batch)
    return answered(model.card, output_NO)


def as_learnt(model: Model, windows: WindowSet, batch: int) -> Float32:
    """Logits (N, C) of the windows in their wearers' frames, sensor by sensor; as they were worn
    where a wearer has too few windows of walking.
    """
    card = model.card
    if not card.decision.upright:
        raise UsageError(
            f"--mounting learn: {model.name} learns no mounting; its card names no upright classes"
        )
    logits_NC = np.empty((len(windows), len(model.labels)), np.float32)
    name_N = np.char.add(np.char.add(windows.subject_N, "|"), windows.placement_N)
    for name in np.unique(name_N):
        own_N = np.flatnonzero(name_N == name)
        logits_NC[own_N] = _of_one_sensor(model, windows.imu_NTC[own_N], batch)
    return logits_NC


def _of_one_sensor(model: Model, imu_NTC: Float32, batch: int) -> Float32:
    output_NO = _outputs(model, imu_NTC, batch)
    walking_N = is_upright(model.card, output_NO)
    first = worn(model.card, gravity(imu_NTC[walking_N]), output_NO[walking_N])
    if first is None:
        return answered(model.card, output_NO)
    return answered(model.card, _outputs(model, turn(imu_NTC, first.turn_33), batch))


def _outputs(model: Model, imu_NTC: Float32, batch: int) -> Float32:
    starts = range(0, len(imu_NTC), batch)
    found = np.concatenate([model.engine.run(imu_NTC[start : start + batch]) for start in starts])
    if not np.isfinite(found).all():
        raise ArtefactError(f"the outputs of {model.name} are not finite; export it again")
    return found
