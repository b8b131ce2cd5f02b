"""Rules for sentences about people, whichever file they come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from edgehuman.data.image.set import PersonSet
from edgehuman.errors import DataError
from edgehuman.reading.values import shown

MOST_SENTENCES = 100
"""Of one picture."""


def sentences_of(value: object) -> tuple[str, ...]:
    """The sentences of a picture, in any script and of any length; spaces around them are dropped.

    Raises:
        ValueError: no list, an empty one, or one with something else than text or with a sentence
            that says nothing: without a letter or digit of any script; the message is the rule.
    """
    found = value if isinstance(value, list) else []
    texts = [one.strip() for one in found if isinstance(one, str)]
    is_right = bool(found) and len(texts) == len(found) <= MOST_SENTENCES
    if not is_right or not all(any(map(str.isalnum, text)) for text in texts):
        raise ValueError(
            f"a list of 1 to {MOST_SENTENCES} sentences, each with a letter or digit at least"
        )
    return tuple(texts)


def require_own_splits(path: Path, people: Iterable[int], splits: Iterable[str]) -> None:
    """Raise DataError if a person is in two parts of the data: one that was learnt from would be
    searched for.

    Args:
        path: of the labels, for the message.
        people, splits: of each picture.
    """
    part_of: dict[int, str] = {}
    for person, split in zip(people, splits, strict=True):
        other = part_of.setdefault(person, split)
        if other != split:
            raise DataError(
                f"{path}: person {person} is in two parts, {other} and {split}; a person must be "
                "in one. Give those pictures the same part, or leave them out"
            )


def require_searchable(persons: PersonSet) -> None:
    """Raise DataError for a set without sentences, or with pictures of people unknown."""
    if not persons.captions:
        raise DataError(f"{persons.dataset} has no captions; give a dataset that has them")
    if (persons.person_N < 0).any():
        raise DataError(
            f"{persons.dataset}: {(persons.person_N < 0).sum()} of its {len(persons)} pictures do "
            "not say who is seen; a caption is of one person, so give each a number from 0"
        )


def field_of(row: Mapping[str, object], key: str, where: str) -> object:
    """A field of a record.

    Raises:
        DataError: it has none; the message shows the record.
    """
    if key not in row:
        raise DataError(f'{where} has no "{key}": {shown(dict(row))}; copy the file again')
    return row[key]
