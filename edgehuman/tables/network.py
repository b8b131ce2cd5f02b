"""A row of the table of networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Network:
    """One network.

    Attributes:
        build: dotted path `module:function` of its builder (torch).
        arguments: keyword arguments of the builder.
        family, modality, input: the architecture family and the record that it takes.
        task: the task it is catalogued for; "person-embedding" networks give the embedding that
            the person tasks start from.
        method: its pretraining method; "none": trained from scratch.
        params: parameters of the encoder, checked by `edgehuman models --check` and by tests.
            Skeleton networks include the projection head used in training, as in their paper.
        params_paper: what the source states.
        flops: 2 x multiply-adds of one sample through the encoder; tested. Skeleton networks are
            counted as in their paper: linear layers only, without the attention products, with the
            projection head, for 48 (deep) or 32 frames.
        source: paper or other origin.
        begins: network whose weights it also starts from; "": its own alone.
    """

    build: str
    arguments: Mapping[str, Any]
    family: str
    modality: str
    input: str
    task: str
    method: str
    params: int
    params_paper: str
    flops: int
    source: str
    begins: str = ""
