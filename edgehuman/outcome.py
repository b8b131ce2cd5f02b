"""What a sub-command hands back: an object for machines and a text for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Outcome:
    """Attributes:
    data: what `--json` prints, as one object (or a list).
    text: what people read; may be empty where the command printed as it went.
    exit_code: 0 done, 1 the run failed.
    """

    data: Mapping[str, Any] | list[Any]
    text: str
    exit_code: int = 0
