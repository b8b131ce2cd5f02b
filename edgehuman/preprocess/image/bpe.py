"""Sentences as token ids, by a byte-pair encoding whose merges a model's card holds.

    bpe = Bpe(merges)
    ids_NS = bpe.padded(["a woman in a red coat", "a man with a backpack"])

A sentence becomes lower-case words and marks, each with a space before it, and these become bytes,
so that no text is outside the vocabulary. In a word, the pair of tokens that was merged first in
training is merged first, the leftmost one before the others. Training is in
`edgehuman.tasks.image.captions.vocabulary`; the device needs this file alone.

Ids: 0 padding, 1 the start, 2 a hidden token (training only), 3 + b the byte b, then what each
merge made, and last the end, which is the highest. Source: Sennrich et al., "Neural Machine
Translation of Rare Words with Subword Units", arXiv 1508.07909; bytes as in GPT-2.

Axes: N sentences, S tokens.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from edgehuman.errors import ArtefactError

PAD, START, HIDDEN = 0, 1, 2
FIRST_BYTE = 3
NUM_FIXED = FIRST_BYTE + 256
CONTEXT = 77
"""Tokens of the longest sentence, start and end included; what is longer is cut."""
LEAST = 8
"""Tokens of the shortest sentence in a graph; shorter ones are padded."""
MOST_MERGES = 65_000
_MOST_CHARACTERS = 20_000
_MOST_WORD = 64
_MOST_BYTES = 1 + 4 * _MOST_WORD
_WORD = re.compile(r"\w+|[^\w\s]")

Merges = tuple[tuple[int, int], ...]


def words_of(text: str) -> Iterator[str]:
    """The words and marks of a sentence, each with a space before it: " red", " coat", " ,".

    Case, width and composition are evened out (NFKC). A word of over 64 characters is several.
    """
    plain = text[:_MOST_CHARACTERS].encode("utf-8", "replace").decode("utf-8")
    for word in _WORD.findall(unicodedata.normalize("NFKC", plain).lower()):
        for start in range(0, len(word), _MOST_WORD):
            yield f" {word[start : start + _MOST_WORD]}"


class Bpe:
    """A vocabulary, and sentences in it.

    Args:
        merges: pairs of ids, in the order of training; each makes the next id, or the one that
            has the same bytes already.

    Attributes:
        pieces: the bytes of every token but the end; empty of padding, start and hidden.
        end: id of the end; size: of the vocabulary.

    Raises:
        ArtefactError: a merge of ids that are not there yet, one twice, or too many.
    """

    def __init__(self, merges: Sequence[tuple[int, int]]) -> None:
        if len(merges) > MOST_MERGES:
            raise _broken(f"{len(merges):,} merges; at most {MOST_MERGES:,} are read")
        self.merges: Merges = tuple(merges)
        pieces = [b""] * FIRST_BYTE + [bytes([value]) for value in range(256)]
        id_of = {piece: place for place, piece in enumerate(pieces) if piece}
        self._rank: dict[tuple[int, int], tuple[int, int]] = {}
        for rank, pair in enumerate(self.merges):
            if len(pair) != 2 or not all(FIRST_BYTE <= one < len(pieces) for one in pair):
                raise _broken(f"merge {rank} is {pair}; it must be two ids made before")
            joined = pieces[pair[0]] + pieces[pair[1]]
            if pair in self._rank or len(joined) > _MOST_BYTES:
                raise _broken(f"merge {rank}, {pair}, is there twice or makes too long a token")
            if joined not in id_of:
                id_of[joined] = len(pieces)
                pieces.append(joined)
            self._rank[pair] = (rank, id_of[joined])
        self.pieces = tuple(pieces)
        self.end, self.size = len(pieces), len(pieces) + 1
        self._known: dict[str, tuple[int, ...]] = {}

    def ids(self, text: str, context: int = CONTEXT) -> list[int]:
        """Start, tokens and end of a sentence; of a long one the first `context` - 1, and the end.
        An empty one has no tokens between.
        """
        found = [START]
        for word in words_of(text):
            found += self.of_word(word)
            if len(found) >= context:
                break
        return [*found[: context - 1], self.end]

    def padded(self, texts: Sequence[str], least: int = 2) -> NDArray[np.int32]:
        """The ids (N, S) of sentences, S that of the longest of them, and at least `least`."""
        rows = [self.ids(text) for text in texts]
        ids_NS = np.full((len(rows), max(least, *map(len, rows), 2)), PAD, np.int32)
        for ids_S, row in zip(ids_NS, rows, strict=True):
            ids_S[: len(row)] = row
        return ids_NS

    def unfamiliar(self, text: str) -> list[str]:
        """The words of a sentence that are no token of their own: training had them rarely or not
        at all, and a model knows little of them.
        """
        words = dict.fromkeys(word for word in words_of(text) if len(self.of_word(word)) > 1)
        return [word[1:] for word in words]

    def of_word(self, word: str) -> tuple[int, ...]:
        """The tokens of one of `words_of`."""
        if word not in self._known:
            if len(self._known) > MOST_MERGES:
                self._known.clear()
            self._known[word] = self._merged([FIRST_BYTE + byte for byte in word.encode("utf-8")])
        return self._known[word]

    def _merged(self, ids: list[int]) -> tuple[int, ...]:
        while True:
            ranked = [
                (*self._rank[pair], place)
                for place, pair in enumerate(itertools.pairwise(ids))
                if pair in self._rank
            ]
            if not ranked:
                return tuple(ids)
            _, joined, place = min(ranked, key=lambda one: (one[0], one[2]))
            ids[place : place + 2] = [joined]


def _broken(found: str) -> ArtefactError:
    return ArtefactError(f"the vocabulary has {found}. Export the model again")
