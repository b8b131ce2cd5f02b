"""The folder of real recordings and photos that some targets are measured on."""

from __future__ import annotations

import os
from pathlib import Path

from edgehuman.errors import DataError


def recordings_folder() -> Path | None:
    """What EDGEHUMAN_DATA names; None where it is not set or empty, and simulated data stands in.

    Raises:
        DataError: it names no folder; nothing stands in for data that was asked for.
    """
    named = os.environ.get("EDGEHUMAN_DATA", "")
    if not named:
        return None
    folder = Path(named)
    if not folder.is_dir():
        raise DataError(
            f"EDGEHUMAN_DATA is {named!r}, which is no folder; name the folder of the recordings, "
            "or unset it to measure on simulated data"
        )
    return folder
