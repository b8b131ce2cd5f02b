"""The table of our person networks beside published ones, measured on networks of one layer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from edgehuman.bench.contestants import Contestant, torch_contestant  # noqa: E402
from edgehuman.bench.latency import Timing  # noqa: E402
from edgehuman.bench.pages.image import peer_table  # noqa: E402
from edgehuman.bench.pages.image.peer_table import OURS, PeerTableConfig, Row, make_table, render  # noqa: E402
from edgehuman.bench.pages.image.peers import PEERS, Peer, conv  # noqa: E402
from edgehuman.errors import ParityError, UsageError  # noqa: E402


def tiny(width: int) -> Peer:
    return Peer([conv(3, width, 3, 2)]).eval()


@pytest.fixture
def two_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"vit_tiny": tiny(4), "wide": tiny(64)}
    monkeypatch.setattr(peer_table, "networks", lambda config: found)


@pytest.mark.usefixtures("two_tiny")
def test_two_tiny_networks_are_measured_on_both_engines(tmp_path: Path) -> None:
    out = tmp_path / "table.md"
    config = PeerTableConfig(height=64, width=32, rounds=2, out=str(out), json=True)
    outcome = make_table(config)
    said = json.loads(outcome.text)
    assert said == json.loads(json.dumps(outcome.data))
    small, wide = said["networks"]
    # 27 weights and two numbers of the normalisation a channel; 32x16 positions.
    assert (small["params"], small["mmacs"]) == (4 * 29, 4 * 27 * 512 / 1e6)
    assert (small["ours"], wide["ours"]) == (True, False)
    for row in (small, wide):
        low, high = row["onnxruntime_range_ms"]
        assert 0 < low <= row["onnxruntime_ms"] <= high
        assert row["torch_ms"] > 0
    assert small["onnxruntime_ms"] < wide["onnxruntime_ms"]
    table = out.read_text()
    assert "| **vit_tiny** | 116 | 0 |" in table
    assert "p50 of 40 calls in turns, processor time, one thread, 64x32" in table


@pytest.mark.usefixtures("two_tiny")
def test_a_dash_writes_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert make_table(PeerTableConfig(height=32, width=32, rounds=1)).text.startswith("| network |")
    assert not list(tmp_path.iterdir())


def test_a_graph_that_answers_otherwise_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    others = iter([tiny(4)])
    monkeypatch.setattr(
        peer_table,
        "torch_contestant",
        lambda entry, sample, make: torch_contestant(entry, sample, lambda: next(others)),
    )
    with pytest.raises(ParityError, match=r"small: the graph's answer differs by"):
        peer_table.time_networks({"small": tiny(4)}, PeerTableConfig(height=32, width=32))


def test_times_belong_to_their_network_and_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    def played(contestants: list[Contestant], *rest: Any, **more: Any) -> list[Timing]:
        # A network of 4 channels takes 4 ms on onnxruntime and a tenth more in torch.
        found = []
        for each in contestants:
            width = each.call(each.entry.noise(1, 0)).shape[1]
            factor = 1.0 if each.model is not None else 1.1
            found.append(Timing(np.full(20, width * factor), 1))
        return found

    monkeypatch.setattr(peer_table, "measure", played)
    networks = {"wide": tiny(64), "small": tiny(4)}
    rows = peer_table.time_networks(networks, PeerTableConfig(height=32, width=32))
    assert [(row.name, row.onnxruntime_ms) for row in rows] == [("wide", 64.0), ("small", 4.0)]
    assert [row.torch_ms for row in rows] == pytest.approx([70.4, 4.4])


def test_the_ratio_is_torch_over_onnxruntime() -> None:
    row = Row("resnet50", False, 23_508_032, 2669.15, 20.0, (19.0, 21.0), 30.0)
    assert "| resnet50 | 23,508,032 | 2669 | 20.00 | 30.00 | 1.50 |" in render([row], "here")


@pytest.mark.slow
def test_it_is_about_our_three_and_every_peer() -> None:
    found: dict[str, Any] = peer_table.networks(PeerTableConfig(height=384, width=128))
    assert tuple(found) == (*OURS, *PEERS)
    assert found["tinyvit_5m"](torch.zeros(1, 384, 128, 3, dtype=torch.uint8)).shape == (1, 320)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rounds": 0}, "--rounds is 0"),
        ({"seed": -1}, "--seed is -1; it must be 0 or more"),
        ({"out": "."}, r"--out is \., a folder; give the name of a file"),
        ({"out": "nowhere/table.md"}, "--out is nowhere/table.md, but its folder does not exist"),
    ],
)
def test_wrong_words_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        PeerTableConfig(**changes)


def test_a_size_that_the_strides_do_not_divide_is_refused() -> None:
    with pytest.raises(UsageError, match="--height is 250"):
        make_table(PeerTableConfig(height=250))
