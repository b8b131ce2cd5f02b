"""The public surface is one screen, and this list is it."""

from __future__ import annotations

import pytest

import edgehuman

PUBLIC = [
    "Card",
    "EdgehumanError",
    "Embedding",
    "Frame",
    "ImuRecording",
    "ImuWindow",
    "PersonCrop",
    "Result",
    "SilhouetteSequence",
    "SkeletonSequence",
    "WindowSet",
    "load",
    "stream",
]


def test_the_public_names_are_these() -> None:
    assert edgehuman.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there_and_says_what_it_is(name: str) -> None:
    assert (getattr(edgehuman, name).__doc__ or "").strip()


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'lode'"):
        _ = edgehuman.lode
