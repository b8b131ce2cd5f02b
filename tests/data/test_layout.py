"""One finder for all: the nearest layout, the one insisted on, and why a path is none of them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.layout import (
    Layout,
    find,
    folders,
    found_here,
    places,
    recognised,
    require_own_flags,
    unknown,
)
from edgehuman.errors import DataError, UsageError


def layout(dataset: str, file: str) -> Layout[str]:
    """A folder with a file; a folder with the file's name in capitals is nearly one."""
    return Layout(
        dataset,
        f"a folder with {file}",
        lambda path: (path / file).is_file() or path.name == file,
        f"reads {file}",
        lambda path: f"{file} is in capitals" if (path / file.upper()).is_file() else "",
    )


HAPT, PSYMO = layout("hapt", "a.txt"), layout("psymo", "b.txt")
BOTH = (HAPT, PSYMO)


def put(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    return path


def test_the_nearest_is_found_two_folders_down_at_most(tmp_path: Path) -> None:
    put(tmp_path / "x" / "y" / "z" / "a.txt")
    with pytest.raises(DataError, match="no known dataset has this layout"):
        find(tmp_path, BOTH)
    assert find(tmp_path / "x", BOTH) == (HAPT, tmp_path / "x" / "y" / "z")
    put(tmp_path / "x" / "w" / "b.txt")
    found, place = find(tmp_path / "x", BOTH)
    assert (found.read, place.name) == ("reads b.txt", "w")
    assert [one.dataset for one, _ in recognised(tmp_path / "x", BOTH)] == ["psymo", "hapt"]
    shown = [str(place.relative_to(tmp_path)) for place in places(tmp_path)]
    assert shown == [".", "x", "x/w", "x/y"]


def test_of_several_the_one_insisted_on(tmp_path: Path) -> None:
    put(tmp_path / "a.txt")
    put(tmp_path / "b.txt")
    assert find(tmp_path, BOTH)[0] is HAPT
    assert find(tmp_path, BOTH, "psymo")[0] is PSYMO
    (tmp_path / "b.txt").unlink()
    with pytest.raises(DataError, match="given as 'psymo', but it looks like 'hapt': a folder wi"):
        find(tmp_path, BOTH, "psymo")
    with pytest.raises(UsageError, match="Did you mean 'hapt'"):
        find(tmp_path, BOTH, "hatp")


def test_another_record_s_path_is_nobody_s_here(tmp_path: Path) -> None:
    put(tmp_path / "a.txt")
    assert found_here(tmp_path, (PSYMO,)) is None
    assert found_here(tmp_path, (PSYMO,), "hapt") is None
    assert found_here(tmp_path, (HAPT,), "hapt") == (HAPT, tmp_path)
    with pytest.raises(DataError, match=r"Looked for:\n  psymo: a folder with b\.txt$"):
        found_here(tmp_path, (PSYMO,), "psymo")


def test_a_near_miss_says_what_it_lacks(tmp_path: Path) -> None:
    put(tmp_path / "down" / "B.TXT")
    with pytest.raises(DataError, match=r"down looks like psymo, but b\.txt is in capitals$"):
        find(tmp_path, BOTH)
    assert "Looked for" not in unknown(tmp_path, BOTH)


def test_files_that_are_datasets_by_themselves_are_to_be_named(tmp_path: Path) -> None:
    single = Layout("npy", "one .npy file", lambda path: path.suffix == ".npy", 0)
    put(tmp_path / "first.npy")
    said = unknown(tmp_path, (single,))
    assert said == (
        f"{tmp_path} holds several data files; give one of them, e.g. {tmp_path / 'first.npy'}"
    )


def test_what_is_there_is_said_in_a_few_words(tmp_path: Path) -> None:
    assert "a folder with nothing in it; no" in unknown(tmp_path, BOTH)
    for name in "cdefgh":
        (tmp_path / name).mkdir()
    assert "a folder with c, d, e, f, g …; no pose has" in unknown(tmp_path, BOTH, "pose")
    np.savez(tmp_path / "x.npz", two=1, one=2)
    assert "is an .npz file with the fields one, two; no" in unknown(tmp_path / "x.npz", BOTH)
    assert "is a single file; no" in unknown(put(tmp_path / "x.bin"), BOTH)
    assert unknown(tmp_path / "x.bin", BOTH, fix="Give up").endswith("has this layout. Give up")


def test_a_device_is_no_file() -> None:
    assert f"{os.devnull} is a device or a pipe, not a file" in unknown(Path(os.devnull), [])


def test_folders_of_programs_are_passed_over(tmp_path: Path) -> None:
    for name in ("b", "a", ".git", "__MACOSX"):
        (tmp_path / name).mkdir()
    assert [folder.name for folder in folders(tmp_path)] == ["a", "b"]


def test_no_path_and_an_archive(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="nowhere: no such file or folder; `edgehuman data list`"):
        find(tmp_path / "nowhere", BOTH)
    with pytest.raises(DataError, match=r"x\.zip is an archive; unpack it and give the folder"):
        find(put(tmp_path / "x.zip"), BOTH)
    (tmp_path / "y.zip").mkdir()
    put(tmp_path / "y.zip" / "a.txt")
    assert find(tmp_path / "y.zip", BOTH)[0] is HAPT


def test_flags_of_another_record_are_refused_as_they_are_typed() -> None:
    require_own_flags(Path("x"), {"size": 1}, ("size", "layout"), "poses", "others")
    with pytest.raises(UsageError, match="x holds poses; --rate-hz, --b: for others; leave them"):
        require_own_flags(Path("x"), {"rate_hz": 1, "b": 2}, ("size",), "poses", "others")
