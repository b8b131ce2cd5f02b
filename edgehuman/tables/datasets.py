"""Every public dataset with a reader here: its source and its terms.

Available as `catalogue.DATASETS`; kept in its own file for readability.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgehuman.tables.dataset import Dataset, Use
from edgehuman.tables.pictures import CAMERAS, PERSONS

__all__ = ["DATASETS", "Dataset", "Use"]

_CC_BY = "CC BY 4.0"
_UCI = "https://archive.ics.uci.edu/dataset/"
# Who wrote the README owns the rights, and the page is newer; nobody withdrew either statement.
_CONTRADICTS = "its page allows commercial use, its authors' README forbids it; ask the authors"

_WEARABLES: Mapping[str, Dataset] = {
    "uci_har": Dataset(
        read="edgehuman.data.imu.published.uci:UCI_HAR",
        modality="imu",
        people=30,
        classes=6,
        rate_hz=50.0,
        hours=3.7,
        url=f"{_UCI}240/human+activity+recognition+using+smartphones",
        licence=f"{_CC_BY} on its page; the older README in the archive says no commercial use",
        weights_may_ship=True,
        commercial="unknown",
        place="a phone on the belt at the waist, x up: standing still reads about +1 g on x",
        why=_CONTRADICTS,
    ),
    "hapt": Dataset(
        read="edgehuman.data.imu.published.uci:HAPT",
        modality="imu",
        people=30,
        classes=12,
        rate_hz=50.0,
        hours=6.2,
        url=f"{_UCI}341/smartphone+based+recognition+of+human+activities+and+postural+transitions",
        licence=f"{_CC_BY} on its page; the older README in the archive says no commercial use",
        weights_may_ship=True,
        commercial="unknown",
        place="a phone on the belt at the waist, x up: standing still reads about +1 g on x",
        why=_CONTRADICTS,
    ),
    "wisdm2019": Dataset(
        read="edgehuman.data.imu.published.wisdm:WISDM",
        modality="imu",
        people=51,
        classes=18,
        rate_hz=20.0,
        hours=45.9,
        url=f"{_UCI}507/wisdm+smartphone+and+smartwatch+activity+and+biometrics+dataset",
        licence=_CC_BY,
        weights_may_ship=True,
        commercial="allowed",
        place="a phone in a trouser pocket, a watch on the wrist",
    ),
    "extrasensory": Dataset(
        read="edgehuman.data.imu.published.extrasensory:EXTRASENSORY",
        modality="imu",
        people=60,
        classes=6,
        rate_hz=40.0,
        hours=1670.0,
        url="http://extrasensory.ucsd.edu",
        licence="none stated; its page asks for citation",
        weights_may_ship=False,
        commercial="unknown",
    ),
    "motionsense": Dataset(
        read="edgehuman.data.imu.published.motionsense:MOTIONSENSE",
        modality="imu",
        people=24,
        classes=6,
        rate_hz=50.0,
        hours=7.8,
        url="https://github.com/mmalekzadeh/motion-sense",
        licence="MIT (the repository that holds it)",
        weights_may_ship=True,
        commercial="allowed",
        place="a phone in the front trouser pocket",
    ),
    "pamap2": Dataset(
        read="edgehuman.data.imu.published.pamap2:PAMAP2",
        modality="imu",
        people=9,
        classes=18,
        rate_hz=100.0,
        hours=10.0,
        url=f"{_UCI}231/pamap2+physical+activity+monitoring",
        licence=_CC_BY,
        weights_may_ship=True,
        commercial="allowed",
        place="sensors at wrist, chest and ankle",
    ),
    "dsads": Dataset(
        read="edgehuman.data.imu.published.dsads:DSADS",
        modality="imu",
        people=8,
        classes=19,
        rate_hz=25.0,
        hours=12.7,
        url=f"{_UCI}256/daily+and+sports+activities",
        licence=_CC_BY,
        weights_may_ship=True,
        commercial="allowed",
    ),
    "usc_had": Dataset(
        read="edgehuman.data.imu.published.usc_had:USC_HAD",
        modality="imu",
        people=14,
        classes=12,
        rate_hz=100.0,
        hours=7.8,
        url="https://sipi.usc.edu/had/",
        licence="none stated: measurements only",
        weights_may_ship=False,
        commercial="unknown",
        place="a sensor at the right front of the hip",
    ),
    "gait10": Dataset(
        read="edgehuman.data.imu.published.compact:GAIT10",
        modality="imu",
        people=10,
        classes=2,
        rate_hz=50.0,
        hours=10.8,
        url="",
        licence="none stated: measurements only",
        weights_may_ship=False,
        commercial="unknown",
    ),
    "geotec": Dataset(
        read="edgehuman.data.imu.published.compact:GEOTEC",
        modality="imu",
        people=14,
        classes=4,
        rate_hz=50.0,
        hours=0.9,
        url="https://github.com/GeoTecINIT/sp-sw-har-dataset",
        licence=_CC_BY,
        weights_may_ship=True,
        commercial="allowed",
        place="a phone in a trouser pocket, a watch on the wrist",
    ),
}


def _walks(
    read: str, people: int, conditions: int, walks: int, rate_hz: float, url: str, licence: str
) -> Dataset:
    return Dataset(
        read, "skeleton", people, conditions, rate_hz, 0.0, url, licence, False, "forbidden", 0,
        walks,
    )  # fmt: skip


_CMU = "edgehuman.data.skeleton.published.cmu"
_NOT_RESOLD = "free to use, also in products; the data may not be resold, even converted"
_GAIT: Mapping[str, Dataset] = {
    "casia_b": _walks(
        "edgehuman.data.skeleton.published.forms:CASIA_B",
        people=124,
        conditions=3,
        walks=13_640,
        rate_hz=25.0,
        url="http://www.cbsr.ia.ac.cn/english/Gait%20Databases.asp",
        licence="none stated; handed out for research, on request",
    ),
    "oumvlp": _walks(
        "edgehuman.data.skeleton.published.forms:OUMVLP",
        people=10_307,
        conditions=1,
        walks=288_596,
        rate_hz=25.0,
        url="https://www.am.sanken.osaka-u.ac.jp/BiometricDB/GaitMVLP.html",
        licence="research only, on request",
    ),
    "psymo": _walks(
        "edgehuman.data.skeleton.published.psymo:PSYMO",
        people=312,
        conditions=7,
        walks=14_976,
        rate_hz=25.0,
        url="https://github.com/cosmaadrian/psymo",
        licence="CC BY-NC-ND 4.0",
    ),
    "grew": _walks(
        "edgehuman.data.skeleton.published.forms:GREW",
        people=26_345,
        conditions=1,
        walks=128_671,
        rate_hz=30.0,
        url="https://www.grew-benchmark.org",
        licence="research only, on request",
    ),
    "gait3d": _walks(
        "edgehuman.data.skeleton.published.forms:GAIT3D",
        people=4000,
        conditions=1,
        walks=25_309,
        rate_hz=25.0,
        url="https://gait3d.github.io",
        licence="non-commercial research only, on request",
    ),
    "densegait": _walks(
        "edgehuman.data.skeleton.published.densegait:DENSEGAIT",
        people=0,
        conditions=0,
        walks=217_000,
        rate_hz=24.0,
        url="https://github.com/cosmaadrian/gaitformer",
        licence="CC BY-NC-ND 4.0, on request",
    ),
    "ucalgary_gait": _walks(
        "edgehuman.data.skeleton.published.ucalgary:UCALGARY",
        people=27,
        conditions=4,
        walks=0,
        rate_hz=30.0,
        url="",
        licence="none stated: research only",
    ),
    "cmu_walk": replace(
        _walks(f"{_CMU}:CMU_WALK", 14, 0, 69, 30.0, "https://mocap.cs.cmu.edu", _NOT_RESOLD),
        weights_may_ship=True,
        commercial="allowed",
    ),
}


_FORMS = "edgehuman.data.silhouette.published.forms:"
_WITH_SILHOUETTES = ("casia_b", "oumvlp", "grew", "gait3d")
_BOTH = {
    name: replace(_GAIT[name], also={"silhouette": f"{_FORMS}{name.upper()}"})
    for name in _WITH_SILHOUETTES
}

_SILHOUETTES: Mapping[str, Dataset] = {
    "kth_walk": Dataset(
        read="edgehuman.data.silhouette.published.kth:KTH_WALK",
        also={"skeleton": "edgehuman.data.skeleton.published.kth:KTH_WALK"},
        modality="silhouette",
        people=15,
        classes=4,
        rate_hz=25.0,
        hours=0.0,
        url="https://www.csc.kth.se/cvap/actions/",
        licence="non-commercial use only: measurements only",
        weights_may_ship=False,
        commercial="forbidden",
        walks=222,
    ),
}


DATASETS: Mapping[str, Dataset] = {
    **_WEARABLES,
    **PERSONS,
    **CAMERAS,
    **_GAIT,
    **_BOTH,
    **_SILHOUETTES,
}
