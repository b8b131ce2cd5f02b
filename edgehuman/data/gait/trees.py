"""Folder trees of the public gait datasets, PERSON/WALK/VIEW, and what their names mean.

CASIA-B   001/nm-01/000
OUMVLP    00001/00/000
GREW      00001train/00/4XPn5Z28, 00001/01/..., probe/03/...
Gait3D    0000/camid0_videoid2/seq0

OpenGait keeps skeletons and silhouettes in these trees; the folder names identify the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from edgehuman.data.gait.roles import (
    CASIA_B_WALK,
    GAIT3D_CAMERA,
    GAIT3D_WALK,
    casia_b_role,
    gait3d_role,
    grew_role,
    oumvlp_role,
    read_partition,
)
from edgehuman.data.layout import folders, is_hidden


@dataclass(frozen=True, slots=True)
class Named:
    """A walk's labels; see `data.gait.walks.WalkSet`."""

    person: str
    sequence: str
    view: str = ""
    condition: str = ""
    role: str = ""


Place = tuple[str, str, str, Path]


def leaves(root: Path, suffix: str) -> Iterator[Place]:
    """(person, walk, view, file) of every file with the suffix in a tree, sorted."""
    for person in folders(root):
        for walk in folders(person):
            for view in folders(walk):
                for file in files_of(view, suffix):
                    yield person.name, walk.name, view.name, file


def files_of(folder: Path, suffix: str) -> list[Path]:
    """The files of a folder with the suffix, in small or capital letters, sorted; none of what is
    no folder.
    """
    return sorted(
        file
        for file in (folder.iterdir() if folder.is_dir() else ())
        if file.suffix.lower() == suffix and not is_hidden(file) and file.is_file()
    )


def _casia_b(root: Path, person: str, walk: str, view: str) -> Named:
    name = f"casia_b:{person}-{walk}-{view}"
    return Named(f"casia_b:{person}", name, view, walk, casia_b_role(person, walk))


def oumvlp(root: Path, person: str, walk: str, view: str) -> Named:
    """Labels of a walk of OUMVLP."""
    role = oumvlp_role(person, walk, read_partition(root, "OUMVLP.json"))
    return Named(f"oumvlp:{person}", f"oumvlp:{person}-{walk}-{view}", view, walk, role)


def grew(root: Path, person: str, walk: str, video: str) -> Named:
    """Labels of a walk of GREW; the official probes have no identities, so each counts as a
    separate person.
    """
    who = f"probe-{video}" if person == "probe" else person.removesuffix("train")
    who = f"train-{who}" if person.endswith("train") else who
    name = f"grew:{person}-{walk}-{video}"
    return Named(f"grew:{who}", name, "", walk, grew_role(person, walk))


def _gait3d(root: Path, person: str, camera: str, walk: str) -> Named:
    role = gait3d_role(person, camera, walk, read_partition(root, "Gait3D.json"))
    name = f"gait3d:{person}-{camera}-{walk}"
    return Named(f"gait3d:{person}", name, camera, walk, role)


@dataclass(frozen=True, slots=True)
class Tree:
    """How the folders of a dataset are named, and what the names say.

    Attributes:
        rules: of the three levels.
        named: (root, names of the three levels) -> labels.
    """

    rules: tuple[re.Pattern[str], re.Pattern[str], re.Pattern[str]]
    named: Callable[[Path, str, str, str], Named]

    def fits(self, root: Path, suffix: str) -> bool:
        """Whether the folders of the first few files of a tree have these names."""
        first = list(islice(leaves(root, suffix), 3))
        fit = all(
            rule.fullmatch(part)
            for row in first
            for rule, part in zip(self.rules, row[:3], strict=True)
        )
        return bool(first) and fit


_FIVE_DIGITS, _VIEW = re.compile(r"\d{5}"), re.compile(r"\d{3}")

TREES: Mapping[str, Tree] = {
    "casia_b": Tree((re.compile(r"\d{3}"), CASIA_B_WALK, _VIEW), _casia_b),
    "oumvlp": Tree((_FIVE_DIGITS, re.compile("0[01]"), _VIEW), oumvlp),
    "grew": Tree(
        (re.compile(r"\d{5}(train)?|probe"), re.compile(r"\d\d"), re.compile(r"\w{8}")), grew
    ),
    "gait3d": Tree((re.compile(r"\d{4}"), GAIT3D_CAMERA, GAIT3D_WALK), _gait3d),
}
