"""Readers of pictures, their labels, shards, pickles and silhouettes."""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import tarfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import cv2
import numpy as np

from edgehuman.data.image.load import load_persons
from edgehuman.data.image.published import joints
from edgehuman.data.image.set import load_png_mask
from edgehuman.data.image.unlabelled.shards import open_shards
from edgehuman.data.safe_pickle import load_arrays
from edgehuman.data.silhouette import packed
from edgehuman.data.silhouette.published import pickles as masks
from edgehuman.errors import DataError, ImageError
from edgehuman.preprocess.image.foreign import foreign_of
from edgehuman.preprocess.image.header import read_header
from edgehuman.preprocess.image.labels import read_label_lines
from edgehuman.preprocess.image.photo import read_photo
from edgehuman.preprocess.image.pixels import read_image
from edgehuman.preprocess.silhouette.read import read_mask
from tests.fuzz.target import Target, written

_SIDE = 24


def _image(suffix: str, channels: int = 3) -> bytes:
    rng = np.random.default_rng(3)
    image = rng.integers(0, 255, (_SIDE, _SIDE, channels), np.uint8)
    return bytes(cv2.imencode(suffix, image)[1])


def _images() -> Sequence[bytes]:
    suffixes = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".gif", ".ppm")
    return [_image(suffix) for suffix in suffixes if cv2.haveImageWriter(f"a{suffix}")]


def _header(content: bytes, folder: Path) -> None:
    read_header(content)
    foreign_of(content[:64], "x.jpg")


def _read_image(content: bytes, folder: Path) -> None:
    path = written(content, folder, "a.jpg")
    for read in (read_image, lambda path: read_photo(path, 64, 32)):
        try:
            read(path)
        except ImageError:
            continue


def _masks(content: bytes, folder: Path) -> None:
    path = written(content, folder, "001.png")
    try:
        read_mask(path)
    except DataError:
        load_png_mask(str(path))


def _mask_seeds() -> Sequence[bytes]:
    return [_image(".png", 1), _image(".png"), _image(".png", 4)]


def _labels(content: bytes, folder: Path) -> None:
    """Labels of a folder, as each task reads them."""
    path = written(content, folder, "labels.jsonl")
    written(b"hair\nskin\n", folder, "parts.txt")
    rows = read_label_lines(path)
    for task in ("reid", "attributes", "pose", "landmarks", "parsing"):
        if any(key in rows[0] for key in ("person", "attributes", "keypoints", "landmarks")):
            try:
                load_persons(folder, task)
            except DataError:
                continue


def _label_seeds() -> Sequence[bytes]:
    rows = [
        {"image": f"{i}.png", "person": i, "camera": 1, "role": "train", "simulated": True,
         "attributes": {"hat": 1}, "keypoints": [[1, 2, 2]] * 17, "area": 20.0,
         "mask": "0.png", "box": [0, 0, 9, 9]}
        for i in range(2)
    ]  # fmt: skip
    return [b"\n".join(json.dumps(row).encode() for row in rows)]


def _coco(content: bytes, folder: Path) -> None:
    path = written(content, folder, "person_keypoints_val2017.json")
    for _ in joints._people(path, "val2017", "test", joints._BODY, 0.5):
        pass


def _coco_seeds() -> Sequence[bytes]:
    image = {"id": 1, "file_name": "1.jpg", "width": 64, "height": 48}
    person = {"id": 1, "image_id": 1, "bbox": [4, 4, 20, 30], "area": 300.0, "iscrowd": 0,
              "num_keypoints": 2, "keypoints": [9, 9, 2] * 17,
              "segmentation": [[4, 4, 24, 4, 24, 34]]}  # fmt: skip
    return [json.dumps({"images": [image], "annotations": [person]}).encode()]


def _shard(content: bytes, folder: Path) -> None:
    images = open_shards(str(written(content, folder, "0.tar")))
    for index in range(min(len(images), 4)):
        images.name(index)
        try:
            images.read(index)
        except ImageError:
            continue


def _shard_seeds() -> Sequence[bytes]:
    made = []
    for form in (tarfile.USTAR_FORMAT, tarfile.PAX_FORMAT, tarfile.GNU_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as archive:
            for name, data in (("a/0.png", _image(".png")), ("a/0.json", b'{"simulated": true}'),
                               ("é" * 40 + ".jpg", _image(".jpg"))):  # fmt: skip
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
        made.append(file.getvalue())
    return made


def _pickle(content: bytes, folder: Path) -> None:
    load_arrays(written(content, folder, "001.pkl"))


def _mask_pickle(content: bytes, folder: Path) -> None:
    place = folder / "001" / "nm-01" / "000"
    place.mkdir(parents=True, exist_ok=True)
    written(content, place, "000.pkl")
    for _ in masks.read(folder):
        pass


def _pickle_seeds() -> Sequence[bytes]:
    held = [
        np.zeros((2, 64, 44), np.uint8),
        [np.eye(3, dtype=np.float32), {"a": (1, 2.5, "b", None, True)}, b"x"],
        np.float64(3.0),
        np.array(["a", "b"]),
        {"x": np.asfortranarray(np.ones((2, 3), np.int16))},
    ]
    return [
        pickle.dumps(each, protocol=protocol)
        for each, protocol in zip(held * 3, (0, 1, 2, 3, 4, 5) * 3, strict=False)
    ]


def _packed(content: bytes, folder: Path) -> None:
    path = written(content, folder, "set.silhouettes")
    packed.is_packed(path)
    walks = packed.read(path)
    packed.damage(path)
    np.asarray(walks.frame_FHW if hasattr(walks, "frame_FHW") else 0)


def _packed_seed() -> bytes:
    row = {"person": "a", "sequence": "a/nm/0", "view": "0", "condition": "nm", "role": "probe",
           "frames": 2, "rate_hz": 25.0, "size_px": [64, 64]}  # fmt: skip
    return _as_packed(json.dumps([row]).encode(), {})


def _as_packed(index: bytes, changed: Mapping[str, object]) -> bytes:
    frames = bytes(2 * packed._FRAME)
    head = packed.Head(
        version=packed.VERSION, name="own", licence="", url="", simulated=False, frames=2, walks=1,
        index_bytes=len(index), index_sha256=hashlib.sha256(index).hexdigest(),
        frames_sha256=hashlib.sha256(frames).hexdigest(),
    )  # fmt: skip
    start = packed.MAGIC + json.dumps({**asdict(head), **changed}).encode()
    return start.ljust(packed._HEAD, b" ") + frames + index


def _file_of(read: Callable[[Path], object], name: str) -> Callable[[bytes, Path], object]:
    return lambda content, folder: read(written(content, folder, name))


def _packed_index(content: bytes, folder: Path) -> None:
    """The index and the head as JSON, packed with the right hashes."""
    head, _, index = content.partition(b"\n")
    try:
        changed = json.loads(head)
    except (ValueError, RecursionError):
        changed = {}
    changed = changed if isinstance(changed, dict) else {}
    _packed(_as_packed(index, {k: v for k, v in changed.items() if len(str(v)) < 200}), folder)


TARGETS: Mapping[str, Target] = {
    "image-header": Target(_header, _images),
    "image": Target(_read_image, _images),
    "image-png": Target(_read_image, lambda: [_image(".png"), _image(".png", 4)], "png"),
    "mask": Target(_masks, _mask_seeds, "png"),
    "labels": Target(_labels, _label_seeds, "json"),
    "coco": Target(_coco, _coco_seeds, "json"),
    "shards": Target(_shard, _shard_seeds, "tar"),
    "pickles": Target(_pickle, _pickle_seeds),
    "mask-pickles": Target(_mask_pickle, _pickle_seeds),
    "packed": Target(_packed, lambda: [_packed_seed()]),
    "packed-index": Target(
        _packed_index,
        lambda: [b"{}\n" + _packed_seed()[packed._HEAD + 2 * packed._FRAME :]],
        "json",
    ),
}
