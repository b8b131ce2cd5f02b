"""A page that runs during the tests of one file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.serve.viewing import Running, running


@pytest.fixture(scope="module")
def page() -> Iterator[Running]:
    with running() as found:
        yield found
