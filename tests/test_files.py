"""Folders to write into are refused early where they cannot be, and none is made by asking."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.files import require_usable_folder


def test_a_folder_that_cannot_be_written_is_refused_and_none_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "file"
    file.write_text("in the way")
    for good in (tmp_path, tmp_path / "a" / "b", Path("a"), Path()):
        require_usable_folder(good, "--out")
    for bad in (file, file / "a" / "b", Path("file"), Path("file") / "a"):
        with pytest.raises(UsageError, match=r"--out: .*file is a file, and a folder is needed"):
            require_usable_folder(bad, "--out")
    link = tmp_path / "link"
    link.symlink_to("nowhere")
    for bad in (link, link / "a"):
        with pytest.raises(UsageError, match=r"--out: .*link is a link to nothing, and a"):
            require_usable_folder(bad, "--out")
    link.unlink()
    link.symlink_to(tmp_path)
    require_usable_folder(link / "a", "--out")
    link.unlink()
    # Not by chmod: root may write everywhere.
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)
    with pytest.raises(UsageError, match=rf"--out: {tmp_path} cannot be written into; give anot"):
        require_usable_folder(tmp_path / "a" / "b", "--out")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
