"""The text encoder: what it sees, what it keeps, and the network that it is a part of."""

from __future__ import annotations

import pytest
import torch

from edgehuman.card import Card, OutputSpec, from_json, image_input
from edgehuman.errors import ArtefactError
from edgehuman.nets.image.build import build_for
from edgehuman.nets.image.heads import EmbeddingHead, person_net
from edgehuman.nets.image.sentences import SearchNet, TextEncoder, merges_of, text_card
from edgehuman.preprocess.image.bpe import CONTEXT

MERGES = ((100, 101), (35, 259))
CARD = Card(
    "words",
    "text-reid",
    "tests.own_networks:MyBackbone",
    1,
    1,
    image_input(64, 32),
    OutputSpec("embedding", distance="cosine", dim=12),
)


def made() -> SearchNet:
    torch.manual_seed(0)
    images = person_net(CARD.arch, CARD.output, (64, 32))
    assert isinstance(images.head, EmbeddingHead)
    return SearchNet(images.encoder, images.head, TextEncoder(MERGES, 12, 64, 2)).eval()


def test_the_vector_is_that_of_the_end_whatever_comes_after() -> None:
    text = made().text
    ids_NS = torch.from_numpy(text.bpe.padded(["ab ba"]))
    longer_NS = torch.cat([ids_NS, torch.zeros(1, 5, dtype=torch.int32)], dim=1)
    one, padded = text(ids_NS), text(longer_NS)
    assert one.shape == (1, 12)
    torch.testing.assert_close(one.norm(dim=1), torch.ones(1))
    torch.testing.assert_close(one, padded)
    longest_NS = torch.from_numpy(text.bpe.padded(["ab " * 200]))
    assert longest_NS.shape == (1, CONTEXT)
    assert bool(text(longest_NS).isfinite().all())


def test_a_token_knows_those_before_it_and_none_after() -> None:
    text = made().text
    first = text.tokens(torch.tensor([[1, 40, 50, 60]]))
    other = text.tokens(torch.tensor([[1, 40, 99, 60]]))
    torch.testing.assert_close(first[:, :2], other[:, :2])
    assert not torch.allclose(first[:, 3], other[:, 3])


def test_a_checkpoint_gives_the_network_and_its_vocabulary_back() -> None:
    network = made()
    weights = network.state_dict()
    again = build_for(CARD, weights)
    assert isinstance(again, SearchNet)
    again.load_state_dict(weights)
    assert again.text.bpe.merges == MERGES
    image_NHWC = torch.randint(0, 256, (2, 64, 32, 3), dtype=torch.uint8)
    torch.testing.assert_close(again(image_NHWC), network(image_NHWC))
    assert network.reached(image_NHWC).shape == (2, 24)


def test_the_card_of_the_text_encoder_keeps_the_vocabulary() -> None:
    card = from_json(text_card(CARD, made().text).to_json(), "a card")
    assert card.input.merges == MERGES
    assert (card.input.record, card.input.shape, card.output.dim) == ("Sentence", (0,), 12)


@pytest.mark.parametrize("table", [torch.zeros(3), torch.zeros(2, 3, dtype=torch.int32)])
def test_a_vocabulary_that_is_no_table_is_refused(table: torch.Tensor) -> None:
    with pytest.raises(ArtefactError, match="it must be int32 pairs"):
        merges_of({"text.merges": table})
