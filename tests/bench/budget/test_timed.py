"""Latencies of this machine: timed together, kept, and taken from there while nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehuman.bench import contestants
from edgehuman.bench.budget import timed
from edgehuman.bench.budget.latencies import read_table
from edgehuman.bench.budget.timed import Wanted, cache_file, timed_here
from edgehuman.bench.contestants import Contestant, Entry, Records
from edgehuman.bench.latency import Blocks, Timing
from edgehuman.errors import ArtefactError, MissingDependencyError, UsageError
from edgehuman.runtime.engine.onnx_file import read_card

MakeModel = Callable[..., Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(timed, "BUSY", 1.0)  # other tests run beside these
    return tmp_path / "cache"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models that are opened to be timed, in order."""
    names: list[str] = []
    real = contestants.open_contestant

    def noting(entry: Entry, sample: Records) -> Contestant:
        names.append(Path(entry.model).stem)
        return real(entry, sample)

    monkeypatch.setattr(timed, "open_contestant", noting)
    return names


def test_a_second_call_times_nothing(make_model: MakeModel, opened: list[str]) -> None:
    wanted = [Wanted(str(make_model("one")), (1, 3)), Wanted(str(make_model("two")), (1,))]
    first, absent = timed_here(wanted, threads=1, rounds=2)
    assert [(Path(row.model).stem, row.batch) for row in first.rows] == [
        ("one", 1),
        ("one", 3),
        ("two", 1),
    ]
    assert all(0 < row.p50.low <= row.p50.value <= row.p95.value for row in first.rows)
    assert (first.rows[0].arch, first.rows[0].family) == ("imuvit_512x5", "imuvit")
    assert (first.rows[0].flops, first.rows[0].shape) == (4614, (128, 6))
    assert absent == {}
    again, _ = timed_here(wanted, threads=1, rounds=2)
    assert opened == ["one", "two"]
    assert again == first


def test_only_what_changed_is_timed_again(
    make_model: MakeModel, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = make_model("one"), make_model("two")
    wanted = [Wanted(str(one), (1,)), Wanted(str(two), (1,))]
    timed_here(wanted, 1, 1)
    make_model("two", params=5)  # another file of the name
    timed_here(wanted, 1, 1)
    assert opened == ["one", "two", "two"]
    timed_here(wanted[:1], 2, 1)  # more threads
    timed_here(wanted[:1], 1, 1, fresh=True)
    assert opened[3:] == ["one", "one"]
    monkeypatch.setattr(timed, "versions_of", lambda format: {"onnxruntime": "99"})
    timed_here(wanted[:1], 1, 1)
    assert opened[5:] == ["one"]


def test_what_other_programs_delayed_is_not_kept(
    make_model: MakeModel, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timed, "BUSY", -1.0)  # as if it were always so
    wanted = [Wanted(str(make_model()), (1,))]
    for _ in range(2):
        assert len(timed_here(wanted, 1, 1)[0].rows) == 1
    assert len(opened) == 2


def test_what_is_kept_is_a_latency_table(make_model: MakeModel, cache: Path) -> None:
    timed_here([Wanted(str(make_model()), (1,))], 1, 1)
    place = cache_file()
    assert place is not None
    assert place.parent == cache / "edgehuman" / "latencies"
    assert len(read_table(place).rows) == 1


def test_a_damaged_cache_is_measured_again(
    make_model: MakeModel, opened: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = [Wanted(str(make_model()), (1,))]
    timed_here(wanted, 1, 1)
    place = cache_file()
    assert place is not None
    place.write_text('{"schema"')
    table, _ = timed_here(wanted, 1, 1)
    assert "measured again" in capsys.readouterr().err
    assert (len(opened), len(table.rows), len(read_table(place).rows)) == (2, 1, 1)


def test_a_user_without_a_home_is_timed_all_the_same(
    make_model: MakeModel, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def homeless(*words: str) -> Path:
        raise UsageError("no home")

    monkeypatch.setattr(timed, "own_folder", homeless)
    wanted = [Wanted(str(make_model()), (1,))]
    for _ in range(2):
        assert len(timed_here(wanted, 1, 1)[0].rows) == 1
    assert len(opened) == 2


def test_a_network_that_cannot_be_built_here_is_told(
    make_model: MakeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = contestants.entries_of

    def without_torch(model: str, *given: object) -> list[Entry]:
        if model == "imuconv_288k":
            raise MissingDependencyError("torch is not installed")
        return real(model, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(timed, "entries_of", without_torch)
    wanted = [Wanted("imuconv_288k", (1,)), Wanted(str(make_model()), (1,))]
    table, absent = timed_here(wanted, 1, 1)
    assert len(table.rows) == 1
    assert absent == {"imuconv_288k": "torch is not installed"}


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown model"):
        timed_here([Wanted("zoo:nobody", (1,))], 1, 1)
    with pytest.raises(ArtefactError):
        timed_here([Wanted(str(tmp_path / "none.onnx"), (1,))], 1, 1)


def test_every_round_times_all_of_them(make_model: MakeModel) -> None:
    """Blocks of one model stand between those of the others, each after a warm-up."""
    calls: list[str] = []

    def contestant(name: str) -> Contestant:
        entry = Entry(name, name, "onnxruntime", "", None)

        def call(records: Records) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
            calls.append(name)
            return np.zeros(1, np.float32)

        return Contestant(entry, call, "", 0.0)

    batch: list[Records] = [np.zeros((1, 2), np.float32)]
    both = [timed._Timed(contestant(name), batch, 3, Blocks()) for name in "ab"]
    timed.interleave(both, rounds=4)
    assert [len(block) for one in both for block in one.blocks.latency_ms] == [3] * 8
    runs = ["".join(calls[i : i + 4]) for i in range(0, 32, 4)]
    assert sorted(runs[:2]) == sorted(runs[2:4]) == ["aaaa", "bbbb"]
    assert runs.count("aaaa") == runs.count("bbbb") == 4


@pytest.mark.parametrize(
    ("threads", "engine", "told"),
    [(1, "onnxruntime", 0.5), (2, "onnxruntime", None), (1, "tensorrt", None)],
)
def test_only_of_one_thread_of_this_process_waiting_means_other_programs(
    make_model: MakeModel, threads: int, engine: str, told: float | None
) -> None:
    path = str(make_model())
    entry = Entry(path, path, engine, "", None, threads)
    row = timed.latency_of(
        entry, read_card(Path(path)), Timing(np.ones(3), 1, 0.5), np.zeros((1, 128, 6)), ()
    )
    assert row.waited == told
