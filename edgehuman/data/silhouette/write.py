"""Write silhouettes of simulated people as PNG files: `edgehuman data simulate --kind silhouettes`.

OUT/PERSON/CONDITION-NN/VIEW/PERSON-CONDITION-NN-VIEW-FRAME.png

The form of CASIA-B, so that what reads it reads these: conditions nm, bg and cl, views in degrees,
and people up to 074 for training. NN counts a person's walks of one condition and view.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2

from edgehuman.errors import DataError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.outcome import Outcome
from edgehuman.simulate.silhouette.walks import (
    SilhouetteWalks,
    SimulatedSilhouettes,
    simulate_silhouettes,
)


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write silhouettes of simulated walkers as PNG files, in folders as those of CASIA-B.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        people: number of walkers; those after the 74th are for testing.
        each: walks per person.
        seed: seed of the people and of their walks.
    """

    out: Path
    kind: Literal["silhouettes"] = "silhouettes"
    people: int = 1
    each: int = 4
    seed: int = 0


def simulate(config: SimulateConfig) -> Outcome:
    """`edgehuman data simulate --kind silhouettes`.

    Raises:
        DataError: a file cannot be written.
        UsageError: no people or no walks.
    """
    require_usable_folder(config.out, "--out", DataError)
    wanted = SimulatedSilhouettes(people=config.people, walks_each=config.each, seed=config.seed)
    return write_tree(simulate_silhouettes(wanted), config.out)


def write_tree(walks: SilhouetteWalks, out: Path) -> Outcome:
    """Write walks as a tree of PNG files; all files or none.

    Raises:
        DataError: a file cannot be written.
    """
    with writing_tree(out, "--out", DataError) as partial:
        for i, name in enumerate(names_of(walks)):
            folder = partial / name
            folder.mkdir(parents=True)
            first = name.replace("/", "-")
            for t, silhouette_HW in enumerate(walks.silhouette_NTHW[i]):
                _, coded = cv2.imencode(".png", silhouette_HW)
                (folder / f"{first}-{t + 1:03d}.png").write_bytes(coded.tobytes())
    people, frames = len(set(walks.person_N.tolist())), walks.silhouette_NTHW.shape[1]
    data = {
        "silhouettes": str(out),
        "people": people,
        "walks": len(walks),
        "frames": len(walks) * frames,
        "simulated": True,
    }
    return Outcome(
        data,
        f"{out}: {len(walks)} walks of {people} SIMULATED people, {frames} silhouettes each, "
        "in the form of CASIA-B",
    )


def names_of(walks: SilhouetteWalks) -> list[str]:
    """PERSON/CONDITION-NN/VIEW of every walk; people and walks count from 1."""
    seen: Counter[tuple[int, str, str]] = Counter()
    names = []
    for person, condition, view_deg in zip(
        walks.person_N.tolist(),
        walks.condition_N.tolist(),
        walks.view_deg_N.tolist(),
        strict=True,
    ):
        key = (person, condition, f"{view_deg:03.0f}")
        seen[key] += 1
        names.append(f"{person + 1:03d}/{condition}-{seen[key]:02d}/{key[2]}")
    return names
