"""Galleries that a person can check by hand: two people, vectors of two numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from edgehuman.card import Card, InputSpec, OutputSpec
from edgehuman.records import Float32
from edgehuman.runtime.gallery import Gallery, empty_gallery, update_gallery
from edgehuman.runtime.gallery.key import GalleryKeyConfig, key
from edgehuman.runtime.gallery.terms import Terms


def gait_card(sha: str = "a" * 64, **output: Any) -> Card:
    spec = InputSpec("SkeletonSequence", (4, 18, 3), "float32", "pixels", 24.0)
    given = {"kind": "embedding", "distance": "cosine", "dim": 2, **output}
    return Card("walker", "gait", "mean", 0, 0, spec, OutputSpec(**given), weights_sha256=sha)


def vector(*values: float) -> Float32:
    return np.array(values, np.float32)


def quiet(said: str) -> None:
    """Takes a remark."""


def known() -> Gallery:
    """ANNA by two walks and BOB by one."""
    return enrolled(empty_gallery(gait_card()))


def enrolled(empty: Gallery) -> Gallery:
    """The same in a gallery that there is."""
    return (
        empty.enrol("ANNA", "a1", vector(1, 0))
        .enrol("BOB", "b1", vector(0, 2))
        .enrol("ANNA", "a2", vector(3, 4))
    )


def write_known(path: Path, secret: Path | None = None, terms: Terms | None = None) -> Path:
    """A file of the same."""
    update_gallery(path, enrolled, gait_card(), quiet, secret, terms)
    return path


def write_key(path: Path) -> Path:
    key(GalleryKeyConfig(out=path))
    return path
