"""What tests of listening share: free ports, and calls that have to come back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TypeVar

ResultT = TypeVar("ResultT")
_PATIENCE_S = 30.0


def free_address() -> tuple[str, int]:
    """Where nobody listens."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", 0))
        host, port = holder.getsockname()
    return host, port


def is_free(address: tuple[str, int]) -> bool:
    """Whether somebody could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        try:
            one.bind(address)
        except OSError:
            return False
    return True


def entered_and_left(source: AbstractContextManager[object]) -> None:
    """Begin to read, and read nothing."""
    with source:
        pass


def ended(call: Callable[[], ResultT]) -> ResultT:
    """What it returns or raises; a call that waits for ever fails instead of hanging."""
    results: list[ResultT] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_PATIENCE_S)
    assert not thread.is_alive(), "it never came back"
    if errors:
        raise errors[0]
    return results[0]
