"""`edgehuman data pack`: pack images into WebDataset shards, atomically and resumably.

    edgehuman data pack LUPerson --out shards --shard-size 5000

Image i of the source is always in shard i // shard_size, so an interrupted run resumes with the
missing shards. A shard is written under a temporary name and renamed when complete, with its index
beside it (`edgehuman.data.shards.index`); `pack.json` next to the shards describes them. Each image
has a JSON file with its "name" in the source, and "simulated" if it is, which `shards.py` reads.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2
from tyro.conf import Positional

from edgehuman.data.image.unlabelled.images import Images, open_images
from edgehuman.data.shards.index import index_path, write_index
from edgehuman.errors import DataError, ImageError, UsageError
from edgehuman.files import cannot_write, require_usable_folder, writing
from edgehuman.limits.sizes import MOST_TEXT, read_bounded
from edgehuman.outcome import Outcome, to_json
from edgehuman.preprocess.image.header import format_of
from edgehuman.preprocess.image.pixels import MIN_SIDE, decode, resize
from edgehuman.progress import progress_bar
from edgehuman.reading.parsers import json_of
from edgehuman.reading.values import is_name
from edgehuman.records import Uint8

PLAN = "pack.json"
_SUFFIX = {"JPEG": "jpg", "PNG": "png", "WebP": "webp"}
_QUALITY = 95
_LISTED = 20


@dataclass(frozen=True, slots=True)
class PackConfig:
    """Pack images into WebDataset shards; run the same command again to resume.

    Attributes:
        source: a folder of images, shards, or the word simulated.
        out: output folder for the shards; created if missing.
        shard_size: images per shard.
        longest_side: larger photos are shrunk so that their longest side has this many pixels; 0
            keeps every file unchanged.
        kind: what to pack.
    """

    source: Positional[str]
    out: Path
    shard_size: int = 5000
    longest_side: int = 0
    kind: Literal["people"] = "people"

    def __post_init__(self) -> None:
        if self.shard_size < 1:
            raise UsageError(f"--shard-size is {self.shard_size}; it must be at least 1")
        if self.longest_side and self.longest_side < MIN_SIDE:
            raise UsageError(
                f"--longest-side is {self.longest_side}; it must be 0 (unchanged) or at least "
                f"{MIN_SIDE} pixels"
            )


@dataclass(slots=True)
class Plan:
    """Description of a folder's shards, and of which are finished.

    Attributes:
        source, shard_size, longest_side: as in the config.
        images: number of images in the source, readable or not.
        simulated: how many of them are simulated.
        names_sha256: hash of their names, one per line, with a mark on simulated ones.
        shards: by file name: "images" in it, how many of these are "simulated", its "bytes", and
            "unreadable" names with reasons.
    """

    source: str
    shard_size: int
    longest_side: int
    images: int
    simulated: int
    names_sha256: str
    shards: dict[str, dict[str, Any]] = field(default_factory=dict)


def pack(config: PackConfig) -> Outcome:
    """Write the missing shards.

    Raises:
        DataError: the source is missing or unreadable; the folder holds other shards, or cannot be
            written to.
    """
    importlib.import_module("webdataset.writer")  # if missing, said before anything is made
    images = open_images(config.source)
    require_usable_folder(config.out, "--out", DataError)
    plan = _plan(config, images)
    try:
        config.out.mkdir(parents=True, exist_ok=True)
        ready = _finished(config.out, plan)
        starts = range(0, len(images), config.shard_size)
        with progress_bar(total=len(images), unit="image", desc=f"packing {config.source}") as bar:
            for number, start in enumerate(starts):
                name = f"shard-{number:06d}.tar"
                stop = min(start + config.shard_size, len(images))
                if name not in ready:
                    plan.shards[name] = write_shard(
                        config.out / name, images, range(start, stop), config.longest_side
                    )
                    with writing(config.out / PLAN) as partial:
                        partial.write_text(to_json(asdict(plan), indent=1), encoding="utf-8")
                elif not index_path(config.out / name).is_file():  # of an earlier edgehuman
                    write_index(config.out / name)
                bar.update(stop - start)
    except OSError as error:
        raise DataError(f"--out: {cannot_write(config.out, error)}") from None
    return _outcome(config, plan, len(ready))


def _plan(config: PackConfig, images: Images) -> Plan:
    digest = hashlib.sha256()
    for index in range(len(images)):
        mark = b"\0simulated" if images.simulated_N[index] else b""
        digest.update(os.fsencode(images.name(index)) + mark + b"\n")
    size, side = config.shard_size, config.longest_side
    simulated = int(images.simulated_N.sum())
    return Plan(config.source, size, side, len(images), simulated, digest.hexdigest())


def _finished(out: Path, plan: Plan) -> set[str]:
    """Find the shards of an earlier run of the same command, and add them to the plan.

    Raises:
        DataError: the folder holds shards of another source, or made with other settings.
    """
    file = out / PLAN
    if not file.is_file():
        if any(out.glob("*.tar")):
            raise DataError(
                f"{out} holds .tar files but no {PLAN}, so they are not from this command; choose "
                "another --out"
            )
        return set()
    try:
        # Older shards have no mark for simulated images; runs over photos can still resume.
        before = {"simulated": 0, **json_of(read_bounded(file, MOST_TEXT, DataError))}
        shards: dict[str, dict[str, Any]] = before.pop("shards")
        wanted = asdict(plan)
        wanted.pop("shards")
        other = {key: before.get(key) for key in wanted if before.get(key) != wanted[key]}
        named = {name: row for name, row in shards.items() if is_name(name)}
        ready = {name for name, row in named.items() if _size(out / name) == row["bytes"]}
    except (ValueError, KeyError, AttributeError, TypeError):
        raise DataError(f"{file} is damaged; remove {out}, or choose another --out") from None
    if other:
        raise DataError(
            f"{out} holds shards made with {other}; this command has "
            f"{ {key: wanted[key] for key in other} }. Use the same settings, or another --out"
        )
    plan.shards.update({name: shards[name] for name in sorted(ready)})
    return ready


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def write_shard(path: Path, images: Images, chosen: range, longest_side: int = 0) -> dict[str, Any]:
    """Write one shard of the chosen images; unreadable ones are left out and listed.

    Returns:
        The shard's entry in the plan.
    """
    from webdataset.writer import TarWriter

    unreadable: dict[str, str] = {}
    simulated = 0
    index_path(path).unlink(missing_ok=True)  # of a former shard of this name
    with (
        writing(path) as partial,
        partial.open("wb") as file,
        TarWriter(file, mtime=0) as writer,
    ):
        for index in chosen:
            try:
                suffix, data = _stored(images, index, longest_side)
            except ImageError as error:
                unreadable[images.name(index)] = str(error)
                continue
            about: dict[str, str | bool] = {"name": images.name(index)}
            if images.simulated_N[index]:
                about["simulated"] = True
                simulated += 1
            writer.write({"__key__": f"{index:09d}", suffix: data, "json": about})
    write_index(path)
    read = len(chosen) - len(unreadable)
    return {
        "images": read,
        "simulated": simulated,
        "bytes": path.stat().st_size,
        "unreadable": unreadable,
    }


def _stored(images: Images, index: int, longest_side: int) -> tuple[str, bytes]:
    """Suffix and bytes of an image: the file's own bytes if its size is right."""
    data = images.encoded(index)
    image_HWC = images.read(index) if data is None else decode(data, images.name(index))
    height, width = image_HWC.shape[:2]
    scale = longest_side / max(height, width)
    if 0 < scale < 1:
        rows, columns = max(round(scale * height), 1), max(round(scale * width), 1)
        return "jpg", _jpeg(resize(image_HWC, rows, columns))
    suffix = None if data is None else _SUFFIX.get(format_of(data))
    return ("jpg", _jpeg(image_HWC)) if data is None or suffix is None else (suffix, data)


def _jpeg(image_HWC: Uint8) -> bytes:
    bgr = cv2.cvtColor(image_HWC, cv2.COLOR_RGB2BGR)
    done, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    assert done
    return data.tobytes()


def _outcome(config: PackConfig, plan: Plan, ready: int) -> Outcome:
    unreadable = {n: why for row in plan.shards.values() for n, why in row["unreadable"].items()}
    packed = sum(row["images"] for row in plan.shards.values())
    simulated = sum(row.get("simulated", 0) for row in plan.shards.values())
    if not packed:
        first = next(iter(unreadable.values()))
        raise DataError(
            f"{config.source}: none of its {len(unreadable)} images can be read; the first: {first}"
        )
    data = {
        "out": str(config.out),
        "images": packed,
        "simulated": simulated,
        "unreadable": unreadable,
        "shards": len(plan.shards),
        "found_ready": ready,
        "bytes": sum(row["bytes"] for row in plan.shards.values()),
        "longest_side": config.longest_side,
    }
    text = (
        f"{config.out}: {packed} images in {len(plan.shards)} shards, {data['bytes'] / 1e6:.1f} MB"
    )
    text += f"; {simulated} of the images are SIMULATED" if simulated else ""
    text += f" ({ready} shards already existed)" if ready else ""
    shown = [f"  unreadable: {why}" for why in list(unreadable.values())[:_LISTED]]
    if len(unreadable) > _LISTED:
        shown.append(f"  and {len(unreadable) - _LISTED} more; --json lists them all")
    return Outcome(data, "\n".join([text, *shown]))
