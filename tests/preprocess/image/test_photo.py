"""Large photos are shrunk while they are decoded, and damaged ones are refused."""

from __future__ import annotations

import random
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgehuman.errors import ImageError
from edgehuman.preprocess.image.header import ImageHeader
from edgehuman.preprocess.image.photo import read_photo, shrink_for
from edgehuman.preprocess.image.pixels import read_image, resize
from edgehuman.records import Uint8


def picture(height: int, width: int) -> Uint8:
    """Smooth colours with a sharp edge."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (16, 8, 3), np.uint8)
    image_HWC = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    image_HWC[height // 3 :, : width // 4] = (250, 10, 20)
    return np.asarray(image_HWC, np.uint8)


def encoded(suffix: str, image_HWC: Uint8, *words: int) -> bytes:
    ok, content = cv2.imencode(suffix, image_HWC, list(words))
    assert ok
    return content.tobytes()


def turned_to(orientation: int, jpeg: bytes) -> bytes:
    """The JPEG with an EXIF orientation."""
    exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0" + bytes([orientation, 0, 0, 0])
    exif += bytes(4)
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


@pytest.mark.parametrize(
    ("size", "kind", "shrink"),
    [
        ((2000, 2000), "JPEG", 1),  # 4 megapixels
        ((2001, 2000), "JPEG", 4),  # an eighth has 250 rows, and twice 128 is 256
        ((2100, 2000), "JPEG", 8),
        ((4000, 3000), "JPEG", 8),
        ((8000, 1000), "JPEG", 4),  # an eighth has 125 columns, and twice 64 is 128
        ((40000, 130), "JPEG", 1),
        ((8000, 6000), "PNG", 2),
        ((8000, 6000), "WebP", 1),
    ],
)
def test_how_far_a_photo_is_shrunk(size: tuple[int, int], kind: str, shrink: int) -> None:
    assert shrink_for(ImageHeader(kind, *size), 128, 64) == shrink


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_a_photo_of_up_to_four_megapixels_is_what_it_was(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    path.write_bytes(encoded(suffix, picture(500, 300)))
    photo = read_photo(path, 128, 64)
    assert np.array_equal(photo.image_HWC, read_image(path))
    assert (photo.height, photo.width, photo.remark) == (500, 300, "")


def test_a_large_png_is_halved_by_the_mean_of_four_pixels(tmp_path: Path) -> None:
    image_HWC = np.random.default_rng(0).integers(0, 256, (2600, 1700, 3)).astype(np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(encoded(".png", image_HWC, cv2.IMWRITE_PNG_COMPRESSION, 1))
    photo = read_photo(path, 128, 64)
    mean_HWC = image_HWC[..., ::-1].reshape(1300, 2, 850, 2, 3).mean(axis=(1, 3))
    assert np.abs(photo.image_HWC - mean_HWC).max() <= 0.5
    assert (photo.height, photo.width) == (2600, 1700)
    path.write_bytes(encoded(".png", np.dstack([image_HWC, image_HWC[..., :1]])))
    assert np.array_equal(read_photo(path, 128, 64).image_HWC, read_image(path))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_shrunk_photo_is_turned_and_nearly_the_whole_one(
    orientation: int, tmp_path: Path
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(turned_to(orientation, encoded(".jpg", picture(2600, 1700))))
    photo, whole_HWC = read_photo(path, 128, 64), read_image(path)
    assert (photo.height, photo.width) == whole_HWC.shape[:2]
    assert photo.image_HWC.size < whole_HWC.size / 15
    away = np.abs(
        resize(photo.image_HWC, 128, 64).astype(int) - resize(whole_HWC, 128, 64).astype(int)
    )
    assert away.mean() < 1.5


@pytest.mark.parametrize("words", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1)])
@pytest.mark.parametrize("size", [(600, 300), (2600, 1700)])
def test_a_jpeg_broken_in_the_middle_is_refused(
    size: tuple[int, int], words: tuple[int, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    noisy_HWC = np.asarray(picture(*size) // 2 + rng.integers(0, 100, (*size, 3)), np.uint8)
    whole, chance = encoded(".jpg", noisy_HWC, *words), random.Random(0)
    caught, tries = 0, 12
    path = tmp_path / "a.jpg"
    for _ in range(tries):
        at = chance.randrange(len(whole) // 3, 2 * len(whole) // 3)
        path.write_bytes(whole[:at] + chance.randbytes(400) + whole[at + 400 :])
        try:
            caught += "damaged" in read_photo(path, 128, 64).remark
        except ImageError as error:
            caught += "damaged" in str(error)
    # Decoders find their way back from some damage without noticing it.
    assert caught >= tries - 2
    assert capfd.readouterr().err == ""


def test_every_format_that_tells_of_damage(tmp_path: Path) -> None:
    for suffix in (".png", ".tiff"):
        content = bytearray(encoded(suffix, picture(300, 200)))
        content[len(content) // 2 : len(content) // 2 + 200] = bytes(200)
        path = tmp_path / f"a{suffix}"
        path.write_bytes(bytes(content))
        with pytest.raises(ImageError, match="damaged"):
            read_photo(path, 128, 64)


def test_bytes_that_belong_to_no_pixel_are_remarked(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    jpeg = encoded(".jpg", picture(64, 32))
    path.write_bytes(jpeg[:-2] + b"\x01" * 30 + jpeg[-2:])
    photo = read_photo(path, 128, 64)
    assert "may be damaged" in photo.remark
    path.write_bytes(jpeg + b"after its end")
    assert read_photo(path, 128, 64).remark == ""


@pytest.mark.parametrize("suffix", [".webp", ".jp2"])
def test_a_copy_filled_up_with_zeros_is_remarked(suffix: str, tmp_path: Path) -> None:
    noise_HWC = np.random.default_rng(0).integers(0, 256, (200, 100, 3), np.uint8)
    whole = encoded(suffix, noise_HWC)
    path = tmp_path / f"a{suffix}"
    path.write_bytes(whole)
    assert not read_photo(path, 128, 64).remark
    path.write_bytes(whole[: len(whole) // 2] + bytes(len(whole) - len(whole) // 2))
    assert "zeros, so it may be damaged" in read_photo(path, 128, 64).remark
    path.write_bytes(encoded(suffix, np.zeros((2000, 1500, 3), np.uint8)))
    assert not read_photo(path, 128, 64).remark


def test_of_an_animation_the_first_frame_is_read_and_told_of(tmp_path: Path) -> None:
    path = tmp_path / "a.webp"
    plain = encoded(".webp", picture(32, 16), cv2.IMWRITE_WEBP_QUALITY, 101)
    frame = bytes(6) + (15).to_bytes(3, "little") + (31).to_bytes(3, "little") + bytes(4)
    frame += plain[12:]
    canvas = b"\x02\0\0\0" + frame[6:12]
    body = b"WEBPVP8X" + (10).to_bytes(4, "little") + canvas
    body += b"ANIM" + (6).to_bytes(4, "little") + bytes(6)
    body += (b"ANMF" + len(frame).to_bytes(4, "little") + frame) * 2
    path.write_bytes(b"RIFF" + len(body).to_bytes(4, "little") + body)
    photo = read_photo(path, 128, 64)
    assert photo.image_HWC.shape == (32, 16, 3)
    assert photo.remark == "an animated WebP, of which the first frame was read"


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="No such file"):
        read_photo(tmp_path / "a.jpg", 128, 64)
