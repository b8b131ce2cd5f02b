"""Prometheus' text in a file, written whole every 15 seconds and at the end.

For node_exporter's textfile collector, where the run has no page that could be asked.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from edgehuman.errors import EdgehumanError, UsageError
from edgehuman.files import require_usable_file, write_whole
from edgehuman.runtime.loop.sinks import LAST_WRITES_S
from edgehuman.runtime.serve.meter import Meter

EVERY_S = 15.0


class MetricsFile:
    """Writes the counts of a run to a file, on a thread of its own.

    Args:
        notify: called with the first failure; the run goes on.

    Raises:
        UsageError: the file cannot be written to.
    """

    def __init__(self, path: Path, meter: Meter, notify: Callable[[str], object]) -> None:
        require_usable_file(path, "--metrics")
        self._path, self._meter, self._notify = path, meter, notify
        self._ended = threading.Event()
        self._has_failed = False
        self._thread = threading.Thread(target=self._work, name="metrics file", daemon=True)

    def start(self) -> None:
        """Write the first one, and go on."""
        self._thread.start()

    def stop(self) -> None:
        """Write the last one; a disk that does not answer is not waited for."""
        self._ended.set()
        if self._thread.ident is not None:
            self._thread.join(LAST_WRITES_S)

    def _work(self) -> None:
        while True:
            is_last = self._ended.is_set()
            try:
                write_whole(self._path, self._meter.text().encode(), UsageError)
            except EdgehumanError as error:
                if not self._has_failed:
                    self._notify(f"--metrics: {error}")
                self._has_failed = True
            if is_last:
                return
            self._ended.wait(EVERY_S)
