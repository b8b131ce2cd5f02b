"""What a training takes over of how its weights learn a sensor's mounting.

A stream of `zoo:activity` learns from walking how its sensor is mounted. A model that is tuned from
it to own recordings does so too, where one of the classes is walking: by default it learns from the
same classes, and sees its windows turned as that stream turns them. Where the recordings' sensors
usually point is found from their own walking.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from edgehuman.card import Card
from edgehuman.preprocess.imu.upright import common_direction, gravity
from edgehuman.progress import tell
from edgehuman.records import WindowSet
from edgehuman.tasks.imu.settings import ActivityConfig

# As in recipes/activity_zoo.toml: the rest stays as it was worn.
UPRIGHT_SHARE, FACING_SHARE = 0.15, 0.30
_CLOSE = np.cos(np.radians(45.0))
_MOST = 0.8
_LIKE_WALKING = ("walk", "stairs", "hik", "stroll", "run", "jog")


def inherited(
    config: ActivityConfig, learned: Card | None, labels: tuple[str, ...]
) -> ActivityConfig:
    """The config with the upright classes of the weights, unless it names its own; says in one line
    what a stream will do, and which flag changes it.

    Args:
        learned: the card of the weights; None: there are none.
        labels: the task's classes.
    """
    known = () if learned is None else learned.decision.upright
    if not known or config.upright_by or config.mode == "probe":
        return config
    shared = tuple(name for name in labels if name in known)
    if not shared:
        like = [name for name in labels if any(word in name for word in _LIKE_WALKING)]
        tell(
            f"--weights {config.weights} learns from {', '.join(known)} how a sensor is mounted, "
            "and none of them is a class here: the tuned model takes the sensor as it is worn. "
            "Name the classes in which people walk: --upright-by " + (" ".join(like) or "NAME")
        )
        return config
    tell(
        f"--upright-by {' '.join(shared)}, as --weights {config.weights}: a stream learns from "
        "that how the sensor is mounted; `edgehuman run --mounting fixed` takes it as worn"
    )
    return dataclasses.replace(
        config,
        upright_by=shared,
        upright_share=config.upright_share or UPRIGHT_SHARE,
        facing_share=config.facing_share or FACING_SHARE,
    )


def usual_axis(windows: WindowSet, upright_by: tuple[str, ...]) -> tuple[str, ...]:
    """The signed axis that points up in the upright classes, as one word; none if it is not that of
    most of their windows.
    """
    index = [i for i, name in enumerate(windows.labels) if name in upright_by]
    up_N3 = gravity(windows.imu_NTC[np.isin(windows.label_N, index)])
    up_3 = common_direction(up_N3) if len(up_N3) else None
    if up_3 is None:
        return ()
    axis = int(np.abs(up_3).argmax())
    sign = -1.0 if up_3[axis] < 0 else 1.0
    close_N = sign * up_N3[:, axis] >= _CLOSE * np.linalg.norm(up_N3, axis=1)
    return (("-" if sign < 0 else "+") + "xyz"[axis],) if close_N.mean() >= _MOST else ()
