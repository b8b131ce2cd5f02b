"""Other projects' weights files: whole, unchanged, and of tensors alone."""

from __future__ import annotations

import collections
import json
import os
import pickle
import sys
import types
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from edgehuman.errors import CheckpointError
from edgehuman.training.foreign import read_foreign, require_finite

STATE = {"model": {"weight": torch.arange(600.0), "count": torch.tensor(3)}, "iteration": 7}


def saved(path: Path, value: object, **options: Any) -> Path:
    torch.save(value, path, **options)
    return path


class Runs:
    """Makes a folder when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("ran",)


@pytest.mark.parametrize("zipped", [True, False])
def test_tensors_and_plain_values_come_back(zipped: bool, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", STATE, _use_new_zipfile_serialization=zipped)
    found = read_foreign(path)
    assert found["iteration"] == 7
    assert torch.equal(found["model"]["weight"], torch.arange(600.0))


def test_a_byte_of_a_weight_that_changed_is_noticed(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", STATE)
    data = bytearray(path.read_bytes())
    place = data.index(torch.arange(600.0).numpy().tobytes())
    data[place + 100] ^= 1
    path.write_bytes(data)
    with pytest.raises(CheckpointError, match=r"data/0 does not have its checksum"):
        read_foreign(path)


def test_a_file_saved_without_checksums_is_read(tmp_path: Path) -> None:
    before = torch.serialization.get_crc32_options()
    torch.serialization.set_crc32_options(False)
    try:
        path = saved(tmp_path / "a.pt", STATE)
    finally:
        torch.serialization.set_crc32_options(before)
    assert read_foreign(path)["iteration"] == 7


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", STATE)
    bomb = tmp_path / "bomb.pt"
    with (
        zipfile.ZipFile(path) as source,
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as target,
    ):
        for name in source.namelist():
            target.writestr(name, source.read(name))
    with pytest.raises(CheckpointError, match=r"is compressed, which torch\.save does not do"):
        read_foreign(bomb)


@pytest.mark.parametrize("cut", [1, 10, 100, 1000, -100, -1])
def test_a_file_cut_short_is_one_line(cut: int, tmp_path: Path) -> None:
    path = saved(tmp_path / "a.pt", STATE)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(CheckpointError, match="damaged") as raised:
        read_foreign(path)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("zipped", [True, False])
def test_code_is_named_not_run_and_no_one_is_told_how_to_allow_it(
    zipped: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = saved(tmp_path / "a.pt", {"model": Runs()}, _use_new_zipfile_serialization=zipped)
    with pytest.raises(CheckpointError, match=r"\(it names (posix|nt)\.mkdir\)") as raised:
        read_foreign(path)
    assert "allow" not in str(raised.value)
    assert not (tmp_path / "ran").exists()


def test_settings_of_training_libraries_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = types.ModuleType("pytorch_lightning")
    library.Settings = type("Settings", (dict,), {"__module__": library.__name__})  # type: ignore[attr-defined]
    held = {
        "state_dict": STATE["model"],
        "hyper_parameters": library.Settings(lr=0.1, where=PurePosixPath("/data")),
        "best": np.float64(0.5),
        "counts": collections.defaultdict(int, a=1),
    }
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, library.__name__, library)
        path = saved(tmp_path / "a.ckpt", held)
    found = read_foreign(path)
    assert torch.equal(found["state_dict"]["weight"], torch.arange(600.0))


def test_a_plain_pickle_gives_the_error_alone(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / "a.pt"
    path.write_bytes(pickle.dumps(Runs(), protocol=4))
    with pytest.raises(CheckpointError, match=r"not written by torch\.save"):
        read_foreign(path)
    assert not recwarn.list


@pytest.mark.parametrize(
    ("tensor", "said"),
    [
        (torch.eye(3).to_sparse(), r"a\.0 is torch\.sparse_coo"),
        (torch.empty(3, device="meta"), r"a\.0 has a shape, but no numbers"),
        (
            torch.zeros(1).expand(16, 256, 10**9),
            r"a\.0 of shape \(16, 256, 1000000000\) needs 16,384,000,000,000 bytes, but has 4",
        ),
    ],
)
def test_tensors_without_their_numbers_are_refused(
    tensor: torch.Tensor, said: str, tmp_path: Path
) -> None:
    with pytest.raises(CheckpointError, match=said):
        read_foreign(saved(tmp_path / "a.pt", {"a": [tensor]}))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(value: float) -> None:
    require_finite({"fine": torch.zeros(2), "count": torch.tensor(3)}, "a.pt")
    bad = torch.full((2,), value)
    with pytest.raises(CheckpointError, match=r"a\.pt: b and 1 more holds values that are not fin"):
        require_finite({"a": torch.zeros(2), "b": bad, "c": bad}, "a.pt")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git lfs pull"),
        (b"\n<!DOCTYPE html><html>404</html>", "is a web page"),
        (b'{"error": "not found"}', "is JSON"),
        (b"\x89HDF\r\n\x1a\n", "is HDF5"),
        (b"GGUF\3\0\0\0", "is GGUF"),
    ],
)
def test_what_people_give_in_place_of_weights_is_named(
    content: bytes, said: str, tmp_path: Path
) -> None:
    path = tmp_path / "a.pth"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=said):
        read_foreign(path)


def test_a_program_a_graph_and_arrays_are_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.pt", "w") as archive:  # as torch.jit.save names its files
        archive.writestr("a/code/__torch__/torch/nn/modules/linear.py", "")
    (tmp_path / "a.onnx").write_bytes(b"\x08\x09")
    np.savez(tmp_path / "a.npz", weight=np.zeros(3))
    for name, said in {
        "a.pt": "TorchScript",
        "a.onnx": "an ONNX graph",
        "a.npz": "a NumPy archive",
    }.items():
        with pytest.raises(CheckpointError, match=said):
            read_foreign(tmp_path / name)


def test_safetensors_are_known_whatever_they_are_called(tmp_path: Path) -> None:
    """Also where the length of the header, its first byte, is that of a web page's <."""
    header = b'{"weight":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}}'.ljust(0x13C)
    content = len(header).to_bytes(8, "little") + header + np.arange(3, dtype="<f4").tobytes()
    assert content[:1] == b"<"
    path = tmp_path / "a.bin"
    path.write_bytes(content)
    assert torch.equal(read_foreign(path)["weight"], torch.arange(3.0))


def test_all_parts_of_a_file_are_read_by_their_index(tmp_path: Path) -> None:
    names = [f"model-0000{number}-of-00002.safetensors" for number in (1, 2)]
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {"a": names[0], "b": names[1]}}))
    save_file({"a": torch.zeros(2)}, tmp_path / names[0])
    with pytest.raises(CheckpointError, match=f"the part {names[1]} is not beside it"):
        read_foreign(index)
    save_file({"b": torch.ones(2)}, tmp_path / names[1])
    assert {*read_foreign(index)} == {"a", "b"}
    with pytest.raises(CheckpointError, match=r"one part of 2; .*model\.safetensors\.index\.json"):
        read_foreign(tmp_path / names[0])
    index.write_text(json.dumps({"weight_map": {"a": "../../etc/passwd"}}))
    with pytest.raises(CheckpointError, match="is not beside it"):
        read_foreign(index)
    index.write_text("[]")
    with pytest.raises(CheckpointError, match="lists no weights"):
        read_foreign(index)


def test_a_list_of_state_dicts_is_numbered(tmp_path: Path) -> None:
    found = read_foreign(saved(tmp_path / "a.pt", [{"w": torch.ones(1)}, {"w": torch.zeros(1)}]))
    assert {*found} == {"0", "1"}


@pytest.mark.parametrize("size", [b"J\xff\xff\xff\x7f", b"\x8a\x06\0\0\0\0\0\1"])
def test_bytes_of_a_stated_size_are_refused_before_they_are_made(
    size: bytes, tmp_path: Path
) -> None:
    path, made = saved(tmp_path / "a.pth", {"w": torch.ones(2)}), tmp_path / "b.pth"
    code = b"\x80\x02}X\1\0\0\0wc__builtin__\nbytearray\n" + size + b"\x85Rs."
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(made, "w") as archive:
        for name in whole.namelist():
            archive.writestr(name, code if name.endswith("data.pkl") else whole.read(name))
    with pytest.raises(CheckpointError, match="it makes bytearrays"):
        read_foreign(made)
