"""A made sweep that has every column that a figure needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from edgehuman.bench.fits.fits import Fits, Wanted, fits_of
from edgehuman.bench.laws.curves import Rules
from edgehuman.bench.scale.points import Point, read_table, write_points

RULES = Rules(draws=100)


def full_sweep(folder: Path) -> Path:
    """Two families of three sizes, two samplings, three shares, with augmentation and without."""
    rng = np.random.default_rng(0)
    points = []
    for family, gamma in (("gaitptv2_deep", 6.5), ("gaitformer", 2.0)):
        for size in (1, 2, 3):
            for sampling in ("random", "top"):
                for share in (0.25, 0.5, 1.0):
                    for augment in ("off", "on"):
                        params, items = 100_000 * 2**size, 4000 * share
                        samples = items * 25
                        share_right = 0.1 * params**0.08 * items**0.05
                        share_right *= 1.05 if augment == "on" else 1.0
                        share_right *= float(np.exp(0.01 * rng.standard_normal()))
                        name = f"{family}_{size}-{sampling}-{share:g}-{augment}"
                        points.append(
                            Point(
                                *(name, "contrastive", f"{family}_{size}", sampling, share, 0, ""),
                                augment=augment,
                                samples=round(samples),
                                params=params,
                                width=64 * size,
                                depth=9,
                                items=items,
                                flops=gamma * params * samples,
                                loss=1 / share_right,
                                simulated=True,
                                metrics={"rank1": share_right},
                                trials={"rank1": 500},
                                command=f"edgehuman pretrain --arch {family}_{size}",
                            )
                        )
    write_points(folder / "points.csv", points)
    return folder


def fitted(folder: Path) -> list[Fits]:
    """Its fits."""
    return fits_of(read_table(full_sweep(folder) / "points.csv"), Wanted(), RULES)
