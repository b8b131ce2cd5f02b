"""Learn the vocabulary of a text encoder from training captions, with the package `tokenizers`.

    merges = learn_merges(captions, 4096)
    bpe = Bpe(merges)

Words are cut and written by `edgehuman.preprocess.image.bpe`, which also encodes with the merges;
`tokenizers` counts pairs, and no more of it is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from edgehuman.errors import DataError
from edgehuman.install import not_installed
from edgehuman.preprocess.image.bpe import FIRST_BYTE, NUM_FIXED, Merges, words_of
from edgehuman.reading.parsers import json_of

_FEWEST = 2
"""How often a pair is seen that becomes a token."""


def learn_merges(captions: Iterable[str], size: int) -> Merges:
    """The merges of a vocabulary of at most `size` tokens.

    Raises:
        DataError: no caption has a word.
        MissingDependencyError: `tokenizers` is not installed.
    """
    trained = train_library(captions, size)
    model = json_of(trained.to_str())["model"]
    byte_of = {letter: value for value, letter in enumerate(letters())}
    known = {bytes([value]): FIRST_BYTE + value for value in range(256)}
    merges = []
    for pair in model["merges"]:
        left, right = (bytes(byte_of[letter] for letter in one) for one in pair)
        merges.append((known[left], known[right]))
        known.setdefault(left + right, FIRST_BYTE + len(known))
    return tuple(merges)


def train_library(captions: Iterable[str], size: int) -> Any:
    """The library's own tokenizer, trained on these captions; its numbers differ from ours.

    Raises:
        DataError, MissingDependencyError: as `learn_merges`.
    """
    try:
        from tokenizers import Tokenizer, pre_tokenizers
        from tokenizers.models import BPE
        from tokenizers.trainers import BpeTrainer
    except ImportError:
        raise not_installed("tokenizers", "learning the words of captions") from None
    made = Tokenizer(BPE())
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(" ", "merged_with_next"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = BpeTrainer(
        vocab_size=256 + max(0, size - NUM_FIXED - 1),
        min_frequency=_FEWEST,
        initial_alphabet=sorted(letters()),
        show_progress=False,
    )
    count = 0

    def plain() -> Iterator[str]:
        nonlocal count
        for caption in captions:
            text = "".join(words_of(caption))
            count += bool(text)
            yield text

    made.train_from_iterator(plain(), trainer)
    if not count:
        raise DataError("no training caption has a word; a vocabulary is learnt from captions")
    return made


def letters() -> list[str]:
    """The letter by which the library writes each byte (256 of them): itself where it is printed,
    else one from U+0100 on, in order. As in GPT-2.
    """
    printed = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = iter(range(0x100, 0x200))
    return [chr(value if value in printed else next(others)) for value in range(256)]
