"""Who somebody is, as the page says it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from edgehuman.preprocess.quality import Quality, Weights
from edgehuman.runtime.view.identity import in_words, named

QUALITY = Quality(Weights(0.25, 0.25, 0.25, 0.25), steps=0.3, completeness=0.9)
"""100 x sqrt(0.3 x 0.9) = 52."""


@pytest.mark.parametrize(
    ("answer", "row"),
    [
        ({}, {"state": "not yet"}),
        ({"label": ""}, {"state": "not yet"}),
        ({"label": None, "state": "not yet", "score": 0.0}, {"state": "not yet"}),
        ({"label": "unknown", "score": 0.41239}, {"state": "unknown", "match": 0.412}),
        ({"label": "ANNA", "score": 0.93}, {"state": "known", "name": "ANNA", "match": 0.93}),
        (
            {"name": "ANNA", "state": "known", "identity": 0.9, "attributes": {}},
            {"state": "known", "name": "ANNA", "match": 0.9},
        ),
        ({"label": "ANNA", "state": "unknown", "score": 0.9}, {"state": "unknown", "match": 0.9}),
        ({"label": None, "state": "not walking", "score": 0.0}, {"state": "not walking"}),
        (
            {"name": "ANNA", "identity": 0.9, "by": {"joints": 0.96333, "outlines": None}},
            {"state": "known", "name": "ANNA", "match": 0.9, "by": {"joints": 0.963}},
        ),
        (
            {"label": "ANNA", "score": math.nan, "quality": 71.4},
            {"state": "known", "name": "ANNA", "quality": 71.0},
        ),
        ({"quality": QUALITY.as_row()}, {"state": "not yet", "quality": 52.0}),
        ({"quality": {}}, {"state": "not yet"}),
        ({"quality": None}, {"state": "not yet"}),
        ({"quality": True, "label": 3}, {"state": "not yet"}),
    ],
)
def test_not_yet_unknown_or_a_name(answer: dict[str, Any], row: dict[str, Any]) -> None:
    assert named(answer) == row


def test_in_a_picture_it_is_one_line() -> None:
    assert in_words(named({"label": "ANNA", "score": 0.934})) == "ANNA 0.93"
    assert in_words(named({"label": "unknown", "score": 0.4})) == "unknown"
    assert in_words(named({})) == "not yet"
    assert in_words({}) == ""
