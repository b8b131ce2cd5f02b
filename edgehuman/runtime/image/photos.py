"""`edgehuman run MODEL --source FOLDER` for models of person images: an answer for every photo.

Each photo is taken for one person's crop and brought to the model's size. A photo that cannot be
read is an answer too, with its reason, and is counted; it ends nothing.

Axes: H height, W width, J joints, A questions, D dimensions, C parts.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np

from edgehuman.errors import ArtefactError, DataError, UsageError
from edgehuman.metrics.person_answers import joints_of, parts_of, probabilities
from edgehuman.outcome import Outcome
from edgehuman.preprocess.image.folder import ImageWalk
from edgehuman.preprocess.image.pixels import IMAGE_SUFFIXES, read_image, resize, to_crop
from edgehuman.records import Float32, Uint8
from edgehuman.runtime.loop.results import LatencyHistogram
from edgehuman.runtime.loop.stopping import StopSignals
from edgehuman.runtime.model import Model
from edgehuman.runtime.view.indexed_png import indexed_png
from edgehuman.runtime.view.palette import colours

RECORD = "PersonCrop"
_SHOWN = 4
Row = dict[str, Any]


def run_photos(model: Model, source: str, as_json: bool, save: Path | None) -> Outcome:
    """Answer every photo of a folder (or the one photo), in the order of their names.

    Args:
        model: begins at a PersonCrop.
        as_json: one JSON object a photo on standard output; else a line in words.
        save: a folder for the same JSON lines (`photos.jsonl`) and part maps (see `mask_names`).

    Raises:
        DataError: no such folder, no photo in it, or none that can be read.
        UsageError: the folder to save in cannot be written, or a part map would replace a photo.
    """
    photos = find_photos(Path(source))
    root = Path(source) if Path(source).is_dir() else Path(source).parent
    masks: dict[str, Path] = {}
    if save is not None and model.card.output.kind == "segmentation":
        names = [str(path.relative_to(root)) for path in photos]
        masks = {name: save / mask for name, mask in mask_names(names).items()}
        _require_photos_stay(photos, masks)
    latency, unreadable, seen = LatencyHistogram(), 0, 0
    saved = _open_lines(save)
    stop = StopSignals()
    try:
        with stop:
            for path in stop.until_stopped(photos):
                name = str(path.relative_to(root))
                row = answer_photo(model, path, name, masks.get(name))
                seen += 1
                if "error" in row:
                    unreadable += 1
                else:
                    latency.add(row["latency_ms"])
                line = json.dumps(row)
                if saved is not None:
                    saved.write(line + "\n")
                print(line if as_json else in_words(row), flush=True)
    finally:
        if saved is not None:
            saved.close()
    if seen == unreadable and seen:
        raise DataError(f"{source}: none of its {seen} photos can be read; see the reasons above")
    summary = {
        "photos": seen,
        "unreadable": unreadable,
        "latency_ms": {
            "p50": round(latency.percentile_ms(50), 3),
            "p95": round(latency.percentile_ms(95), 3),
            "max": round(latency.max_ms, 3),
        },
        "task": model.card.task,
        "source": source,
        "save": None if save is None else str(save),
        "stopped": stop.requested,
    }
    text = _summary_text(summary)
    if as_json:
        print(text, file=sys.stderr)
        text = ""
    return Outcome(summary, text)


def find_photos(source: Path) -> list[Path]:
    """The photos of a folder and the folders in it, by name; or the one photo.

    Label maps are left out, as where a training reads a folder, and counted on stderr.

    Raises:
        DataError: nothing is there, or nothing of it is an image.
    """
    if source.is_file():
        return [source]
    if not source.is_dir():
        raise DataError(f"--source {source}: no such folder or photo; give the path of one")
    walk = ImageWalk(source)
    photos = sorted(source / name for name in walk.names())
    if not photos:
        count = walk.suffixes.total()
        found = f"{count} files, none of them an image" if count else "nothing"
        found = f"no photo ({walk.left_out()})" if walk.left_out() else found
        raise DataError(
            f"--source {source} holds {found}; images end in {', '.join(sorted(IMAGE_SUFFIXES))}"
        )
    if walk.left_out():
        print(f"--source {source}: {len(photos)} photos; {walk.left_out()}", file=sys.stderr)
    return photos


def mask_names(photos: Sequence[str]) -> dict[str, str]:
    """The name of each photo's part map: its own without the suffix, and .png.

    Photos that this gives one name (a.jpg and a.png) keep theirs whole: a.jpg.png, a.png.png.
    """
    shared = Counter(os.path.splitext(name)[0] for name in photos) + Counter(photos)
    return {
        name: f"{stem if shared[stem] == 1 else name}.png"
        for name, (stem, _) in zip(photos, map(os.path.splitext, photos), strict=True)
    }


def _require_photos_stay(photos: Sequence[Path], masks: Mapping[str, Path]) -> None:
    asked = {path.resolve() for path in photos}
    lost = next((mask for mask in masks.values() if mask.resolve() in asked), None)
    if lost is not None:
        raise UsageError(
            f"--save would replace the photo {lost} by its part map; give another folder"
        )


def answer_photo(model: Model, path: Path, name: str, mask: Path | None = None) -> Row:
    """What the model says of one photo, ready for JSON; with "error" where it cannot be read.

    Args:
        name: what to call the photo.
        mask: the file for its part map, where the model gives one; None writes none.
    """
    begin_ns = time.perf_counter_ns()
    try:
        image_HWC = read_image(path)
    except DataError as error:
        return {"photo": name, "error": str(error)}
    height, width = model.card.input.shape[:2]
    output = model.logits(resize(image_HWC, height, width)[None])[0]
    if not np.isfinite(output).all():
        return {"photo": name, "error": "the model's output is not finite; export it again"}
    answer, part_HW = read_answer(model, output, image_HWC)
    latency_ms = (time.perf_counter_ns() - begin_ns) / 1e6
    if part_HW is not None and mask is not None:
        answer["mask"] = str(_save_mask(mask, part_HW, model.labels))
    return {
        "photo": name,
        "height": image_HWC.shape[0],
        "width": image_HWC.shape[1],
        "latency_ms": round(latency_ms, 3),
        **answer,
    }


def read_answer(model: Model, output: Float32, image_HWC: Uint8) -> tuple[Row, Uint8 | None]:
    """One output as what it means, and the part of every pixel where that is what it is.

    Raises:
        ArtefactError: an output that says nothing of a photo.
    """
    kind = model.card.output.kind
    if kind == "embedding":
        return {"embedding": [round(float(value), 6) for value in output.reshape(-1)]}, None
    if kind in _READERS:
        return _READERS[kind](model.labels, output, image_HWC, model.card.input.shape)
    raise ArtefactError(
        f"{model.name} gives {kind}, which says nothing of a photo by itself; fine-tune it with "
        "`edgehuman finetune --task reid|attributes|pose|landmarks|parsing`"
    )


def _read_attributes(
    labels: tuple[str, ...], logits_A: Float32, image_HWC: Uint8, shape: tuple[int, ...]
) -> tuple[Row, None]:
    prob_A = probabilities(logits_A)
    named = {name: round(float(p), 4) for name, p in zip(labels, prob_A, strict=True)}
    return {"attributes": named}, None


def _read_joints(
    labels: tuple[str, ...], heatmap_JHW: Float32, image_HWC: Uint8, shape: tuple[int, ...]
) -> tuple[Row, None]:
    joint_J3 = joints_of(heatmap_JHW[None], shape[0] / heatmap_JHW.shape[1])[0]
    joint_J3 = to_crop(joint_J3, (0, 0, shape[1], shape[0]), *image_HWC.shape[:2])
    named = {
        name: [round(float(x), 2), round(float(y), 2), round(float(confidence), 4)]
        for name, (x, y, confidence) in zip(labels, joint_J3, strict=True)
    }
    return {"joints": named}, None


def _read_parts(
    labels: tuple[str, ...], logits_CHW: Float32, image_HWC: Uint8, shape: tuple[int, ...]
) -> tuple[Row, Uint8]:
    part_HW = parts_of(logits_CHW, *image_HWC.shape[:2])
    share_C = np.bincount(part_HW.reshape(-1), minlength=len(labels)) / part_HW.size
    named = {name: round(float(share_C[i]), 5) for i, name in enumerate(labels) if share_C[i]}
    return {"parts": named}, part_HW


_Reader = Callable[
    [tuple[str, ...], Float32, Uint8, tuple[int, ...]],
    tuple[Row, "Uint8 | None"],
]
_READERS: Mapping[str, _Reader] = {
    "attributes": _read_attributes,
    "heatmaps": _read_joints,
    "segmentation": _read_parts,
}


def in_words(row: Row) -> str:
    """One photo's row as a line for people."""
    if "error" in row:
        return f"{row['photo']}: unreadable: {row['error']}"
    return f"{row['photo']}  {row['latency_ms']:.1f} ms  {'; '.join(_said(row))}"


def _said(row: Row) -> Iterator[str]:
    if "embedding" in row:
        first = ", ".join(f"{value:.3f}" for value in row["embedding"][:_SHOWN])
        yield f"a vector of {len(row['embedding'])} numbers ({first}, …)"
    if "attributes" in row:
        yes = {name: p for name, p in row["attributes"].items() if p > 0.5}
        yield ", ".join(f"{name} {p:.2f}" for name, p in yes.items()) or "none of the attributes"
    if "joints" in row:
        sure = [name for name, (_, _, confidence) in row["joints"].items() if confidence > 0.2]
        yield f"{len(sure)} of {len(row['joints'])} joints found"
    if "parts" in row:
        largest = sorted(row["parts"].items(), key=lambda item: -item[1])[:_SHOWN]
        yield ", ".join(f"{name} {100 * share:.1f} %" for name, share in largest)


def _save_mask(path: Path, part_HW: Uint8, labels: tuple[str, ...]) -> Path:
    palette = [(0, 0, 0), *colours(labels[1:]).values()][: len(labels)]
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(indexed_png(part_HW, palette))
    except OSError as error:
        raise UsageError(f"--save {path} cannot be written: {error.strerror}") from None
    return path


def _open_lines(save: Path | None) -> IO[str] | None:
    if save is None:
        return None
    try:
        save.mkdir(parents=True, exist_ok=True)
        return (save / "photos.jsonl").open("w", encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"--save {save} cannot be written: {error.strerror}; for photos it is a folder"
        ) from None


def _summary_text(summary: Mapping[str, Any]) -> str:
    latency = summary["latency_ms"]
    lines = [
        f"{summary['photos']} photos, {summary['unreadable']} of them unreadable",
        f"file to answer: p50 {latency['p50']:g} ms, p95 {latency['p95']:g} ms",
    ]
    if summary["save"]:
        lines.append(f"saved: {summary['save']}")
    return "\n".join(lines)
