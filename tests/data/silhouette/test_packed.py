"""Packed silhouettes: what was written is read, from disk; what was cut or changed is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.silhouette import packed
from edgehuman.data.silhouette.layout import Walk, walks_of
from edgehuman.data.silhouette.load import load_silhouettes
from edgehuman.errors import DataError
from tests.data.silhouette_trees import made_set


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "made.silhouettes"
    packed.write(path, walks_of(made_set()), "made", licence="ours", url="https://a.b")
    return path


def test_a_set_comes_back_mapped_into_memory(file: Path) -> None:
    made, back = made_set(), load_silhouettes(file)
    assert isinstance(back.silhouette_SHW, np.memmap)
    np.testing.assert_array_equal(back.silhouette_SHW, made.silhouette_SHW)
    for name in ("length_N", "person_N", "sequence_N", "view_N", "condition_N", "role_N"):
        np.testing.assert_array_equal(getattr(back, name), getattr(made, name))
    assert (back.name, back.licence, back.url) == ("made", "ours", "https://a.b")
    assert back.rate_hz_N.tolist() == made.rate_hz_N.tolist()
    assert packed.damage(file) is None


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.9999])
def test_a_file_cut_short_is_told(file: Path, share: float) -> None:
    data = file.read_bytes()
    file.write_bytes(data[: max(int(share * len(data)), len(packed.MAGIC))])
    with pytest.raises(DataError, match=r"cut short|damaged"):
        load_silhouettes(file)
    assert main(["data", "check", str(file)]) == 1


def test_a_changed_file_is_told(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = file.read_bytes()
    file.write_bytes(good + b"more")
    with pytest.raises(DataError, match="something added"):
        packed.read(file)
    file.write_bytes(good[:-9] + b"x" + good[-8:])
    with pytest.raises(DataError, match="index was changed"):
        packed.read(file)
    file.write_bytes(good[:6000] + bytes([good[6000] ^ 255]) + good[6001:])
    packed.read(file)
    assert packed.damage(file) is not None
    assert main(["data", "check", str(file)]) == 1
    assert "do not have their hash" in capsys.readouterr().out
    file.write_bytes(good.replace(b'"version": 1', b'"version": 7'))
    with pytest.raises(DataError, match="is of version 7"):
        packed.read(file)


def test_any_byte_of_the_head_may_be_wrong(file: Path) -> None:
    good, random = file.read_bytes(), np.random.default_rng(0)
    end, refused = good.index(b"}") + 1, 0
    for _ in range(300):
        at = int(random.integers(len(packed.MAGIC), end))
        file.write_bytes(good[:at] + bytes([int(random.integers(256))]) + good[at + 1 :])
        try:
            packed.read(file)
        except DataError:
            refused += 1
    assert refused > 200


def test_two_walks_of_one_name_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    made = [*walks_of(made_set(people=1, each=1))] * 2
    with pytest.raises(DataError, match="two walks are named 'w0'"):
        packed.write(tmp_path / "a", made, "made")
    assert not [*tmp_path.iterdir()]


def test_another_file_is_not_packed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"EDGE")
    assert not packed.is_packed(tmp_path / "a")
    assert not packed.is_packed(tmp_path)
    assert not packed.is_packed(tmp_path / "none")


def test_a_number_of_walks_that_is_not_the_index_s_is_told(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b'"walks": 12', b'"walks": 11'))
    with pytest.raises(DataError, match="it has 12 walks, not the 11 of its beginning"):
        packed.read(file)


@pytest.mark.parametrize("left", [b"", b"EDGEHUMAN", b"X" * 5000])
def test_a_file_of_this_name_without_its_beginning_is_told(tmp_path: Path, left: bytes) -> None:
    (tmp_path / "a.silhouettes").write_bytes(left)
    with pytest.raises(DataError, match=r"looks like silhouettes, but it does not begin as one"):
        load_silhouettes(tmp_path / "a.silhouettes")


@pytest.mark.parametrize("rate_hz", [float("nan"), float("inf"), -25.0])
def test_a_rate_that_nothing_can_have_is_told(tmp_path: Path, rate_hz: float) -> None:
    path = tmp_path / "made.silhouettes"
    walks = [
        replace(walk, rate_hz=rate_hz) for walk in walks_of(made_set()) if isinstance(walk, Walk)
    ]
    packed.write(path, walks, "made")
    with pytest.raises(DataError, match="its index is wrong"):
        load_silhouettes(path)
