"""Signature files: their format, and what is refused without reading further than needed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehuman.errors import SignatureError
from edgehuman.runtime.provenance.bundle import (
    LARGEST,
    Bundle,
    Manifest,
    bundle_json,
    manifest_of,
    payload_of,
    read_bundle,
    signed_bytes,
)

ONE, TWO = "1" * 64, "2" * 64
MANIFEST = Manifest("walk", {"walk.onnx": TWO, "walk.engine": ONE}, ("walk.sig",))


def written(folder: Path, content: bytes) -> Path:
    path = folder / "walk.sig"
    path.write_bytes(content)
    return path


def test_a_statement_says_which_files_and_adds_them_up() -> None:
    table = json.loads(payload_of(MANIFEST))
    assert [row["name"] for row in table["predicate"]["resources"]] == ["walk.engine", "walk.onnx"]
    root = hashlib.sha256(bytes.fromhex(ONE + TWO)).hexdigest()
    assert table["subject"] == [{"name": "walk", "digest": {"sha256": root}}]
    assert manifest_of(payload_of(MANIFEST), "walk.sig") == MANIFEST


def test_what_is_signed_is_the_payload_with_its_type_and_length() -> None:
    assert signed_bytes(b"{}") == b"DSSEv1 28 application/vnd.in-toto+json 2 {}"


def test_a_bundle_comes_back(tmp_path: Path) -> None:
    bundle = Bundle(payload_of(MANIFEST), b"\0signature", "a" * 64)
    assert read_bundle(written(tmp_path, bundle_json(bundle))) == bundle


Edit = Callable[[dict[str, Any]], object]
BAD_STATEMENTS: dict[str, Edit] = {
    "another kind": lambda t: t.update(_type="x"),
    "another predicate": lambda t: t.update(predicateType="x"),
    "two subjects": lambda t: t["subject"].append(t["subject"][0]),
    "no subject": lambda t: t.update(subject=None),
    "no files": lambda t: t["predicate"].update(resources=[]),
    "shards": lambda t: t["predicate"]["serialization"].update(method="shards"),
    "blake2": lambda t: t["predicate"]["resources"][0].update(algorithm="blake2b"),
    "short digest": lambda t: t["predicate"]["resources"][0].update(digest="12"),
    "capitals": lambda t: t["predicate"]["resources"][0].update(digest="A" * 64),
    "another file's digest": lambda t: t["predicate"]["resources"][0].update(digest="3" * 64),
    "a parent": lambda t: t["predicate"]["resources"][0].update(name="../walk.onnx"),
    "a root": lambda t: t["predicate"]["resources"][0].update(name="/etc/passwd"),
    "a name twice": lambda t: t["predicate"]["resources"][0].update(name="walk.onnx"),
    "no name": lambda t: t["predicate"]["resources"][0].update(name=""),
    "a number as a name": lambda t: t["predicate"]["resources"][0].update(name=7),
}


@pytest.mark.parametrize("edit", BAD_STATEMENTS.values(), ids=BAD_STATEMENTS)
def test_a_statement_that_is_none_or_contradicts_itself(edit: Edit) -> None:
    table = json.loads(payload_of(MANIFEST))
    edit(table)
    with pytest.raises(SignatureError, match=r"walk\.sig: what was signed is not a list"):
        manifest_of(json.dumps(table).encode(), "walk.sig")


BAD_BUNDLES: dict[str, Edit] = {
    "another bundle": lambda t: t.update(mediaType="application/json"),
    "a certificate": lambda t: t.update(verificationMaterial={"certificate": {}}),
    "two signatures": lambda t: t["dsseEnvelope"]["signatures"].append({"sig": ""}),
    "no signature": lambda t: t["dsseEnvelope"].update(signatures=[]),
    "another payload": lambda t: t["dsseEnvelope"].update(payloadType="text/plain"),
    "no base64": lambda t: t["dsseEnvelope"].update(payload="%%%%"),
    "no text": lambda t: t["dsseEnvelope"].update(payload=12),
    "a hint of another type": lambda t: t["verificationMaterial"]["publicKey"].update(hint=[1]),
    "no envelope": lambda t: t.pop("dsseEnvelope"),
}


@pytest.mark.parametrize("edit", BAD_BUNDLES.values(), ids=BAD_BUNDLES)
def test_a_bundle_of_another_form(edit: Edit, tmp_path: Path) -> None:
    table = json.loads(bundle_json(Bundle(payload_of(MANIFEST), b"s", "a" * 64)))
    edit(table)
    with pytest.raises(SignatureError, match="is not a signature of OpenSSF Model Signing"):
        read_bundle(written(tmp_path, json.dumps(table).encode()))


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b"null", b"{", b"[" * 200_000, b'{"mediaType":' + b"9" * 5000 + b"}"],
)
def test_garbage_is_one_of_our_errors(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(SignatureError, match="is not a signature"):
        read_bundle(written(tmp_path, content))


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    good = bundle_json(Bundle(payload_of(MANIFEST), b"s", "a" * 64))
    with pytest.raises(SignatureError, match="given twice"):
        read_bundle(written(tmp_path, b'{"mediaType": "x", ' + good[1:]))


def test_a_huge_file_is_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, b"")
    with path.open("r+b") as stream:
        stream.truncate(1 << 40)  # a terabyte of nothing
    with pytest.raises(SignatureError, match=f"over {LARGEST >> 20} MB"):
        read_bundle(path)


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "absent.sig", tmp_path):
        with pytest.raises(SignatureError, match="cannot read"):
            read_bundle(path)
