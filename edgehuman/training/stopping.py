"""Ctrl-C and SIGTERM of a training, agreed by all of its processes.

    with StopSignals(world) as stop:
        while not stop.agreed(place): ...

The first signal asks for an end after the current step; any process may get it, and all end at the
same step. A second one ends at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from types import FrameType

import torch
from torch import distributed

from edgehuman.training.processes import Place

# torchrun hands on a Ctrl-C that the terminal sent to every process already: one signal, twice.
_SAME_S = 2.0
# Within this a process that was asked twice ends by itself; it may wait for another inside PyTorch.
_GRACE_S = 3.0
_NAMES = (signal.SIGINT, signal.SIGTERM)


class StopSignals:
    """Catches the signals inside its block, in the main thread only.

    Args:
        world: number of processes.

    Attributes:
        asked: whether a signal came to this process. It is only ever set: a signal may come while
            the processes agree.
    """

    def __init__(self, world: int) -> None:
        self.asked = False
        self._world = world
        self._asked_s = 0.0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> StopSignals:
        with contextlib.suppress(ValueError):  # not the main thread: its owner decides
            for name in _NAMES:
                self._stack.callback(signal.signal, name, signal.signal(name, self._ask))
            if self._world > 1:
                self._watch()
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def agreed(self, place: Place) -> bool:
        """Whether any process was asked to stop; the same answer in all processes."""
        if place.world == 1:
            return self.asked
        flag = torch.tensor(int(self.asked), device=place.device)
        distributed.all_reduce(flag, distributed.ReduceOp.MAX)
        return bool(flag)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if not self.asked:
            self.asked, self._asked_s = True, now_s
        elif self._world == 1 or now_s - self._asked_s > _SAME_S:
            raise KeyboardInterrupt

    def _watch(self) -> None:
        """End the process if it is asked twice while PyTorch waits for another process: handlers
        in Python run only when it returns. Whoever was told of signals before is told by the
        thread: there is one place for it in a process (`edgehuman.runtime.loop.standard` frees a
        program whose output nobody takes).
        """
        ours, woken = socket.socketpair()
        woken.setblocking(False)
        before = signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
        thread = threading.Thread(target=_end_if_asked_twice, args=(ours, before), daemon=True)
        thread.start()

        def end() -> None:
            signal.set_wakeup_fd(before)
            woken.close()  # the thread reads the end of the stream
            thread.join(_GRACE_S)

        self._stack.callback(end)


def _end_if_asked_twice(signals: socket.socket, before: int) -> None:
    """Read the numbers of the signals until the stream ends.

    Args:
        before: descriptor that they are handed on to; -1: none.
    """
    asked_s: float | None = None
    with signals:
        while number := signals.recv(1):
            _hand_on(number, before)
            if number[0] not in _NAMES:
                continue
            now_s = time.monotonic()
            if asked_s is None:
                asked_s = now_s
            elif now_s - asked_s > _SAME_S:
                signals.settimeout(_GRACE_S)
                with contextlib.suppress(TimeoutError):
                    while numbers := signals.recv(64):
                        _hand_on(numbers, before)
                    return
                os._exit(128 + number[0])


def _hand_on(numbers: bytes, before: int) -> None:
    if before >= 0:
        with contextlib.suppress(OSError):  # full: its reader is awake already; or closed
            os.write(before, numbers)
