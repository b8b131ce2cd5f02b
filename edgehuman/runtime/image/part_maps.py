"""Where the part maps of photos are written: named after the photo, and never over it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from edgehuman.errors import UsageError
from edgehuman.files import write_whole
from edgehuman.records import Uint8
from edgehuman.runtime.view.indexed_png import indexed_png
from edgehuman.runtime.view.palette import colours


def place_masks(folder: Path, photos: Mapping[str, Path]) -> dict[str, Path]:
    """The file of each photo's part map, by the photo's name.

    Args:
        photos: path of each, by name.

    Raises:
        UsageError: a part map would replace a photo.
    """
    masks = {name: folder / mask for name, mask in mask_names(list(photos)).items()}
    require_no_photo(masks.values(), photos.values(), "its part map")
    return masks


def require_no_photo(
    outputs: Iterable[Path], photos: Iterable[Path], content: str, kind: str = "photo"
) -> None:
    """Check, before the work, that no output of --save is a photo, also by a link.

    Args:
        content: of the outputs, for the message.
        kind: of the inputs, for the message.

    Raises:
        UsageError: an output would replace a photo.
    """
    asked = {(found.st_dev, found.st_ino) for path in photos if (found := _status(path))}
    for path in outputs:
        found = _status(path)
        if found and (found.st_dev, found.st_ino) in asked:
            raise UsageError(
                f"--save would overwrite the {kind} {path} with {content}; choose another folder"
            )


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except OSError:  # not there yet
        return None


def mask_names(photos: Sequence[str]) -> dict[str, str]:
    """The name of each photo's part map: the photo's, with the suffix .png.

    Photos whose part maps would share a name (a.jpg and a.png) keep their suffix: a.jpg.png,
    a.png.png.
    """
    shared = Counter(os.path.splitext(name)[0] for name in photos) + Counter(photos)
    return {
        name: f"{stem if shared[stem] == 1 else name}.png"
        for name, (stem, _) in zip(photos, map(os.path.splitext, photos), strict=True)
    }


def save_mask(path: Path, part_HW: Uint8, labels: tuple[str, ...]) -> None:
    """Write a part map as PNG, one colour per part.

    Raises:
        UsageError: the path cannot be written to.
    """
    palette = [(0, 0, 0), *colours(labels[1:]).values()][: len(labels)]
    write_whole(path, indexed_png(part_HW, palette), UsageError)
