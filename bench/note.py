"""Small JSON files of ours: one way to read them, one message for each thing that goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from edgehuman.errors import DataError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.placing import why
from edgehuman.reading.parsers import fault_of, json_of


def read_note(path: Path, what: str, fix: str, most: int = MOST_NOTE) -> Any:
    """Read a JSON file of at most `most` bytes.

    Args:
        what: what the file is, such as "latency table".
        fix: what to do about one that is not there or cannot be read, as the end of a sentence.

    Raises:
        DataError: it is not there, cannot be read, is too large, or is no JSON.
    """
    try:
        return json_of(read_bounded(path, most, DataError, what))
    except FileNotFoundError:
        raise DataError(f"{path}: no such {what}; {fix}") from None
    except OSError as error:
        raise DataError(f"{path}: {why(error)}, so no {what}; {fix}") from None
    except DataError:
        raise
    except ValueError as error:
        raise DataError(f"{path}: {fault_of(error)}; copy it again, or {fix}") from None
