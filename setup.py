"""The description on PyPI: README with whole addresses, as PyPI has no files beside it.

Everything else about the build stands in pyproject.toml.
"""

from __future__ import annotations

import re
from pathlib import Path

from setuptools import setup

HOME = "https://github.com/edgehuman/edgehuman"
PAGES, FILES = f"{HOME}/blob/main/", "https://raw.githubusercontent.com/edgehuman/edgehuman/main/"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\((?!https?://|#)([^)]+)\)")


def with_whole_addresses(markdown: str) -> str:
    """The text with links to pages of the repository, and pictures as files."""

    def whole(match: re.Match[str]) -> str:
        sign, text, target = match.groups()
        return f"{sign}[{text}]({FILES if sign else PAGES}{target})"

    return _LINK.sub(whole, markdown)


if __name__ == "__main__":
    setup(
        long_description=with_whole_addresses(Path("README.md").read_text(encoding="utf-8")),
        long_description_content_type="text/markdown",
    )
