"""Contents of each wearable dataset: class names, people, and the people held out for testing.

People are named "<pool>:<id>". UCI HAR and HAPT have the same thirty people with the same numbers,
so they share the pool "uci30": a test person of one must not be a training person of the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.records import Text

UCI_TEST_USERS = (2, 4, 9, 10, 12, 13, 18, 20, 24)
UCI_SUBJECTS = tuple(f"uci30:{user}" for user in range(1, 31))
UCI_LABELS = (
    "walking",
    "walking_upstairs",
    "walking_downstairs",
    "sitting",
    "standing",
    "laying",
)
HAPT_LABELS = (
    *UCI_LABELS,
    "stand_to_sit",
    "sit_to_stand",
    "sit_to_lie",
    "lie_to_sit",
    "stand_to_lie",
    "lie_to_stand",
)

# The 34 / 17 people of the paper on wearable scaling laws (arXiv 2502.03364); WISDM has no
# official split.
WISDM_TEST_USERS = tuple(range(1634, 1651))
WISDM_SUBJECTS = tuple(f"wisdm2019:{user}" for user in range(1600, 1651))
WISDM_LABELS: Mapping[str, str] = {
    "A": "walking",
    "B": "jogging",
    "C": "stairs",
    "D": "sitting",
    "E": "standing",
    "F": "typing",
    "G": "brushing_teeth",
    "H": "eating_soup",
    "I": "eating_chips",
    "J": "eating_pasta",
    "K": "drinking",
    "L": "eating_sandwich",
    "M": "kicking",
    "O": "catching",
    "P": "dribbling",
    "Q": "writing",
    "R": "clapping",
    "S": "folding_clothes",
}

DSADS_PLACEMENT = {
    "torso": "chest",
    "right_arm": "wrist",
    "left_arm": "wrist",
    "right_leg": "thigh",
    "left_leg": "thigh",
}
DSADS_SUBJECTS = tuple(f"dsads:{user}" for user in range(1, 9))
DSADS_LABELS = (
    "sitting",
    "standing",
    "lying_on_back",
    "lying_on_right_side",
    "walking_upstairs",
    "walking_downstairs",
    "standing_in_elevator",
    "moving_in_elevator",
    "walking_in_parking_lot",
    "walking_on_treadmill_flat",
    "walking_on_treadmill_inclined",
    "running_on_treadmill",
    "exercising_on_stepper",
    "exercising_on_cross_trainer",
    "cycling_horizontal",
    "cycling_vertical",
    "rowing",
    "jumping",
    "playing_basketball",
)

USC_HAD_SUBJECTS = tuple(f"usc_had:{user}" for user in range(1, 15))
USC_HAD_LABELS = (
    "walking_forward",
    "walking_left",
    "walking_right",
    "walking_upstairs",
    "walking_downstairs",
    "running_forward",
    "jumping",
    "sitting",
    "standing",
    "sleeping",
    "elevator_up",
    "elevator_down",
)

GEOTEC_SUBJECTS = tuple(f"geotec:{user}" for user in range(1, 15))
# Turning round takes one or two steps and is walking here.
GEOTEC_LABELS: Mapping[str, str] = {
    "SEATED": "sitting",
    "STANDING_UP": "sit_to_stand",
    "WALKING": "walking",
    "TURNING": "walking",
    "SITTING_DOWN": "stand_to_sit",
}


def names(pool: str, ids: NDArray[Any]) -> Text:
    """`"<pool>:<id>"` for every id (N,)."""
    return np.array([f"{pool}:{i}" for i in ids.tolist()], dtype=np.str_)


def spans(rows: NDArray[Any], count: int) -> NDArray[np.int16]:
    """Labels (count,) from rows of (label, start, end), end excluded; -1 outside all rows."""
    label_T = np.full(count, -1, np.int16)
    for label, start, end in rows.tolist():
        label_T[start:end] = label
    return label_T
