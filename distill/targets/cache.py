"""Teachers' answers computed once and kept, for any number of students and epochs.

    targets = keep_targets(folder, teacher, sample_ids, views, records, preprocessing)
    answers = targets.rows(index_B, view)          {"logits": float32 (B, K), ...}

A folder holds the answers of one teacher to some views of one set: `targets.json` says which, and
beside it stand shards of float16 (`shards.py`, `packing.py`). Row `view * samples + sample` is the
answer to that view of that sample. What a killed process left is gone on with; a second opening
computes a thousandth of the rows again, and no more. Where the disk is short, nothing is kept and
the answers are computed when asked for.

Axes: B samples of a batch, N rows, S shards, X values of an answer.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, fields
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehuman.distill.kinds import LOGITS
from edgehuman.distill.targets.packing import SPARSE_FROM, Packing
from edgehuman.distill.targets.shards import LOCK, Shard, Shards, locked, missing
from edgehuman.distill.targets.targets import Kept, OnTheFly, Records, Targets
from edgehuman.distill.teachers.teachers import Teacher
from edgehuman.errors import DataError, UsageError
from edgehuman.files import require_usable_folder, write_whole
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.outcome import to_json
from edgehuman.progress import progress_bar, tell
from edgehuman.reading.parsers import json_of
from edgehuman.records import Float32, Index

FORMAT = 1
PLAN = "targets.json"
SHARD_ROWS = 4096
_SHARD_BYTES = 1 << 26
"""Rows of more bytes make shards of fewer rows: two of them are held in memory."""
CHECKED = 1000
"""At opening, one row of so many is computed again."""
LEAST_COSINE, MOST_SCALE = 0.9999, 0.01
_SPARE = 1.01
"""The disk must have so much of what the shards take."""


@dataclass(frozen=True, slots=True)
class Key:
    """What the answers depend on; two caches with one key hold the same.

    Attributes:
        samples: hash of the sample ids, in their order.
        preprocessing: what made the records, in words or a hash.
    """

    teacher: str
    samples: str
    view_seed: int
    preprocessing: str
    precision: str
    format: int = FORMAT

    @property
    def digest(self) -> str:
        """Hash of the key."""
        return hashlib.sha256(to_json(asdict(self)).encode()).hexdigest()

    def differences(self, kept: Mapping[str, Any]) -> list[str]:
        """What differs from a kept key, in words."""
        return [
            f"{each.name.replace('_', ' ')} {_short(kept.get(each.name))}, not "
            f"{_short(getattr(self, each.name))}"
            for each in fields(self)
            if kept.get(each.name) != getattr(self, each.name)
        ]


def _short(value: object) -> str:
    text = str(value)
    return f"{text[:12]}…" if len(text) > 40 else text


def keep_targets(
    folder: Path,
    teacher: Teacher,
    sample_ids: Sequence[str],
    views: int,
    records: Records,
    preprocessing: str,
    *,
    view_seed: int = 0,
    kinds: Collection[str] = (),
    batch: int = 256,
    require: Callable[[Mapping[str, tuple[int, ...]]], object] = lambda shapes: None,
) -> Targets:
    """Return the teacher's answers to the first `views` views of a set, kept in a folder.

    What the folder lacks is computed; more views than an earlier time are added to it. Size and
    time are said before the work.

    Args:
        sample_ids: names of the samples, in their order.
        preprocessing: what made the records, in words or a hash.
        view_seed: what the views were drawn by.
        kinds: of the answers that are wanted; none named: all that the teacher gives,
            or that the folder holds. A new folder also gets small logits and embeddings.
        batch: records in one forward of the teacher.
        require: raises for shapes of answers that nobody can use, before they are computed.

    Raises:
        UsageError: no samples or views, or a kind that the teacher does not give.
        DataError: the folder holds other files, or the answers of another teacher, set, view seed,
            preprocessing or precision; an answer is not finite; or the disk is full (whole shards
            are kept).
    """
    if views < 1 or not sample_ids:
        raise UsageError(f"{len(sample_ids)} samples and {views} views; give at least one of each")
    samples = hashlib.sha256("\0".join(sample_ids).encode()).hexdigest()
    key = Key(teacher.digest, samples, view_seed, preprocessing, teacher.precision)
    live = OnTheFly(teacher, sample_ids, records, kinds)
    _refuse_other_files(folder)  # before a lock is written there
    with locked(folder):
        return _open(folder, key, live, views, batch, require)


def _open(
    folder: Path,
    key: Key,
    live: OnTheFly,
    views: int,
    batch: int,
    require: Callable[[Mapping[str, tuple[int, ...]]], object],
) -> Targets:
    """Check what the folder holds, add what it lacks, and open it."""
    plan = _read_plan(folder, key, live)
    samples, whole = len(live.sample_ids), list[Shard]()
    if plan is not None:
        live = live.of_kinds(plan.packing.shapes)
        whole = plan.shards(folder).whole()
        _check(Kept(plan.shards(folder), whole, plan.packing, samples), whole, live, key, batch)
    else:
        live = live.and_light()
    gaps = missing(whole, views * samples, views * samples)
    if plan is not None and not gaps:
        return Kept(plan.shards(folder), whole, plan.packing, samples)
    require_usable_folder(folder, "the folder of targets", DataError)
    batches = chain.from_iterable(live.consecutive(*gap, batch) for gap in gaps)
    started = time.perf_counter()
    first = next(batches)
    seconds = (time.perf_counter() - started) / _size(first)
    if plan is None:
        require(_shapes(first))
        plan = Plan.of(first, live.teacher.output.kind == "classes")
    elif _shapes(first) != plan.packing.shapes:
        raise DataError(
            f"{folder / PLAN} is damaged: it has {plan.packing.shapes}, but {live.teacher.name} "
            f"gives {_shapes(first)}; remove {folder} and run it again"
        )
    rows = sum(count for _, count in gaps)
    if not _fits(folder, plan.packing, rows, seconds, live):
        return live
    shards = plan.shards(folder)
    shards.remove_partial()
    try:
        _write_plan(folder, plan, key, live, views)
        pieces = missing(whole, views * samples, plan.shard_rows)
        written = _write(shards, pieces, plan.packing, chain([first], batches))
    except OSError as error:
        kept = sum(shard.rows for shard in shards.whole())
        raise DataError(
            f"cannot write to {folder} ({error.strerror or error}); {kept} of {views * samples} "
            "rows are kept. Free some space and run it again: it goes on from there"
        ) from None
    whole = sorted([*whole, *written], key=lambda shard: shard.first)
    return Kept(shards, whole, plan.packing, samples)


# What a folder holds ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Plan:
    """How a folder keeps its rows."""

    packing: Packing
    shard_rows: int

    @classmethod
    def of(cls, answers: Mapping[str, Float32], is_classes: bool) -> Plan:
        """Return the plan for such answers."""
        packing = Packing.of(answers, is_classes)
        return cls(packing, max(1, min(SHARD_ROWS, _SHARD_BYTES // packing.row_bytes)))

    def shards(self, folder: Path) -> Shards:
        """The shards of a folder."""
        return Shards(folder, self.packing.columns)


def _write_plan(folder: Path, plan: Plan, key: Key, live: OnTheFly, views: int) -> None:
    table = {
        "key": asdict(key),
        "teacher": live.teacher.name,
        "samples": len(live.sample_ids),
        "views": views,
        "shapes": plan.packing.shapes,
        "sparse": plan.packing.sparse,
        "shard_rows": plan.shard_rows,
        "row_bytes": plan.packing.row_bytes,
    }
    write_whole(folder / PLAN, (to_json(table, indent=2) + "\n").encode(), DataError)


def _read_plan(folder: Path, key: Key, live: OnTheFly) -> Plan | None:
    """Return how the folder keeps its rows; None if it is new.

    Raises:
        DataError: it holds answers by another key or without a kind.
    """
    path = folder / PLAN
    if not path.is_file():
        return None
    try:
        table = json_of(read_bounded(path, MOST_NOTE, DataError))
        kept, shapes = table["key"], {kind: tuple(row) for kind, row in table["shapes"].items()}
        plan = Plan(Packing(shapes, table["sparse"]), table["shard_rows"])
        _require_sizes(kept, plan)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path} is damaged ({error!r}); remove {folder} and run it again"
        ) from None
    differences = key.differences(kept)
    if differences:
        raise DataError(
            f"{folder} holds the targets of another run: {'; '.join(differences)}. Choose another "
            "folder, or remove this one"
        )
    absent = [kind for kind in live.kinds if kind not in shapes]
    if absent:
        raise DataError(
            f"{folder} keeps {', '.join(shapes)}, but not {', '.join(absent)}; choose another "
            "folder, or remove this one"
        )
    return plan


def kinds_in(folder: Path) -> set[str]:
    """The kinds of answers that a folder keeps; none if it does not say."""
    try:
        return set(json_of(read_bounded(folder / PLAN, MOST_NOTE, DataError))["shapes"])
    except (OSError, DataError, ValueError, KeyError, TypeError):
        return set()


def _require_sizes(key: Any, plan: Plan) -> None:
    """Raise ValueError for a plan that no process of ours wrote."""
    shapes = plan.packing.shapes
    sizes = [plan.shard_rows, *chain.from_iterable(shapes.values())]
    is_sparse = plan.packing.sparse
    if not (isinstance(key, dict) and all(type(size) is int and size > 0 for size in sizes)):
        raise ValueError(f"sizes {sizes}")
    if is_sparse not in (False, True) or (is_sparse and shapes[LOGITS][0] < SPARSE_FROM):
        raise ValueError(f"sparse {is_sparse}")


def _refuse_other_files(folder: Path) -> None:
    """Raise DataError for a folder that somebody uses for something else."""
    others = sorted(each.name for each in folder.glob("[!.]*") if each.name != LOCK)
    if others and not (folder / PLAN).is_file():
        raise DataError(
            f"{folder} contains other files ({', '.join(others[:3])}) and no {PLAN}; choose a "
            "new folder for the targets"
        )


def _check(kept: Kept, whole: Sequence[Shard], live: OnTheFly, key: Key, batch: int) -> None:
    """Compute a thousandth of the rows again, spread over all, and compare.

    Raises:
        DataError: a row is another than the one kept.
    """
    rows = sum(shard.rows for shard in whole)
    if not rows:
        return
    count = max(1, round(rows / CHECKED))
    draw, edge = (
        np.random.default_rng(int(key.digest[:16], 16)),
        np.arange(count + 1) * rows // count,
    )
    place_N = draw.integers(edge[:-1], edge[1:])
    end_S = np.cumsum([shard.rows for shard in whole])
    shard_N = np.searchsorted(end_S, place_N, side="right")
    ends = np.array([shard.first + shard.rows for shard in whole])
    row_N = ends[shard_N] - (end_S[shard_N] - place_N)
    view_N, sample_N = np.divmod(row_N, len(live.sample_ids))
    for view in np.unique(view_N).tolist():
        chosen = sample_N[view_N == view]
        for start in range(0, len(chosen), batch):
            _compare(kept, live, chosen[start : start + batch], view)


def _compare(kept: Kept, live: OnTheFly, index_B: Index, view: int) -> None:
    again = kept.through(live.rows(index_B, view))
    for kind, kept_B in kept.rows(index_B, view).items():
        if again[kind].shape != kept_B.shape:
            raise DataError(
                f"the kept {kind} are {kept_B.shape[1:]}, but the teacher {live.teacher.name} now "
                f"gives {again[kind].shape[1:]}; choose another folder, or remove this one"
            )
        kept_BX, again_BX = (
            each.reshape(len(index_B), -1).astype(np.float64) for each in (kept_B, again[kind])
        )
        kept_size, again_size = (np.linalg.norm(each, axis=1) for each in (kept_BX, again_BX))
        largest = np.maximum(kept_size, again_size)
        product = (kept_BX * again_BX).sum(axis=1)
        same = (product > LEAST_COSINE * kept_size * again_size) & (
            np.abs(kept_size - again_size) <= MOST_SCALE * largest
        )
        wrong = np.flatnonzero(~same & (largest > 0))
        if wrong.size:
            cosine = product[wrong[0]] / max(kept_size[wrong[0]] * again_size[wrong[0]], 1e-30)
            raise DataError(
                f"the kept {kind} of {live.sample_ids[index_B[wrong[0]]]!r} (view {view}) are not "
                f"what {live.teacher.name} answers now: cosine {cosine:.6f}, and it must be over "
                f"{LEAST_COSINE}. Another preprocessing or another teacher wrote them; choose "
                "another folder, or remove this one"
            )


# Writing ------------------------------------------------------------------------------------------


def _fits(folder: Path, packing: Packing, rows: int, seconds: float, live: OnTheFly) -> bool:
    """Say the size and time of what is to be computed; whether the disk has room for it."""
    needed, free = rows * packing.row_bytes, shutil.disk_usage(folder).free
    said = f"{rows} targets of {live.teacher.name} ({', '.join(packing.shapes)})"
    if needed * _SPARE > free:
        tell(
            f"{said} take {needed / 1e6:.1f} MB, and {folder} has {free / 1e6:.1f} MB free: they "
            "are not kept, but computed in each epoch. Free some space to keep them"
        )
        return False
    tell(f"{said}: {needed / 1e6:.1f} MB in {folder}, about {rows * seconds:.0f} s")
    return True


def _write(
    shards: Shards,
    pieces: Sequence[tuple[int, int]],
    packing: Packing,
    batches: Iterator[Mapping[str, Float32]],
) -> list[Shard]:
    """Write the answers of these rows; one shard is on its way to disk while the next is computed.

    Raises:
        OSError: a shard cannot be written.
    """
    written: list[Shard] = []
    pending: Future[Shard] | None = None
    rest: dict[str, NDArray[Any]] = {}
    bar = progress_bar(total=sum(count for _, count in pieces), desc="targets", unit="row")
    with bar, ThreadPoolExecutor(1) as writer:
        for first, count in pieces:
            columns, filled = packing.empty(count), 0
            while filled < count:
                if not rest or not _size(rest):
                    rest = packing.pack(next(batches))
                taken = min(count - filled, _size(rest))
                for name, array in rest.items():
                    columns[name][filled : filled + taken] = array[:taken]
                rest = {name: array[taken:] for name, array in rest.items()}
                filled += taken
                bar.update(taken)
            if pending is not None:
                written.append(pending.result())
            pending = writer.submit(shards.write, first, columns)
        if pending is not None:
            written.append(pending.result())
    return written


def _shapes(answers: Mapping[str, Float32]) -> dict[str, tuple[int, ...]]:
    return {kind: tuple(answer.shape[1:]) for kind, answer in answers.items()}


def _size(arrays: Mapping[str, NDArray[Any]]) -> int:
    return len(next(iter(arrays.values())))
