"""Readers of what stands beside the data: lists of people and parts, plans, indices, contracts."""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from edgehuman.data.gait.roles import read_partition
from edgehuman.data.image.published import parsing, reid
from edgehuman.data.imu.published import extrasensory
from edgehuman.data.shards.index import SUFFIX, ShardIndex, as_json
from edgehuman.data.skeleton.published import text
from edgehuman.errors import DataError, ImageError
from edgehuman.outcome import to_json
from tests.fuzz.target import Target, written


def _contract(content: bytes, folder: Path) -> None:
    """What a stranger wrote of the graph beside it."""
    from edgehuman.distill.teachers.contract import read_contract
    from edgehuman.distill.teachers.foreign import our_input

    written(content, folder, "other.toml")
    read_contract(folder / "other.onnx", our_input)


def _contract_seeds() -> Sequence[bytes]:
    from edgehuman.distill.teachers.contract import EXAMPLE

    return [EXAMPLE.encode()]


def _index(content: bytes, folder: Path) -> None:
    """The index of a teacher's kept answers."""
    from edgehuman.distill.targets.packing import Packing
    from edgehuman.distill.targets.shards import INDEX, Shard, Shards

    shards = Shards(folder, Packing({"embedding": (4,)}, False).columns)
    written(bytes(8 * shards.row_bytes), folder, Shard(0, 8, 0).name)
    written(content, folder, INDEX)
    for shard in shards.whole():
        shards.open(shard)


def _index_seeds() -> Sequence[bytes]:
    from edgehuman.distill.targets.packing import Packing

    size = 8 * sum(column.row_bytes for column in Packing({"embedding": (4,)}, False).columns)
    rows = [{"first": 8 * i, "rows": 8, "crc32": zlib.crc32(bytes(size))} for i in range(3)]
    return [b"\n".join(to_json(row).encode() for row in rows)]


def _partition(content: bytes, folder: Path) -> None:
    written(content, folder, "Gait3D.json")
    read_partition(folder, "Gait3D.json")


def _plan(content: bytes, folder: Path) -> None:
    """The plan of packed shards."""
    from edgehuman.data.image import pack

    written(content, folder, pack.PLAN)
    pack._finished(folder, pack.Plan("people", 64, 0, 3, 0, "0" * 64))


def _shard_index(content: bytes, folder: Path) -> None:
    """The index beside a shard, and the images that it leads to."""
    from edgehuman.data.image.unlabelled.shards import ShardImages

    shard = written(_made_shard(), folder, "s.tar")
    written(content, folder, f"s.tar{SUFFIX}")
    images = ShardImages.of([shard], "s.tar")
    for index in range(len(images)):
        with contextlib.suppress(ImageError):
            images.read(index)


def _made_shard() -> bytes:
    from tests.data.shards.unsteady import tar_of

    return tar_of(**{"0.jpg": b"no picture", "0.json": b'{"simulated": true}', "1.jpg": b"nor"})


def _shard_index_seeds() -> Sequence[bytes]:
    files = [("0.jpg", 512, 10), ("0.json", 1536, 19), ("1.jpg", 2560, 3)]
    return [as_json(ShardIndex(len(_made_shard()), "", files, frozenset({"0"})))]


def _texts(content: bytes, folder: Path) -> None:
    """Lists of plain words: each reader has its own form, and refuses the others."""
    names = ("list_query.txt", "labels.txt", "00001.txt")
    for name in names:
        written(content, folder, name)
    (folds := folder / "cv5Folds").mkdir(exist_ok=True)
    for name in ("iphone", "android"):
        written(content, folds, f"fold_0_test_{name}_uuids.txt")
    readers: tuple[Callable[[], object], ...] = (
        lambda: list(reid._list_rows(folder, names[0], "test", "query")),
        lambda: parsing._ccp_classes(folder),
        lambda: text._frames(folder, "0*.txt", 30.0),
        lambda: extrasensory.people_of(folder, 0, "test"),
        lambda: extrasensory._read_burst(folder / names[2]),
    )
    for read in readers:
        with contextlib.suppress(DataError):
            read()


def _text_seeds() -> Sequence[bytes]:
    return [
        b"0000/0000_000_01_0303morning_0008_0.jpg 0\n0001/0001_000_02_0303noon_0008_0.jpg 1\n",
        " ".join(f"part{i}" for i in range(parsing.CCP_CLASSES)).encode(),
        ",".join(["480", "640", *["1.5"] * 51]).encode(),
        b"1 2 3 4\n2 3 4 5\n",
    ]


_PLAN = {"source": "people", "shard_size": 64, "longest_side": 0, "images": 3, "simulated": 0,
         "names_sha256": "0" * 64, "shards": {"0.tar": {"bytes": 10, "images": 3}}}  # fmt: skip
_SETS = {name: ["0001", "0002"] for name in ("TRAIN_SET", "TEST_SET", "PROBE_SET")}

TARGETS: dict[str, Target] = {
    "contract": Target(_contract, _contract_seeds, "toml", needs="torch"),
    "targets-index": Target(_index, _index_seeds, "json", needs="torch"),
    "partition": Target(_partition, lambda: [json.dumps(_SETS).encode()], "json"),
    "pack-plan": Target(_plan, lambda: [json.dumps(_PLAN).encode()], "json", needs="webdataset"),
    "shard-index": Target(_shard_index, _shard_index_seeds, "json"),
    "lists": Target(_texts, _text_seeds, "lines"),
}
