"""The kinds of answers that teachers give and students learn from. Nothing here imports torch.

    "logits"       (N, K)                 class or attribute logits
    "embedding"    (N, D) or (N, P, D)    the embedding, or the pooled feature before the head
    "tokens"       (N, L, D)              the last token grid or feature map, flattened
    "map"          (N, K, h, w)           segmentation logits or heat maps

Axes: N records, K labels, P parts, D width, L tokens, h w rows and columns of a map.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgehuman.card import OutputKind

LOGITS, EMBEDDING, TOKENS, MAP = "logits", "embedding", "tokens", "map"
KINDS = (LOGITS, EMBEDDING, TOKENS, MAP)
KIND_OF: Mapping[OutputKind, str] = {
    "classes": LOGITS,
    "attributes": LOGITS,
    "embedding": EMBEDDING,
    "heatmaps": MAP,
    "segmentation": MAP,
    "tokens": TOKENS,
}
"""The kind of answer that a network's output is."""
