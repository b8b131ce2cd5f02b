"""The people of one source of frames, named by a model of skeletons."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from edgehuman.runtime.gallery import Gallery
from edgehuman.runtime.image.frames.results import FrameResult
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult
from edgehuman.runtime.skeleton.rows import PoseRows
from edgehuman.runtime.skeleton.windows import PoseReport

_log = logging.getLogger("edgehuman.runtime")


class Bodies:
    """A `naming.Namer`; arguments as of `skeleton.answer.Identifier`.

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
    ) -> None:
        # Results have the time of the frames, not that since the first person.
        self.identifier = Identifier(model, source, gallery, hop_s, threshold, notify, zero_s=0.0)
        self._rows = PoseRows()
        self.hop_s, self.identifies = self.identifier.tally.hop_s, gallery is not None

    @property
    def report(self) -> PoseReport:
        """The findings so far."""
        return self.identifier.report

    def push(self, result: FrameResult, arrival_ns: int) -> Sequence[GaitResult]:
        """The results of the windows that a frame completes."""
        block = body_block(self._rows, result, arrival_ns)
        return [] if block is None else self.identifier.push(block)

    def close(self) -> None:
        """The stream is over."""
        self.identifier.close()

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window."""
        return self.identifier.no_window(source)


def body_block(rows: PoseRows, result: FrameResult, arrival_ns: int) -> PoseBlock | None:
    """The people of a frame who are on a track and have a joint that is seen; None: there is
    nobody.
    """
    lines = list(_lines(result))
    return rows.read([lines]).arrived(arrival_ns) if lines else None


def _lines(result: FrameResult) -> Iterator[Mapping[str, Any]]:
    for person in result.people:
        joint_J3 = person.joint_J3
        if joint_J3 is None or not person.track or not (joint_J3[:, 2] > 0).any():
            continue
        yield {
            "t": result.t_s,
            "id": person.track,
            "joints": joint_J3,
            "layout": "coco17",
            "width": result.width,
            "height": result.height,
        }
