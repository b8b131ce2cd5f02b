from __future__ import annotations

from pathlib import Path

import pytest

from edgehuman.data.image.frames.load import load_frames
from edgehuman.errors import DataError
from tests.data.frame_trees import ANNE, BOB, mot_line, mot_sequence, mot_video


def test_a_video_beside_its_text(tmp_path: Path) -> None:
    frames = load_frames(mot_video(tmp_path))
    assert (frames.dataset, len(frames)) == ("mot", 5)
    assert [len(each.box_M4) for each in frames.people] == [1, 1, 2, 2, 2]
    assert frames.people[3].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.people[3].ignore_M.tolist() == [False, True]  # confidence 0
    assert frames.num_people == 7
    assert frames.names[4] == "door frame 5"
    assert set(frames.sequence_N.tolist()) == {"door"}
    assert set(frames.role_N.tolist()) == {"test"}
    dark = frames.frames[2][25:40, 52:60].mean()
    assert dark < 70 < frames.frames[1][25:40, 52:60].mean()  # Bob comes with the third frame


def test_sequences_with_classes(tmp_path: Path) -> None:
    frames = load_frames(mot_sequence(tmp_path))
    assert frames.role_N.tolist() == ["train", "train"]
    assert set(frames.sequence_N.tolist()) == {"STREET"}
    # The car is left out, who rides is ignored; the second frame is empty.
    assert frames.people[0].box_M4.tolist() == [list(ANNE), list(BOB)]
    assert frames.people[0].ignore_M.tolist() == [False, True]
    assert frames.people[1].box_M4.shape == (0, 4)
    assert len(load_frames(tmp_path / "train" / "STREET")) == 2


@pytest.mark.parametrize(
    ("line", "said"),
    [
        *(("1,2,3", "line 2: not frame,id"), ("a,b,c,d,e,f,g", "line 2: not frame,id")),
        *(("0,1,2,3,4,5,1", "line 2: not frame,id"), ("1.5,1,2,3,4,5,1", "line 2: not frame,id")),
        *(("inf,1,2,3,4,5,1", "line 2: not frame,id"), ("1,1,nan,3,4,5,1", "frame 1: .* no boxes")),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    root = mot_video(tmp_path)
    (root / "door.txt").write_text(f"{mot_line(1, 1, ANNE, 1)}\n{line}\n")
    with pytest.raises(DataError, match=rf"door\.txt, {said}"):
        load_frames(root)


def test_labels_beyond_the_end_are_named(tmp_path: Path) -> None:
    root = mot_video(tmp_path / "a")
    (root / "door.txt").write_text(mot_line(9, 1, ANNE, 1))
    with pytest.raises(DataError, match=r"has 5 frames, but .* labels frame 9"):
        load_frames(root)
    street = mot_sequence(tmp_path / "b") / "train" / "STREET"
    (street / "gt" / "gt.txt").write_text(mot_line(3, 1, ANNE, 1))
    with pytest.raises(DataError, match="frame 3 is labelled, but missing"):
        load_frames(street)
    (street / "img1" / "000001.jpg").rename(street / "img1" / "000003.jpg")
    both = f"{mot_line(1, 1, ANNE, 1)}\n{mot_line(3, 1, ANNE, 1)}"
    (street / "gt" / "gt.txt").write_text(both)
    with pytest.raises(DataError, match="frame 1 is labelled, but missing"):
        load_frames(street)
    (street / "img1" / "000002.jpg").rename(street / "img1" / "last.jpg")
    with pytest.raises(DataError, match="named by their number"):
        load_frames(street)


def test_another_text_beside_a_video_is_no_ground_truth(tmp_path: Path) -> None:
    root = mot_video(tmp_path)
    (root / "door.txt").write_text("What this video shows\n")
    with pytest.raises(DataError, match="no dataset of frames with boxes has this layout"):
        load_frames(root)


def test_the_real_videos_are_read(shared_data: Path) -> None:
    frames = load_frames(shared_data / "mot")
    assert (len(frames), frames.num_people) == (795 + 71, 4476 + 359)
    assert frames.frames[800].shape == (480, 640, 3)


def test_a_class_that_is_no_number_is_another_thing(tmp_path: Path) -> None:
    root = mot_sequence(tmp_path)
    text = root / "train" / "STREET" / "gt" / "gt.txt"
    text.write_text(f"{mot_line(1, 1, ANNE, 1, 1, 1)}\n1,2,3,4,5,6,1,inf,1\n1,2,3,4,5,6,1,nan,1\n")
    assert load_frames(root).num_people == 1


def test_who_is_who_and_when(tmp_path: Path) -> None:
    frames = load_frames(mot_video(tmp_path))
    assert frames.tracks is not None
    assert frames.t_s_N is not None
    assert frames.t_s_N.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert [each.track_G.tolist() for each in frames.tracks] == [[1], [1], [1, 2], [1, 2], [1, 2]]
    assert frames.tracks[3].is_marked_G.tolist() == [True, False]
    assert frames.tracks[3].box_G4.tolist() == [list(ANNE), list(BOB)]


def test_the_rate_of_pictures_is_that_of_seqinfo(tmp_path: Path) -> None:
    street = mot_sequence(tmp_path) / "train" / "STREET"
    frames = load_frames(street)
    assert frames.t_s_N is None
    assert frames.tracks is not None
    assert frames.tracks[0].kind_G.tolist() == [1, 2]  # the car is left out
    (street / "seqinfo.ini").write_text("[Sequence]\nname=STREET\nframeRate=20\nseqLength=2\n")
    again = load_frames(street)
    assert again.t_s_N is not None
    assert again.t_s_N.tolist() == [0.0, 0.05]
    for wrong in ("frameRate=0", "frameRate=inf", "frameRate=5000", "frameRate=", "\xff"):
        (street / "seqinfo.ini").write_bytes(wrong.encode("latin-1"))
        assert load_frames(street).t_s_N is None


@pytest.mark.parametrize("track", ["-1", "0", "1.5"])
def test_lines_that_name_nobody_have_no_tracks(tmp_path: Path, track: str) -> None:
    root = mot_video(tmp_path)
    lines = (root / "door.txt").read_text().splitlines()
    first = lines[0].split(",")
    (root / "door.txt").write_text("\n".join([",".join([first[0], track, *first[2:]]), *lines[1:]]))
    frames = load_frames(root)
    assert frames.tracks is None
    assert frames.num_people == 7
