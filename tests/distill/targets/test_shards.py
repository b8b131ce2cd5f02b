"""Shards are whole or not there; the index and the gaps between them."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from edgehuman.distill.targets.packing import Column
from edgehuman.distill.targets.shards import INDEX, Shard, Shards, locked, missing

COLUMNS = (Column("one", "<f2", (3,)), Column("two", "<u2", (2, 2)))


def arrays(rows: int, seed: int = 0) -> dict[str, NDArray[Any]]:
    draw = np.random.default_rng(seed)
    return {
        "one": draw.normal(size=(rows, 3)).astype("<f2"),
        "two": draw.integers(0, 60000, (rows, 2, 2)).astype("<u2"),
    }


def test_a_shard_is_read_as_it_was_written(tmp_path: Path) -> None:
    shards, made = Shards(tmp_path, COLUMNS), arrays(5)
    shard = shards.write(10, made)
    assert (tmp_path / shard.name).stat().st_size == 5 * shards.row_bytes == 5 * 14
    assert shards.whole() == [shard]
    found = shards.open(shard)
    assert all(np.array_equal(found[name], made[name]) for name in made)
    assert not found["one"].flags.writeable


def test_a_shard_without_its_line_is_nothing_and_the_latest_line_counts(tmp_path: Path) -> None:
    shards = Shards(tmp_path, COLUMNS)
    shards.write(0, arrays(4))
    (tmp_path / "index.jsonl").unlink()
    assert shards.whole() == []
    shards.write(0, arrays(4, seed=1))
    last = shards.write(0, arrays(4, seed=2))
    assert shards.whole() == [last]


@pytest.mark.parametrize("torn", [b'{"first": 0, "ro', b"[1]\n", b'{"first": 1}\n', b"\xff\n"])
def test_a_line_that_is_none_does_not_count_and_the_next_stands_alone(
    tmp_path: Path, torn: bytes
) -> None:
    (tmp_path / "index.jsonl").write_bytes(torn)
    shards = Shards(tmp_path, COLUMNS)
    shard = shards.write(0, arrays(2))
    assert shards.whole() == [shard]
    lines = (tmp_path / "index.jsonl").read_bytes().splitlines()
    assert json.loads(lines[-1]) == {"first": 0, "rows": 2, "crc32": shard.crc32}


def test_what_is_missing_comes_in_pieces_that_end_at_whole_shards() -> None:
    assert missing([], 10, 4) == [(0, 4), (4, 4), (8, 2)]
    held = [Shard(4, 4, 0), Shard(8, 1, 0)]
    assert missing(held, 14, 4) == [(0, 4), (9, 3), (12, 2)]
    assert missing(held, 6, 4) == [(0, 4)]
    assert missing([Shard(0, 10, 0)], 10, 4) == []


def test_a_lock_lets_one_in_at_a_time(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with locked(tmp_path):
            order.append("second")

    with locked(tmp_path):
        waiting = threading.Thread(target=second)
        waiting.start()
        waiting.join(0.2)
        order.append("first")
    waiting.join(10)
    assert order == ["first", "second"]
    assert "another process writes there; waiting for it" in capfd.readouterr().err


@pytest.mark.parametrize(
    "line", ['{"first": 0, "rows": 2, "crc32": 1.5}', '{"first": 0, "rows": 0, "crc32": 0}',
             '{"first": -1, "rows": 2, "crc32": 0}', '{"first": 0, "rows": true, "crc32": 0}'],
)  # fmt: skip
def test_a_line_with_another_type_or_count_is_no_shard(line: str, tmp_path: Path) -> None:
    shards = Shards(tmp_path, [Column("x", "<f4", (2,))])
    (tmp_path / INDEX).write_text(line + "\n")
    (tmp_path / "0000000000-2.rows").write_bytes(bytes(16))
    assert shards.whole() == []
