"""Sizes and operations of a training, read from its folder."""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from edgehuman.card import WEIGHTS
from edgehuman.errors import DataError
from edgehuman.limits.sizes import read_bounded
from edgehuman.reading.parsers import json_of, reason_of
from edgehuman.runtime.provenance.weights_file import read_weights_file

_EMBEDDING = re.compile(r"(^|\.)\w*(embed|position|cls_token)\w*(\.|$)")
_MOST_METRICS = 1 << 26
_FIRST_LINES = 1000


def counts_of(folder: Path, steps: int) -> dict[str, Any]:
    """`params` of the encoder without what embeds its input, `params_all`, and `flops` of the whole
    training (None: it did not count them).

    Raises:
        CheckpointError, DataError: the folder has no such files, or they are damaged.
    """
    every = inner = 0
    for name, about in read_weights_file(folder / WEIGHTS).header.items():
        if name != "__metadata__":
            count = math.prod(about["shape"])
            every += count
            inner += 0 if _EMBEDDING.search(name) else count
    return {"params": inner, "params_all": every, "flops": _flops(folder / "metrics.jsonl", steps)}


def _flops(path: Path, steps: int) -> float | None:
    lines = read_bounded(path, _MOST_METRICS, DataError, "log of a training").splitlines()
    for line in lines[:_FIRST_LINES]:
        if b"flops_per_step" in line:
            try:
                value = float(json_of(line)["flops_per_step"]) * steps
            except (ValueError, TypeError, KeyError, OverflowError) as error:
                raise DataError(f"{path}: {reason_of(error)}; train this cell again") from None
            return value if math.isfinite(value) else None
    return None
