"""My own sensor: a callback pushes samples, and labels come out.

    python examples/own_sensor.py
    python examples/own_sensor.py --seconds 60 --placement pocket

`Sensor` stands for a BLE characteristic, a serial port or a socket: its driver calls back from a
thread of its own. Here it plays a simulated walker as fast as it can; put your driver in its place.
Nothing but the device half of edgehuman is needed.
"""

from __future__ import annotations

import argparse
import threading
from collections.abc import Callable, Sequence

import edgehuman
from edgehuman.simulate.imu.recording import simulate_recording

OnSample = Callable[..., object]


class Sensor:
    """A driver that calls back with t (seconds), ax ay az (g), gx gy gz (rad/s)."""

    def __init__(self, on_sample: OnSample, seconds: float, placement: str) -> None:
        recording = simulate_recording(seed=3, placement=placement, minutes=seconds / 60)
        self._rows = recording.imu_TC.tolist()
        self._rate_hz = recording.rate_hz
        self._on_sample = on_sample
        self._thread = threading.Thread(target=self._play)

    def run(self) -> None:
        """Call back for every sample, on the driver's own thread, until there are no more."""
        self._thread.start()
        self._thread.join()

    def _play(self) -> None:
        for number, row in enumerate(self._rows):
            self._on_sample(number / self._rate_hz, *row)


def main(words: Sequence[str] | None = None) -> int:
    """Recognise the sensor's stream; returns the number of answers."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", default="zoo:activity")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--placement", default="waist")
    given = parser.parse_args(words)

    # Say the units if you know them, and which axes of your sensor are x, y and z.
    format = edgehuman.ImuFormat("g", "rads", "+x+y+z")
    live = edgehuman.stream(given.model, format=format)

    def show(results: Sequence[edgehuman.ImuResult]) -> None:
        for result in results:
            print(f"{result.t_s:6.2f} s  {result.label:<20}{result.score:.2f}")

    Sensor(lambda *sample: show(live.push(*sample)), given.seconds, given.placement).run()
    show(live.end())  # what the smoothing still held
    summary = live.close()
    print(f"{summary['windows']} answers from {summary['source']['rows']} samples")
    return int(summary["windows"])


if __name__ == "__main__":
    main()
