"""Read weights files of other projects: tensors and plain values alone; no code in them is run."""

from __future__ import annotations

import argparse
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from edgehuman.errors import CheckpointError


def read_foreign(path: Path) -> Mapping[str, Any]:
    """Read another project's weights file; only tensors and plain values are unpickled.

    Raises:
        CheckpointError: no such file, damaged file, or it holds other objects.
    """
    if not path.is_file():
        said = "a folder; give the weights file" if path.is_dir() else "no such file"
        raise CheckpointError(f"{path}: {said}")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        # Training scripts store their settings beside the weights; a Namespace holds plain values.
        with torch.serialization.safe_globals([argparse.Namespace]):
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = re.search(r"Unsupported (?:global|class|operand)[^\n]*", str(error))
        why = named.group(0) if named else "not written by torch.save"
        raise CheckpointError(
            f"{path}: damaged, or holds more than tensors and plain values ({why}); save only its "
            "state dict, as .pth or .safetensors"
        ) from None
    except (SafetensorError, OSError, RuntimeError, EOFError, ValueError, KeyError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise CheckpointError(
            f"{path}: not a weights file, or damaged ({reason}); download it again"
        ) from None
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f"{path}: holds a {type(state).__name__}; give a file with a state dict"
        )
    return state
