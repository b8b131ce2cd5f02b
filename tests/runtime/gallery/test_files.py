"""The file of known people: what is written, by whom, and who may read it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from unittest.mock import Mock

import pytest

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.runtime.gallery import (
    Gallery,
    read_gallery,
    update_gallery,
    write_gallery,
)
from edgehuman.runtime.gallery.files import gallery_for, is_store
from tests.runtime.gallery.made import gait_card, known, vector, write_key, write_known


@pytest.fixture
def gallery() -> Gallery:
    return known()


def test_a_folder_is_called_a_folder(tmp_path: Path) -> None:
    with pytest.raises(ArtefactError, match=r"is a folder; a gallery is one file"):
        read_gallery(tmp_path)


def test_a_pipe_and_a_file_of_somebody_else_are_told_apart_from_none(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(tmp_path / "pipe.npz")
    with pytest.raises(ArtefactError, match="is a device or a pipe"):
        read_gallery(tmp_path / "pipe.npz")
    write_gallery(tmp_path / "g.npz", gallery)

    # The super user reads any file.
    monkeypatch.setattr(Path, "open", Mock(side_effect=PermissionError(errno.EACCES, "no")))
    with pytest.raises(ArtefactError, match="no permission to read it"):
        read_gallery(tmp_path / "g.npz")


def test_a_missing_file_says_how_to_make_it(tmp_path: Path) -> None:
    with pytest.raises(
        ArtefactError, match="no such gallery; create it with `edgehuman gallery enroll`"
    ):
        read_gallery(tmp_path / "g.npz")


def test_a_new_gallery_is_its_owners_alone_and_a_mode_is_kept(
    gallery: Gallery, tmp_path: Path
) -> None:
    path = tmp_path / "g.npz"
    update_gallery(path, lambda old: old.enrol("ANNA", "a", vector(1, 0)), gait_card())
    assert path.stat().st_mode & 0o777 == 0o600
    for mode in (0o640, 0o600):
        path.chmod(mode)
        update_gallery(path, lambda old: old.enrol("BOB", f"b{len(old)}", vector(0, 1)))
        assert path.stat().st_mode & 0o777 == mode


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_nothing_of_a_gallery_is_ever_for_others(
    umask: int, gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new" / "folder" / "g.npz"
    seen: dict[str, int] = {}
    kept = os.fsync

    def look(opened: int) -> None:
        for each in tmp_path.rglob("*"):
            seen[each.name.rpartition(".")[2]] = seen.get(each.name, 0) | each.stat().st_mode & 0o77
        kept(opened)

    monkeypatch.setattr(os, "fsync", look)
    before = os.umask(umask)
    try:
        for walk in ("a", "b"):
            update_gallery(path, lambda old, w=walk: old.enrol("A", w, vector(1, 0)), gait_card())  # type: ignore[misc]
    finally:
        os.umask(before)
    assert seen == dict.fromkeys(("partial", "lock", "npz", "new", "folder"), 0)


def test_a_new_gallery_is_said_to_be_plain_and_only_then(gallery: Gallery, tmp_path: Path) -> None:
    said: list[str] = []
    path = tmp_path / "g.npz"
    for walk in ("a", "b"):
        update_gallery(
            path, lambda old, w=walk: old.enrol("A", w, vector(1, 0)), gait_card(), said.append  # type: ignore[misc]
        )  # fmt: skip
    update_gallery(path, lambda old: old.forget(walk="a"), notify=said.append)
    assert len(said) == 1
    assert "g.npz is new and not encrypted" in said[0]


def test_a_gallery_behind_a_link_is_changed_there(gallery: Gallery, tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link = tmp_path / "g.npz"
    link.symlink_to(tmp_path / "disk" / "real.npz")
    update_gallery(link, lambda old: old.enrol("ANNA", "a", vector(1, 0)), gait_card())
    update_gallery(link, lambda old: old.enrol("BOB", "b", vector(0, 1)))
    assert link.is_symlink()
    assert read_gallery(tmp_path / "disk" / "real.npz").people() == {"ANNA": 1, "BOB": 1}


def test_a_change_that_fails_leaves_the_file(gallery: Gallery, tmp_path: Path) -> None:
    path = tmp_path / "g.npz"
    write_gallery(path, gallery)
    before = path.read_bytes()
    with pytest.raises(UsageError, match="'EVE'"):
        update_gallery(path, lambda old: old.forget("EVE"))
    assert path.read_bytes() == before
    with pytest.raises(ArtefactError, match="no such gallery"):
        update_gallery(tmp_path / "other.npz", lambda old: old)
    assert [each.name for each in tmp_path.iterdir()] == ["g.npz"]


# Both forms --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "store"),
    [("g.npz", False), ("g.gallery", True), ("g", True), ("g.npz.old", True)],
)
def test_a_new_file_is_a_store_unless_its_name_says_npz(
    name: str, store: bool, tmp_path: Path
) -> None:
    path = tmp_path / name
    assert is_store(path) is store
    write_known(path)
    assert is_store(path) is store
    assert (path.read_bytes()[:15] == b"SQLite format 3") is store
    # What is there says its form, whatever its name.
    moved = path.rename(tmp_path / "moved.npz")
    assert is_store(moved) is store
    assert read_gallery(moved).people() == {"ANNA": 2, "BOB": 1}
    update_gallery(moved, lambda old: old.forget("BOB"))
    assert is_store(moved) is store


def test_an_npz_gallery_takes_no_key(tmp_path: Path) -> None:
    key, path = write_key(tmp_path / "k.key"), write_known(tmp_path / "g.npz")
    for call in (
        lambda: read_gallery(path, key),
        lambda: update_gallery(path, lambda old: old, key=key),
        lambda: write_gallery(path, known(), key),
        lambda: gallery_for(path, gait_card(), key),
    ):
        with pytest.raises(UsageError, match=r"is an .npz gallery, which is never encrypted"):
            call()


def test_a_new_store_is_said_to_be_plain_once_and_a_sealed_one_is_not(tmp_path: Path) -> None:
    said: list[str] = []
    for key in (None, write_key(tmp_path / "k.key")):
        path = tmp_path / f"{key is None}.gallery"
        for walk in ("a", "b"):
            update_gallery(
                path, lambda old, w=walk: old.enrol("A", w, vector(1, 0)), gait_card(),  # type: ignore[misc]
                said.append, key,
            )  # fmt: skip
    assert len(said) == 1
    assert "True.gallery is new and not encrypted" in said[0]
    assert "encrypt it: `edgehuman gallery key`, then `edgehuman gallery rekey`" in said[0]


def test_a_store_behind_a_link_is_changed_there(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    link, real = tmp_path / "g.gallery", tmp_path / "disk" / "real.gallery"
    link.symlink_to(real)
    write_known(link)
    update_gallery(link, lambda old: old.forget("BOB"))
    assert link.is_symlink()
    assert read_gallery(real).people() == read_gallery(link).people() == {"ANNA": 2}
    assert sorted(each.name for each in tmp_path.rglob("*")) == [
        "disk",
        "g.gallery",
        "real.gallery",
    ]


def test_a_store_keeps_the_mode_that_it_was_given(tmp_path: Path) -> None:
    path = write_known(tmp_path / "g.gallery")
    path.chmod(0o640)
    update_gallery(path, lambda old: old.forget("BOB"))
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_gallery_is_written_whole_over_another(tmp_path: Path) -> None:
    for name in ("g.npz", "g.gallery"):
        path = write_known(tmp_path / name)
        write_gallery(path, known().forget("ANNA").enrol("CLEO", "c1", vector(1, 1)))
        assert read_gallery(path).people() == {"BOB": 1, "CLEO": 1}
        assert [each.name for each in tmp_path.glob(f"*{name}*")] == [name]
