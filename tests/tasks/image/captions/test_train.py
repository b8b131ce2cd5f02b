"""Text-to-image search learns on made people; what teaches alone is not saved."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from edgehuman.errors import DataError
from edgehuman.nets.checkpoint import load_network
from edgehuman.nets.image.sentences import SearchNet
from edgehuman.tasks.image.captions.settings import TextReidConfig
from edgehuman.tasks.image.captions.train import TextReidLearner, prepare, searched, train
from tests.tasks.people import losses, made_people, quick

pytest.importorskip("tokenizers")
PEOPLE = made_people()


def config(out: Path, **changes: Any) -> TextReidConfig:
    tiny: dict[str, Any] = {"text_width": 64, "text_depth": 1, "masked_depth": 1, "workers": 0}
    tiny["arch"] = "tests.own_networks:MyBackbone"
    return quick(TextReidConfig, out, **{**tiny, **changes})


def test_losses_fall_and_the_test_part_is_searched_once(tmp_path: Path) -> None:
    outcome = train(config(tmp_path, steps=16, dim=8, erase=0.0), PEOPLE)
    assert isinstance(outcome.data, dict)
    assert losses(tmp_path)[-1] < losses(tmp_path)[0]
    ranks = ["rank1", "rank5", "rank10", "mean_ap", "mean_inp"]
    assert list(outcome.data["metrics"]) == ranks
    assert list(outcome.data["selection"]) == ranks
    assert outcome.data["protocol"].endswith("24 captions against 12 pictures of 2 people")
    network, card = load_network(tmp_path)
    assert isinstance(network, SearchNet)
    assert (card.task, card.output.kind, card.output.dim) == ("text-reid", "embedding", 8)
    assert not [n for n in network.state_dict() if "classifier" in n or "guesser" in n]
    # What was saved is what was judged, by its own vocabulary.
    chosen = np.flatnonzero(PEOPLE.role_N != "train")
    again = searched(PEOPLE, chosen, network, (64, 32), 8)
    assert again.metrics == pytest.approx(outcome.data["metrics"])


def test_the_vocabulary_is_of_the_training_captions_alone(tmp_path: Path) -> None:
    out = prepare(config(tmp_path), PEOPLE).training.network
    assert isinstance(out, SearchNet)
    unseen = out.text.bpe.unfamiliar("red green blue grey pink brown white black person")
    # Two people are the test part, two of six are held out.
    assert {"white", "black"} < set(unseen)
    assert len(unseen) == 4


def test_weights_of_the_task_keep_their_vocabulary_and_text_encoder(tmp_path: Path) -> None:
    train(config(tmp_path / "a", steps=2, save_every=2, read_test=False), PEOPLE)
    first, _ = load_network(tmp_path / "a")
    others = dataclasses.replace(PEOPLE, captions=(("a kimono", "a kimono"),) * len(PEOPLE))
    again = config(tmp_path / "b", arch=None, weights=tmp_path / "a", text_depth=3)
    second = prepare(again, others).training.network
    own, learnt = second.state_dict(), first.state_dict()
    assert own.keys() == learnt.keys()
    assert all(torch.equal(own[name], learnt[name]) for name in own if name.startswith("text."))


def test_what_has_no_weight_is_left_out(tmp_path: Path) -> None:
    network = prepare(config(tmp_path), PEOPLE).training.network
    assert isinstance(network, SearchNet)
    learner = TextReidLearner(network, 4, config(tmp_path, identity=0.0, masked=0.0))
    assert not [n for n, _ in learner.named_parameters() if not n.startswith("network.")]
    ids_NS = torch.from_numpy(network.text.bpe.padded(["a person in red", "person"]))
    image_NHWC = torch.zeros((2, 64, 32, 3), dtype=torch.uint8)
    person_N = torch.tensor([0, 1])
    parts = learner(image_NHWC, ids_NS, ids_NS, ids_NS, person_N)
    assert set(parts) == {"loss", "itc", "accuracy"}
    as_irra = config(tmp_path, identity=0.0, masked=0.0, alignment="sdm")
    parts = TextReidLearner(network, 4, as_irra)(image_NHWC, ids_NS, ids_NS, ids_NS, person_N)
    assert set(parts) == {"loss", "sdm", "accuracy"}
    assert torch.equal(parts["loss"], parts["sdm"])


def test_people_without_captions_or_names_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="made people has no captions"):
        train(config(tmp_path), dataclasses.replace(PEOPLE, captions=()))
    nobody = dataclasses.replace(PEOPLE, person_N=np.full(len(PEOPLE), -1))
    with pytest.raises(DataError, match="48 of its 48 pictures do not say who is seen"):
        train(config(tmp_path), nobody)
