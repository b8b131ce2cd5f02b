"""`edgehuman run` and `edgehuman gallery` as a user types them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.cli import main


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def enrol(
    capsys: pytest.CaptureFixture[str], folder: Path, name: str, *more: object
) -> tuple[int, str, str]:
    return run(
        capsys, "gallery", "enroll", folder / "nose.onnx", "--source",
        folder / f"{name.lower()}.jsonl", "--name", name, "--gallery", folder / "g.npz", *more,
    )  # fmt: skip
