from __future__ import annotations

import pickle

from edgehuman.data.image.unlabelled.file_names import Names


def test_names_take_little_room_and_come_back() -> None:
    names = Names(["a.jpg", "", "folder/grün.png", "b\udcff.jpg"])
    assert [names[i] for i in range(len(names))] == ["a.jpg", "", "folder/grün.png", "b\udcff.jpg"]
    assert len(pickle.dumps(Names(["x" * 40] * 10_000))) < 49 * 10_000
