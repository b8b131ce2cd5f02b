"""Shards are plain tar files read at any place, on this machine or fetched once."""

from __future__ import annotations

import dataclasses
import http.server
import io
import json
import os
import pickle
import tarfile
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from edgehuman.data.image.pack import PackConfig, pack
from edgehuman.data.image.unlabelled import shards
from edgehuman.data.image.unlabelled.images import open_images
from edgehuman.data.image.unlabelled.shards import LOST, LostShard, ShardImages
from edgehuman.data.image.views.make import ViewConfig
from edgehuman.data.image.views.order import Filler
from edgehuman.data.shards.cache import ShardCache
from edgehuman.data.shards.index import index_path
from edgehuman.errors import DataError, ImageError
from tests.data.pictures import encode, photos, picture

pytest.importorskip("webdataset")


@pytest.fixture
def packed(tmp_path: Path) -> Path:
    """Five photos in shards of two, two and one."""
    photos(tmp_path / "photos", 5)
    pack(PackConfig(str(tmp_path / "photos"), tmp_path / "shards", shard_size=2))
    return tmp_path / "shards"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "edgehuman" / "shards"


class Counting(http.server.SimpleHTTPRequestHandler):
    """A file server that counts."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        super().do_GET()

    def log_message(self, format: str, *words: object) -> None:
        """Silent."""


@pytest.fixture
def server(packed: Path) -> Iterator[str]:
    Counting.asked.clear()
    handler = partial(Counting, directory=str(packed))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def test_a_folder_of_shards_is_one_set(packed: Path, tmp_path: Path) -> None:
    images = open_images(packed)
    assert len(images) == 5
    assert images.name(3) == "shard-000001.tar/000000003.jpg"
    for index in (4, 0, 3):
        assert images.encoded(index) == (tmp_path / "photos" / f"{index:03d}.jpg").read_bytes()
        assert np.abs(images.read(index).astype(int) - picture(index)).mean() < 3
    again = pickle.loads(pickle.dumps(images))
    assert again.encoded(4) == images.encoded(4)


def test_braces_name_several_and_a_file_one(packed: Path) -> None:
    assert len(open_images(f"{packed}/shard-{{000000..000001}}.tar")) == 4
    assert len(open_images(f"{packed}/shard-{{000002,000000}}.tar")) == 3
    assert len(open_images(packed / "shard-000002.tar")) == 1


def test_shards_are_what_the_library_reads(packed: Path) -> None:
    from webdataset.tariterators import group_by_keys, tar_file_expander

    said: list[str] = []
    for path in sorted(packed.glob("*.tar")):
        with path.open("rb") as file:
            opened = {"url": str(path), "stream": file}
            samples = list(group_by_keys(tar_file_expander([opened])))
        said += [json.loads(sample["json"])["name"] for sample in samples]
        assert all(sample["jpg"][:2] == b"\xff\xd8" for sample in samples)
    assert said == [f"{i:03d}.jpg" for i in range(5)]


def test_a_shard_over_http_is_fetched_once_and_when_it_is_needed(server: str, cache: Path) -> None:
    images = open_images(f"{server}/shard-{{000000..000001}}.tar")
    assert len(images) == 4
    assert sorted(Counting.asked) == [f"/shard-00000{n}.tar.idx.json" for n in range(2)]
    assert np.abs(images.read(3).astype(int) - picture(3)).mean() < 3
    assert np.abs(images.read(2).astype(int) - picture(2)).mean() < 3
    assert Counting.asked[2:] == ["/shard-000001.tar"]
    again = pickle.loads(pickle.dumps(open_images(f"{server}/shard-000001.tar")))
    assert again.encoded(1) == images.encoded(3)
    assert Counting.asked.count("/shard-000001.tar") == len(list(cache.glob("*.tar"))) == 1


def test_a_shard_without_an_index_is_fetched_to_be_read_and_then_known(
    server: str, packed: Path, cache: Path
) -> None:
    for path in packed.glob("*.idx.json"):
        path.unlink()
    assert len(open_images(f"{server}/shard-000001.tar")) == 2
    [copy] = cache.glob("*.tar")
    copy.unlink()  # as if the room was needed
    images = open_images(f"{server}/shard-000001.tar")
    assert Counting.asked.count("/shard-000001.tar") == 1
    assert (images.encoded(1) or b"")[:2] == b"\xff\xd8"
    assert Counting.asked.count("/shard-000001.tar") == 2


def test_an_address_of_a_store_is_one_of_its_endpoint(
    server: str, packed: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    (packed / "bucket").mkdir()
    for name in ("shard-000000.tar", "shard-000000.tar.idx.json"):
        (packed / name).rename(packed / "bucket" / name)
    images = open_images("s3://bucket/shard-000000.tar")
    assert np.abs(images.read(1).astype(int) - picture(1)).mean() < 3


def test_an_address_that_leads_nowhere(server: str, cache: Path) -> None:
    with pytest.raises(DataError, match=r"Cannot fetch .*shard-9\.tar: .*404.* check the address"):
        open_images(f"{server}/shard-9.tar")
    assert not list(cache.glob("*.tar*"))


def test_bad_shards_are_an_error_or_left_out_and_listed(packed: Path) -> None:
    (packed / "shard-000001.tar").write_bytes(b"")
    with pytest.raises(DataError, match=r"shard-000001\.tar: has 0 bytes, but .* by its index"):
        open_images(packed)
    images = open_images(packed, on_bad="skip")
    assert isinstance(images, ShardImages)
    assert len(images) == 3
    [(name, reason)] = images.skipped
    assert name.endswith("shard-000001.tar")
    assert "cut short or another shard" in reason
    assert np.abs(images.read(2).astype(int) - picture(4)).mean() < 3
    with pytest.raises(DataError, match=r"none of its 1 shards can be read; .*none\.tar"):
        open_images(packed / "none.tar", on_bad="skip")


def test_a_remote_shard_that_goes_after_opening_is_an_error_or_passed_over(
    server: str, packed: Path, cache: Path
) -> None:
    said = f"{server}/shard-{{000000..000002}}.tar"
    failing, skipping = open_images(said), open_images(said, on_bad="skip")
    (packed / "shard-000001.tar").unlink()
    with pytest.raises(DataError, match=r"shard-000001\.tar: .*404"):
        failing.read(2)
    with pytest.raises(LostShard, match=f"^{LOST}http.*404") as lost:
        skipping.read(2)
    assert lost.value.next == 4
    asked = len(Counting.asked)
    with pytest.raises(LostShard):
        skipping.read(3)
    assert len(Counting.asked) == asked  # not asked for again
    filler = Filler(skipping, ViewConfig(64, 32, num_locals=1), 5, seed=0)
    global_NVHWC = np.empty((5, 2, 64, 32, 3), np.uint8)
    local_NVHWC = np.empty((5, filler.config.locals_, 32, 16, 3), np.uint8)
    taken = filler.fill(0, 0, global_NVHWC, local_NVHWC)
    assert set(taken.tolist()) == {0, 1, 4}


def test_local_images_are_shuffled_all_together_and_remote_ones_in_blocks(
    packed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "BLOCK", 2)
    images = open_images(packed)
    assert isinstance(images, ShardImages)

    def order(of: ShardImages, seed: int) -> list[int]:
        return [int(index) for index in of.order(np.random.default_rng(seed))]

    assert order(images, 3) == np.random.default_rng(3).permutation(5).tolist()
    remote = dataclasses.replace(images, cache=ShardCache(packed, 1))
    orders = [order(remote, seed) for seed in range(20)]
    assert all(sorted(each) == list(range(5)) for each in orders)
    assert orders[0] == order(remote, 0)
    shard_N = images.shard_N
    # A block is two shards, whose images lie together: after it the third shard is alone.
    assert {len({*shard_N[each[-2:]]}) for each in orders if shard_N[each[-1]] != 2} == {1}
    assert len({tuple(each) for each in orders}) > 10


def test_the_first_shard_that_fails_ends_the_tries_of_others(server: str, cache: Path) -> None:
    start_s = time.monotonic()
    with pytest.raises(DataError, match="no address"):
        open_images("{http://127.0.0.1:9/a'b.tar,http://127.0.0.1:9/c.tar}")
    assert time.monotonic() - start_s < 5
    assert not [each for each in threading.enumerate() if "ThreadPool" in each.name]


def test_a_small_cache_is_said(
    server: str, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    open_images(f"{server}/shard-000000.tar", cache_gb=0.000005)
    assert "holds fewer than 16 shards" in capsys.readouterr().err


def test_a_folder_with_braces_in_its_name_is_a_folder(tmp_path: Path) -> None:
    assert len(open_images(photos(tmp_path / "{a,b}", 2))) == 2


def test_a_command_gives_a_shard(packed: Path, cache: Path) -> None:
    images = open_images(f"pipe:cat {packed}/shard-000001.tar")
    assert len(images) == 2
    assert np.abs(images.read(1).astype(int) - picture(3)).mean() < 3
    with pytest.raises(DataError, match="Cannot fetch pipe:exit 3"):
        open_images("pipe:exit 3")
    assert len(list(cache.glob("*.tar"))) == 1


@pytest.mark.parametrize(
    "said",
    ["p{{i,x}}pe:touch {made}", "{{pipe:touch {made},b.tar}}", "{{a,b}}.tar::pipe:touch {made}"],
)
def test_braces_make_no_command(said: str, tmp_path: Path, cache: Path) -> None:
    made = tmp_path / "made"
    with pytest.raises(DataError, match="its braces make the command 'pipe:touch"):
        open_images(said.format(made=made))
    assert not made.exists()


@pytest.mark.parametrize(
    "said",
    [
        "s-{0..9999999999}.tar",
        "s-{-9999999999..9}.tar",
        "{0..999}{0..999}.tar",
        "{{0..999},{0..999}{0..99}}.tar",
        "{a,b}" * 30,
        "{" * 100 + "}" * 100,
        "{" * 2000,
        "{a,b}" * 5000,
        "a::" * 100 + "{0..999999}",
    ],
)
def test_braces_that_stand_for_too_many_files_are_not_expanded(said: str) -> None:
    start = time.process_time()
    with pytest.raises(DataError, match="is no pattern of shards"):
        open_images(said)
    assert time.process_time() - start < 5


@pytest.mark.parametrize("said", ["{a,b", "s-${NO_SUCH_NAME}.tar", "{a}..{b}"])
def test_braces_that_are_no_pattern_are_an_error(said: str) -> None:
    with pytest.raises(DataError):
        open_images(said)


def test_usual_patterns_stay(tmp_path: Path) -> None:
    said = f"{tmp_path}/{{a,b}}/s-{{000..099}}-{{x,y,z}}.tar"
    with pytest.raises(DataError, match=r"a/s-000-x\.tar: No such file"):
        open_images(said)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/a'; touch {made}; '.tar",
        "http://127.0.0.1:9/a.tar -o {made}",
        "http://127.0.0.1:9/`touch {made}`.tar",
        'http://127.0.0.1:9/"a".tar',
        "http://127.0.0.1:9/a\n.tar",
        "http://127.0.0.1:9/{{a'b,c}}.tar",
    ],
)
def test_an_address_holds_nothing_that_a_shell_would_take(
    url: str, tmp_path: Path, cache: Path
) -> None:
    with pytest.raises(DataError, match="no address"):
        open_images(url.format(made=tmp_path / "made"))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("scheme", ["hf", "gs", "scp", "sftp", "ais", "htgs", "file:pipe"])
def test_other_schemes_are_paths_and_run_nothing(scheme: str, cache: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        open_images(f"{scheme}://host/a.tar")


def test_a_shard_cut_short_loses_what_is_behind_the_cut(packed: Path) -> None:
    path = packed / "shard-000000.tar"
    with tarfile.open(path) as archive:
        last = archive.getmembers()[-2]
    assert last.name == "000000001.jpg"
    os.truncate(path, last.offset_data + 100)
    index_path(path).unlink()
    images = open_images(path)
    assert len(images) == 2
    assert images.read(0).shape == (96, 64, 3)
    with pytest.raises(ImageError, match=r"only 100 of .* bytes found, so the shard was cut short"):
        images.read(1)


@pytest.mark.parametrize(
    ("text", "simulated"),
    [
        ('{"simulated": true}', True),
        ('{"caption": "a photo", "simulated": true, "name": "x"}', True),
        ('{"simulated": false}', False),
        ('{"caption": "\\"simulated\\""}', False),
        ('["simulated"]', False),
        ('{"simulated": tr', False),
        ("", False),
    ],
)
@pytest.mark.parametrize("suffix", ["jpg", "png"])  # in front of the json, and behind it
def test_what_a_json_beside_an_image_says(
    tmp_path: Path, text: str, simulated: bool, suffix: str
) -> None:
    """Shards of others: any json or none, in folders, with dots behind the sample's name."""
    image = encode(picture(0), f".{suffix}")
    files = {"a.b/0.json": text.encode(), f"a.b/0.seg.{suffix}": image, f"a.b/1.{suffix}": image}
    with tarfile.open(tmp_path / "s.tar", "w") as archive:
        for name, content in sorted(files.items(), key=lambda file: file[0].rpartition(".")[2]):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    images = open_images(tmp_path / "s.tar")
    assert images.simulated_N.tolist() == [simulated, False]
    assert images.read(1).shape == (96, 64, 3)


def test_a_shard_that_is_missing_or_no_tar(packed: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.tar: No such file"):
        open_images(tmp_path / "none.tar")
    (tmp_path / "words.tar").write_text("no tar " * 100)
    with pytest.raises(DataError, match=r"words\.tar is not a plain tar file"):
        open_images(tmp_path / "words.tar")
    with tarfile.open(tmp_path / "zipped.tar", "w:gz") as archive:
        archive.add(packed / "pack.json", "a.json")
    with pytest.raises(DataError, match="unpack it with gunzip"):
        open_images(tmp_path / "zipped.tar")
    with tarfile.open(tmp_path / "words2.tar", "w") as archive:
        archive.add(packed / "pack.json", "a.json")
    with pytest.raises(DataError, match=r"has no images \(it holds 1 \.json\)"):
        open_images(tmp_path / "words2.tar")


def test_a_shard_that_vanishes(packed: Path) -> None:
    images = open_images(packed)
    (packed / "shard-000001.tar").unlink()
    with pytest.raises(ImageError, match="copy the shard again"):
        images.read(2)
    assert images.read(4).shape == (96, 64, 3)
