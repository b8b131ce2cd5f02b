"""Public datasets of pictures of people: crops of one person, and whole frames.

Rows of `tables.datasets`; kept in their own file for readability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgehuman.tables.dataset import Dataset, Use


def _pictures(
    read: str,
    people: int,
    classes: int,
    pictures: int,
    url: str,
    licence: str,
    commercial: Use,
    weights_may_ship: bool = False,
    why: str = "",
    frames: str = "",
) -> Dataset:
    return Dataset(
        read, "image", people, classes, 0.0, 0.0, url, licence, weights_may_ship, commercial,
        pictures, why=why, frames=frames,
    )  # fmt: skip


_FRAMES = "edgehuman.data.image.frames."
_PARSED = "edgehuman.data.image.parsed."
_GARMENTS = "edgehuman.data.image.garments."
PERSONS: Mapping[str, Dataset] = {
    "market1501": _pictures(
        "edgehuman.data.image.published.reid:MARKET_1501",
        people=1501,
        classes=0,
        pictures=36_036,
        url="https://zheng-lab.cecs.anu.edu.au/Project/project_reid.html",
        licence="none stated; handed out for research",
        commercial="forbidden",
    ),
    "msmt17": _pictures(
        "edgehuman.data.image.published.reid:MSMT17",
        people=4101,
        classes=0,
        pictures=126_441,
        url="https://www.pkuvmc.com/dataset.html",
        licence="research only, on request",
        commercial="forbidden",
    ),
    "pa100k": _pictures(
        "edgehuman.data.image.published.attributes:PA_100K",
        people=0,
        classes=26,
        pictures=100_000,
        url="https://github.com/xh-liu/HydraPlus-Net",
        licence="none stated in its repository; handed out for research",
        commercial="forbidden",
    ),
    "peta": _pictures(
        "edgehuman.data.image.published.attributes:PETA",
        people=8705,
        classes=35,
        pictures=19_000,
        url="https://mmlab.ie.cuhk.edu.hk/projects/PETA.html",
        licence="research only",
        commercial="forbidden",
    ),
    "coco_keypoints": _pictures(
        "edgehuman.data.image.published.joints:COCO_KEYPOINTS",
        people=0,
        classes=17,
        pictures=123_287,
        url="https://cocodataset.org/#keypoints-2017",
        licence="annotations CC BY 4.0; photos under the Flickr terms of each",
        commercial="unknown",
        why="each photo has terms of its own, many of them non-commercial",
        frames=f"{_FRAMES}coco:COCO",
    ),
    "coco_wholebody": _pictures(
        "edgehuman.data.image.published.joints:COCO_WHOLEBODY",
        people=0,
        classes=133,
        pictures=123_287,
        url="https://github.com/jin-s13/COCO-WholeBody",
        licence="research and non-commercial use only; photos under the Flickr terms of each",
        commercial="forbidden",
    ),
    "lip": _pictures(
        "edgehuman.data.image.published.parsing:LIP",
        people=0,
        classes=20,
        pictures=50_462,
        url="https://www.sysuhcp.com/lip",
        licence="non-commercial research and education only",
        commercial="forbidden",
    ),
    "ccp": _pictures(
        "edgehuman.data.image.published.parsing:CCP",
        people=0,
        classes=59,
        pictures=2098,
        url="https://github.com/bearpaw/clothing-co-parsing",
        licence="Apache-2.0 (the repository that holds it); photos of real people",
        weights_may_ship=True,
        commercial="allowed",
        frames=f"{_FRAMES}load:CCP_SCENES",
    ),
    "cuhk_pedes": _pictures(
        "edgehuman.data.image.published.captions:CUHK_PEDES",
        people=13_003,
        classes=0,
        pictures=40_206,
        url="https://github.com/ShuangLI59/Person-Search-with-Natural-Language-Description",
        licence="research only, on request",
        commercial="forbidden",
    ),
    "icfg_pedes": _pictures(
        "edgehuman.data.image.published.captions:ICFG_PEDES",
        people=4102,
        classes=0,
        pictures=54_522,
        url="https://github.com/zifyloo/SSAN",
        licence="research only, on request; its pictures are of MSMT17",
        commercial="forbidden",
    ),
    "rstp_reid": _pictures(
        "edgehuman.data.image.published.captions:RSTP_REID",
        people=4101,
        classes=0,
        pictures=20_505,
        url="https://github.com/NjtechCVLab/RSTPReid-Dataset",
        licence="non-commercial research only; its pictures are of MSMT17",
        commercial="forbidden",
    ),
}


def _frames(read: str, pictures: int, url: str, licence: str, commercial: Use) -> Dataset:
    """Pictures with boxes of people, and no other labels."""
    return _pictures(read, 0, 1, pictures, url, licence, commercial, frames=read)


CAMERAS: Mapping[str, Dataset] = {
    "crowdhuman": _frames(
        f"{_FRAMES}crowdhuman:CROWDHUMAN",
        pictures=24_370,
        url="https://www.crowdhuman.org",
        licence="non-commercial research and education only",
        commercial="forbidden",
    ),
    "cihp": replace(
        _frames(
            f"{_PARSED}cihp:CIHP",
            pictures=38_280,
            url="https://www.sysuhcp.com/lip",
            licence="non-commercial research and education only",
            commercial="forbidden",
        ),
        classes=20,
    ),
    "lv_mhp_v2": replace(
        _frames(
            f"{_PARSED}mhp:LV_MHP_V2",
            pictures=25_403,
            url="https://lv-mhp.github.io",
            licence="non-commercial research only",
            commercial="forbidden",
        ),
        classes=59,
    ),
    "fashionpedia": replace(
        _frames(
            f"{_GARMENTS}fashionpedia:FASHIONPEDIA",
            pictures=48_825,
            url="https://github.com/cvdfoundation/fashionpedia",
            licence="CC BY 4.0 (annotations); the photos are of Flickr and free sites, each with "
            "its own terms",
            commercial="unknown",
        ),
        classes=46,
    ),
    "penn_fudan": _frames(
        f"{_FRAMES}penn_fudan:PENN_FUDAN",
        pictures=170,
        url="https://www.cis.upenn.edu/~jshi/ped_html/",
        licence="none stated: measurements only",
        commercial="unknown",
    ),
    "mot": _frames(
        f"{_FRAMES}mot:MOT",
        pictures=11_283,
        url="https://motchallenge.net",
        licence="CC BY-NC-SA 3.0: measurements only",
        commercial="forbidden",
    ),
}
