"""Does pretraining on the best poses beat random ones? The paper's experiment in small, simulated.

    python -m edgehuman.bench.pages.skeleton.quality --out runs/gait/quality

"On Model and Data Scaling for Skeleton-based Self-Supervised Gait Recognition" (arXiv 2504.07598),
"Effect of skeleton data quality" and figure 4, orders 2.7 M real sequences by Q_S and trains on the
best of them or on as many random ones. Its direction: the best are consistently better than random
ones, and the gap widens with data (scaling exponent of 0.132 against 0.078 on controlled walks,
0.125 against 0.099 in the wild). It does not train on the worst; this experiment adds them.

Here: the same network, start, steps and number of sequences from one pool of simulated walks,
`top`, `all` (random) and `bottom` as `edgehuman pretrain --quality` has them; a new pool, start and
random share for each seed. The usual simulated detector is much the same on all walks, and what Q_S
orders there is largely the view: joints behind the body are less sure. So the pool is seen by a
detector that varies more (--spread) and errs more (--noise), without which the paper's filter, a
mean confidence over 0.6, would leave hardly worse walks than usual. --within-views orders the walks
of each view apart, so that every share has all views. Zero-shot rank-1 is of other simulated
people, seen by the usual detector. Finished trainings are kept, so the command resumes where it
stopped. With the defaults it takes about ten minutes of one core.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgehuman.bench.entry import main
from edgehuman.bench.pages.keep import once
from edgehuman.bench.pages.skeleton.quality_report import Facts, Findings, draw, render, verdict
from edgehuman.bench.targets.ratios import require_torch
from edgehuman.config import require
from edgehuman.data.skeleton.load import filtered, quality_scores
from edgehuman.data.skeleton.walks import SIMULATED_FRAMES, SkeletonSet, simulated_set
from edgehuman.errors import DataError, UsageError
from edgehuman.outcome import Outcome
from edgehuman.preprocess.skeleton.walk import mean_confidence
from edgehuman.simulate.skeleton.detector import Detector

if TYPE_CHECKING:
    from edgehuman.pretrain.contrastive.settings import Quality
    from edgehuman.pretrain.contrastive.walks import Exam

# Each arm's word of `--quality`.
ARMS: dict[str, Quality] = {"best": "top", "random": "all", "worst": "bottom"}
# Cameras from which one side of the body hides the other.
_SIDE_DEG = (54, 126)


@dataclass(frozen=True, slots=True)
class QualityConfig:
    """Pretrain on equally many best, random and worst poses."""

    out: Path = Path("runs/gait/quality")
    """Folder of the trainings and the table; finished ones are kept."""
    arch: str = "gaitformer_1"
    """The network."""
    spread: float = 1.0
    """How much the detector's quality varies from walk to walk; the usual one: 0.35."""
    noise: float = 2.0
    """How far its joints move from frame to frame; the usual one: 1."""
    shares: tuple[float, ...] = (0.25,)
    """Shares of a pool to train on; several give a curve."""
    within_views: bool = False
    """Rank the walks of each view separately, so that every share has all views."""
    seeds: tuple[int, ...] = (0, 1, 2)
    """Seeds; each has its own pool, and three trainings for every share."""
    people: int = 512
    """Simulated people in a pool."""
    each: int = 4
    """Walks of each person."""
    steps: int = 300
    """Optimiser steps per training."""
    batch: int = 64
    """Views per step; two of each sequence."""
    frames: int = 16
    """Frames per view."""
    exam_people: int = 200
    """Simulated people in the evaluation."""
    threads: int = 1
    """CPU threads."""
    page: Path = Path("docs/gait_quality.md")
    """The text and the tables."""
    picture: Path = Path("docs/pictures/gait_quality.png")
    """The plot."""
    json: bool = False
    """Print one object."""

    def __post_init__(self) -> None:
        Detector(noise=self.noise, spread=self.spread)
        least = {"people": 2, "each": 2, "steps": 1, "batch": 4, "frames": 2, "exam_people": 2}
        rules = ((getattr(self, name) >= n, name, f"at least {n}") for name, n in least.items())
        require(self, rules)
        if self.frames > SIMULATED_FRAMES:
            raise UsageError(
                f"--frames is {self.frames}; simulated walks have {SIMULATED_FRAMES}, so give as "
                "many or fewer"
            )
        if not self.shares or not all(0 < share <= 0.5 for share in self.shares):
            # Above a half, the best and the worst would share walks.
            raise UsageError(f"--shares is {self.shares}; give shares above 0, up to 0.5")
        if not self.seeds:
            raise UsageError("--seeds is empty; give at least one")


@lru_cache(maxsize=1)
def pool_of(people: int, each: int, seed: int, detector: Detector) -> SkeletonSet:
    """The walks of one seed, filtered as in every pretraining."""
    from edgehuman.pretrain.contrastive.walks import LEARNED_WORLD

    return filtered(simulated_set(people, each, LEARNED_WORLD + seed, detector=detector))[0]


@lru_cache(maxsize=1)
def exam_of(people: int, frames: int) -> Exam:
    """The evaluation, the same for all trainings."""
    from edgehuman.pretrain.contrastive.walks import Exam

    return Exam(people, frames, "cosine")


def share_of(
    walks: SkeletonSet, arm: str, share: float, seed: int, within_views: bool
) -> SkeletonSet:
    """The best, random or worst walks of a pool, or of each of its views."""
    from edgehuman.pretrain.contrastive.walks import of_quality

    if not within_views:
        return of_quality(walks, share, ARMS[arm], seed)
    parts = [walks.subset(walks.view_N == view) for view in np.unique(walks.view_N)]
    names = [of_quality(part, share, ARMS[arm], seed).sequence_N for part in parts]
    return walks.subset(np.isin(walks.sequence_N, np.concatenate(names)))


def facts_of(walks: SkeletonSet) -> Facts:
    """Facts about the poses of some walks, averaged over the walks."""
    low, high = _SIDE_DEG
    view_N = walks.view_N.astype(np.float64)
    return {
        "quality": float(quality_scores(walks).mean()),
        "confidence": float(mean_confidence(walks.skeleton_SJ3, walks.length_N).mean()),
        "lost": float((walks.skeleton_SJ3[..., 2] == 0).mean()),
        "shake": float(np.mean([shake(walks.sequence(i)) for i in range(len(walks))])),
        "side": float(((view_N >= low) & (view_N <= high)).mean()),
    }


def shake(skeleton_TJ3: np.ndarray[Any, np.dtype[np.float32]]) -> float:
    """How far joints jump: the median of their second difference in time, relative to the figure's
    height; 0 if no joint is seen in three frames in a row.
    """
    seen_TJ = skeleton_TJ3[..., 2] > 0
    three_TJ = seen_TJ[2:] & seen_TJ[1:-1] & seen_TJ[:-2]
    if not three_TJ.any():
        return 0.0
    jump_TJ = np.linalg.norm(np.diff(skeleton_TJ3[..., :2], n=2, axis=0), axis=2)
    y = skeleton_TJ3[..., 1][seen_TJ]
    return float(np.median(jump_TJ[three_TJ]) / max(float(np.ptp(y)), 1e-6))


def train_one(config: QualityConfig, arm: str, share: float, seed: int) -> dict[str, Any]:
    """Evaluation, number of sequences and facts of one training, from an earlier call or now."""
    folder = config.out / f"{arm}-{share:g}-{seed}{'-views' if config.within_views else ''}"
    names = ("arch", "spread", "noise", "people", "each", "steps", "batch", "frames", "exam_people")
    words = [folder.name, *(f"{name}={getattr(config, name)}" for name in names)]
    found = once(
        folder, words, None, lambda resume: _train(config, folder, arm, share, seed, resume)
    )
    (folder / "state.pt").unlink(missing_ok=True)
    return found


def _train(
    config: QualityConfig, folder: Path, arm: str, share: float, seed: int, resume: bool
) -> Outcome:
    from edgehuman.nets.building import build
    from edgehuman.pretrain import mup
    from edgehuman.pretrain.contrastive.contrastive import encoder_card, fit
    from edgehuman.pretrain.contrastive.settings import ContrastiveConfig
    from edgehuman.pretrain.contrastive.walks import Walks

    settings = ContrastiveConfig(
        out=folder, arch=config.arch, steps=config.steps, batch=config.batch, frames=config.frames,
        seed=seed, save_every=max(1, config.steps // 3), threads=config.threads, device="cpu",
        exam_people=config.exam_people, resume=resume,
    )  # fmt: skip
    detector = Detector(noise=config.noise, spread=config.spread)
    pool = pool_of(config.people, config.each, seed, detector)
    chosen = share_of(pool, arm, share, seed, config.within_views)
    if len(chosen) < config.batch // 2:
        raise DataError(
            f"a share of {share:g} of {len(pool)} walks is {len(chosen)}, and a step takes "
            f"{config.batch // 2}; raise --people or --shares, or lower --batch"
        )
    learn = Walks([chosen], settings.augment(config.frames).source_frames, "sequence")
    encoder = build(config.arch, seed, frames=config.frames)
    base = build(mup.base_of(config.arch))
    card = encoder_card(settings, encoder, learn.rows())
    exam = exam_of(config.exam_people, config.frames)
    progress = fit(settings, encoder, base, learn, card, exam)
    exams = [record for record in progress.records if "rank1" in record]
    data = {"exams": exams, "sequences": len(chosen), "facts": facts_of(chosen)}
    return Outcome(data, "", int(progress.stopped))


def usual_facts(config: QualityConfig) -> dict[str, Facts]:
    """Facts about the best and worst walks of the usual detector, at the first share."""

    def look(resume: bool) -> Outcome:
        pool = pool_of(config.people, config.each, config.seeds[0], Detector())
        arms = (share_of(pool, a, config.shares[0], 0, config.within_views) for a in ARMS)
        return Outcome({a: facts_of(part) for a, part in zip(ARMS, arms, strict=True)}, "")

    asked = (config.people, config.each, config.seeds[0], config.shares[0], config.within_views)
    folder = config.out / f"usual{'-views' if config.within_views else ''}"
    return once(folder, [str(each) for each in asked], None, look)


def measure(config: QualityConfig) -> Findings:
    """Run the missing trainings, seed by seed."""
    found: list[dict[str, Any]] = []
    for seed in config.seeds:
        for share in config.shares:
            for arm in ARMS:
                one = train_one(config, arm, share, seed)
                found.append({"arm": arm, "share": share, "seed": seed, **one})
    return Findings(found, usual_facts(config))


def compare_qualities(config: QualityConfig) -> Outcome:
    """Run the missing trainings, then write the page, the picture and `table.json`.

    Raises:
        DataError: a share has too few walks for a step.
    """
    require_torch()
    found = measure(config)
    draw(found, config.picture)
    page = render(found, config)
    config.page.parent.mkdir(parents=True, exist_ok=True)
    for path in (config.page, config.out / "table.md"):
        path.write_text(page, encoding="utf-8")
    verdicts = {f"{share:g}": verdict(found, share) for share in config.shares}
    data = {"simulated": True, "runs": found.runs, "usual": found.usual, "verdicts": verdicts}
    (config.out / "table.json").write_text(json.dumps(data, indent=1), encoding="utf-8")
    said = [f"{config.page}, {config.picture}"]
    said += [f"share {share} of simulated walks: {text}" for share, text in verdicts.items()]
    return Outcome(data, json.dumps(data) if config.json else "\n".join(said))


if __name__ == "__main__":
    sys.exit(main(QualityConfig, compare_qualities))
