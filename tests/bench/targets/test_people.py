"""What people of a frame cost: ratios of one run, of networks as an export writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from edgehuman.bench.contestants import Contestant, NotMeasured
from edgehuman.bench.latency import Timing
from edgehuman.bench.targets import people
from edgehuman.bench.targets.people import PersonCost, Speeds
from edgehuman.bench.targets.targets import TargetsConfig, as_line, check, choose
from edgehuman.card import Card, OutputSpec, image_input


@pytest.fixture(scope="module")
def one_layer() -> Any:
    """A network of one convolution, its card and its graph, traced once."""
    pytest.importorskip("torch")
    from edgehuman.bench.pages.image.peers import Peer, conv

    network = Peer([conv(3, 4, 3, 2)]).eval()
    output = OutputSpec("embedding", dim=4, distance="cosine")
    taken = image_input(64, 32)
    card = Card("tiny", "person", "tiny", 0, 0, taken, output, recipe="random weights")
    return network, card, people._graph(network, card)


@pytest.fixture
def small(one_layer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every network is the small one; what a run keeps for its second target is no other test's."""
    monkeypatch.setattr(people, "with_head", lambda arch, head: one_layer[:2])
    monkeypatch.setattr(people, "_graph", lambda network, card: one_layer[2])
    yield
    people.speeds.cache_clear()
    people.person_cost.cache_clear()


def test_the_heads_are_at_the_sizes_that_the_recipes_name() -> None:
    shapes = {head: people._of_head(head)[0].shape for head in people.HEADS}
    assert shapes == {
        "detector": (320, 416, 3), "pose": (256, 192, 3), "silhouette": (256, 128, 3),
    }  # fmt: skip
    assert people._of_head("pose")[1].dim == 384  # two classes a pixel


@pytest.mark.usefixtures("small")
def test_three_forms_of_one_network_take_turns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found: dict[str, Any] = {}

    def played(contestants: list[Contestant], sample: Any, *rest: Any, **more: Any) -> Any:
        found.update(sample=sample, forms=contestants)
        return [Timing(np.array([ms]), 1) for ms in (3.0, 2.0, 6.0)]

    monkeypatch.setattr(people, "measure", played)
    assert people.onnxruntime_over_torch("pose") == 2.0
    assert people.int8_over_fp32("pose") == 1.5
    fp32, int8, eager = (each.call(found["sample"]) for each in found["forms"])
    assert np.abs(fp32 - eager).max() <= 1e-3 * np.abs(eager).max()
    assert int8.shape == fp32.shape
    assert not np.array_equal(int8, fp32)
    assert "INT8 2.00 ms, torch eager 6.00 ms" in capsys.readouterr().err


def test_every_layer_is_in_int8(one_layer: Any) -> None:
    from edgehuman.export.graph.int8 import weight_layers

    network, card, graph = one_layer
    made = people.int8_graph(network, card, graph, count=4)
    steps = {n.output[0] for n in made.graph.node if n.op_type == "DequantizeLinear"}
    layers = [n for n in made.graph.node if n.op_type in ("Conv", "Gemm", "MatMul")]
    in_int8 = [n for n in layers if n.input[1] in steps]
    assert len(in_int8) == len(layers) == len(weight_layers(graph)) == 1


@pytest.mark.usefixtures("small")
def test_people_are_answered_in_turn_and_as_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    def played(sides: Sequence[Callable[[], object]], rounds: int) -> list[float]:
        for side in sides:
            side()
        assert [len(side()) for side in sides[4:]] == [1, 2, 4, 8]  # type: ignore[arg-type]
        return [5.0, 9.0, 17.0, 33.0, 3.0, 5.0, 9.0, 17.0]

    monkeypatch.setattr(people, "in_warm_turns", played)
    assert people.person_over_first("pose") == pytest.approx(0.8)  # 4 ms after the first 5 ms
    assert people.off_line("pose") == pytest.approx(0)
    assert people.person_cost("pose").batch_each_ms == pytest.approx(2)


def test_the_line_is_the_least_squares_one() -> None:
    # 3 + 2n, but 23 more for four people: about their mean, 3.75, the numbers are -2.75, -1.75,
    # 0.25 and 4.25, squares 28.75 together; the slope grows by 23 x 0.25 / 28.75 = 0.2, and the
    # line's middle by 23 / 4.
    cost = people.cost_of([5, 7, 34, 19], [2, 2, 2, 2])
    assert cost.first_ms == 5
    assert cost.batch_each_ms == pytest.approx(0, abs=1e-12)
    assert cost.each_ms == pytest.approx(2.2)
    # At four the line is 11 + 5.75 + 0.05 = 16.8, and 17.2 are above it.
    assert cost.off_line == pytest.approx(17.2 / 16.8)


def test_a_turn_begins_with_a_call_that_is_not_counted() -> None:
    log: list[str] = []
    now_ns = 0

    def side(name: str, ms: int) -> Callable[[], None]:
        def run() -> None:
            nonlocal now_ns
            now_ns += 10**6 * (ms if log[-1:] == [name] else 100 * ms)
            log.append(name)

        return run

    found_ms = people.in_warm_turns([side("a", 2), side("b", 3)], 2, lambda: now_ns)
    assert log == ["a", "a", "a", "b", "b", "b"] * 2
    assert found_ms == [2.0, 3.0]


def test_a_goal_that_is_missed_is_printed_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "speeds", lambda head: Speeds(10.0, 8.0, 20.0))
    monkeypatch.setattr(people, "person_cost", lambda head: PersonCost(5.0, 5.0, 0.02, 5.0))
    rows = [check(each, TargetsConfig()) for each in choose(["people"])]
    lines = [as_line(row) for row in rows]
    assert [row["value"] for row in rows] == [2.0] * 3 + [1.25] * 3 + [1.0, 0.02] * 2
    assert [line[:6] for line in lines] == ["met   "] * 3 + ["MISSED"] * 3 + ["met   "] * 4
    assert lines[0].split()[:2] == ["met", "people-detector"]
    assert "onnxruntime FP32 / INT8, the silhouette network" in lines[5]


def test_without_torch_they_are_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda *words: None)
    for measure in (people.onnxruntime_over_torch, people.person_over_first):
        with pytest.raises(NotMeasured, match="PyTorch is not installed"):
            measure("pose")


def test_following_twenty_people_is_timed() -> None:
    assert 0 < people.tracker_ms() < 50
