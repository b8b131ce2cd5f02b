"""People in pictures and sentences about them in one space: a backbone with a head, and a text
encoder.

    net = SearchNet(encoder, head, TextEncoder(merges, dim))
    net(image_NHWC)          the vector (N, F) of raw pictures, of length 1, as of any PersonNet
    net.text(ids_NS)         the vector (N, F) of sentences, ids as of `preprocess.image.bpe`

The text encoder is a causal transformer, read at the end of the sentence and projected to the width
of the picture's vector; it knows its vocabulary. Source of the form: Jiang and Ye, "Cross-Modal
Implicit Relation Reasoning", CVPR 2023, arXiv 2303.12501, section 3.1; it starts from random
weights here, not from CLIP's.

Axes: N samples, S tokens, D width, F embedding, M merges.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from edgehuman.card import Card, InputSpec, OutputSpec
from edgehuman.errors import ArtefactError
from edgehuman.nets.attention import Block, causal_mask
from edgehuman.nets.building import count_flops, count_params
from edgehuman.nets.image.heads import SHORTEST, EmbeddingHead, PersonNet
from edgehuman.nets.image.size import TEXT_HEAD_WIDTH
from edgehuman.preprocess.image.bpe import CONTEXT, LEAST, Bpe, Merges

TEXT = "text."
"""Prefix of the text encoder's weights in a network."""
_BLOCK = re.compile(r"text\.blocks\.(\d+)\.")


class TextEncoder(nn.Module):
    """Map token ids (N, S), S at most `CONTEXT`, to unit vectors (N, F).

    Args:
        merges: of the vocabulary.
        dim: F. width: D, a multiple of `TEXT_HEAD_WIDTH`. depth: layers.
    """

    def __init__(self, merges: Merges, dim: int, width: int, depth: int) -> None:
        super().__init__()
        self.bpe = Bpe(merges)
        self.width, self.dim = width, dim
        table_M2 = np.array(self.bpe.merges, np.int32).reshape(-1, 2)
        self.register_buffer("merges", torch.from_numpy(table_M2))
        self.register_buffer("mask", causal_mask(CONTEXT), persistent=False)
        self.embed = nn.Embedding(self.bpe.size, width)
        self.positions = nn.Parameter(torch.empty(CONTEXT, width))
        heads = width // TEXT_HEAD_WIDTH
        self.blocks = nn.ModuleList(Block(width, 4 * width, heads) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.project = nn.Linear(width, dim, bias=False)
        self._initialise(depth)

    def _initialise(self, depth: int) -> None:
        """As CLIP's text encoder is (arXiv 2103.00020, its published code)."""
        nn.init.normal_(self.embed.weight, std=0.02)
        nn.init.normal_(self.positions, std=0.01)
        inner, narrow = self.width**-0.5, (2 * depth) ** -0.5 * self.width**-0.5
        for block in self.blocks:
            block = cast(Block, block)
            nn.init.normal_(block.attention.qkv.weight, std=inner)
            nn.init.normal_(block.attention.project.weight, std=narrow)
            nn.init.normal_(cast(nn.Linear, block.mlp[0]).weight, std=(2 * self.width) ** -0.5)
            nn.init.normal_(cast(nn.Linear, block.mlp[3]).weight, std=narrow)
        nn.init.normal_(self.project.weight, std=inner)

    def tokens(self, ids_NS: Tensor) -> Tensor:
        """Return what each token has become of those up to it (N, S, D)."""
        count = ids_NS.shape[1]
        # nn.Embedding would name a value of the graph "embedding", as its output is named.
        row_XD = self.embed.weight.index_select(0, ids_NS.flatten())
        x_NSD = row_XD.view(-1, count, self.width) + self.positions[:count]
        mask_SS = cast(Tensor, self.mask)[:count, :count]
        for block in self.blocks:
            x_NSD = block(x_NSD, mask_SS.to(x_NSD.dtype))
        tokens_NSD: Tensor = self.norm(x_NSD)
        return tokens_NSD

    def feature(self, ids_NS: Tensor) -> Tensor:
        """Return the vectors (N, F), not normalised: the token at the end, projected."""
        is_end_NS1 = (ids_NS == self.bpe.end)[..., None]
        end_ND = (self.tokens(ids_NS) * is_end_NS1).sum(dim=1)
        feature_NF: Tensor = self.project(end_ND)
        return feature_NF

    def forward(self, ids_NS: Tensor) -> Tensor:
        return functional.normalize(self.feature(ids_NS).float(), dim=1, eps=SHORTEST)


class SearchNet(PersonNet):
    """A person network with an embedding head, and the text encoder of the same space.

    Attributes:
        text: the text encoder.
    """

    def __init__(self, encoder: nn.Module, head: EmbeddingHead, text: TextEncoder) -> None:
        super().__init__(encoder, head)
        self.text = text

    def beside(self, card: Card) -> tuple[TextEncoder, Card]:
        """Return the text encoder and its card, which are exported beside those of the pictures."""
        return self.text, text_card(card, self.text)

    def reached(self, image_NHWC: Tensor) -> Tensor:
        """Return the outputs (N, 2 F) of pictures and of as many sentences."""
        sentences = ["a person"] * len(image_NHWC)
        ids_NS = torch.from_numpy(self.text.bpe.padded(sentences))
        return torch.cat([self(image_NHWC), self.text(ids_NS)], dim=1)


def text_card(card: Card, text: TextEncoder) -> Card:
    """The card of the text encoder alone, from that of its network."""
    sample_NS = torch.from_numpy(text.bpe.padded(["a person"], least=CONTEXT))
    return card.replace(
        name=f"{card.name}, text",
        params=count_params(text),
        flops=count_flops(text, sample_NS),
        input=InputSpec(
            "Sentence",
            (0,),
            "int32",
            f"token ids of the card's merges, at most {CONTEXT}: 0 padding, 1 the start, 3 + b the "
            "byte b, then one each merge makes, the last the end",
            0.0,
            LEAST,
            text.bpe.merges,
        ),
        output=OutputSpec("embedding", distance="cosine", dim=text.dim),
    )


def merges_of(weights: Mapping[str, Tensor]) -> Merges:
    """The vocabulary in weights of a `SearchNet`.

    Raises:
        ArtefactError: it is no table of pairs.
    """
    table_M2 = weights[f"{TEXT}merges"]
    if table_M2.ndim != 2 or table_M2.shape[1] != 2 or table_M2.dtype != torch.int32:
        raise ArtefactError(
            f"its vocabulary is {table_M2.dtype} {tuple(table_M2.shape)}; it must be int32 pairs. "
            "Train again, or restore a copy"
        )
    return tuple((left, right) for left, right in table_M2.tolist())


def sizes_of(weights: Mapping[str, Tensor]) -> tuple[int, int]:
    """Width and depth of the text encoder in weights of a `SearchNet`."""
    depth = 1 + max(int(found[1]) for name in weights if (found := _BLOCK.match(name)))
    return weights[f"{TEXT}norm.weight"].shape[0], depth


def text_encoder_of(weights: Mapping[str, Tensor]) -> TextEncoder:
    """Build the text encoder that weights of a `SearchNet` are of, with random weights.

    Raises:
        ArtefactError: its vocabulary is broken.
    """
    return TextEncoder(
        merges_of(weights), weights[f"{TEXT}project.weight"].shape[0], *sizes_of(weights)
    )
