"""A run from a broker to a broker, as it is typed; no password is printed anywhere."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from pathlib import Path

import pytest

from edgehuman.cli import main
from edgehuman.runtime.mqtt.link import PASSWORD_KEY, USER_KEY
from tests.runtime.mqtt.broker import Broker, Peer, wait_for

pytest.importorskip("paho.mqtt")


def walk(peer: Peer, topic: str, seconds: float) -> None:
    """Somebody's swinging sensor at 50 Hz, about twenty times as fast."""
    for n in range(round(50 * seconds)):
        t = n / 50
        peer._client.publish(
            topic, f"{t:.2f},{0.2 * (n % 7) / 7:.3f},0.05,{1 + 0.1 * (n % 3)},0,0.2,0"
        )
        time.sleep(0.002)


def test_a_run_from_a_topic_to_a_topic_prints_no_password(
    broker: Broker,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(USER_KEY, "ben")
    monkeypatch.setenv(PASSWORD_KEY, "from-the-environment")
    place, saved = f"127.0.0.1:{broker.port}", tmp_path / "out.jsonl"
    with contextlib.closing(Peer(broker, "wrist/#")) as peer:

        def send() -> None:
            wait_for(lambda: peer.of("wrist/status") == [b"online"], within_s=30)
            walk(peer, "imu", 8)

        thread = threading.Thread(target=send)
        thread.start()
        code = main(
            ["run", "zoo:activity", "--source", f"mqtt://anna:secret@{place}/imu", "--sink",
             f"mqtt://{place}/wrist", "--seconds", "7", "--json", "--save", str(saved)]
        )  # fmt: skip
        thread.join()
        wait_for(lambda: peer.of("wrist/status") == [b"online", b"offline"])
        results = peer.of("wrist/result")
    said = capsys.readouterr()
    assert code == 0
    lines = [json.loads(line) for line in said.out.splitlines() if line.startswith("{")]
    assert [json.loads(result) for result in results] == lines
    assert len(lines) >= 6
    assert lines[0]["source"] == f"mqtt://{place}/imu"
    whole = said.out + said.err + saved.read_text()
    assert not any(word in whole for word in ("secret", "anna", "ben", "from-the-environment"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--source", "mqtt://anna:secret@h:x/t"], "names no port"),
        (["--source", "mqtt://anna:secret@127.0.0.1:1/t"], "the broker cannot be reached"),
        (["--source", "foo://anna:secret@h"], "foo is not supported; give FILE.csv"),
        (["--source", "simulated", "--sink", "http://anna:secret@h"], "give mqtt://HOST/TOPIC"),
        (["--source", "simulated", "--sender", "mqtt://anna:secret@h"], "--sender is for a source"),
        (["--source", "tcp://anna:secret@h:1"], "tcp takes no user"),
    ],
)
def test_no_error_prints_a_password(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", "zoo:activity", *words]) in (1, 2)
    told = capsys.readouterr()
    assert said in told.err
    assert not any(word in told.out + told.err for word in ("secret", "anna"))
