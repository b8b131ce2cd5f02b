"""The public surface is one screen, and this list is it."""

from __future__ import annotations

import json
import re
import sys
import typing
from pathlib import Path

import pytest

import edgehuman
from edgehuman.runtime import stream as stream_module
from edgehuman.runtime.imu.answer import MountingName, Smoothing
from tests import leaving

PUBLIC = [
    "Camera",
    "Card",
    "EdgehumanError",
    "Embedding",
    "Frame",
    "GaitResult",
    "Gallery",
    "Identity",
    "ImuFormat",
    "ImuRecording",
    "ImuResult",
    "ImuWindow",
    "LiveStream",
    "Model",
    "PersonCrop",
    "PhotoResult",
    "Playable",
    "PoseBlock",
    "Quality",
    "Result",
    "SampleBlock",
    "SilhouetteSequence",
    "SkeletonSequence",
    "WalkResult",
    "WindowSet",
    "load",
    "stream",
    "train",
]


def test_the_public_names_are_these() -> None:
    assert edgehuman.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert (getattr(edgehuman, name).__doc__ or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = edgehuman.lode


def test_every_type_that_a_stream_takes_or_gives_is_public() -> None:
    """Read from the text of the overloads, as Python 3.10 does not keep them."""
    text = Path(stream_module.__file__).read_text(encoding="utf-8")
    overloads = re.findall(r"@overload\n(def stream\(.*?): \.\.\.", text, flags=re.DOTALL)
    assert len(overloads) == 5
    plain = {"str", "Path", "float", "bool", "int", "None", "object", "Any", "Smoothing"}
    plain |= {"MountingName", "learn"}
    plain |= {"Iterable", "tuple", "NDArray", "np", "uint8"}
    for overload in overloads:
        words = re.sub(r"(def stream|\*\*words|\w+(?=:)| = \w+)", "", overload)
        assert set(re.findall(r"[A-Za-z_]\w*", words)) - plain <= {*PUBLIC, "0"}, overload
    assert set(typing.get_args(Smoothing)) == {"none", "fixed_lag", "hysteresis"}
    assert set(typing.get_args(MountingName)) == {"learn", "fixed"}


def test_what_results_are_made_of_is_public() -> None:
    names = {name: getattr(edgehuman, name) for name in PUBLIC}
    for name in ("ImuResult", "GaitResult", "PhotoResult"):
        hints = typing.get_type_hints(names[name])
        ours = {
            part.__name__
            for hint in hints.values()
            for part in (hint, *typing.get_args(hint))
            if getattr(part, "__module__", "").startswith("edgehuman")
        }
        assert ours <= set(PUBLIC), name


def test_importing_edgehuman_loads_no_record() -> None:
    code = "import json, sys, edgehuman; print(json.dumps([*sys.modules]))"
    done = leaving.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = [name for name in json.loads(done.stdout) if name.startswith("edgehuman.")]
    assert not [name for name in loaded if "runtime" in name or "preprocess" in name]
