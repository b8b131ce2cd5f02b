"""The people of one source of frames, named by a model of skeletons.

Axes: N people, J joints.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from edgehuman.preprocess.skeleton.walk import to_record
from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.windows import PoseReport

_log = logging.getLogger("edgehuman.runtime")


class Bodies:
    """A `naming.Namer`; arguments as of `skeleton.answer.Identifier`, and its `on_the_spot`.

    Attributes:
        identifier: names the skeletons.
        hop_s: seconds between two windows of a track.
        identifies: whether there is a gallery.
    """

    def __init__(
        self,
        model: Model,
        source: str,
        gallery: Gallery | None = None,
        hop_s: float | None = None,
        threshold: float | None = None,
        notify: Callable[[str], object] = _log.warning,
        on_the_spot: bool = False,
    ) -> None:
        # Results have the time of the frames, not that since the first person.
        self.identifier = Identifier(model, source, gallery, hop_s, threshold, notify, zero_s=0.0)
        self.identifier.on_the_spot = on_the_spot
        self.hop_s, self.identifies = self.identifier.tally.hop_s, gallery is not None

    @property
    def report(self) -> PoseReport:
        """The findings so far."""
        return self.identifier.report

    def push(self, result: FrameResult, arrival_ns: int) -> Sequence[GaitResult]:
        """The results of the windows that a frame completes."""
        block = body_block(result, arrival_ns)
        return [] if block is None else self.identifier.push(block)

    def begin_anew(self, track: str) -> None:
        """Forget whom the windows of a track looked like."""
        self.identifier.begin_anew(track)

    def close(self) -> None:
        """The stream is over."""
        self.identifier.close()

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window."""
        return self.identifier.no_window(source)


def body_block(result: FrameResult, arrival_ns: int) -> PoseBlock | None:
    """The people of a frame who are on a track and have a joint that is seen; None: there is
    nobody. Joints of all are converted at once.
    """
    people = [
        (person.track, person.joint_J3)
        for person in result.people
        if person.track and person.joint_J3 is not None and (person.joint_J3[:, 2] > 0).any()
    ]
    if not people:
        return None
    joint_NJ3 = np.stack([joint_J3 for _, joint_J3 in people])
    joint_NJ3[~np.isfinite(joint_NJ3).all(axis=2)] = 0
    np.clip(joint_NJ3[..., 2], 0, 1, out=joint_NJ3[..., 2])
    count = len(people)
    return PoseBlock(
        np.full(count, result.t_s or 0.0),
        to_record(joint_NJ3, f"frame {result.frame}", "coco17"),
        tuple(track for track, _ in people),
        np.full(count, result.width),
        np.full(count, result.height),
        np.full(count, arrival_ns),
    )
