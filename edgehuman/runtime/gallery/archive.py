"""The earlier form of a gallery: a NumPy archive, neither compressed nor pickled.

It holds the vectors, and a header as JSON that names the model by the hash of its weights. It is
not encrypted, and holds no consent; `edgehuman gallery convert` makes a store of it.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import numpy as np

from edgehuman.errors import ArtefactError, UsageError
from edgehuman.files import write_whole
from edgehuman.limits.archives import read_npz
from edgehuman.metrics.retrieval import Distance
from edgehuman.outcome import to_json
from edgehuman.reading.parsers import foreign, json_of
from edgehuman.runtime.gallery.gallery import Gallery

SUFFIX = ".npz"
FORMAT = "edgehuman gallery"
VERSION = 1
MODE = 0o600
"""Of a new gallery: its owner's alone."""


def read_archive(path: Path) -> Gallery:
    """The gallery of a file.

    Raises:
        ArtefactError: no permission, damaged, foreign, or of a newer version.
    """
    try:
        # A gallery is not compressed, so that its arrays are no larger than the file.
        with foreign():
            file = read_npz(path, ["header", "vector_GD"], ArtefactError, path.stat().st_size)
        text, vector_GD = bytes(file["header"]), file["vector_GD"]
        header = json_of(text.decode("utf-8"))
        _require_format(header, vector_GD, path)
        return Gallery(
            weights_sha256=str(header["weights_sha256"]),
            model=str(header["model"]),
            distance=header["distance"],
            vector_GD=vector_GD,
            person_G=tuple(str(row["person"]) for row in header["walks"]),
            walk_G=tuple(str(row["walk"]) for row in header["walks"]),
        )
    except PermissionError:
        raise ArtefactError(
            f"{path}: no permission to read it; fix its permissions, or run as its owner"
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        if isinstance(error, ArtefactError):
            raise
        raise ArtefactError(
            f"{path} is not a readable gallery ({error}); restore a copy, or enrol into a new file"
        ) from None


def _require_format(header: Any, vector_GD: Any, path: Path) -> None:
    if not isinstance(header, Mapping) or header.get("format") != FORMAT:
        raise ArtefactError(f"{path} is not a gallery; give a file that `gallery enroll` wrote")
    if header.get("version") != VERSION:
        raise ArtefactError(
            f"{path} is a gallery of version {header.get('version')}; this edgehuman reads "
            f"{VERSION}: install the edgehuman that wrote it, or enrol again"
        )
    if vector_GD.dtype != np.float32:
        raise ArtefactError(
            f"{path} holds {vector_GD.dtype} vectors instead of float32; enrol again"
        )
    if header.get("distance") not in get_args(Distance):
        raise ArtefactError(f"{path}: unknown distance {header.get('distance')!r}; enrol again")


def write_archive(path: Path, gallery: Gallery) -> None:
    """Write the file atomically: the old one stays until the new one is on disk.

    Raises:
        UsageError: the path cannot be written to.
    """
    walks = [
        {"person": person, "walk": walk}
        for person, walk in zip(gallery.person_G, gallery.walk_G, strict=True)
    ]
    header: dict[str, Any] = {"format": FORMAT, "version": VERSION, "model": gallery.model}
    header |= {"weights_sha256": gallery.weights_sha256, "distance": gallery.distance}
    header["walks"] = walks
    content = io.BytesIO()
    text = np.frombuffer(to_json(header).encode("utf-8"), np.uint8)
    np.savez(content, header=text, vector_GD=gallery.vector_GD.astype(np.float32))
    write_whole(path, content.getvalue(), UsageError, MODE)
