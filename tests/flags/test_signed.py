"""The flags that require signatures: taken out of the words, and true for one command."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.flags.signed import requiring_signed
from edgehuman.runtime.provenance.trusted import Trust, trust_of_environment


def test_a_flag_requires_inside_the_block_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEHUMAN_TRUSTED_KEYS", "/keys")
    for words, keys in (
        (["m.onnx", "--require-signed"], "/keys"),
        (["m.onnx", "--trusted-key=/mine.pem"], "/mine.pem"),
        (["--trusted-key", "/mine.pem", "m.onnx", "--require-signed"], "/mine.pem"),
    ):
        with requiring_signed(words, True):
            assert words == ["m.onnx"]
            assert trust_of_environment() == Trust(Path(keys))
        assert trust_of_environment() is None


def test_without_the_flag_nothing_is_required() -> None:
    with requiring_signed(["m.onnx"], True):
        assert trust_of_environment() is None


def test_a_command_that_has_no_such_flag_keeps_the_words() -> None:
    words = ["--require-signed"]
    with requiring_signed(words, False):
        assert words == ["--require-signed"]
        assert trust_of_environment() is None


def test_a_key_needs_its_path() -> None:
    with (
        pytest.raises(UsageError, match="--trusted-key needs a value: a public key"),
        requiring_signed(["--trusted-key"], True),
    ):
        pass


def test_a_flag_with_a_value_is_told() -> None:
    with (
        pytest.raises(UsageError, match="--require-signed takes no value; give it alone"),
        requiring_signed(["m.onnx", "--require-signed=1"], True),
    ):
        pass
