"""Known people as vectors in one file: enrolled once, found again on the device.

    gallery = update_gallery(path, lambda old: old.enrol("ANNA", "walk-1", vector_D))
    found = read_gallery(path).identify(vector_D, threshold=0.6)

`gallery` holds the vectors in memory; `files` chooses the form of a file: `store`, in SQLite, or
the earlier `archive`, in .npz.
"""

from __future__ import annotations

from edgehuman.runtime.gallery.files import (
    gallery_for,
    read_gallery,
    update_gallery,
    write_gallery,
)
from edgehuman.runtime.gallery.gallery import (
    Gallery,
    Identity,
    empty_gallery,
    require_own,
    require_people,
    require_same_model,
    require_vectors,
    threshold_for,
)

__all__ = (
    "Gallery",
    "Identity",
    "empty_gallery",
    "gallery_for",
    "read_gallery",
    "require_own",
    "require_people",
    "require_same_model",
    "require_vectors",
    "threshold_for",
    "update_gallery",
    "write_gallery",
)
