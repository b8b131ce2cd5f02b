"""A viewer's WebSocket: acknowledgements are taken, and whatever else comes ends it."""

from __future__ import annotations

import json

import pytest

from edgehuman.runtime.serve.viewer import Viewers, acknowledgement
from tests.runtime.serve.viewing import Running, until_alone


@pytest.mark.parametrize(
    ("said", "code"),
    [("{", 1003), ("[]", 1003), ('{"ack": "1"}', 1003), ('{"ack": true}', 1003),
     ('{"ack": 1.0}', 1003), ('{"ack": 1, "more": 1}', 1003),
     ("[" * 900, 1003), (b"\x00\x01", 1003), ("", 1003),
     ('{"ack": 2}', 1008), ('{"ack": 1' + "0" * 300 + "}", 1008), ("x" * 5000, 1009)],
)  # fmt: skip
def test_what_is_no_acknowledgement_ends_the_connection(
    page: Running, said: str | bytes, code: int
) -> None:
    with page.socket() as viewer:
        viewer.update()
        viewer.say(said)
        assert (viewer.update()[0], viewer.closed) == ({}, code)
    until_alone(page)


def test_an_acknowledgement_twice_ends_the_connection(page: Running) -> None:
    with page.socket() as viewer:
        row, _ = viewer.update()
        viewer.acknowledge(row)
        viewer.acknowledge(row)
        while viewer.update()[0]:
            pass
        assert viewer.closed == 1008
    until_alone(page)


def test_an_acknowledgement_is_one_number() -> None:
    assert acknowledgement(json.dumps({"ack": 3})) == 3
    for text in (None, "", "null", "0", '{"ack": 0}', '{"ack": -1}', '{"ack": NaN}'):
        assert acknowledgement(text) is None


def test_places_are_bounded_and_given_back() -> None:
    viewers = Viewers(most=1)
    with viewers.place() as first, viewers.place() as second:
        assert (first, second, viewers.count, viewers.refused) == (True, False, 1, 1)
    assert viewers.count == 0
