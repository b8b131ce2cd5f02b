"""Unlabelled person images from a folder tree, WebDataset shards or the simulator.

    images = open_images("LUPerson")            every photo under the folder, at any depth
    images = open_images("shards/{000..099}.tar")
    image_HWC = images.read(7)                  uint8 RGB, or ImageError

An unreadable image raises; code that reads many counts it and continues. Opening reads no image:
a folder is listed, a shard's table of contents is read. Everything here can be pickled.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from edgehuman.catalogue import SIMULATED
from edgehuman.data.image.unlabelled.file_names import Names
from edgehuman.data.shards.address import is_remote
from edgehuman.errors import DataError, ImageError
from edgehuman.limits.sizes import MOST_PICTURE, read_bounded
from edgehuman.preprocess.image.folder import ImageWalk, is_simulated
from edgehuman.preprocess.image.pixels import HEIGHT, IMAGE_SUFFIXES, WIDTH, decode
from edgehuman.progress import progress_bar, tell
from edgehuman.records import Bool, Uint8

if TYPE_CHECKING:
    from edgehuman.data.shards.cache import OnBad

SIMULATED_PEOPLE = 1000
SIMULATED_EACH = 8
_ARCHIVES = (".zip", ".rar", ".7z", ".tgz", ".tar.gz", ".tar.bz2", ".tar.xz")


class Images(Protocol):
    """Images by index."""

    @property
    def source(self) -> str:
        """What was opened, for display."""

    @property
    def simulated_N(self) -> Bool:
        """(N,) whether each image is known to be simulated."""

    def __len__(self) -> int:
        """How many."""

    def name(self, index: int) -> str:
        """Name of an image, for display."""

    def encoded(self, index: int) -> bytes | None:
        """The bytes of its file; None if it is drawn rather than read.

        Raises:
            ImageError: the file cannot be read.
        """

    def read(self, index: int) -> Uint8:
        """Read an image as uint8 RGB (H, W, 3).

        Raises:
            ImageError: it cannot be read.
        """


@dataclass(frozen=True)
class FolderImages:
    """The images of a folder tree, in the order of their paths.

    Attributes:
        simulated_N: see `Images`; from the folder's labels.jsonl.
    """

    source: str
    names: Names
    simulated_N: Bool

    def __len__(self) -> int:
        return len(self.names)

    def name(self, index: int) -> str:
        """The path relative to the folder."""
        return self.names[index]

    def encoded(self, index: int) -> bytes:
        """The bytes of the file; see `Images`."""
        path = os.path.join(self.source, self.names[index])
        try:
            return read_bounded(Path(path), MOST_PICTURE, ImageError, "picture")
        except OSError as error:
            raise ImageError(f"{path}: {error.strerror}; copy it again, or remove it") from None

    def read(self, index: int) -> Uint8:
        """See `Images`."""
        return decode(self.encoded(index), os.path.join(self.source, self.names[index]))


class DrawnImages:
    """Simulated people, drawn on demand."""

    def __init__(self, num_people: int, each: int, seed: int, height: int, width: int) -> None:
        from edgehuman.simulate.image.people import SimulatedImages

        self.source = SIMULATED
        self._images = SimulatedImages(num_people, each, seed, height, width)
        self.simulated_N = np.ones(len(self._images), np.bool_)

    def __len__(self) -> int:
        return len(self._images)

    def name(self, index: int) -> str:
        """See `Images`."""
        return self._images.name(index)

    def encoded(self, index: int) -> None:
        """None: no file."""
        return

    def read(self, index: int) -> Uint8:
        """See `Images`."""
        return self._images.read(index)


def open_images(
    path: Path | str, seed: int = 0, on_bad: OnBad = "fail", cache_gb: float = 0.0
) -> Images:
    """Open the images at a path.

    Args:
        path: a folder with images at any depth (label maps are skipped, see
            `preprocess.image.folder`, and counted on stderr); one image; WebDataset shards, as a
            .tar file, a folder of them, a pattern with braces ("s-{000..099}.tar"), an http(s) or
            s3 address or "pipe:" and a command (remote shards are copied into the user's cache);
            or the word "simulated".
        seed: of the simulator.
        on_bad: of a shard that cannot be read: an error, or it is left out and listed.
        cache_gb: of the user's cache; 0: see `data.shards.cache.cache_bytes`.

    Raises:
        DataError: no such path, no images in it, or unreadable shards.
    """
    said = str(path)
    if said == SIMULATED:
        return DrawnImages(SIMULATED_PEOPLE, SIMULATED_EACH, seed, HEIGHT, WIDTH)
    path = Path(path)
    if is_remote(said) or said.endswith(".tar") or ("{" in said and not os.path.exists(said)):
        from edgehuman.data.image.unlabelled.shards import open_shards

        return open_shards(said, on_bad, cache_gb)
    if said.lower().endswith(_ARCHIVES):
        raise DataError(f"{path} is a packed archive; unpack it and give the folder")
    if os.path.isfile(said):  # of a name that is too long, a path's own would raise
        return _one_file(path)
    if not os.path.isdir(said):
        raise DataError(
            f"{path}: no such file or folder; give a folder of images, shards (.tar), or the word "
            "simulated"
        )
    return _folder(path, on_bad)


def _one_file(path: Path) -> Images:
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise DataError(f"{path} is neither an image nor a shard; {_wanted()}")
    return FolderImages(str(path.parent), Names([path.name]), np.array([is_simulated(path)]))


def _folder(path: Path, on_bad: OnBad) -> Images:
    walk = ImageWalk(path)
    found = progress_bar(walk.names(), "looking for images", delay=2, unit="image", leave=False)
    names = Names(found)
    shards = sorted(path.glob("*.tar"))
    if len(names) and shards:
        raise DataError(
            f"{path} holds both images ({len(names)}) and shards ({len(shards)}); give a folder "
            f"with only one of them, or {path}/{shards[0].name}"
        )
    if shards:
        from edgehuman.data.image.unlabelled.shards import ShardImages

        return ShardImages.of(shards, str(path), on_bad)
    if not len(names):
        held = ", ".join(f"{count} {suffix}" for suffix, count in walk.suffixes.most_common(5))
        raise DataError(
            f"{path}: no images in it or its subfolders (it holds {held or 'no files'}"
            f"{'; ' * bool(walk.left_out())}{walk.left_out()}); {_wanted()}"
        )
    if walk.left_out():
        tell(f"{path}: {len(names)} images; {walk.left_out()}")
    return FolderImages(str(path), names, np.frombuffer(walk.simulated, np.bool_))


def _wanted() -> str:
    return f"images end in {' '.join(sorted(IMAGE_SUFFIXES))}, shards in .tar"
