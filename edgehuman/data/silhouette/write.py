"""Silhouettes of simulated people as PNG files: `edgehuman data simulate --kind silhouettes`.

OUT/simulated.json
OUT/PERSON/CONDITION-NN/VIEW/PERSON-CONDITION-NN-VIEW-FRAME.png

The folders are those of CASIA-B, so that other programs read them: conditions nm, bg and cl, views
in degrees. NN counts a person's walks of one condition and view. simulated.json says that nobody
in them is real, and the role of every walk: up to 74 people are all tested; of more, the first 74
train, as in CASIA-B.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from edgehuman.catalogue import SIMULATED
from edgehuman.data.containers import read_json
from edgehuman.data.gait.trees import Named
from edgehuman.data.gait.walks import ROLES, LeftOut
from edgehuman.data.layout import Layout, folders
from edgehuman.data.silhouette.layout import Walk, WalkReader, gather
from edgehuman.data.silhouette.published.images import read_walk
from edgehuman.data.silhouette.walks import LICENCE, SilhouetteSet
from edgehuman.errors import DataError
from edgehuman.files import require_usable_folder, writing_tree
from edgehuman.outcome import Outcome, to_json

if TYPE_CHECKING:
    from edgehuman.simulate.silhouette.walks import SilhouetteWalks

MARK = f"{SIMULATED}.json"
_TRAIN = 74


@dataclass(frozen=True, slots=True)
class SimulateConfig:
    """Write silhouettes of simulated walkers as PNG files, in folders as those of CASIA-B.

    Attributes:
        out: output folder; created if missing.
        kind: what to simulate.
        people: number of walkers; of over 74, the first 74 are for training, the others for tests.
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
    from edgehuman.simulate.silhouette.walks import SimulatedSilhouettes, simulate_silhouettes

    wanted = SimulatedSilhouettes(people=config.people, walks_each=config.each, seed=config.seed)
    return write_tree(simulate_silhouettes(wanted), config.out, config.seed)


def write_tree(walks: SilhouetteWalks, out: Path, seed: int = 0) -> Outcome:
    """Write walks as a tree of PNG files; all files or none.

    Args:
        seed: of the people, for their names.

    Raises:
        DataError: a file cannot be written.
    """
    import cv2

    with writing_tree(out, "--out", DataError, replace=False) as partial:
        for i, name in enumerate(names_of(walks)):
            folder = partial / name
            folder.mkdir(parents=True)
            first = name.replace("/", "-")
            for t, silhouette_HW in enumerate(walks.silhouette_NTHW[i]):
                _, coded = cv2.imencode(".png", silhouette_HW)
                (folder / f"{first}-{t + 1:03d}.png").write_bytes(coded.tobytes())
        mark = {
            "simulated": True,
            "seed": seed,
            "rate_hz": walks.rate_hz,
            "roles": dict(zip(names_of(walks), roles_of(walks), strict=True)),
        }
        (partial / MARK).write_text(to_json(mark))
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
        "in the folders of CASIA-B",
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


def roles_of(walks: SilhouetteWalks) -> list[str]:
    """The role of every walk: of a tested person, the first half is the gallery."""
    person_N, each = walks.person_N, Counter(walks.person_N.tolist())
    first_tested = sorted(each)[_TRAIN] if len(each) > _TRAIN else min(each)
    return [
        "train" if person < first_tested else "gallery" if 2 * walk < each[person] else "probe"
        for person, walk in zip(person_N.tolist(), walks.walk_N.tolist(), strict=True)
    ]


def is_made(path: Path) -> bool:
    """Whether a folder says that its walks are simulated."""
    return (path / MARK).is_file()


def _read_mark(place: Path) -> tuple[int, float, Mapping[str, str]]:
    """Seed, frames per second, and roles by walk.

    Raises:
        DataError: the file says something else.
    """
    held: Any = read_json(place / MARK)
    try:
        seed, rate_hz = int(held["seed"]), float(held["rate_hz"])
        roles = {str(name): str(role) for name, role in held["roles"].items()}
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(
            f"{place / MARK}: is wrong ({type(error).__name__}: {error}); simulate the walks again"
        ) from None
    unknown = sorted(set(roles.values()) - set(ROLES))
    if unknown or not 1.0 <= rate_hz <= 1000.0:
        wrong = f"role {unknown[0]!r}" if unknown else f"rate_hz {rate_hz:g}"
        raise DataError(f"{place / MARK}: has the {wrong}; simulate the walks again")
    return seed, rate_hz, roles


def _walks(place: Path) -> Iterator[Walk | LeftOut]:
    seed, rate_hz, roles = _read_mark(place)
    for person in folders(place):
        for walk in folders(person):
            for view in folders(walk):
                name = f"{person.name}/{walk.name}/{view.name}"
                yield read_walk(view, _named(name, seed, roles.get(name, "")), rate_hz)


def _named(name: str, seed: int, role: str) -> Named:
    """Labels of PERSON/CONDITION-NN/VIEW; people are named as the word `simulated` names them."""
    person, walk, view = name.split("/")
    number = str(int(person) - 1) if person.isdecimal() else person
    who = f"{SIMULATED}:{seed}:{number}"
    return Named(who, f"{who}-{walk}-{view}", view, walk.partition("-")[0], role)


def _read(place: Path) -> SilhouetteSet:
    walks = gather(_walks(place), SIMULATED, str(place))
    return replace(walks, licence=LICENCE, simulated=True)


MADE = Layout(
    SIMULATED,
    f"a folder of `edgehuman data simulate --kind silhouettes`, with {MARK}",
    is_made,
    WalkReader(_walks, whole=_read),
)
