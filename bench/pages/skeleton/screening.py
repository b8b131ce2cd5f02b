"""What the screening of poses accuses: right walks that are refused, and mistakes that are found.

    python -m edgehuman.bench.pages.skeleton.screening --out runs/screening [--data PATH ...]

Simulated walks from all round, as detectors of several kinds would write them, and again with left
and right swapped, mirrored, with x and y swapped, or in COCO's order: the share that is refused,
and that is remarked on. Then who does not walk, and who walks backwards, of people who do and who
do not; and two people under one id, judged by how alike the windows of a walk are to the model.
`--data` adds real walks, right and with the same mistakes. It writes `table.md` and `table.json`.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.evaluate.skeleton import EvaluateConfig
from edgehuman.bench.evaluate.walks import open_named
from edgehuman.bench.pages.keep import write_table
from edgehuman.data.skeleton.load import load_skeletons
from edgehuman.errors import UsageError
from edgehuman.geometry import COCO_17, OPENPOSE_18, flip_indices
from edgehuman.metrics.gait.vectors import least_agreement
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.motion.walking import not_walking
from edgehuman.preprocess.skeleton.motion.way import walks_backwards
from edgehuman.preprocess.skeleton.screen import joint_mistakes, joint_remarks
from edgehuman.preprocess.skeleton.walk import RATE_HZ
from edgehuman.records import Float32
from edgehuman.runtime.model import Model
from edgehuman.runtime.skeleton.answer import require_gait
from edgehuman.runtime.skeleton.enrolment import LEAST_AGREEMENT
from edgehuman.simulate.gait.pinhole import Cameras
from edgehuman.simulate.skeleton.idle import KINDS, simulate_idle
from edgehuman.simulate.skeleton.walks import simulate_skeletons

Change = Callable[[Float32], Float32]
"""Walks (N, T, 18, 3) -> the same walks as another tool would write them."""

_FACE = [OPENPOSE_18.index(name) for name in ("nose", "r_eye", "l_eye", "r_ear", "l_ear")]
_WIDTH_PX = 1920
ALL_ROUND = Cameras(views_deg=tuple(range(0, 360, 30)))
_EACH_KIND, _MOST = 200, 500
_HOP = 15  # frames, about the hop of `edgehuman run`


@dataclass(frozen=True, slots=True)
class ScreeningConfig:
    """Measure what the screening of poses accuses."""

    model: str = "zoo:gait-skeleton"
    """`zoo:NAME`, an artefact, or the folder of a checkpoint; it compares the windows of a walk."""
    data: tuple[Path, ...] = ()
    """Real walks that are right."""
    people: int = 40
    """Simulated people, with twelve walks each."""
    out: Path = Path("runs/screening")
    """Folder of the table."""
    seed: int = 0
    """Seed of the simulated people."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        if self.people < 2:
            raise UsageError(f"--people is {self.people}; it must be at least 2")


def own(walks: Float32) -> Float32:
    """The simulator's detector: less sure of what it does not see."""
    return walks


def constant(walks: Float32) -> Float32:
    """A tool without confidences."""
    made = walks.copy()
    made[..., 2] = (walks[..., 2] > 0).astype(np.float32)
    return made


def sure_of_faces(walks: Float32) -> Float32:
    """As MediaPipe: limbs that are hidden are less sure, a face from behind is not."""
    made = walks.copy()
    seen = walks[..., 2] > 0
    made[..., 2] = np.where(seen, 0.99 - 0.3 * np.clip(0.9 - walks[..., 2], 0, 1), 0)
    made[..., _FACE, 2] = np.where(seen[..., _FACE], 0.993 + 0.004 * walks[..., _FACE, 2], 0)
    return made


def zeroed(walks: Float32) -> Float32:
    """As Ultralytics: joints under 0.5 are at the origin with their score."""
    made = walks.copy()
    made[made[..., 2] < 0.5, :2] = 0.0
    return made


def no_faces(walks: Float32) -> Float32:
    """Faces never seen."""
    made = walks.copy()
    made[:, :, _FACE] = 0.0
    return made


def _shown(walks: Float32, xy: Float32) -> Float32:
    """The walks with other places, but those at the origin, which mean unseen."""
    made = walks.copy()
    made[..., :2] = np.where((walks[..., :2] != 0).any(axis=-1, keepdims=True), xy, 0)
    return made


def swapped_sides(walks: Float32) -> Float32:
    """Left joints called right."""
    return walks[:, :, flip_indices("openpose18")]


def mirrored(walks: Float32) -> Float32:
    """Pictures that were mirrored before the detector saw them, as a selfie camera does."""
    return _shown(walks, np.stack([_WIDTH_PX - walks[..., 0], walks[..., 1]], axis=-1))


def swapped_axes(walks: Float32) -> Float32:
    """y before x."""
    return _shown(walks, walks[..., 1::-1])


def in_coco_order(walks: Float32) -> Float32:
    """COCO-17 and the neck after it, called OpenPose-18."""
    return walks[:, :, [OPENPOSE_18.index(name) for name in (*COCO_17, "neck")]]


DETECTORS: Mapping[str, Change] = {
    "less sure of what is hidden": own,
    "one constant confidence": constant,
    "sure of every face": sure_of_faces,
    "under 0.5 at (0, 0)": zeroed,
    "no faces": no_faces,
}
MISTAKES: Mapping[str, Change] = {
    "left and right swapped": swapped_sides,
    "mirrored": mirrored,
    "x and y swapped": swapped_axes,
    "in COCO's order": in_coco_order,
}


def shares(walks: Iterable[Float32], rates_hz: Iterable[float]) -> dict[str, float]:
    """Shares of walks (T, 18, 3) that are refused, and remarked on without being refused."""
    refused, remarked = [], []
    for walk_TJ3, rate_hz in zip(walks, rates_hz, strict=True):
        refused.append(bool(joint_mistakes(walk_TJ3, rate_hz)))
        remarked.append(not refused[-1] and bool(joint_remarks(walk_TJ3, rate_hz)))
    return {"refused": float(np.mean(refused)), "remarked": float(np.mean(remarked))}


def motion(walks: Iterable[Float32], rates_hz: Iterable[float]) -> dict[str, float]:
    """Shares of walks (T, 18, 3) said to be no walk, and to go backwards."""
    pairs = list(zip(walks, rates_hz, strict=True))
    return {
        "not walking": float(np.mean([bool(not_walking(*each)) for each in pairs])),
        "backwards": float(np.mean([walks_backwards(*each) for each in pairs])),
    }


def two_in_one(model: Model, walks: Float32) -> dict[str, float]:
    """Shares of walks whose windows disagree: of one person, and of two one after the other."""

    window = model.card.input.shape[0]

    def disagree(chosen: Sequence[Float32]) -> float:
        vectors = (
            model.logits(np.stack([walk_TJ3[i : i + window] for i in starts]))
            for walk_TJ3 in chosen
        )
        alike = [least_agreement(each.reshape(len(starts), -1)) for each in vectors]
        return float(np.mean(np.array(alike) < LEAST_AGREEMENT))

    starts = range(0, walks.shape[1] - window + 1, _HOP)

    # The next person but one, seen from the same direction.
    others = np.roll(walks, 24, axis=0)
    half = walks.shape[1] // 2
    changed = np.concatenate([walks[:, :half], others[:, half:]], axis=1)
    return {"one": disagree(list(walks)), "two": disagree(list(changed))}


def build_page(config: ScreeningConfig) -> Outcome:
    """Screen every kind of walk, and write the table.

    Raises:
        ArtefactError, UsageError: no such model, or not of gait. DataError: no such walks.
    """
    model = open_named(EvaluateConfig(config.model))
    require_gait(model)
    made = simulate_skeletons(config.people, 12, config.seed, cameras=ALL_ROUND)
    simulated = made.skeleton_NTJ3
    rates = [RATE_HZ] * len(simulated)
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name, detector in DETECTORS.items():
        kinds = {"right": own, **MISTAKES}
        found[f"SIMULATED, {name}"] = {
            kind: shares(change(detector(simulated)), rates) for kind, change in kinds.items()
        }
    moved = {"SIMULATED, who walks": motion(simulated, rates)}
    for kind in KINDS:
        idle = simulate_idle(kind, _EACH_KIND, config.seed, cameras=ALL_ROUND)
        moved[f"SIMULATED, who {kind}"] = motion(idle, [RATE_HZ] * len(idle))
    sides = {name: MISTAKES[name] for name in ("left and right swapped", "mirrored")}
    for path in config.data:
        walks = load_skeletons(path, check=False)
        # Of the many bodies that a motion is given to, an even share.
        chosen = np.unique(np.linspace(0, len(walks) - 1, min(len(walks), _MOST)).astype(int))
        sequences = [walks.sequence(i) for i in chosen.tolist()]
        real_hz = walks.rate_hz_N[chosen].tolist()
        name = f"{walks.name}, real, {len(sequences)} walks"
        found[name] = {
            kind: shares([change(each[None])[0] for each in sequences], real_hz)
            for kind, change in {"right": own, **sides}.items()
        }
        moved[name] = motion(sequences, real_hz)
        moved[f"{name}, backwards in time"] = motion([each[::-1] for each in sequences], real_hz)
    agreement = {
        f"SIMULATED, {name}": two_in_one(model, DETECTORS[name](simulated))
        for name in ("less sure of what is hidden", "under 0.5 at (0, 0)")
    }
    data = {"people": config.people, "walks": len(simulated), "screened": found}
    data |= {"motion": moved, "ids": agreement}
    text = write_table(config.out, render(config, found, moved, agreement), data)
    return Outcome(data, json.dumps(data) if config.json else text)


def render(
    config: ScreeningConfig,
    found: Mapping[str, Mapping[str, Mapping[str, float]]],
    moved: Mapping[str, Mapping[str, float]],
    agreement: Mapping[str, Mapping[str, float]],
) -> str:
    """The Markdown page."""
    kinds = ("right", *MISTAKES)

    def cell(row: Mapping[str, Mapping[str, float]], kind: str) -> str:
        if kind not in row:
            return "-"
        return f"{100 * row[kind]['refused']:.0f} + {100 * row[kind]['remarked']:.0f}"

    return "\n".join(
        [
            f"| walks, as written by a detector | {' | '.join(kinds)} |",
            "|---|" + "---:|" * len(kinds),
            *(
                f"| {name} | {' | '.join(cell(row, kind) for kind in kinds)} |"
                for name, row in found.items()
            ),
            "",
            f"Percent refused + remarked on; {12 * config.people} simulated walks a cell.",
            "",
            "| whole walks | said not to walk | said to walk backwards |",
            "|---|---:|---:|",
            *(
                f"| {name} | {100 * row['not walking']:.1f} | {100 * row['backwards']:.1f} |"
                for name, row in moved.items()
            ),
            "",
            "Percent; simulated ones four seconds long.",
            "",
            "| walks whose windows disagree | of one person | of two, one after the other |",
            "|---|---:|---:|",
            *(
                f"| {name} | {100 * row['one']:.1f} | {100 * row['two']:.1f} |"
                for name, row in agreement.items()
            ),
            "",
            f"Percent under {LEAST_AGREEMENT:g}, by {config.model}.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(ScreeningConfig, build_page))
