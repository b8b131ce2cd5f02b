"""Silhouettes from any known file or folder, or the simulator.

walks = load_silhouettes("simulated:200")                  200 people
walks = load_silhouettes("GaitDatasetB-silh")              PNG files or OpenGait's pickles
walks = load_silhouettes("casia_b.silhouettes")            packed: frames stay on disk
learn = learnable(walks, "--data casia_b.silhouettes")     without the test people
"""

from __future__ import annotations

import dataclasses
from functools import lru_cache
from pathlib import Path

from edgehuman import catalogue
from edgehuman.data.gait.walks import at_rate, in_test, learnable
from edgehuman.data.layout import find
from edgehuman.data.silhouette.layout import SilhouetteLayout, gather
from edgehuman.data.silhouette.mistakes import require_right
from edgehuman.data.silhouette.own import OPENGAIT, PEOPLE, VIDEO, WALK
from edgehuman.data.silhouette.packed import PACKED
from edgehuman.data.silhouette.walks import SilhouetteSet, simulated_set
from edgehuman.data.silhouette.write import MADE
from edgehuman.errors import UsageError

__all__ = [
    "SilhouetteSet",
    "find_layout",
    "in_test",
    "layouts",
    "learnable",
    "load_silhouettes",
    "read_layout",
]

SIMULATED_PEOPLE = 100
SIMULATED_EACH = 6


@lru_cache(maxsize=1)
def layouts() -> tuple[SilhouetteLayout, ...]:
    """Every layout: what edgehuman writes, the catalogue's datasets, then trees of one's own."""
    rows = catalogue.datasets_of("silhouette").values()
    published = (catalogue.load_object(row.read) for row in rows)
    return (PACKED, MADE, *published, OPENGAIT, PEOPLE, WALK, VIDEO)


def load_silhouettes(
    path: Path | str,
    seed: int = 0,
    people: int = SIMULATED_PEOPLE,
    each: int = SIMULATED_EACH,
    dataset: str | None = None,
    rate_hz: float | None = None,
    check: bool = True,
) -> SilhouetteSet:
    """Load the walks at a path, or of simulated people: "simulated", or "simulated:200" for 200.

    Args:
        seed, people, each: for the simulator: seed, number of people, walks per person.
        dataset: catalogue name of the expected dataset.
        rate_hz: frames per second, if the files do not state it and the default is wrong.
        check: reject sets in which at least a twentieth of the walks are empty, have a white
            background, or are not size-normalised; fewer give a warning.

    Raises:
        DataError: no such path, no known layout, no walks, or mistakes (see `mistakes`).
        UsageError: a value out of range.
    """
    word, _, count = str(path).partition(":")
    if word == catalogue.SIMULATED:
        return simulated_set(people_in(count) if count else people, each, seed)
    walks = read_layout(*find_layout(path, dataset))
    if rate_hz is not None:
        walks = at_rate(walks, rate_hz)
    if check:
        require_right(walks, str(path))
    row = catalogue.datasets_of("silhouette").get(walks.name)
    if row is None:
        return walks
    return dataclasses.replace(walks, licence=row.licence, url=row.url)


def people_in(count: str) -> int:
    """The number of people in a word such as simulated:200; UsageError if it is none."""
    if not count.isdecimal() or not 1 <= int(count) <= 1_000_000:
        raise UsageError(
            f"{catalogue.SIMULATED}:{count}: the number of people is {count!r}; it must be a whole "
            "number from 1, such as simulated:200"
        )
    return int(count)


def find_layout(path: Path | str, dataset: str | None = None) -> tuple[SilhouetteLayout, Path]:
    """Find the layout of a file or folder, and where in it the layout begins.

    Raises:
        DataError: no such path, no known layout, or not the expected dataset.
        UsageError: no dataset of that name.
    """
    return find(Path(path), layouts(), dataset)


def read_layout(layout: SilhouetteLayout, place: Path) -> SilhouetteSet:
    """Read everything in a layout's folder or file.

    Raises:
        DataError: no walks, or invalid ones.
    """
    if layout.read.whole is not None:
        return layout.read.whole(place)
    return gather(layout.read.walks(place), layout.dataset, str(place), layout.read.rate_hz)
