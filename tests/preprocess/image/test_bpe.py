"""Sentences as token ids: by hand, at the edges, and from broken vocabularies."""

from __future__ import annotations

import pytest

from edgehuman.errors import ArtefactError
from edgehuman.preprocess.image.bpe import (
    CONTEXT,
    FIRST_BYTE,
    MOST_MERGES,
    PAD,
    START,
    Bpe,
    words_of,
)

SPACE, A, B, C = (FIRST_BYTE + ord(letter) for letter in " abc")


def test_merges_apply_in_their_order_and_the_leftmost_first() -> None:
    bpe = Bpe([(A, B), (SPACE, A), (B, B)])  # ids 259 "ab", 260 " a", 261 "bb"
    assert (bpe.end, bpe.size) == (262, 263)
    # " abb": (a, b) has the lower rank, so the space stays alone and b follows.
    assert bpe.of_word(" abb") == (SPACE, 259, B)
    assert bpe.of_word(" a") == (260,)
    assert bpe.of_word("bbb") == (261, B)
    assert bpe.ids("ABB a") == [START, SPACE, 259, B, 260, 262]


def test_bytes_that_two_merges_make_are_one_token() -> None:
    bpe = Bpe([(A, B), (B, C), (259, C), (A, 260)])  # "ab", "bc", "abc", and "abc" again
    assert bpe.pieces[261] == b"abc"
    assert bpe.end == 262
    assert bpe.of_word("abc") == (261,)


def test_words_are_even_in_case_width_and_composition() -> None:
    assert list(words_of("A Red\tcoat, ＴＥＥ")) == [" a", " red", " coat", " ,", " tee"]
    assert list(words_of("cafe\u0301")) == list(words_of("caf\u00e9"))
    assert list(words_of("\ud800 x")) == [" ?", " x"]
    assert [len(word) for word in words_of("w" * 130)] == [65, 65, 3]


def test_a_long_sentence_is_cut_and_still_ends() -> None:
    bpe = Bpe([(SPACE, A)])
    ids = bpe.ids("a " * 10_000)
    assert len(ids) == CONTEXT
    assert ids[0] == START
    assert set(ids[1:-1]) == {259}
    assert ids[-1] == bpe.end == max(ids)


def test_sentences_are_padded_to_the_longest_and_to_the_least() -> None:
    bpe = Bpe([(SPACE, A)])
    assert bpe.padded(["a", "a a", ""]).tolist() == [
        [START, 259, bpe.end, PAD],
        [START, 259, 259, bpe.end],
        [START, bpe.end, PAD, PAD],
    ]
    assert bpe.padded(["a"], 8).shape == (1, 8)
    assert bpe.padded([]).shape == (0, 2)


def test_words_that_training_did_not_have_are_named_once() -> None:
    bpe = Bpe([(SPACE, A)])
    assert bpe.unfamiliar("a kimono, a KIMONO 着物") == ["kimono", ",", "着物"]


@pytest.mark.parametrize(
    ("merges", "said"),
    [
        ([(A, 259)], "merge 0 is"),  # made later
        ([(PAD, A)], "merge 0 is"),
        ([(A, B), (A, B)], "is there twice"),
        ([(A, A), *((259 + n, 259 + n) for n in range(9))], "too long a token"),
        ([(A, B)] * (MOST_MERGES + 1), "at most"),
    ],
)
def test_a_broken_vocabulary_is_refused(merges: list[tuple[int, int]], said: str) -> None:
    with pytest.raises(ArtefactError, match=f"{said}.*Export the model again"):
        Bpe(merges)
