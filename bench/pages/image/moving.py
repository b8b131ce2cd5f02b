"""How well people are followed by what moves (`--detector mog2`), on videos that say who is who.

    python -m edgehuman.bench.pages.image.moving --data mot

HOTA, IDF1 and MOTA as `edgehuman evaluate zoo:person-detector-int8 --data mot` has them for a
detector; the beginning of a video, in which the background is learnt, counts too.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.tracks import follow, said
from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError
from edgehuman.metrics.boxes.detection import Found
from edgehuman.outcome import Outcome
from edgehuman.runtime.image.frames.answer import SCORE
from edgehuman.runtime.image.frames.moving import Moving
from edgehuman.runtime.image.frames.taken import TakenFrame


@dataclass(frozen=True, slots=True)
class MovingConfig:
    """Follow what moves."""

    data: Path
    """Videos with the people of each frame, as MOTChallenge has them."""


def moving(config: MovingConfig) -> Outcome:
    """Score the tracks of what moves."""
    frames, finder = load_frames(config.data), Moving()
    if frames.t_s_N is None:
        raise DataError(f"{config.data}: its frames have no times; give videos")
    found: dict[int, Found] = {}
    for index, (name, t_s) in enumerate(
        zip(frames.sequence_N.tolist(), frames.t_s_N.tolist(), strict=True)
    ):
        taken = TakenFrame(str(index), index, t_s, source=name)
        people = finder.at(taken).find(frames.frames[index])
        box_K4 = np.array([person.box_4 for person in people], np.float32).reshape(-1, 4)
        found[index] = box_K4, np.array([person.score for person in people], np.float32)
    followed = follow(frames, found, SCORE)
    data = None if followed is None or isinstance(followed, str) else followed.as_data()
    return Outcome({"tracks": data}, "\n".join(said(followed)))


if __name__ == "__main__":
    sys.exit(main(MovingConfig, moving))
