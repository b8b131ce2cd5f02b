"""`edgehuman data pack`: shards whole or not at all, and on again from where it stopped."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from edgehuman.cli import main
from edgehuman.data.image import pack as packing
from edgehuman.data.image.pack import PackConfig, pack
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.pixels import decode
from edgehuman.records import Uint8
from tests.data.pictures import cut_short, photos, picture, write

pytest.importorskip("webdataset")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return photos(tmp_path / "photos", 5)


def packed(source: Path, out: Path, shard_size: int = 2, longest_side: int = 0) -> Outcome:
    return pack(PackConfig(str(source), out, shard_size, longest_side))


def test_the_command_prints_one_object(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["data", "pack", str(source), "--out", str(tmp_path / "s"), "--shard-size", "2"]
    assert main([*words, "--json"]) == 0
    said = capsys.readouterr()
    data = json.loads(said.out)
    assert (data["images"], data["shards"], data["found_ready"]) == (5, 3, 0)
    assert data["unreadable"] == {}
    assert "packing" in said.err
    assert main(words) == 0
    assert "5 images in 3 shards" in capsys.readouterr().out


def test_the_same_source_gives_the_same_bytes(source: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        packed(source, tmp_path / name)
    for path in (tmp_path / "a").glob("*.tar"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_a_corrupt_image_is_counted_and_moves_no_other(source: Path, tmp_path: Path) -> None:
    cut_short(source / "001.jpg")
    outcome = packed(source, tmp_path / "s")
    assert isinstance(outcome.data, dict)
    assert outcome.data["images"] == 4
    assert list(outcome.data["unreadable"]) == ["001.jpg"]
    assert "cut short" in outcome.text
    images = open_images(tmp_path / "s")
    assert [images.name(i) for i in range(4)] == [
        "shard-000000.tar/000000000.jpg",
        "shard-000001.tar/000000002.jpg",
        "shard-000001.tar/000000003.jpg",
        "shard-000002.tar/000000004.jpg",
    ]


def test_it_goes_on_where_it_stopped(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s"

    def stop_at_three(data: bytes, name: str) -> Uint8:
        if name == "003.jpg":
            raise KeyboardInterrupt
        return decode(data, name)

    with monkeypatch.context() as patch:
        patch.setattr(packing, "decode", stop_at_three)
        with pytest.raises(KeyboardInterrupt):
            packed(source, out)
    names = ["pack.json", "shard-000000.tar", "shard-000000.tar.idx.json"]
    assert sorted(path.name for path in out.iterdir()) == names
    first = (out / "shard-000000.tar").stat().st_mtime_ns
    outcome = packed(source, out)
    assert isinstance(outcome.data, dict)
    assert (outcome.data["found_ready"], outcome.data["images"]) == (1, 5)
    assert (out / "shard-000000.tar").stat().st_mtime_ns == first


def test_each_shard_has_its_index_also_those_of_an_earlier_edgehuman(
    source: Path, tmp_path: Path
) -> None:
    out = tmp_path / "s"
    packed(source, out)
    before = {path.name: path.read_bytes() for path in out.glob("*.idx.json")}
    assert len(before) == len(list(out.glob("*.tar")))
    for path in out.glob("*.idx.json"):
        path.unlink()
    packed(source, out)
    assert {path.name: path.read_bytes() for path in out.glob("*.idx.json")} == before


def test_a_shard_that_was_damaged_since_is_written_again(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    packed(source, out)
    whole = (out / "shard-000001.tar").read_bytes()
    cut_short(out / "shard-000001.tar")
    outcome = packed(source, out)
    assert isinstance(outcome.data, dict)
    assert outcome.data["found_ready"] == 2
    assert (out / "shard-000001.tar").read_bytes() == whole


def test_shards_of_something_else_are_not_mixed(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "s"
    packed(source, out)
    with pytest.raises(DataError, match=r"made with \{'shard_size': 2\}; this command has.*3"):
        packed(source, out, shard_size=3)
    (out / "pack.json").write_text("{}")
    with pytest.raises(DataError, match=r"pack\.json is damaged"):
        packed(source, out)
    (out / "pack.json").unlink()
    with pytest.raises(DataError, match=r"holds \.tar files but no pack\.json"):
        packed(source, out)


def test_large_photos_are_shrunk_and_small_ones_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "p" / "large.png", picture(1, 400, 100))
    write(tmp_path / "p" / "small.png", picture(2, 96, 64))
    packed(tmp_path / "p", tmp_path / "s", longest_side=200)
    images = open_images(tmp_path / "s")
    assert images.read(0).shape == (200, 50, 3)
    assert np.array_equal(images.read(1), picture(2))
    assert images.name(0).endswith(".jpg")
    assert images.name(1).endswith(".png")


def test_a_rare_format_is_stored_as_jpeg(tmp_path: Path) -> None:
    write(tmp_path / "p" / "a.bmp", picture(1))
    packed(tmp_path / "p", tmp_path / "s")
    images = open_images(tmp_path / "s")
    assert images.name(0).endswith(".jpg")
    assert np.abs(images.read(0).astype(int) - picture(1)).mean() < 3


def test_simulated_people_can_be_packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("edgehuman.data.image.unlabelled.images.SIMULATED_PEOPLE", 1)
    monkeypatch.setattr("edgehuman.data.image.unlabelled.images.SIMULATED_EACH", 2)
    outcome = packed(Path("simulated"), tmp_path / "s")
    assert isinstance(outcome.data, dict)
    assert (outcome.data["images"], outcome.data["simulated"]) == (2, 2)
    assert "2 of the images are SIMULATED" in outcome.text
    drawn, stored = open_images("simulated"), open_images(tmp_path / "s")
    assert np.abs(stored.read(1).astype(int) - drawn.read(1)).mean() < 6


def test_which_images_are_simulated_goes_from_shards_to_shards(
    source: Path, tmp_path: Path
) -> None:
    """Image 1 of five cannot be read: the marks stay with their images."""
    rows = [{"image": f"{number:03d}.jpg", "simulated": number != 3} for number in range(5)]
    (source / "labels.jsonl").write_text("\n".join(map(json.dumps, rows)))
    cut_short(source / "001.jpg")
    outcome = packed(source, tmp_path / "s")
    assert isinstance(outcome.data, dict)
    assert (outcome.data["images"], outcome.data["simulated"]) == (4, 3)
    assert open_images(tmp_path / "s").simulated_N.tolist() == [True, True, False, True]
    packed(tmp_path / "s", tmp_path / "again", shard_size=3)
    assert open_images(tmp_path / "again").simulated_N.tolist() == [True, True, False, True]


def test_which_images_are_simulated_is_part_of_the_plan(source: Path, tmp_path: Path) -> None:
    """As many as before, but others: shards that are there say it of the wrong ones."""
    labels = source / "labels.jsonl"

    def label(simulated: int) -> None:
        rows = [{"image": f"{n:03d}.jpg", "simulated": n == simulated} for n in range(5)]
        labels.write_text("\n".join(map(json.dumps, rows)))

    label(5)
    packed(source, tmp_path / "plain")
    labels.unlink()
    packed(source, tmp_path / "plain")
    plan = json.loads((tmp_path / "plain" / "pack.json").read_text())
    named = b"".join(b"%03d.jpg\n" % number for number in range(5))
    assert plan["names_sha256"] == hashlib.sha256(named).hexdigest()
    label(3)
    packed(source, tmp_path / "s")
    label(4)
    with pytest.raises(DataError, match=r"made with \{'names_sha256': "):
        packed(source, tmp_path / "s")


def test_shards_from_before_the_mark_go_on_only_where_nothing_is_simulated(
    source: Path, tmp_path: Path
) -> None:
    def forget_the_mark(plan: Path) -> None:
        before = json.loads(plan.read_text())
        for row in (before, *before["shards"].values()):
            del row["simulated"]
        plan.write_text(json.dumps(before))

    packed(source, tmp_path / "s")
    forget_the_mark(tmp_path / "s" / "pack.json")
    outcome = packed(source, tmp_path / "s")
    assert isinstance(outcome.data, dict)
    assert (outcome.data["found_ready"], outcome.data["simulated"]) == (3, 0)
    (source / "labels.jsonl").write_text('{"image": "000.jpg", "simulated": true}')
    packed(source, tmp_path / "t")
    forget_the_mark(tmp_path / "t" / "pack.json")
    with pytest.raises(DataError, match=r"made with \{'simulated': 0\}; .*\{'simulated': 1\}"):
        packed(source, tmp_path / "t")


def test_nothing_readable_and_nowhere_to_write(source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DataError, match=r"--out: .*file is a file"):
        packed(source, tmp_path / "file")
    for path in source.iterdir():
        cut_short(path)
    with pytest.raises(
        DataError, match=r"none of its 5 images can be read; the first: .*cut short"
    ):
        packed(source, tmp_path / "s")


@pytest.mark.parametrize(("words", "said"), [((0, 0), "shard-size is 0"), ((5, 4), "side is 4")])
def test_wrong_words(tmp_path: Path, words: tuple[int, int], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        packed(tmp_path, tmp_path / "s", *words)
