"""The flags of what stands beside a run: the same for every record that has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.errors import UsageError
from edgehuman.flags.fields import flags_of
from edgehuman.runtime.image.frames.run import RunConfig as FramesConfig
from edgehuman.runtime.image.run import RunConfig as PhotosConfig
from edgehuman.runtime.imu.run import RunConfig as SamplesConfig
from edgehuman.runtime.serve.flags import LiveFlags


@pytest.mark.parametrize("config", [FramesConfig, PhotosConfig, SamplesConfig])
def test_every_run_that_has_a_page_has_all_of_them_in_one_group(config: type) -> None:
    own = {flag.name: flag for flag in flags_of(LiveFlags)}
    found = {flag.name: flag for flag in flags_of(config) if flag.group == LiveFlags.HELP_GROUP}
    assert found.keys() == own.keys()
    assert all(flag.said for flag in found.values())


def test_what_was_asked_for_is_named_as_it_is_typed() -> None:
    assert LiveFlags().given() == []
    asked = LiveFlags(serve="80", webhook="http://a/", metrics=Path("m"), record=Path("r"))
    assert asked.given() == ["--serve", "--webhook", "--metrics", "--record"]
    assert asked.live is asked
    with pytest.raises(UsageError, match="--serve-key is for the page"):
        LiveFlags(serve_key=Path("k")).require_page()
