"""The text encoder beside a model of pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehuman.errors import ArtefactError
from edgehuman.runtime.image.sentences import Sentences, sentences_of
from edgehuman.runtime.model import load
from tests.runtime.image.search.colours import write_colours


def test_vectors_are_those_of_the_words(tmp_path: Path) -> None:
    sentences = sentences_of(load(write_colours(tmp_path / "words.onnx")))
    vector_ND = sentences.vectors(["red", "Green!", "blue and red", *["red"] * 40])
    assert vector_ND.shape == (43, 3)
    assert vector_ND[:2].argmax(axis=1).tolist() == [0, 1]
    np.testing.assert_allclose(vector_ND[2], np.sqrt([0.5, 0, 0.5]), atol=1e-4)
    assert not sentences.is_cut("red " * 75)
    assert sentences.is_cut("red " * 76)


def test_the_graph_of_sentences_is_not_that_of_pictures(tmp_path: Path) -> None:
    write_colours(tmp_path / "words.onnx")
    with pytest.raises(ArtefactError, match=r"is the graph of sentences; give .*/words\.onnx"):
        sentences_of(load(str(tmp_path / "words.text.onnx")))


class NotFinite:
    def __init__(self, inner: Sentences) -> None:
        self.card = inner.card

    def run(self, array: object) -> object:
        return np.full((1, 3), np.nan, np.float32)


def test_vectors_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    sentences = sentences_of(load(write_colours(tmp_path / "words.onnx")))
    with pytest.raises(ArtefactError, match="its vectors are not finite"):
        Sentences(NotFinite(sentences)).vectors(["red"])  # type: ignore[arg-type]
