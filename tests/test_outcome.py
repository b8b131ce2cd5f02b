"""JSON text of plain values and of NumPy's."""

from __future__ import annotations

import json

import numpy as np
import pytest

from edgehuman.outcome import to_json


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.int64(3), "3"),
        (np.uint8(255), "255"),
        (np.float32(0.5), "0.5"),
        (np.bool_(True), "true"),
        (np.str_("walking"), '"walking"'),
        (np.array([[1, 2]], np.int16), "[[1, 2]]"),
        (np.float64("nan"), "null"),
        (
            {"a": [1.5, float("inf")], 2: np.array([1, np.nan], np.float32)},
            '{"a": [1.5, null], "2": [1.0, null]}',
        ),
        ({"a": [np.int32(1), None, (2.5, "b")]}, '{"a": [1, null, [2.5, "b"]]}'),
    ],
)
def test_numpy_s_values_are_written_as_python_s(value: object, text: str) -> None:
    assert to_json(value) == text


def test_the_order_of_keys_stays_and_lines_can_be_indented() -> None:
    assert to_json({"b": 1, "a": 2}, indent=1) == json.dumps({"b": 1, "a": 2}, indent=1)


def test_a_value_without_a_json_form_is_named() -> None:
    with pytest.raises(TypeError, match=r"set has no JSON form: \{1\}"):
        to_json({"a": {1}})
