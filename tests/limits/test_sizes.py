"""Files and JSON are measured before memory is made for them."""

from __future__ import annotations

import ast
import importlib
import io
import os
import signal
import sys
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from edgehuman.card import of_weights
from edgehuman.errors import DataError, EdgehumanError, UsageError
from edgehuman.limits.sizes import (
    MOST_TEXT,
    lines_within,
    read_bounded,
    require_few_lines,
    require_plain_toml,
    require_size,
)
from edgehuman.runtime.engine.onnx_file import open_file
from edgehuman.runtime.engine.plan_file import read_engine, read_side
from edgehuman.runtime.provenance.weights_file import read_weights_file
from tests.whole.house import SOURCES, needs_sources, nodes_of, require_none


def test_a_file_is_read_up_to_its_limit(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"12345")
    assert read_bounded(path, 5, DataError) == b"12345"
    with pytest.raises(DataError, match=r"a\.csv: has 5 bytes; a recording may have 4"):
        read_bounded(path, 4, DataError, "recording")
    with pytest.raises(UsageError, match="; a file may have 0"):
        read_bounded(path, 0, UsageError)
    with pytest.raises(UsageError, match="; an index of parts may have 0"):
        read_bounded(path, 0, UsageError, "index of parts")
    with pytest.raises(FileNotFoundError):
        read_bounded(tmp_path / "none", 4, DataError)


def test_neither_a_sparse_file_nor_a_small_one_takes_the_memory_of_its_limit(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x")
    tracemalloc.start()
    assert read_bounded(path, MOST_TEXT, DataError) == b"x"
    os.truncate(path, 1 << 40)
    with pytest.raises(DataError, match="has 1,099,511,627,776 bytes"):
        read_bounded(path, MOST_TEXT, DataError)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


@pytest.mark.skipif(sys.platform == "win32", reason="no devices and pipes with a path there")
def test_devices_and_pipes_end_too(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="zero: goes on after 3,000,000 bytes"):
        read_bounded(Path("/dev/zero"), 3_000_000, DataError)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_bytes, args=(b"x" * 3_000_000,), daemon=True).start()
    assert len(read_bounded(pipe, 3_000_000, DataError)) == 3_000_000


def test_lines_are_counted_before_they_are_made() -> None:
    require_few_lines(b"a\n" * 10, "a.csv", DataError, 10)
    for end in (b"\n", b"\r"):
        with pytest.raises(DataError, match=r"a\.csv: has over 10 lines"):
            require_few_lines(end * 11, "a.csv", DataError, 10)


def test_keys_of_many_parts_are_refused_in_no_time() -> None:
    plain = "a.b.c = [" + "0.5, " * 5000 + "\n" + "0.25,1.5," * 5000 + ']\n["x.y" . z]\n'
    require_plain_toml(plain.encode(), "r.toml", UsageError)
    start = time.process_time()
    for text in (
        "a." * 400_000 + "b = 1",
        "[" + "a . " * 200_000 + "b]",
        'x = {"," . ' + "a." * 99,
    ):
        with pytest.raises(UsageError, match=r"r\.toml: a key has over 64 parts"):
            require_plain_toml(text.encode(), "r.toml", UsageError)
    assert time.process_time() - start < 5


def test_a_line_is_read_up_to_its_limit() -> None:
    text = io.StringIO("abc\nde\n\nf")
    assert list(lines_within(text, "a.jsonl", DataError, 4)) == ["abc\n", "de\n", "\n", "f"]
    with pytest.raises(DataError, match=r"a\.jsonl: line 2 has over 4 characters"):
        list(lines_within(io.StringIO("abc\nabcdef"), "a.jsonl", DataError, 4))


def test_a_file_that_others_read_is_a_regular_one_of_a_limited_size(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"12345")
    require_size(path, 5, DataError)
    with pytest.raises(DataError, match="has 5 bytes; a table may have 4"):
        require_size(path, 4, DataError, "table")
    with pytest.raises(DataError, match="no regular file"):
        require_size(Path(os.devnull), 4, DataError)
    with pytest.raises(IsADirectoryError):
        require_size(tmp_path, 4, DataError)
    with pytest.raises(FileNotFoundError):
        require_size(tmp_path / "none", 4, DataError)


# No file is read whole without a limit -----------------------------------------------------------

# What these read is of the system, of our own package, or was written by this program.
_TRUSTED = {
    "edgehuman/runtime/machine.py": "files of the system below /proc and /sys",
    "edgehuman/placing.py": "a file of the system",
    "edgehuman/runtime/demo/page.py": "files of the package",
    "edgehuman/runtime/engine/build.py": "the package's script, and a timing cache of its own",
    "edgehuman/runtime/engine/builder.py": "a timing cache of its own",
    "edgehuman/runtime/engine/build_on_device.py": "runs without edgehuman",
    "edgehuman/preprocess/silhouette/read.py": "frames of a video, whose size was checked",
    "edgehuman/runtime/lock.py": "the side file of a lock",
    "edgehuman/training/ledger.py": "the pyproject.toml of the checkout that runs",
    "edgehuman/preprocess/image/complaints.py": "what the decoder said meanwhile",
    "distill/finish.py": "a note of its own",
    "export/engine/torch_tensorrt.py": "a file that was just written",
}


def _whole_reads(tree: ast.AST) -> Iterator[str]:
    """Calls that read all that a file gives, however much: without a count, into memory."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        name, counted = node.func.attr, bool(node.args)
        told = {keyword.arg for keyword in node.keywords}
        if (
            name == "read_bytes"
            or (name == "read_text" and (not node.args or told & {"encoding", "errors"}))
            or (name in ("read", "readline", "readlines") and not counted)
        ):
            yield f"{node.lineno} {ast.unparse(node)[:60]}"


@pytest.mark.slow
def test_no_file_is_read_whole_without_a_limit() -> None:
    require_none(
        "read it with `limits.sizes.read_bounded`, or give `read` and `readline` a count",
        (
            f"{file}:{call}"
            for file, path in SOURCES.items()
            if file not in _TRUSTED and not file.startswith("bench/")
            for call in _whole_reads(nodes_of(path)[0])
        ),
    )


@needs_sources
def test_a_read_without_a_limit_is_found() -> None:
    code = "p.read_bytes()\np.read_text(encoding='utf-8')\nf.read()\nf.readline()\nf.read(9)"
    assert [found.split()[0] for found in _whole_reads(ast.parse(code))] == ["1", "2", "3", "4"]
    assert [file for file in _TRUSTED if file not in SOURCES] == []


@pytest.mark.skipif(sys.platform == "win32", reason="links")
@pytest.mark.parametrize(
    ("name", "module", "function"),
    [
        ("a.json", "edgehuman.preprocess.skeleton.formats.read", "read_poses"),
        ("a.jsonl", "edgehuman.preprocess.skeleton.formats.read", "read_poses"),
        ("a.csv", "edgehuman.preprocess.skeleton.formats.table", "read_table"),
        ("a_1.txt", "edgehuman.preprocess.skeleton.formats.yolo", "read_yolo"),
        ("a.jsonl", "edgehuman.preprocess.image.labels", "read_label_lines"),
        ("a.mat", "edgehuman.data.mat_file", "read_variables"),
        ("a.pkl", "edgehuman.data.safe_pickle", "load_arrays"),
        ("a.onnx", "edgehuman.runtime.engine.onnx_file", "open_file"),
        ("a.engine", "edgehuman.runtime.engine.plan_file", "read_engine"),
        ("a.csv", "edgehuman.data.imu.published.motionsense", "read_table"),
        ("a.txt", "edgehuman.data.imu.published.wisdm", "read_rows"),
    ],
)
def test_a_huge_file_takes_no_memory(name: str, module: str, function: str, tmp_path: Path) -> None:
    """A sparse file of 40 GB is refused, or at its first line, with few MB in use."""
    with (tmp_path / name).open("wb") as file:
        file.write(b'{"joints": [')
        file.truncate(40 << 30)
    read = getattr(importlib.import_module(module), function)
    tracemalloc.start()
    try:
        with pytest.raises(EdgehumanError):
            list(read(tmp_path / name))
        assert tracemalloc.get_traced_memory()[1] < 200 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
@pytest.mark.parametrize("kind", ["pipe", "device"])
@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("m.onnx", open_file),
        ("m.engine", read_engine),
        ("m.engine.json", lambda side: read_side(side.with_suffix(""))),
        ("m.safetensors", of_weights),
        ("m.safetensors", read_weights_file),
    ],
)
def test_a_model_is_a_regular_file(
    name: str, read: Callable[[Path], object], kind: str, tmp_path: Path
) -> None:
    """Of the others, one may never answer, and the other never ends."""
    path = tmp_path / name
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")

    def late(number: int, frame: object) -> None:
        raise AssertionError("it waits for ever")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, 5)
    try:
        with pytest.raises(EdgehumanError, match="no regular file"):
            read(path)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
