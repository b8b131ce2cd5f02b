from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from edgehuman.errors import ArtefactError
from edgehuman.export.writing import require_writable, write_whole


def test_a_file_appears_whole_and_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "x.onnx", b"abc")
    assert (tmp_path / "new" / "x.onnx").read_bytes() == b"abc"
    assert os.listdir(tmp_path / "new") == ["x.onnx"]


def test_a_file_where_a_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"x\.onnx cannot be written"):
        require_writable(tmp_path / "file" / "x.onnx")


def test_a_folder_where_the_file_should_be(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match="is a folder; --out is the path of the file"):
        require_writable(tmp_path)


def test_a_read_only_folder(tmp_path: Path) -> None:
    # The kernel's own: even root cannot write there.
    with pytest.raises(ArtefactError, match=r"cannot be written .* nothing was left there"):
        require_writable(Path("/proc/self/x.onnx"))


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files is what a full disk looks like to a process.
    code = (
        "import resource; from pathlib import Path; from edgehuman.export.writing import "
        "write_whole;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000));"
        f"write_whole(Path({str(tmp_path / 'x.onnx')!r}), bytes(5000))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "ArtefactError" in done.stderr
    assert os.listdir(tmp_path) == []


def test_an_interruption_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_whole(tmp_path / "x.onnx", b"old")

    def interrupted(*names: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "x.onnx", b"new")
    assert os.listdir(tmp_path) == ["x.onnx"]
    assert (tmp_path / "x.onnx").read_bytes() == b"old"
