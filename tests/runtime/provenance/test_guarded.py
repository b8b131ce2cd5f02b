"""What is trusted lies where not everyone may put something else."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.runtime.provenance.guarded import require_guarded
from edgehuman.runtime.provenance.keys import read_public
from tests.runtime.provenance.signed import make_key, public_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o703, 0o1703])
def test_a_folder_of_keys_takes_no_key_of_anyone(mode: int, tmp_path: Path) -> None:
    (tmp_path / "trusted").mkdir()
    make_key(tmp_path / "trusted").unlink()
    (tmp_path / "trusted").chmod(mode)
    with pytest.raises(UsageError, match=r"anyone may write to .*trusted.*chmod o-w"):
        read_public(tmp_path / "trusted")


@pytest.mark.parametrize("depth", [1, 2])
def test_a_key_in_a_folder_that_anyone_may_change(depth: int, tmp_path: Path) -> None:
    above = tmp_path / "above"
    inner = above / "inner"
    inner.mkdir(parents=True)
    private = make_key(inner)
    private.unlink()
    key = public_of(private)
    assert read_public(key)
    place = (inner, above)[depth - 1]
    place.chmod(0o777)
    for named in (key, inner):
        with pytest.raises(UsageError, match=f"anyone may write to {place}, so"):
            read_public(named)
    place.chmod(0o1777)  # as /tmp: what is there is its owner's
    assert read_public(key)


def test_the_key_of_another_user_in_a_shared_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    key = public_of(make_key(shared))
    shared.chmod(0o1777)
    if os.geteuid() == 0:
        os.chown(key, 12345, -1)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
    with pytest.raises(UsageError, match=r"is another user's: copy the keys"):
        read_public(key)


def test_links_lead_through_no_open_folder(tmp_path: Path) -> None:
    safe, shared = tmp_path / "safe", tmp_path / "shared"
    safe.mkdir()
    shared.mkdir()
    private = make_key(safe)
    private.unlink()
    key = public_of(private)
    (shared / "link").symlink_to(key)
    (shared / "folder").symlink_to(safe)
    (tmp_path / "far").symlink_to(shared / "link")
    ways = (shared / "link", shared / "folder" / key.name, tmp_path / "far", shared / "folder")
    for way in ways:
        assert read_public(way)
    shared.chmod(0o777)
    for way in ways:
        with pytest.raises(UsageError, match=f"anyone may write to {shared}, so"):
            read_public(way)
    require_guarded(key)
    (shared / "real").mkdir()
    (tmp_path / "into").symlink_to(shared / "real")
    with pytest.raises(UsageError, match="anyone may write"):
        require_guarded(tmp_path / "into")
