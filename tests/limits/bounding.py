"""What a hostile file may cost a test."""

from __future__ import annotations

import contextlib
import time
import tracemalloc
from collections.abc import Iterator


@contextlib.contextmanager
def bounding(most_bytes: int) -> Iterator[None]:
    """Hold the block to so much memory, and to 10 s, however much a file asks for."""
    tracemalloc.start()
    start = time.process_time()
    yield
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < most_bytes
    assert time.process_time() - start < 10
