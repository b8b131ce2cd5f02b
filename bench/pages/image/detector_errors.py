"""What pose detectors get wrong about people in real video, from 60 pixels' height on.

    python -m edgehuman.bench.pages.image.detector_errors zoo:person-pose-int8 --data door.mp4
        --teachers movenet_thunder.onnx blazepose_full.onnx

People stand in boxes of the project's own detector, or of the truth of MOTChallenge where that lies
beside the video, alone, whole and at least --tall pixels tall. What the teachers agree on about the
full picture is taken for true; they are judged by it too, so that their own errors come out small
where the picture is large. Then the picture is made smaller, until the person is as tall as
--heights says, and every network looks again. Errors are in percent of the height. `legs cut`: of
the pictures that end at the hips, how many knees and ankles are found all the same. It writes
`table.md` and `table.json` to --out.

Axes: N looks, J joints of COCO, 2: x and y, H height, W width.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tyro.conf import Positional

from edgehuman.bench.entry import main
from edgehuman.bench.pages.image.joint_errors import (
    BINS,
    LEGS,
    PARTS,
    SURE,
    Looks,
    agreed,
    by_confidence,
    by_part,
    from_the_side,
    middle_of,
    summary,
)
from edgehuman.bench.pages.image.sights import FULL, Looking, Sight, sights_of, smaller, spread
from edgehuman.bench.pages.keep import write_table
from edgehuman.config import require
from edgehuman.errors import DataError
from edgehuman.geometry import COCO_17
from edgehuman.outcome import Outcome
from edgehuman.progress import tell
from edgehuman.records import Float64
from edgehuman.runtime.foreign.found import FoundPerson
from edgehuman.runtime.image.frames.answer import PerPerson
from edgehuman.runtime.image.frames.watch import opened, watching_alone, watching_with

DETECTOR = "zoo:person-detector-int8"
_WITHIN = 0.04
_KNEES = [COCO_17.index(f"{side}_{part}") for side in "rl" for part in LEGS]
_HIPS = [COCO_17.index(f"{side}_hip") for side in "rl"]
_COLUMNS = {"median": "median error", "p90": "90th percentile", "lasting": "lasting",
            "legs": "legs exchanged", "arms": "arms exchanged", "missing": "not found"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ErrorsConfig:
    """Measure the errors of pose detectors in real video."""

    model: Positional[tuple[str, ...]]
    """Pose networks of the project: zoo:NAME or artefacts."""
    data: tuple[str, ...]
    """Videos with one person at a time, or of MOTChallenge, with the text of truth beside."""
    teachers: tuple[str, ...]
    """At least two pose networks of others, ONNX; what they agree on is taken for true."""
    heights: tuple[int, ...] = (60, 80, 120, 200)
    """How tall people are made, pixels; the full picture comes beside."""
    most: int = 200
    """The most looks at people."""
    tall: int = 200
    """The least height of people in the videos, pixels."""
    first: int = 0
    """Frames before this one are left out, such as those that taught a model."""
    out: Path = Path("runs/detector_errors")
    """Folder of the table."""
    threads: int = 1
    """CPU threads."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        rules = (
            (bool(self.data), "data", "at least one"),
            (len(self.teachers) >= 2, "teachers", "at least two"),
            (all(each >= 32 for each in self.heights), "heights", "32 or more each"),
            (self.most >= 10, "most", "at least 10"),
            (self.tall >= 32, "tall", "at least 32"),
            (self.first >= 0, "first", "0 or more"),
            (self.threads >= 1, "threads", "at least 1"),
        )
        require(self, rules)


def build_table(config: ErrorsConfig) -> Outcome:
    """Measure all networks at all heights; write the table.

    Raises:
        UsageError, ArtefactError: no such model, or one that gives no joints of COCO.
        DataError: no such video, or fewer than ten people tall enough in all of them.
    """
    names = (*config.model, *config.teachers)
    watching = watching_alone(opened(DETECTOR, config.threads))
    posers = {name: poser_of(name, config.threads) for name in names}
    looking = Looking(config.tall, config.first)
    seen = [
        each
        for number, path in enumerate(config.data)
        for each in sights_of(path, watching, number, looking)
    ]
    sights = spread(seen, config.most)
    if len(sights) < 10:
        raise DataError(
            f"found {len(sights)} people who are alone, whole and at least {config.tall} pixels "
            f"tall in {', '.join(config.data)}; ten are needed: give a video of nearer people"
        )
    tell(f"{len(sights)} looks at people, {len(names)} networks, {len(config.heights) + 1} heights")
    measured = {
        height: {name: _joints(posers[name], sights, height) for name in names}
        for height in (FULL, *config.heights)
    }
    full = [measured[FULL][name] for name in config.teachers]
    true_NJ2 = agreed([each[..., :2] for each in full], [each[..., 2] for each in full], _WITHIN)
    data = {
        "looks": len(sights),
        "known": float(np.isfinite(true_NJ2).all(axis=2).mean()),
        "side": float(from_the_side(true_NJ2).mean()),
        "teachers": [Path(name).stem for name in config.teachers],
        "networks": {
            Path(name).stem if name in config.teachers else name: {
                str(height): _row(each[name], true_NJ2, sights, posers[name], height)
                for height, each in measured.items()
            }
            for name in names
        },
    }
    data = known(data)
    text = write_table(config.out, render(data), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def known(value: Any) -> Any:
    """The same with None for NaN, which JSON lacks."""
    if isinstance(value, Mapping):
        return {key: known(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [known(each) for each in value]
    return None if isinstance(value, float) and np.isnan(value) else value


def poser_of(name: str, threads: int) -> PerPerson:
    """Open a network that gives joints in given boxes."""
    answering = watching_with(opened(name, threads), opened(DETECTOR, threads), None).per_person
    assert answering is not None
    return answering


def _joints(poser: PerPerson, sights: Sequence[Sight], height: int) -> Float64:
    """Joints (N, J, 3) of every look: places in heights of the person from the box's corner."""
    found: list[Float64] = []
    for sight in sights:
        small = smaller(sight, height)
        [person] = poser.answer_all(small.frame_HWC, [FoundPerson(small.box_4, 1.0)])
        if person.joint_J3 is None:
            found.append(np.zeros((len(COCO_17), 3)))
            continue
        joint_J3 = person.joint_J3.astype(np.float64)
        joint_J3[:, :2] = (joint_J3[:, :2] - small.box_4[:2]) / small.height_px
        found.append(joint_J3)
    return np.stack(found)


def _row(
    joint_NJ3: Float64, true_NJ2: Float64, sights: Sequence[Sight], poser: PerPerson, height: int
) -> dict[str, Any]:
    """All numbers of one network at one height."""
    place = {sight.place: i for i, sight in enumerate(sights)}
    next_N = np.array([place.get(sight.place + 1, -1) for sight in sights])
    # Everybody faces the same way: where the nose is, from the ears or the hips.
    turn_N = ahead(true_NJ2)[:, None, None] * np.array([1.0, 0.0]) + np.array([0.0, 1.0])
    looks = Looks(joint_NJ3[..., :2] * turn_N, joint_NJ3[..., 2], true_NJ2 * turn_N, next_N)
    side_N = from_the_side(true_NJ2)
    return {
        **summary(looks),
        "legs_cut": legs_cut(poser, sights[:: max(1, len(sights) // 40)], true_NJ2, height, sights),
        "parts": by_part(looks),
        "parts_side": by_part(looks, side_N) if side_N.any() else {},
        "parts_other": by_part(looks, ~side_N) if not side_N.all() else {},
        "confidence": by_confidence(looks),
    }


def ahead(true_NJ2: Float64) -> Float64:
    """(N,) 1 where the nose is right of the ears or, if they are unknown, of the hips, else -1."""
    at = {name: true_NJ2[:, COCO_17.index(name), 0] for name in COCO_17}
    back_N = middle_of([at[name] for name in ("l_ear", "r_ear", "l_hip", "r_hip")])
    return np.asarray(np.where(at["nose"] < back_N, -1.0, 1.0))


def legs_cut(
    poser: PerPerson,
    chosen: Sequence[Sight],
    true_NJ2: Float64,
    height: int,
    sights: Sequence[Sight],
) -> float:
    """Percent of knees and ankles that are found in pictures that end at the hips."""
    place = {sight.place: i for i, sight in enumerate(sights)}
    counts = []
    for sight in chosen:
        hip = float(np.mean(true_NJ2[place[sight.place], _HIPS, 1]))
        small = smaller(sight, height)
        if not np.isfinite(hip):
            continue
        end = int(small.box_4[1] + (hip + 0.03) * small.height_px)
        box_4 = np.minimum(small.box_4, np.array((np.inf, np.inf, np.inf, end), np.float32))
        [person] = poser.answer_all(small.frame_HWC[:end], [FoundPerson(box_4, 1.0)])
        if person.joint_J3 is not None:
            counts.append((person.joint_J3[_KNEES, 2] >= SURE).mean())
    return 100 * float(np.mean(counts)) if counts else float("nan")


def render(data: Mapping[str, Any]) -> str:
    """The Markdown page."""
    lines = [
        f"{data['looks']} looks at people in real video, {100 * data['side']:.0f} % from the side; "
        f"taken for true: what {' and '.join(data['teachers'])} agree on about the full picture, "
        f"{100 * data['known']:.0f} % of the joints. Errors in percent of the height; `lasting`: "
        "correlation of an error with the next frame's.",
        "",
        f"| network | height, px | {' | '.join(_COLUMNS.values())} | legs cut, found |",
        "|---|---|" + "---:|" * (len(_COLUMNS) + 1),
    ]
    for name, rows in data["networks"].items():
        for height, row in rows.items():
            numbers = [row[key] for key in (*_COLUMNS, "legs_cut")]
            shown = ["-" if each is None else f"{each:.1f}" for each in numbers]
            lines.append(f"| {name} | {_height(height)} | {' | '.join(shown)} |")
    lines += ["", "Bias ahead, bias down, spread, by part of the body:", ""]
    lines += [f"| network | height, px | {' | '.join(PARTS)} |", "|---|---|" + "---:|" * len(PARTS)]
    for name, rows in data["networks"].items():
        for height, row in rows.items():
            cells = [_part(row["parts"].get(part)) for part in PARTS]
            lines.append(f"| {name} | {_height(height)} | {' | '.join(cells)} |")
    heads = [f"{low:g} to {high:g}" for low, high in itertools.pairwise(BINS)]
    lines += ["", "Median error by confidence (number of joints):", ""]
    lines += [f"| network | height, px | {' | '.join(heads)} |", "|---|---|" + "---:|" * len(heads)]
    for name, rows in data["networks"].items():
        for height, row in rows.items():
            cells = [f"{v:.1f} ({n})" if n else "-" for v, n in row["confidence"]]
            lines.append(f"| {name} | {_height(height)} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _height(height: str) -> str:
    return "full" if height == str(FULL) else height


def _part(numbers: Sequence[float] | None) -> str:
    return "-" if numbers is None else f"{numbers[0]:+.1f} {numbers[1]:+.1f} ±{numbers[2]:.1f}"


if __name__ == "__main__":
    sys.exit(main(ErrorsConfig, build_table))
