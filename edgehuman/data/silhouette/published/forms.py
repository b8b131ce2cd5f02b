"""The public gait datasets with silhouettes: pickles as OpenGait prepares them, or images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from edgehuman.data.gait.walks import LeftOut
from edgehuman.data.layout import Layout
from edgehuman.data.silhouette.layout import SilhouetteLayout, Walk, WalkReader
from edgehuman.data.silhouette.published import images, pickles
from edgehuman.data.silhouette.write import is_made


def _layout(dataset: str, looks_like: str, rate_hz: float, assumed: str) -> SilhouetteLayout:
    def recognise(path: Path) -> bool:
        if is_made(path):
            return False
        return pickles.holds(path, dataset) or images.holds(path, dataset)

    def read(path: Path) -> Iterator[Walk | LeftOut]:
        form = pickles if pickles.holds(path, dataset) else images
        yield from form.read(path, dataset)

    return Layout(dataset, looks_like, recognise, WalkReader(read, rate_hz, assumed))


CASIA_B = _layout(
    "casia_b",
    "folders 001/nm-01/090/ of 001-nm-01-090-001.png, or one .pkl of an array uint8 "
    "(frames, 64, 64)",
    25.0,
    "people 001 to 074 train; of the others nm-01 to nm-04 are the gallery",
)
OUMVLP = _layout(
    "oumvlp",
    "folders Silhouette_000-00/00001/ (view-walk) or 00_000/00001/ (walk_view) of 0001.png; or "
    "00001/00/000/000.pkl of arrays uint8 (frames, 64, 64)",
    25.0,
    "walk 01 is the gallery, 00 the probe; the training people are listed in OUMVLP.json, to put "
    "next to the folders",
)
GREW = _layout(
    "grew",
    "train/00001/4XPn5Z28/00001.png and test/gallery, test/probe; or folders "
    "00001train/00/4XPn5Z28/*.pkl",
    30.0,
    "30 frames per second; gallery: first walk of a test person, probe: second; the official "
    "probes have no names and no role",
)
GAIT3D = _layout(
    "gait3d",
    "folders 0000/camid0_videoid2/seq0/ of 0001.png, or one .pkl of an array uint8 "
    "(frames, 64, 64)",
    25.0,
    "training people and probe walks are listed in Gait3D.json, to put next to the folders",
)
