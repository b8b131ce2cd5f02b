"""Values of files: shown whatever they are, and held against annotations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import pytest

from edgehuman.reading.values import is_name, path_below, require_types, shown


def test_a_value_is_shown_whatever_it_is() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert shown(10**6000) == "a int too large to show" or "…" in shown(10**6000)
    assert len(shown("x" * 10_000)) < 300
    assert "list" in shown(deep) or "…" in shown(deep)
    assert shown("a") == "'a'"


def test_a_name_of_a_file_has_bytes_and_no_zero() -> None:
    assert [is_name(value) for value in ("a/b.png", "ä.png", "a\0b", "\ud800", 3, None)] == [
        *(True, True, False, False, False, False)
    ]
    assert is_name("a" * 255 + "/" + "b" * 255)
    assert not any(map(is_name, ("a" * 256, "ä" * 128, "a/" * 1501)))


def test_a_path_stays_below_its_folder_and_may_be_written_on_windows() -> None:
    assert path_below("cam_a\\7..8.jpg") == path_below("cam_a/7..8.jpg") == "cam_a/7..8.jpg"
    elsewhere = ("/etc/x.jpg", "\\\\host\\x.jpg", "C:\\x.jpg", "a/../../x.jpg", "..")
    for value in (*elsewhere, "", 3, "a\0b"):
        assert path_below(value) == "", value


@dataclass(frozen=True)
class _Inner:
    names: tuple[str, ...]


@dataclass(frozen=True)
class _Outer:
    count: int
    share: float
    kind: Literal["a", "b"]
    inner: _Inner
    many: tuple[_Inner, ...] = ()
    table: dict[str, Any] | None = None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": "3"}, "count is '3', not int"),
        ({"count": True}, "count is True, not int"),
        ({"count": 1 << 63}, "count is 9223372036854775808, not int"),
        ({"share": None}, "share is None, not float"),
        ({"share": 10**400}, "share is 1000"),
        ({"kind": "c"}, "kind is 'c'"),
        ({"kind": ["a"]}, r"kind is \['a'\]"),
        ({"inner": {}}, "inner is {}, not _Inner"),
        ({"inner": _Inner((1,))}, r"inner.names is \(1,\)"),  # type: ignore[arg-type]
        ({"many": (_Inner("ab"),)}, "many.names is 'ab'"),  # type: ignore[arg-type]
        ({"table": {3: "x"}}, "table is {3: 'x'}"),
    ],
)
def test_a_field_of_another_type_is_told(changes: dict[str, Any], words: str) -> None:
    right: dict[str, Any] = {"count": 1, "share": 2, "kind": "a", "inner": _Inner(("x",))}
    require_types(_Outer(**right))
    with pytest.raises(TypeError, match=words):
        require_types(_Outer(**{**right, **changes}))
