"""One row of the table of datasets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SIMULATED = "simulated"
"""In place of a path: edgehuman's own people and walkers; a dataset's name on a card."""
Use = Literal["allowed", "unknown", "forbidden"]
"""Whether terms allow commercial use; "unknown": they do not say, or contradict themselves."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """One public dataset: where to get it, its licence, and the reader of its layout.

    Attributes:
        read: dotted path `module:name` of the reader of its published layout.
        modality: the kind of data: "imu", "image", "skeleton" or "silhouette".
        people, classes: as published; people is 0 if there are no identities or their number is
            not stated. Classes are what is labelled: activities, joints, attributes, parts.
        rate_hz: as published; readers of wearables return 50 Hz. 0 for images.
        hours: length of the recordings, for one device if several are worn at once. 0 for images
            and walks.
        url: download page; empty if there is no public address.
        licence: the terms as its page states them.
        weights_may_ship: whether weights trained on it may be published with the package.
        commercial: whether those terms allow commercial use.
        why: the reason of `commercial`, where `licence` does not show it.
        pictures: number of images.
        walks: number of walks: skeleton or silhouette sequences.
        place: where the sensor was worn, in words.
        also: the readers of other kinds of data in the same dataset, by modality.
        frames: the reader of whole pictures with boxes of people; `read`, if there is no other.
    """

    read: str
    modality: str
    people: int
    classes: int
    rate_hz: float
    hours: float
    url: str
    licence: str
    weights_may_ship: bool
    commercial: Use
    pictures: int = 0
    walks: int = 0
    place: str = ""
    why: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    frames: str = ""
