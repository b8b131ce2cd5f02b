"""The vocabulary that `tokenizers` learns is the one that the device encodes with."""

from __future__ import annotations

import random
import sys

import pytest

from edgehuman.errors import DataError, MissingDependencyError
from edgehuman.preprocess.image.bpe import NUM_FIXED, Bpe, words_of
from edgehuman.tasks.image.captions.vocabulary import learn_merges, letters, train_library

CAPTIONS = [
    "A woman in a red coat with a backpack, walking",
    "the man wears blue jeans and a black t-shirt",
    "женщина в красном пальто, женщина",
    "aaaa aaa abab abba",
] * 3


def test_ids_of_random_texts_are_those_of_the_library() -> None:
    pytest.importorskip("tokenizers")
    bpe, library = Bpe(learn_merges(CAPTIONS, 450)), train_library(CAPTIONS, 450)
    byte_of = {letter: value for value, letter in enumerate(letters())}
    ours = {piece: place for place, piece in enumerate(bpe.pieces) if piece}
    own = {
        number: ours[bytes(byte_of[letter] for letter in token)]
        for token, number in library.get_vocab().items()
    }
    assert sorted(own.values()) == list(range(3, bpe.end))
    rng, words = random.Random(0), " ".join(CAPTIONS).split()
    merged = 0
    for _ in range(400):
        text = " ".join(rng.choices(words, k=4))
        text += "".join(chr(rng.randrange(rng.choice((256, 0x3000)))) for _ in range(9))
        text += "".join(rng.choices("ab ", k=12))
        found = [token for word in words_of(text) for token in bpe.of_word(word)]
        expected = [own[number] for number in library.encode("".join(words_of(text))).ids]
        assert found == expected, text
        merged += sum(token >= NUM_FIXED for token in found)
    assert merged > 1000


def test_the_size_bounds_the_vocabulary_and_frequent_words_are_tokens() -> None:
    pytest.importorskip("tokenizers")
    assert learn_merges(CAPTIONS, NUM_FIXED + 1) == ()
    assert Bpe(learn_merges(CAPTIONS, 300)).size <= 300
    assert Bpe(learn_merges(CAPTIONS, 2000)).unfamiliar("a red coat, a kimono") == ["kimono"]


def test_captions_without_a_word_teach_nothing() -> None:
    pytest.importorskip("tokenizers")
    with pytest.raises(DataError, match="no training caption has a word"):
        learn_merges(["  ", ""], 300)


def test_without_the_package_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tokenizers", None)
    with pytest.raises(MissingDependencyError, match="the extra `words` brings it"):
        learn_merges(CAPTIONS, 300)
