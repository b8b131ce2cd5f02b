"""The public gait datasets with poses published in more than one layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgehuman.data.layout import Layout
from edgehuman.data.skeleton.layout import SkeletonLayout, Walk, WalkReader
from edgehuman.data.skeleton.published import pickles, tables, text

_Form = tuple[Callable[[Path], bool], Callable[[Path], Iterator[Walk]]]


def _layout(
    dataset: str, looks_like: str, forms: Sequence[_Form], rate_hz: float, assumed: str
) -> SkeletonLayout:
    def recognise(path: Path) -> bool:
        return any(known(path) for known, _ in forms)

    def read(path: Path) -> Iterator[Walk]:
        for known, walks in forms:
            if known(path):
                yield from walks(path)
                return

    return Layout(dataset, looks_like, recognise, WalkReader(read, rate_hz, assumed))


CASIA_B = _layout(
    "casia_b",
    "casia-b_pose.csv with rows X/001-nm-01-000/000001.jpg and COCO-17; or folders "
    "001/nm-01/000/000.pkl of arrays (frames, 17, 3)",
    (
        (tables.is_casia_b, tables.read_casia_b),
        (pickles.is_casia_b, pickles.read_casia_b),
    ),
    25.0,
    "people 001 to 074 train; of the others nm-01 to nm-04 are the gallery",
)
OUMVLP = _layout(
    "oumvlp",
    "folders 00001/00/000/000.pkl of arrays (frames, 18 or 17, 3)",
    ((pickles.is_oumvlp, pickles.read_oumvlp),),
    25.0,
    "walk 01 is the gallery, 00 the probe; the training people are listed in OUMVLP.json, to put "
    "next to the folders",
)
GREW = _layout(
    "grew",
    "train/00001/4XPn5Z28/00001_2d_pose.txt and test/gallery, test/probe; or folders "
    "00001train/00/4XPn5Z28/*.pkl; or a CSV with image_name, identity, image_width, image_height",
    (
        (text.is_grew, text.read_grew),
        (tables.is_grew, tables.read_grew),
        (pickles.is_grew, pickles.read_grew),
    ),
    30.0,
    "30 frames per second; gallery: first walk of a test person, probe: second; the official "
    "probes have no names and no role",
)
GAIT3D = _layout(
    "gait3d",
    "folders 0000/camid0_videoid2/seq0/ of .txt files (height, width, COCO-17) or one .pkl; or a "
    "CSV with image_name, identity, image_width, image_height",
    (
        (tables.is_gait3d, tables.read_gait3d),
        (pickles.is_gait3d, pickles.read_gait3d),
        (text.is_gait3d, text.read_gait3d),
    ),
    25.0,
    "training people and probe walks are listed in Gait3D.json, to put next to the folders",
)
