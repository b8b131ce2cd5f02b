"""Addresses of shards: stores, signatures that stay secret, one name in the cache for each."""

from __future__ import annotations

import re

import pytest

from edgehuman.data.shards import address
from edgehuman.errors import DataError, UsageError

SIGNED = "https://u:p@store.org/b/s-01.tar?X-Amz-Date=1&X-Amz-Signature=secret"


def test_a_store_is_reached_at_its_endpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    said = "s3://people/a/s-01.tar"
    assert address.web_address(said) == "https://s3.us-east-1.amazonaws.com/people/a/s-01.tar"
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    assert address.web_address(said).startswith("https://s3.eu-central-1.amazonaws.com/people/")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://minio.org:9000/")
    assert address.web_address(said) == "https://minio.org:9000/people/a/s-01.tar"
    assert address.web_address("https://x.org/a.tar") == "https://x.org/a.tar"


@pytest.mark.parametrize("said", ["ftp://x/", "https://x/?a=b", "file:///etc", "x y"])
def test_an_endpoint_that_is_no_address_is_refused(
    said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", said)
    with pytest.raises(UsageError, match=r"AWS_ENDPOINT_URL is .* must be the https addr"):
        address.web_address("s3://people/a.tar")


@pytest.mark.parametrize("said", ["s3://", "s3://A_B/a.tar", "s3://people", "s3://people/a?b=c"])
def test_no_object_of_a_store_is_refused(said: str) -> None:
    with pytest.raises(DataError, match=r"no object of a store|no address"):
        address.web_address(said)


def test_a_signature_is_in_no_message_and_a_new_one_is_the_same_shard() -> None:
    assert address.is_signed(SIGNED)
    assert not address.is_signed("https://x.org/a.tar?version=2")
    assert address.shown(SIGNED) == "https://store.org/b/s-01.tar"
    assert address.key_of(SIGNED) == address.key_of(SIGNED.replace("secret", "another"))
    assert address.key_of("https://x.org/a.tar?v=1") != address.key_of("https://x.org/a.tar?v=2")


def test_the_name_in_the_cache_is_one_of_any_file_system() -> None:
    for url in (SIGNED, "pipe:cat ../../etc/passwd > x", "s3://b-b/" + "é" * 300 + ".tar"):
        assert re.fullmatch(r"[0-9a-f]{16}-[^/]{0,60}\.tar", address.key_of(url))


def test_braces_stand_for_several_and_make_no_command() -> None:
    pytest.importorskip("webdataset")
    said = "s3://b/{000..002}.tar"
    assert address.addresses_of(said) == [f"s3://b/00{n}.tar" for n in range(3)]
    assert address.addresses_of("pipe:cat a.tar") == ["pipe:cat a.tar"]
    with pytest.raises(DataError, match="its braces make the command"):
        address.addresses_of("{p,q}ipe:x")
    assert [url for url in ("s3://b/a", "pipe:x", "a.tar") if address.is_remote(url)] == [
        "s3://b/a",
        "pipe:x",
    ]
