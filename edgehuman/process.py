"""How a process of ours starts: what Ctrl-C does meanwhile, and streams that take any text.

Imports nothing that takes time, as it comes before everything else.
"""

from __future__ import annotations

import os
import signal
import sys


def leave_at_once() -> None:
    """Let Ctrl-C end the process at once, with code 130 and a line. While modules are imported,
    nothing is open, and a KeyboardInterrupt comes out as a traceback, or is swallowed by an import.

    Where somebody else decided about it already, such as `nohup`, it stays so.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)


def raise_again() -> None:
    """Let Ctrl-C raise KeyboardInterrupt again: the work begins."""
    if signal.getsignal(signal.SIGINT) is _leave:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _leave(number: int, frame: object) -> None:
    os.write(2, b"edgehuman: stopped\n")
    os._exit(130)


def take_any_text() -> None:
    """Let standard output and error take any text: what a terminal in ASCII or in a code page of
    Windows does not have is written as \\N escapes, instead of ending the command.
    """
    import contextlib

    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # of real files; None: closed
        if reconfigure is not None:
            with contextlib.suppress(OSError, ValueError):  # it stays as it is: closed meanwhile
                reconfigure(errors="backslashreplace")
