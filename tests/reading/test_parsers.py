"""The boundary around the parsers of others, and that every call of one stands inside it."""

from __future__ import annotations

import ast
import importlib
import json
import re
import sys
import tracemalloc
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from edgehuman.errors import DataError, EdgehumanError
from edgehuman.reading.parsers import fault_of, foreign, json_of, reason_of
from tests.whole.house import SOURCES, needs_sources, nodes_of, require_none


def _raise(error: Exception) -> None:
    with foreign():
        raise error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (RecursionError("maximum recursion depth exceeded"), "nested too deeply"),
        (MemoryError(), "more than fits into the memory"),
        (zlib.error("Error -3 while decompressing"), "error: Error -3 while decompressing"),
        (NotImplementedError(), "NotImplementedError"),
        (KeyError("x"), "KeyError: 'x'"),
        (ValueError("line one\nline two"), "line one"),
        (ValueError("Cannot load file containing pickled data"), "not a NumPy archive"),
        (ValueError("Object arrays cannot be loaded when allow_pickle"), "it holds Python objects"),
        (UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x"), "'utf-8' codec can't decode"),
    ],
)
def test_whatever_a_parser_raises_becomes_a_value_error_in_words(
    error: Exception, words: str
) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        _raise(error)


@pytest.mark.parametrize("error", [DataError("ours"), OSError(5, "Input/output error")])
def test_our_errors_and_those_of_the_system_pass(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        _raise(error)
    assert caught.value is error


def test_a_stop_is_no_error_of_a_parser() -> None:
    with pytest.raises(KeyboardInterrupt), foreign():
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"a":' * 100_000, b"\xff\xfe\x00", "1" * 5_000 + "x", "", "nul"]
)
def test_json_that_is_none_is_a_value_error(text: str | bytes) -> None:
    with pytest.raises(ValueError):
        json_of(text)


def test_a_file_that_memory_is_too_small_for_is_not_called_damaged() -> None:
    with pytest.raises(ValueError) as caught:
        _raise(MemoryError())
    assert fault_of(caught.value) == "cannot be read here (more than fits into the memory)"
    assert fault_of(ValueError("half")) == "damaged (half)"


def test_an_error_without_words_says_its_name() -> None:
    assert reason_of(EOFError()) == "EOFError"


# Every call of a parser of others ----------------------------------------------------------------

_PARSERS = re.compile(
    r"json\.loads?|np\.(load|loadtxt|fromfile|genfromtxt)|zipfile\.(ZipFile|is_zipfile)"
    r"|tarfile\.open|gzip\.open|loadmat|cv2\.(imdecode|imread)|tomllib\.loads?"
    r"|csv\.(reader|DictReader)|safe_open|load_file|torch\.load|pickle\.loads?|onnx\.load\w*"
    r"|serialization\.load_\w+|load_bytes|cv2\.VideoCapture|video\.read|.*\.decompress"
    r"|base64\.\w*decode|np\.lib\.format\.read_\w+"
)
# Of these the text is our own, of another process of ours or of this one, or all of what is raised
# becomes one of our errors already.
_OWN = {
    "edgehuman/reading/parsers.py": "the boundary itself",
    "edgehuman/config.py": "all that tomllib raises is refused",
    "edgehuman/training/checkpoint.py": "all that torch.load raises is refused",
    "edgehuman/training/foreign.py": "all that PyTorch and zipfile raise is refused",
    "edgehuman/runtime/engine/build.py": "a card that was just written",
    "edgehuman/runtime/engine/builder.py": "lines between our own processes",
    "edgehuman/runtime/engine/build_on_device.py": "runs without edgehuman",
    "edgehuman/simulate/image/scene/camera.py": "a picture that was just encoded",
    "edgehuman/data/image/views/workers.py": "lines between our own processes",
    "export/engine/torch_tensorrt.py": "a card that was just written",
    "edgehuman/preprocess/imu/text/header.py": "one line; csv.Error is all that csv raises",
    "edgehuman/preprocess/imu/text/lines.py": "one line, and its errors are counted",
}
_OWN_FOLDERS = ("bench/",)  # they read what they wrote themselves


def _is_foreign(node: ast.AST) -> bool:
    return isinstance(node, (ast.With, ast.AsyncWith)) and any(
        isinstance(item.context_expr, ast.Call)
        and isinstance(item.context_expr.func, ast.Name)
        and item.context_expr.func.id == "foreign"
        for item in node.items
    )


def _outside(node: ast.AST, inside: bool = False) -> Iterator[ast.Call]:
    """Calls of parsers that stand in no `with foreign()`."""
    inside = inside or _is_foreign(node)
    if isinstance(node, ast.Call) and not inside and _PARSERS.fullmatch(ast.unparse(node.func)):
        yield node
    for child in ast.iter_child_nodes(node):
        yield from _outside(child, inside)


@pytest.mark.slow
def test_every_call_of_a_parser_of_others_stands_in_the_boundary() -> None:
    require_none(
        "call a parser of others inside `with foreign():`, and json as `json_of`",
        (
            f"{file}:{call.lineno} {ast.unparse(call.func)}"
            for file, path in SOURCES.items()
            if file not in _OWN and not file.startswith(_OWN_FOLDERS)
            for call in _outside(nodes_of(path)[0])
        ),
    )


def test_a_call_outside_the_boundary_is_found() -> None:
    told: Callable[[str], list[str]] = lambda code: [  # noqa: E731
        ast.unparse(call.func) for call in _outside(ast.parse(code))
    ]
    assert told("x = json.loads(y)\nwith open(p) as f:\n    np.load(f)") == [
        "json.loads",
        "np.load",
    ]
    assert told("onnx.load_from_string(b)\nload_bytes(b)\nunpacker.decompress(b, 9)") == [
        *("onnx.load_from_string", "load_bytes", "unpacker.decompress")
    ]
    assert told("cv2.VideoCapture(p)\nvideo.read()\nbase64.b64decode(t)") == [
        *("cv2.VideoCapture", "video.read", "base64.b64decode")
    ]
    assert told("with open(p) as f, foreign(), np.load(f) as z:\n    pass") == []


@needs_sources
def test_what_is_left_out_is_there(tmp_path: Path) -> None:
    assert [file for file in _OWN if file not in SOURCES] == []


_SHORT = [f"s{n}" for n in range(3_000)]
_JSON: Mapping[str, Sequence[object]] = {
    "lists": [[]] * 3_000,
    "objects": [{}] * 3_000,
    "objects of one": [{"a": 0.5}] * 3_000,
    "numbers": [0.25] * 3_000,
    "letters": ["a"] * 3_000,  # of each, Python keeps one
    "pairs": [[0.5, 0.5]] * 3_000,
    "short texts": _SHORT,
    "short texts of a map": [{name: name for name in _SHORT}],
    "texts in lists": [[name] for name in _SHORT],
    "texts in objects": [{"a": name, "b": f"b{name}"} for name in _SHORT],
    "accents": [f"\u00e9{name}" for name in _SHORT],
    "characters of China": [f"\u4e00{name}" for name in _SHORT],
    "faces": [f"\U0001f600{name}" for name in _SHORT],
    "one face": ["x" * 200_000 + "\U0001f600"],
    "one face, far away": ["x" * 200_000, "y" * 200_000 + "\U0001f600"],
    "line ends": ["\n" * 100_000 + "\U0001f600"],
}


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        *((name, False) for name in _JSON),
        *((name, True) for name in ("accents", "characters of China", "faces", "one face")),
    ],
)
def test_what_json_takes_is_foreseen(name: str, escaped: bool) -> None:
    """The estimate is at least the most memory that reading takes, with the text; and at most six
    times as much.
    """
    text = json.dumps(_JSON[name], ensure_ascii=escaped, separators=(",", ":"))
    content, most = text.encode(), 0
    for given in (text, content):
        tracemalloc.start()
        value = json.loads(given)
        taken = tracemalloc.get_traced_memory()[1] + sys.getsizeof(given)
        tracemalloc.stop()
        most = max(most, taken)
        with pytest.raises(ValueError, match="bytes of JSON would take"):
            json_of(given, int(0.8 * taken))
    loose = 9 if name == "letters" else 6
    assert json_of(text, loose * most) == json_of(content, loose * most) == value


# A disk that does not answer ---------------------------------------------------------------------

_READERS: Mapping[str, tuple[str, str]] = {
    "walk.csv": ("edgehuman.preprocess.imu.text.whole", "read_people"),
    "walk.json": ("edgehuman.preprocess.imu.text.whole", "read_people"),
    "walk.zip": ("edgehuman.preprocess.imu.text.whole", "read_people"),
    "poses.json": ("edgehuman.preprocess.skeleton.formats.read", "read_poses"),
    "poses.jsonl": ("edgehuman.preprocess.skeleton.formats.read", "read_poses"),
    "poses.csv": ("edgehuman.preprocess.skeleton.formats.read", "read_poses"),
    "known.npz": ("edgehuman.runtime.gallery", "read_gallery"),
    "known.gallery": ("edgehuman.runtime.gallery", "read_gallery"),
    "set.npz": ("edgehuman.data.imu.converted", "read_windows"),
    "recipe.toml": ("edgehuman.config", "read_table"),
    "model.safetensors": ("edgehuman.card", "of_weights"),
    "model.onnx": ("edgehuman.runtime.engine.onnx_file", "read_card"),
    "photo.jpg": ("edgehuman.preprocess.image.pixels", "read_image"),
    "mask.png": ("edgehuman.preprocess.silhouette.read", "read_mask"),
    "labels.jsonl": ("edgehuman.preprocess.image.labels", "read_label_lines"),
    "a.pkl": ("edgehuman.data.safe_pickle", "load_arrays"),
    "set.silhouettes": ("edgehuman.data.silhouette.packed", "read_head"),
    "a.mat": ("edgehuman.data.mat_file", "read_variables"),
    "0.tar": ("edgehuman.data.image.unlabelled.shards", "contents"),
    "sub_1.csv": ("edgehuman.data.imu.published.motionsense", "read_table"),
}


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux has a file that gives EIO")
@pytest.mark.parametrize("name", _READERS)
def test_a_disk_that_does_not_answer_is_told(name: str, tmp_path: Path) -> None:
    """Reading the memory of this process from 0 fails with EIO, as a broken disk does."""
    module, function = _READERS[name]
    (tmp_path / name).symlink_to("/proc/self/mem")
    with pytest.raises(EdgehumanError):
        getattr(importlib.import_module(module), function)(tmp_path / name)
