"""The standard streams of a program, where nobody reads them: closed, full, or blocked.

    sys.exit(run_watched(main))

A stream that is closed at the start gets the null device: else the next file that is opened has its
number, and what a library prints goes into that file. After Ctrl-C or SIGTERM a stream that takes
nothing for three seconds (a reader that stopped reading, a terminal that was stopped) is given up:
whoever waits in it goes on, so that a program always ends.
"""

from __future__ import annotations

import contextlib
import io
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import TextIO

OUTPUT, ERRORS = 1, 2
PATIENCE_S = 3.0
_LOOK_S = 0.2
_ASKED = frozenset({int(signal.SIGINT), int(signal.SIGTERM)})
_INTERRUPTED = 130


class StandardStreams:
    """Watches over standard output and error; to be made in the main thread.

    Attributes:
        lost: results did not reach standard output, as nobody took them.
    """

    def __init__(self) -> None:
        self.lost = False
        _open_closed()
        sys.stdout = _Output(sys.stdout)
        self._wakes = getattr(signal, "SIGURG", None)  # ignored unless somebody asks for it
        can_watch = self._wakes is not None and hasattr(select, "poll")
        if can_watch and threading.current_thread() is threading.main_thread():
            self._signals, written = os.pipe()
            os.set_blocking(written, False)
            signal.set_wakeup_fd(written, warn_on_full_buffer=False)
            os.register_at_fork(after_in_child=_forget_signals)
            signal.signal(self._wakes, lambda number, frame: None)  # type: ignore[arg-type]
            threading.Thread(target=self._watch, name="standard streams", daemon=True).start()

    def leave(self, code: int) -> int:
        """Write what is left, while it is still watched; the exit code, 1 where results are lost
        that would have been 0.
        """
        try:
            why = _flushed()
        except KeyboardInterrupt:  # the second: nothing is waited for
            os._exit(_INTERRUPTED)
        if self.lost:
            why = f"nobody took anything for {PATIENCE_S:g} s; the rest is lost"
        if why:
            with contextlib.suppress(OSError):
                print(f"edgehuman: standard output: {why}", file=sys.stderr, flush=True)
        return code or int(bool(why))

    def _watch(self) -> None:
        while not _ASKED.intersection(os.read(self._signals, 64)):
            pass
        taken_s = dict.fromkeys((OUTPUT, ERRORS), time.monotonic())
        given_up = False
        while True:
            time.sleep(_LOOK_S)
            for descriptor in taken_s:
                if _takes(descriptor):
                    taken_s[descriptor] = time.monotonic()
                elif time.monotonic() - taken_s[descriptor] >= PATIENCE_S:
                    self.lost |= descriptor == OUTPUT
                    _give_up(descriptor)
                    given_up = True
            if given_up:
                self._wake()

    def _wake(self) -> None:
        """Interrupt whoever still waits in a write: Python tries again, now on the null device."""
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and thread.ident is not None:
                with contextlib.suppress(OSError):
                    signal.pthread_kill(thread.ident, self._wakes)  # type: ignore[arg-type]


class _Output(io.TextIOWrapper):
    """Standard output that remembers why it could not be written to: what was given to a print
    that fails is gone, and the next one may not fail.

    Attributes:
        why: "" as long as it could.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(
            stream.buffer,
            stream.encoding,
            stream.errors,
            line_buffering=stream.isatty(),
        )
        self.why = ""
        self._under = stream  # which closes the descriptor when it goes

    def write(self, text: str) -> int:
        with self._remembering():
            return super().write(text)

    def flush(self) -> None:
        with self._remembering():
            super().flush()

    @contextlib.contextmanager
    def _remembering(self) -> Iterator[None]:
        try:
            yield
        except BrokenPipeError:  # the reader has had enough: no fault
            raise
        except OSError as error:
            self.why = self.why or error.strerror or str(error)
            raise


def run_watched(call: Callable[[], int]) -> int:
    """The exit code of a call that writes to the standard streams; 1 where results are lost and it
    would have been 0. To be called in the main thread.
    """
    streams = StandardStreams()
    try:
        code = call()
    except OSError:
        if not has_failed():  # it is of another file, and a bug
            raise
        code = 1  # why is said below
    return streams.leave(code)


def has_failed() -> str:
    """Why standard output cannot be written to; "" if it can."""
    with contextlib.suppress(OSError, ValueError):
        sys.stdout.flush()
    return getattr(sys.stdout, "why", "")


def _flushed() -> str:
    """Write what is left; why that failed, and then it is thrown away: the interpreter would try
    again at its end, and fail with its own words and code.
    """
    why = has_failed()
    if why:
        with contextlib.suppress(OSError, ValueError):
            _give_up(OUTPUT)
            sys.stdout.flush()
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    return why


def _open_closed() -> None:
    """Give the null device to streams that are closed. Output that nobody can have is opened to
    read, so that writing to it fails as on any closed one.
    """
    for descriptor, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(descriptor)
        except OSError:
            mode = os.O_WRONLY if descriptor == ERRORS else os.O_RDONLY
            os.open(os.devnull, mode)  # the lowest number that is free
        if getattr(sys, name) is None and descriptor:
            setattr(sys, name, os.fdopen(descriptor, "w", encoding="utf-8", closefd=False))


def _takes(descriptor: int) -> bool:
    """Whether something can be written now, or writing fails at once."""
    poll = select.poll()
    poll.register(descriptor, select.POLLOUT)
    return bool(poll.poll(0))


def _give_up(descriptor: int) -> None:
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, descriptor)
    os.close(null)


def _forget_signals() -> None:
    """Of a process that was forked: its signals are not this one's."""
    with contextlib.suppress(ValueError):
        signal.set_wakeup_fd(-1)
