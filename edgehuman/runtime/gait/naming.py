"""Names for the tracks of a camera: an `Identifier` whose newest answers stand beside tracks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgehuman.runtime.gait.walkers import Walkers
from edgehuman.runtime.skeleton.answer import Identifier
from edgehuman.runtime.skeleton.lines import PoseBlock
from edgehuman.runtime.skeleton.results import GaitResult, GaitTally
from edgehuman.runtime.skeleton.windows import PoseReport


class Naming:
    """A `loop.play.Listener` of walkers.

    Args:
        identifier: names the walks.
        walkers: are told the names.
    """

    def __init__(self, identifier: Identifier, walkers: Walkers) -> None:
        self._identifier, self._walkers = identifier, walkers

    @property
    def tally(self) -> GaitTally:
        """The totals so far."""
        return self._identifier.tally

    @property
    def report(self) -> PoseReport:
        """The findings in the stream so far."""
        return self._identifier.report

    def push(self, block: PoseBlock) -> list[GaitResult]:
        """The results that this block completes, oldest first."""
        results = self._identifier.push(block)
        for result in results:
            if result.label and not result.reason:
                self._walkers.names[result.track] = f"{result.label} {result.score:.2f}"
        return results

    def close(self) -> list[GaitResult]:
        """The stream is over."""
        return self._identifier.close()

    def no_window(self, source: Mapping[str, Any]) -> str:
        """Why there was no window, and what to do about it."""
        return self._walkers.nobody() or self._identifier.no_window(source)
