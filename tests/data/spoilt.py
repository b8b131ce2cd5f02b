"""Small changes that spoil a text file of a dataset."""

from __future__ import annotations

from pathlib import Path


def cut_columns(path: Path, keep: int, delimiter: str = " ") -> None:
    lines = [delimiter.join(line.split(delimiter)[:keep]) for line in path.read_text().splitlines()]
    path.write_text("\n".join(lines) + "\n")


def put_text(path: Path) -> None:
    """The first number of the second row becomes a word."""
    lines = path.read_text().splitlines()
    lines[1] = " ".join(["oops", *lines[1].split()[1:]])
    path.write_text("\n".join(lines) + "\n")
