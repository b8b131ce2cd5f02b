"""Read weights files of other projects: tensors and plain values alone; no code in them is run.

What comes back holds all the numbers that it names, unchanged since it was saved.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import pickle
import re
import struct
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from edgehuman.errors import CheckpointError
from edgehuman.limits.sizes import MOST_NOTE, read_bounded
from edgehuman.reading.parsers import foreign, json_of

# What training scripts keep beside the weights: settings, paths and single numbers. Plain stand-ins
# take the place of their classes, so that none of their code is run.
_TABLE = re.compile(
    r"(?:omegaconf|lightning|pytorch_lightning|lightning_fabric|lightning_utilities|yacs|easydict|"
    r"addict|mmengine|mmcv|ml_collections|fvcore|transformers|timm)\.|collections\.defaultdict$"
)
_VALUE = re.compile(
    r"(?:pathlib|numpy)\.|(?:typing\.Any|datetime\.\w+|(?:__builtin__|builtins)\."
    r"(?:dict|list|set|frozenset|tuple|int|float|str|bool|bytes|slice))$"
)
_PIECE = 1 << 20
_ZIP_HEAD = 30  # of a record, before its name
_DEEPEST = 16
_HEAD = 512
# The beginnings, in small letters, of what people give in place of weights.
_FOREIGN = (
    (b"version https://git-lfs", "is a pointer of Git LFS; fetch the file with `git lfs pull`"),
    (b"<", "is a web page; download the file itself, with its raw or download link"),
    (b"{", "is JSON; give the weights file"),
    (b"\x89hdf", "is HDF5; save the weights as .safetensors or with torch.save"),
    (b"gguf", "is GGUF; give the PyTorch weights"),
)


class _Value:
    """Stands for a number, a path or a type of a class that is not here; it holds nothing."""

    def __init__(self, *_: Any) -> None: ...

    def __setstate__(self, state: Any) -> None: ...


class _Table:
    """Stands for a dictionary of such a class: PyTorch fills plain ones alone."""

    def __new__(cls, *_: Any) -> Any:
        return OrderedDict()


def read_foreign(path: Path) -> Mapping[str, Any]:
    """Read another project's weights file; only tensors and plain values are unpickled. Settings of
    known training libraries beside them are left out. The index of a file in parts
    (model.safetensors.index.json) gives the tensors of all parts.

    Raises:
        CheckpointError: no such file, damaged file, or it holds other objects, or tensors without
            their numbers.
    """
    if not path.is_file():
        said = "a folder; give the weights file" if path.is_dir() else "no such file"
        raise CheckpointError(f"{path}: {said}")
    if parts := _parts(path):
        return {name: tensor for part in parts for name, tensor in _read(part).items()}
    return _read(path)


def _read(path: Path) -> Mapping[str, Any]:
    if foreign := _foreign(path):
        raise CheckpointError(f"{path}: {foreign}")
    try:
        if path.suffix == ".safetensors" or _is_safetensors(path):
            return load_file(path)
        _require_unchanged(path)
        # A Namespace holds plain values.
        safe: list[Any] = [argparse.Namespace, *_settings_in(path)]
        with torch.serialization.safe_globals(safe), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old forms of the file
            state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path}: damaged, or holds more than tensors and plain values ({_refused(error)}); "
            "save only its state dict, as .pth or .safetensors"
        ) from None
    except Exception as error:
        # A damaged file raises what it likes, from inside PyTorch.
        reason = re.split(r"\. This is|\n", str(error).strip(), maxsplit=1)[0]
        reason = type(error).__name__ if isinstance(error, KeyError) or not reason else reason
        raise CheckpointError(
            f"{path}: not a weights file, or damaged ({reason}); download it again"
        ) from None
    if isinstance(state, list | tuple) and any(isinstance(item, Mapping) for item in state):
        state = {str(place): item for place, item in enumerate(state)}
    if not isinstance(state, Mapping):
        raise CheckpointError(
            f"{path}: holds a {type(state).__name__}; give a file with a state dict"
        )
    for name, tensor in _tensors(state):
        if why := _without_numbers(tensor):
            raise CheckpointError(
                f"{path}: {name} {why}; save dense tensors on the CPU with all their numbers"
            )
    return state


def require_finite(weights: Mapping[str, Tensor], where: str) -> None:
    """Raise CheckpointError if a weight is not a number, or infinite."""
    wrong = [name for name, tensor in weights.items() if not torch.isfinite(tensor).all()]
    if wrong:
        more = f" and {len(wrong) - 1} more" if len(wrong) > 1 else ""
        raise CheckpointError(
            f"{where}: {wrong[0]}{more} holds values that are not finite in float32; give a "
            "checkpoint from before the training diverged"
        )


def _foreign(path: Path) -> str:
    """What a file is that holds no weights by name, and what to do; empty for any other."""
    with path.open("rb") as stream:
        head = stream.read(_HEAD)
    if not head:
        return "is empty (0 bytes); download it again"
    if path.suffix == ".onnx":
        return "is an ONNX graph; give the PyTorch weights, or run the graph as it is"
    if _is_zip(path):
        return _foreign_archive(path)
    if _is_safetensors(path):  # its first byte may be any
        return ""
    return next((said for start, said in _FOREIGN if head.lstrip().lower().startswith(start)), "")


def _is_zip(path: Path) -> bool:
    with contextlib.suppress(ValueError), foreign():
        return zipfile.is_zipfile(path)
    return False


def _foreign_archive(path: Path) -> str:
    try:
        with foreign(), zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except ValueError as error:
        return f"is a damaged archive ({error}); download it again"
    if any("/code/__torch__" in name for name in names):
        return (
            "is a TorchScript program; save its weights with torch.save(torch.jit.load(PATH)"
            '.state_dict(), "weights.pth")'
        )
    if names and all(name.endswith(".npy") for name in names):
        return "is a NumPy archive; save its arrays as .safetensors"
    return ""


def _is_safetensors(path: Path) -> bool:
    """Whether a file begins as one, whatever it is called: a length, then JSON."""
    with path.open("rb") as stream:
        head = stream.read(9)
    return head[8:] == b"{" and 0 < int.from_bytes(head[:8], "little") < path.stat().st_size


def _parts(path: Path) -> list[Path]:
    """The files that an index lists, by name; empty for what is no index.

    Raises:
        CheckpointError: one part alone of several, or a part that is not there.
    """
    part = re.fullmatch(r"(.+)-\d{5}-of-(\d{5})(\.\w+)", path.name)
    if part is not None and int(part[2]) > 1:
        raise CheckpointError(
            f"{path}: one part of {int(part[2])}; give the index beside it, such as "
            f"{part[1]}{part[3]}.index.json, which lists all"
        )
    if not path.name.endswith(".index.json"):
        return []
    try:
        listed = sorted({str(name) for name in json_of(_index(path))["weight_map"].values()})
    except CheckpointError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError):
        raise CheckpointError(f"{path}: lists no weights; give a weights file") from None
    for name in listed:
        if Path(name).name != name or not os.path.isfile(path.parent / name):
            raise CheckpointError(f"{path}: the part {name} is not beside it; download all parts")
    return [path.parent / name for name in listed]


def _index(path: Path) -> bytes:
    return read_bounded(path, MOST_NOTE, CheckpointError, "index of parts")


def _settings_in(path: Path) -> list[tuple[type, str]]:
    """What stands for the classes of settings that a PyTorch archive names; it is not unpickled for
    that.
    """
    if not _is_zip(path):
        return []
    names = torch.serialization.get_unsafe_globals_in_checkpoint(path)
    return [
        (_Value if _VALUE.match(name) else _Table, name)
        for name in names
        if _VALUE.match(name) or _TABLE.match(name)
    ]


def _refused(error: pickle.UnpicklingError) -> str:
    """What a file names, without PyTorch's advice to allow it."""
    named = re.search(r"(?:GLOBAL|class) ([\w.]+)", str(error))
    return f"it names {named.group(1)}" if named else "not written by torch.save"


def _require_unchanged(path: Path) -> None:
    """Compare every record of a PyTorch archive with its checksum, which PyTorch does not.

    Raises:
        ValueError: a record was changed, or is compressed, so that its size is not known.
    """
    if not _is_zip(path):
        return  # the form before PyTorch 1.6, or no archive: PyTorch says so
    with zipfile.ZipFile(path) as archive:
        records = [record for record in archive.infolist() if not record.is_dir()]
        squeezed = [r.filename for r in records if r.compress_type != zipfile.ZIP_STORED]
        if squeezed:
            raise ValueError(f"{squeezed[0]} is compressed, which torch.save does not do")
        for record in records:
            if record.filename.endswith("data.pkl"):
                _require_no_buffers(path, record)
        changed = [r.filename for r in records if not _is_unchanged(archive, r)]
    # Saved without checksums, none of them fits.
    if changed and len(changed) < len(records):
        raise ValueError(f"{changed[0]} does not have its checksum")


def _require_no_buffers(path: Path, record: zipfile.ZipInfo) -> None:
    """Raises ValueError for a pickle that names `bytearray`, which PyTorch calls with any size, so
    that a hundred bytes take as much memory as they like. No weights need one.
    """
    with path.open("rb") as stream:
        stream.seek(record.header_offset)
        head = stream.read(_ZIP_HEAD)
        name, extra = struct.unpack_from("<HH", head, _ZIP_HEAD - 4)
        stream.seek(name + extra, os.SEEK_CUR)
        content = stream.read(min(record.file_size, path.stat().st_size))
    if b"bytearray" in content:
        raise ValueError("it makes bytearrays, which no weights need")


def _is_unchanged(archive: zipfile.ZipFile, record: zipfile.ZipInfo) -> bool:
    try:
        with foreign(), archive.open(record) as stream:
            while stream.read(_PIECE):
                pass
    except ValueError:
        return False
    return True


def _tensors(value: Any, name: str = "", depth: int = 0) -> Iterator[tuple[str, Tensor]]:
    """Every tensor inside plain containers, with its name."""
    if isinstance(value, Tensor):
        yield name, value
    elif isinstance(value, (Mapping, list, tuple)) and depth < _DEEPEST:
        items = value.items() if isinstance(value, Mapping) else enumerate(value)
        for key, item in items:
            yield from _tensors(item, f"{name}.{key}".lstrip("."), depth + 1)


def _without_numbers(tensor: Tensor) -> str:
    """Why a tensor does not hold the numbers of its shape; empty if it does."""
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return f"is {tensor.layout if tensor.layout is not torch.strided else tensor.dtype}"
    if tensor.is_meta:
        return "has a shape, but no numbers"
    held = tensor.untyped_storage().nbytes()
    needed = tensor.numel() * tensor.element_size()
    if held < needed:
        return f"of shape {tuple(tensor.shape)} needs {needed:,} bytes, but has {held:,}"
    return ""
