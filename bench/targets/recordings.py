"""The folder of real recordings and photos for some targets."""

from __future__ import annotations

import os
from pathlib import Path

from edgehuman.errors import DataError


def recordings_folder() -> Path | None:
    """The folder in EDGEHUMAN_DATA; None if it is unset or empty, to use simulated data.

    Raises:
        DataError: it is not a folder; requested data is never replaced by simulated data.
    """
    named = os.environ.get("EDGEHUMAN_DATA", "")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise DataError(
            f"EDGEHUMAN_DATA is {named!r}, which is not a folder; set it to the folder of the "
            "recordings, or unset it to measure on simulated data"
        )
    return folder
