"""Commands of a sweep: started, asked to end, killed; what they print is kept within bounds."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from edgehuman.errors import DataError

_MOST_PRINTED = 1 << 22
_GRACE_S = 60.0
_CLOSING_S = 5.0
_BLOCK = 1 << 16


class Stop:
    """Asks the commands that run here to end: they save, and go on another time."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._lock = threading.RLock()  # a signal's handler may ask, in the thread that has it

    @property
    def asked(self) -> bool:
        """Whether everything is to end."""
        return self._asked.is_set()

    def ask(self) -> None:
        """End what runs, and what would begin."""
        with self._lock:
            self._asked.set()
            for process in self._running:
                process.terminate()

    def kill(self) -> None:
        """End what runs at once, unsaved: for commands that do not end when asked."""
        with self._lock:
            self._asked.set()
            for process in self._running:
                _kill(process)

    def wait(self, most_s: float = _GRACE_S) -> None:
        """Wait until what was asked to end has saved and ended, in the handler of a signal too."""
        until = time.monotonic() + most_s
        for process in tuple(self._running):
            while process.returncode is None and time.monotonic() < until:
                # Not `process.wait`, whose lock the code that the signal interrupted may hold.
                with contextlib.suppress(ChildProcessError):  # it was waited for just now
                    if not os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG):
                        time.sleep(0.05)
                        continue
                break

    def run(self, line: Sequence[str], log: Path, threads: int) -> tuple[int, str]:
        """Run a command; its exit code and what it printed. What it says goes to the log."""
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        environment["EDGEHUMAN_SWEEP"] = str(os.getpid())
        require_file(log)
        with log.open("ab") as said:
            with self._lock:
                if self._asked.is_set():
                    return -signal.SIGTERM, ""
                process = subprocess.Popen(
                    line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said,
                    env=environment, start_new_session=True,
                )  # fmt: skip
                self._running.add(process)
            printed = _Printed(process)
            try:
                process.wait()
            except BaseException:
                process.terminate()
                try:
                    process.wait(_GRACE_S)
                except subprocess.TimeoutExpired:
                    _kill(process)
                raise
            finally:
                with self._lock:
                    self._running.discard(process)
                text = printed.end()
        return process.returncode, text


class _Printed(threading.Thread):
    """Reads what a command prints, and keeps the end of it: it may print more than memory holds."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        super().__init__(daemon=True)
        self._process, self._kept = process, bytearray()
        self.start()

    def run(self) -> None:
        """Read until nobody can print any more."""
        assert self._process.stdout is not None
        while block := os.read(self._process.stdout.fileno(), _BLOCK):
            self._kept += block
            if len(self._kept) > 2 * _MOST_PRINTED:
                del self._kept[:-_MOST_PRINTED]

    def end(self) -> str:
        """The end of what was printed; processes that the command left behind are killed."""
        self.join(_CLOSING_S)
        if self.is_alive():
            _kill(self._process)
            self.join(_CLOSING_S)
        if not self.is_alive() and self._process.stdout is not None:
            self._process.stdout.close()
        return bytes(self._kept[-_MOST_PRINTED:]).decode("utf-8", "replace")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a command and what it started, which are a session of their own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()


def require_file(path: Path) -> None:
    """Check that a path is a file, or nothing yet: a pipe would be waited for.

    Raises:
        DataError: it is something else.
    """
    if path.exists() and not path.is_file():
        raise DataError(f"{path} is no file; remove it")
