"""The command line: `edgehuman`, and `python -m edgehuman` where that is not on the path."""

from __future__ import annotations

import sys

from edgehuman import process

process.leave_at_once()  # before anything that takes time is imported


def main() -> int:
    """The entry point: returns the exit code."""
    from edgehuman.cli import main as command

    process.take_any_text()
    return command()


if __name__ == "__main__":
    sys.exit(main())
