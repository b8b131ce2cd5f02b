"""Rows from a pipe as they come."""

from __future__ import annotations

import os

import pytest

from edgehuman.errors import DataError
from edgehuman.preprocess.imu.recording import ImuFormat
from edgehuman.runtime.imu.feeds import TextFeed
from edgehuman.runtime.imu.source import source_of
from tests.runtime.listening import ended, entered_and_left

HEADER = "t,ax,ay,az,gx,gy,gz"


def row(i: int) -> str:
    """A row at 50 Hz that tells its number."""
    return f"{i / 50:.2f},{i / 100:.2f},0,1,0.1,0.2,0.3"


def feed_pipe(data: bytes) -> TextFeed:
    """A pipe that holds `data` and is closed; short enough for the pipe's own buffer."""
    out, into = os.pipe()
    os.write(into, data)
    os.close(into)
    return TextFeed("standard input", out, ImuFormat())


def test_a_pipe_is_read_as_it_comes() -> None:
    out, into = os.pipe()
    source = source_of(TextFeed("standard input", out, ImuFormat("g", "rads")), live=False)
    with source:
        blocks = iter(source)
        os.write(into, "\n".join([HEADER, *map(row, range(20)), ""]).encode())
        first = 0
        while first < 20:
            first += len(next(blocks))
        os.write(into, (row(20) + "\n").encode())
        assert next(blocks).stamp_s_T.tolist() == [0.4]
        os.close(into)
        assert list(blocks) == []


def test_a_quiet_pipe_can_be_left() -> None:
    out, into = os.pipe()
    ended(lambda: entered_and_left(source_of(TextFeed("standard input", out, ImuFormat()), False)))
    os.close(into)


def test_nothing_on_standard_input() -> None:
    source = source_of(feed_pipe(b""), live=False)
    with source, pytest.raises(DataError, match="standard input holds no readable row"):
        list(source)
