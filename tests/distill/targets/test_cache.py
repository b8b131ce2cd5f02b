"""Targets are computed once, survive kills and full disks, and belong to their key."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehuman.distill.targets import cache
from edgehuman.distill.targets.shards import Shards
from edgehuman.distill.targets.targets import Kept, OnTheFly, Targets
from edgehuman.errors import DataError, UsageError
from tests import leaving
from tests.distill import made_teacher
from tests.distill.made_teacher import IDS, SAMPLES, VIEWS, Answer, MadeTeacher, keep, records

ROWS = SAMPLES * VIEWS
EVERY = np.arange(SAMPLES)


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SHARD_ROWS", 32)
    monkeypatch.setattr(cache, "CHECKED", 40)


def require_same(targets: Targets, others: Targets) -> None:
    for view in range(VIEWS):
        one, other = targets.rows(EVERY, view), others.rows(EVERY, view)
        assert list(one) == list(other)
        for kind, values in one.items():
            assert np.array_equal(values, other[kind])


def test_what_is_kept_is_what_the_teacher_answers(tmp_path: Path) -> None:
    teacher = MadeTeacher()
    targets = keep(tmp_path / "kept", teacher)
    assert isinstance(targets, Kept)
    assert dict(targets.shapes) == {"logits": (5,), "embedding": (8,)}
    index_B = np.array([149, 3, 3, 77])
    for view in range(VIEWS):
        found, expected = targets.rows(index_B, view), teacher.answer(records(index_B, view))
        for kind, values in expected.items():
            np.testing.assert_allclose(found[kind], values, rtol=1e-3, atol=1e-4)
            assert found[kind].dtype == np.float32


def test_a_second_opening_asks_the_teacher_for_a_few_rows_and_no_more(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    first = MadeTeacher()
    kept = keep(tmp_path, first)
    assert first.answered == ROWS
    said = capfd.readouterr().err
    assert re.search(r"300 targets of made \(logits, embedding\): 0\.0 MB in .*, about 0 s", said)
    second = MadeTeacher()
    again = keep(tmp_path, second)
    assert second.answered == round(ROWS / 40)
    require_same(again, kept)
    assert second.answered == round(ROWS / 40)


def test_more_views_are_added_to_what_is_there(tmp_path: Path) -> None:
    keep(tmp_path / "grown", MadeTeacher(), views=1)
    teacher = MadeTeacher()
    grown = keep(tmp_path / "grown", teacher)
    assert teacher.answered == SAMPLES + round(SAMPLES / 40)
    require_same(grown, keep(tmp_path / "at once", MadeTeacher()))
    fewer = keep(tmp_path / "grown", MadeTeacher(), views=1)
    assert np.array_equal(fewer.rows(EVERY, 0)["logits"], grown.rows(EVERY, 0)["logits"])


def test_what_is_wanted_is_kept_and_beside_it_what_is_small(tmp_path: Path) -> None:
    def and_tokens(answer: Answer) -> Answer:
        return answer | {"tokens": np.ones((len(answer["logits"]), 3, 2), np.float32)}

    teacher = MadeTeacher(change=and_tokens)
    assert list(keep(tmp_path, teacher, kinds=["logits"]).shapes) == ["logits", "embedding"]
    assert cache.kinds_in(tmp_path) == {"logits", "embedding"}
    assert cache.kinds_in(tmp_path / "nowhere") == set()
    with pytest.raises(DataError, match="embedding, but not tokens; choose another folder"):
        keep(tmp_path, teacher, kinds=["tokens"])
    with pytest.raises(UsageError, match="gives logits, embedding, but not tokens"):
        keep(tmp_path / "other", MadeTeacher(), kinds=["tokens"])


@pytest.mark.parametrize("embedding", [np.zeros((1, 513)), np.full((1, 8), 1e3)])
def test_a_large_embedding_that_nobody_wants_is_not_kept(tmp_path: Path, embedding: Any) -> None:
    def large(answer: Answer) -> Answer:
        return answer | {"embedding": np.repeat(embedding, len(answer["logits"]), axis=0)}

    teacher = MadeTeacher(change=large)
    assert list(keep(tmp_path, teacher, kinds=["logits"]).shapes) == ["logits"]
    assert "embedding" in keep(tmp_path / "e", teacher, kinds=["embedding"]).shapes


def test_many_classes_are_kept_as_the_likeliest(tmp_path: Path) -> None:
    teacher = MadeTeacher(labels=tuple(map(str, range(100))))
    targets = keep(tmp_path, teacher)
    found = targets.rows(EVERY, 0)["logits"]
    logits = teacher.answer(records(EVERY, 0))["logits"]
    assert found.shape == (SAMPLES, 100)
    assert np.array_equal(found.argmax(axis=1), logits.argmax(axis=1))
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, atol=5e-3)
    keep(tmp_path, MadeTeacher(labels=tuple(map(str, range(100)))))


# What the targets belong to -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"view_seed": 7}, "view seed 0, not 7"),
        ({"preprocessing": "mirrored"}, "preprocessing as it is, not mirrored"),
        ({"sample_ids": [*IDS[1:], IDS[0]]}, "samples [0-9a-f]{12}…, not [0-9a-f]{12}…"),
        ({"teacher": MadeTeacher(seed=1)}, "teacher digest of 0, not digest of 1"),
    ],
)
def test_a_cache_of_something_else_is_refused_by_name(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    keep(tmp_path, MadeTeacher())
    given = {"teacher": MadeTeacher(), **changes}
    with pytest.raises(DataError, match=f"targets of another run: {said}. Choose another folder"):
        keep(tmp_path, **given)


def test_another_precision_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, MadeTeacher())
    half = MadeTeacher()
    half.precision = "bf16 on cuda"
    with pytest.raises(DataError, match="precision fp32, not bf16 on cuda"):
        keep(tmp_path, half)


def test_rows_that_are_not_what_the_teacher_answers_now_are_found(tmp_path: Path) -> None:
    keep(tmp_path, MadeTeacher())

    def louder(answer: Answer) -> Answer:
        return {kind: 1.1 * values for kind, values in answer.items()}

    with pytest.raises(
        DataError, match=r"logits of 'walk\d+' \(view 0\) are not what made answers"
    ):
        keep(tmp_path, MadeTeacher(change=louder))
    turned = MadeTeacher(seed=5)
    turned.digest = MadeTeacher().digest
    with pytest.raises(DataError, match=r"cosine -?0\.\d+, and it must be over 0\.9999"):
        keep(tmp_path, turned)


def test_a_folder_of_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match=r"contains other files \(notes.txt\) and no targets.json"):
        keep(tmp_path, MadeTeacher())
    (tmp_path / "targets.json").write_text("{")
    with pytest.raises(DataError, match=r"targets.json is damaged"):
        keep(tmp_path, MadeTeacher())
    with pytest.raises(DataError, match="is a file, not a folder"):
        keep(tmp_path / "notes.txt", MadeTeacher())
    assert sorted(each.name for each in tmp_path.iterdir()) == ["lock", "notes.txt", "targets.json"]


def test_nothing_is_written_beside_other_files(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(DataError, match="choose a new folder"):
        keep(tmp_path, MadeTeacher())
    assert [each.name for each in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "changes",
    [
        {"shapes": {"logits": [7], "embedding": [8]}}, {"shapes": {"logits": ["a"]}},
        {"shard_rows": 0}, {"sparse": True}, {"key": []},
    ],
)  # fmt: skip
def test_a_plan_that_somebody_changed_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    keep(tmp_path, MadeTeacher())
    path = tmp_path / "targets.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    for shard in tmp_path.glob("*.rows"):
        shard.unlink()
    with pytest.raises(DataError, match=r"targets.json is damaged.*; remove "):
        keep(tmp_path, MadeTeacher())


def test_answers_that_nobody_can_use_are_not_computed(tmp_path: Path) -> None:
    def require(shapes: Mapping[str, tuple[int, ...]]) -> None:
        assert shapes["embedding"] == (8,)
        raise UsageError("of no use")

    with pytest.raises(UsageError, match="of no use"):
        keep(tmp_path, MadeTeacher(), require=require)
    assert not (tmp_path / "targets.json").exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_a_target_that_is_not_finite_stops_by_name_and_nothing_of_its_shard_is_kept(
    tmp_path: Path, value: float
) -> None:
    calls = []

    def broken(answer: Answer) -> Answer:
        calls.append(1)
        if len(calls) == 5:
            answer["embedding"][3, 2] = value
        return answer

    said = r"'walk67' \(view 0\) with embedding of (nan|inf|1e\+06); targets are finite"
    with pytest.raises(DataError, match=said):
        keep(tmp_path, MadeTeacher(change=broken))
    assert sorted(path.name for path in tmp_path.glob("*.rows")) == [
        "0000000000-32.rows",
        "0000000032-32.rows",
    ]
    teacher = MadeTeacher()
    require_same(keep(tmp_path, teacher), keep(tmp_path / "whole", MadeTeacher()))
    assert teacher.answered == ROWS - 64 + 2


# Disks --------------------------------------------------------------------------------------------


def test_a_short_disk_is_said_and_targets_are_computed_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    usage = type("Usage", (), {"free": 5000})()
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage)
    teacher = MadeTeacher()
    targets = keep(tmp_path, teacher)
    assert isinstance(targets, OnTheFly)
    assert "take 0.0 MB, and" in capfd.readouterr().err
    assert list(tmp_path.glob("*.rows")) == []
    index_B = np.array([5, 2])
    expected = teacher.answer(records(index_B, 1))
    assert np.array_equal(targets.rows(index_B, 1)["logits"], expected["logits"])
    assert dict(targets.shapes) == {"logits": (5,), "embedding": (8,)}


def test_a_disk_that_fills_up_keeps_whole_shards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Shards.write, []

    def full(shards: Shards, first: int, arrays: Any) -> Any:
        written.append(first)
        if len(written) == 4:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(shards, first, arrays)

    with monkeypatch.context() as patch:
        patch.setattr(Shards, "write", full)
        with pytest.raises(DataError, match=r"No space left on device\); 96 of 300 rows are kept"):
            keep(tmp_path, MadeTeacher())
    teacher = MadeTeacher()
    require_same(keep(tmp_path, teacher), keep(tmp_path / "whole", MadeTeacher()))
    assert teacher.answered == ROWS - 96 + round(96 / 40)


def test_a_file_that_the_system_cuts_short_is_not_kept(tmp_path: Path) -> None:
    limited = (
        "import resource, runpy, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700)); del sys.argv[0]; "
        "runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    done = leaving.run(
        [sys.executable, "-c", limited, made_teacher.__file__, tmp_path / "kept"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    assert done.returncode == 1
    assert "File too large); 0 of 300 rows are kept" in done.stderr
    assert list((tmp_path / "kept").glob("*.rows")) == []
    assert list((tmp_path / "kept").glob(".*.partial")) == []


def damaged(path: Path, how: str) -> None:
    content = path.read_bytes()
    if how == "cut short":
        path.write_bytes(content[: len(content) // 2])
    elif how == "another byte":
        path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    else:
        path.unlink()


@pytest.mark.parametrize("how", ["cut short", "another byte", "missing"])
def test_a_half_written_shard_is_said_and_written_again(
    tmp_path: Path, how: str, capfd: pytest.CaptureFixture[str]
) -> None:
    keep(tmp_path / "kept", MadeTeacher())
    damaged(tmp_path / "kept" / "0000000064-32.rows", how)
    teacher = MadeTeacher()
    found = keep(tmp_path / "kept", teacher)
    assert "0000000064-32.rows: " in capfd.readouterr().err
    assert teacher.answered == 32 + round((ROWS - 32) / 40)
    require_same(found, keep(tmp_path / "whole", MadeTeacher()))
    silent = MadeTeacher()
    keep(tmp_path / "kept", silent)
    assert silent.answered == round(ROWS / 40)


# Processes ----------------------------------------------------------------------------------------


def started(*words: str) -> subprocess.Popen[str]:
    return leaving.start(
        [sys.executable, made_teacher.__file__, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )


def killed(nurse: subprocess.Popen[str], folder: Path, forwards: int, wait_s: float) -> int:
    """Have a process keep the targets, and killed so long after that many forwards; its code."""
    assert nurse.stdin is not None
    assert nurse.stdout is not None
    print(folder, forwards, wait_s, file=nurse.stdin, flush=True)
    return int(nurse.stdout.readline())


def index_of(folder: Path) -> Iterator[dict[str, int]]:
    path = folder / "index.jsonl"
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        yield json.loads(line)


def test_a_cache_that_is_killed_thirty_times_ends_as_one_written_in_peace(tmp_path: Path) -> None:
    draw, folder, kills, partly, peace = random.Random(4), tmp_path / "killed", 0, 0, []
    whole = keep(tmp_path / "peace", MadeTeacher())
    with started("nurse") as nurse:
        while kills < 30:
            code = killed(nurse, folder, draw.randint(1, 15), draw.uniform(0, 0.005))
            kills += code == -signal.SIGKILL
            rows = sum(line["rows"] for line in index_of(folder))
            partly += 0 < rows < ROWS
            if code == 0:
                peace.append(folder)
                folder = tmp_path / f"killed{len(peace)}"
        nurse.communicate()
    assert partly >= 10
    for each in [*peace, folder]:
        require_same(keep(each, MadeTeacher()), whole)
        assert list(each.glob(".*.partial")) == []


def test_a_line_of_the_index_that_is_cut_short_does_not_count(tmp_path: Path) -> None:
    keep(tmp_path / "kept", MadeTeacher())
    path = tmp_path / "kept" / "index.jsonl"
    path.write_bytes(path.read_bytes()[:-9])
    found = keep(tmp_path / "kept", MadeTeacher())
    require_same(found, keep(tmp_path / "whole", MadeTeacher()))
    assert len(path.read_bytes().splitlines()) == 11
    silent = MadeTeacher()
    keep(tmp_path / "kept", silent)
    assert silent.answered == round(ROWS / 40)


def test_two_writers_take_turns(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    writers = [started(str(folder)) for _ in range(2)]
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0]
    assert [line["first"] for line in index_of(folder)] == list(range(0, ROWS, 32))
    require_same(keep(folder, MadeTeacher()), keep(tmp_path / "peace", MadeTeacher()))


def test_shards_are_written_while_the_teacher_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, threads = Shards.write, set()

    def seen(shards: Shards, first: int, arrays: Any) -> Any:
        threads.add(threading.get_ident())
        return write(shards, first, arrays)

    monkeypatch.setattr(Shards, "write", seen)
    keep(tmp_path, MadeTeacher())
    assert threads
    assert threading.get_ident() not in threads
