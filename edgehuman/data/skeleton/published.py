"""The public gait datasets whose poses are published in more than one layout."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from edgehuman.data.skeleton import pickles as pose_pickles
from edgehuman.data.skeleton import tables as pose_tables
from edgehuman.data.skeleton import text as pose_text
from edgehuman.data.skeleton.layout import SkeletonLayout, Walk

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

    return SkeletonLayout(dataset, looks_like, recognise, read, rate_hz, assumed)


CASIA_B = _layout(
    "casia_b",
    "casia-b_pose.csv with rows X/001-nm-01-000/000001.jpg and COCO-17; or folders "
    "001/nm-01/000/000.pkl of arrays (frames, 17, 3)",
    (
        (pose_tables.is_casia_b, pose_tables.read_casia_b),
        (pose_pickles.is_casia_b, pose_pickles.read_casia_b),
    ),
    25.0,
    "people 001 to 074 train; of the others nm-01 to nm-04 are the gallery",
)
OUMVLP = _layout(
    "oumvlp",
    "folders 00001/00/000/000.pkl of arrays (frames, 18 or 17, 3)",
    ((pose_pickles.is_oumvlp, pose_pickles.read_oumvlp),),
    25.0,
    "walk 01 is the gallery, 00 the probe; who trains is in OUMVLP.json, put beside the folders",
)
GREW = _layout(
    "grew",
    "train/00001/4XPn5Z28/00001_2d_pose.txt and test/gallery, test/probe; or folders "
    "00001train/00/4XPn5Z28/*.pkl; or a CSV with image_name, identity, image_width, image_height",
    (
        (pose_text.is_grew, pose_text.read_grew),
        (pose_tables.is_grew, pose_tables.read_grew),
        (pose_pickles.is_grew, pose_pickles.read_grew),
    ),
    30.0,
    "30 frames a second; gallery: first walk of a test person, probe: second; the official probes "
    "have no names and no role",
)
GAIT3D = _layout(
    "gait3d",
    "folders 0000/camid0_videoid2/seq0/ of .txt files (height, width, COCO-17) or one .pkl; or a "
    "CSV with image_name, identity, image_width, image_height",
    (
        (pose_tables.is_gait3d, pose_tables.read_gait3d),
        (pose_pickles.is_gait3d, pose_pickles.read_gait3d),
        (pose_text.is_gait3d, pose_text.read_gait3d),
    ),
    25.0,
    "who trains and which walks are probes is in Gait3D.json, put beside the folders",
)
