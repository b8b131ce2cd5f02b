"""`edgehuman gallery list|forget`: who is in a gallery file, whichever record its vectors are of.

edgehuman gallery list known.npz
edgehuman gallery forget known.npz --name ANNA
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from edgehuman.outcome import Outcome
from edgehuman.runtime.gallery import read_gallery, update_gallery
from edgehuman.runtime.loop.play import say


@dataclass(frozen=True, slots=True)
class GalleryListConfig:
    """List the people of a gallery.

    Attributes:
        gallery: the file.
    """

    gallery: Positional[Path]


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetConfig:
    """Remove a person, or one walk, from a gallery.

    Attributes:
        gallery: the file.
        name: the person to forget, with all their walks.
        walk: the one walk to forget.
    """

    gallery: Positional[Path]
    name: str | None = None
    walk: str | None = None


def list_gallery(config: GalleryListConfig) -> Outcome:
    """`edgehuman gallery list`: names, walks, and the model of the vectors.

    Raises:
        ArtefactError: no such file, or it is damaged.
    """
    gallery = read_gallery(config.gallery)
    walks: dict[str, list[str]] = {}
    for person, walk in zip(gallery.person_G, gallery.walk_G, strict=True):
        walks.setdefault(person, []).append(walk)
    data = {
        "gallery": str(config.gallery),
        "model": gallery.model,
        "weights_sha256": gallery.weights_sha256,
        "distance": gallery.distance,
        "dim": gallery.vector_GD.shape[-1],
        "parts": gallery.vector_GD.shape[1] if gallery.vector_GD.ndim == 3 else 0,
        "people": walks,
    }
    size = f"{data['parts']} parts of {data['dim']}" if data["parts"] else data["dim"]
    head = (
        f"{config.gallery}: {len(walks)} people, {len(gallery)} walks, vectors of {size} by "
        f"{gallery.model} (weights {gallery.weights_sha256[:12]}), compared by {gallery.distance}"
    )
    lines = [f"  {person:<20} {', '.join(own)}" for person, own in walks.items()]
    return Outcome(data, "\n".join([head, *lines]))


def forget(config: ForgetConfig) -> Outcome:
    """`edgehuman gallery forget`: remove the vectors of a person or walk from the file.

    Raises:
        ArtefactError: no such file, or it is damaged.
        UsageError: neither or both given, no such name, or the file cannot be written.
    """
    before, after = update_gallery(
        config.gallery, lambda gallery: gallery.forget(config.name, config.walk), notify=say
    )
    data = {
        "gallery": str(config.gallery),
        "forgotten": len(before) - len(after),
        "people": after.people(),
    }
    said = config.name if config.walk is None else config.walk
    walks = f"{data['forgotten']} walks" if data["forgotten"] != 1 else "1 walk"
    return Outcome(
        data, f"{config.gallery}: {said} forgotten ({walks}); {len(after.people())} people remain"
    )
