"""Write walks as lines of JSON: `edgehuman data simulate --kind skeletons`.

OUT/poses/000000.jsonl     one walk, one line per frame (`preprocess.skeleton.line`)
OUT/walks.jsonl            one object per walk, read by `data.skeleton.lines`
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from edgehuman.data.skeleton.lines import LABELS
from edgehuman.data.skeleton.walks import SkeletonSet, simulated_set
from edgehuman.errors import DataError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.outcome import Outcome, to_json
from edgehuman.preprocess.skeleton.line import PoseLine, format_line
from edgehuman.simulate.skeleton.detector import Detector, Kind


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write walks of simulated people, as a pose detector sees them, with labels.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        people: number of walkers.
        each: walks per person.
        seed: seed of the people and of their walks.
        detector: whose errors the joints have: of large networks such as MoveNet Thunder, or of
            zoo:person-pose-int8, which are several times as large, or of both in turn.
    """

    out: Path
    kind: Literal["skeletons"] = "skeletons"
    people: int = 1
    each: int = 4
    seed: int = 0
    detector: Kind = "teacher"


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate --kind skeletons`.

    Raises:
        DataError: a file cannot be written.
        UsageError: no people, or fewer than two walks each.
    """
    require_usable_folder(config.out, "--out", DataError)
    detector = Detector(kind=config.detector)
    walks = simulated_set(config.people, config.each, config.seed, detector=detector)
    return write_lines(walks, config.out)


def write_lines(walks: SkeletonSet, out: Path) -> Outcome:
    """Write a set as OUT/poses/NAME.jsonl and OUT/walks.jsonl, which load as the same set; all
    files or none.

    Raises:
        DataError: a file cannot be written.
    """
    with writing_tree(out, "--out", DataError, replace=False) as partial:
        (partial / "poses").mkdir()
        with (partial / LABELS).open("w", encoding="utf-8") as labels:
            for i in range(len(walks)):
                labels.write(to_json(_written(walks, i, partial)) + "\n")
    people = len(np.unique(walks.person_N))
    data = {
        "poses": str(out / "poses"),
        "labels": str(out / LABELS),
        "people": people,
        "walks": len(walks),
        "frames": len(walks.skeleton_SJ3),
        "simulated": walks.simulated,
    }
    who = "SIMULATED people" if walks.simulated else "people"
    return Outcome(data, f"{out}: {len(walks)} walks of {people} {who}; labels in {LABELS}")


def _written(walks: SkeletonSet, i: int, out: Path) -> dict[str, Any]:
    """Write the file of a walk, and return its labels."""
    name = str(walks.sequence_N[i])
    file = f"poses/{i:06d}.jsonl"
    rate_hz = float(walks.rate_hz_N[i])
    height_px, width_px = walks.image_size_N2[i].tolist()
    lines = (
        format_line(PoseLine(t / rate_hz, name, joints_J3, width_px, height_px))
        for t, joints_J3 in enumerate(walks.sequence(i))
    )
    (out / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return {
        "file": file,
        "sequence": name,
        "person": str(walks.person_N[i]),
        "view": str(walks.view_N[i]),
        "condition": str(walks.condition_N[i]),
        "role": str(walks.role_N[i]),
        "rate_hz": rate_hz,
    }
