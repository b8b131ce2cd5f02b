"""The house stands as planned: one test a rule, over all files, each breach in its message."""

from __future__ import annotations

import ast
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgehuman import catalogue, cli
from tests.whole.house import (
    EXAMPLES,
    FILES,
    MODALITIES,
    ROOT,
    SOURCES,
    STAGES,
    TESTS,
    lines_of,
    nodes_of,
    require_none,
    setuptools_table,
)

SUBJECTS = {
    *("body", "demo", "loop", "text", "engine", "view", "gait", "graph", "proof", "evaluate"),
    *("targets", "rows", "steps", "pages", "provenance", "scale", "laws", "fits", "figures"),
    *("serve", "replay", "lines", "mqtt", "phones", "tracks", "tracking", "gallery", "store"),
    *("together", "people", "budget"),
    *("figure", "clothes", "scene", "unlabelled", "views", "published", "formats", "many"),
    *("camera", "frames", "foreign", "labels", "boxes", "detection", "crowds", "crops", "shards"),
    *("motion", "captions", "search", "parsed", "garments"),
    *("saip", "contrastive", "diffusion", "objectives", "teachers", "prune", "distil", "qat"),
}
# Only a folder of these may hold folders of a third level.
DEEP = re.compile(
    r"edgehuman/(simulate|tasks|nets)/image|edgehuman/(data|preprocess|runtime)/\w+"
    r"|bench/(pages|targets)"
)
FORBIDDEN = {"utils", "util", "helpers", "helper", "common", "misc", "base", "manager"}
MAX_FILES = 15
MAX_OF_A_FIRST_WORD = 2
MAX_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_LINES_UNTESTED = 60
# The files that say what a record is; every other asks them.
CATALOGUE = {
    *(
        "edgehuman/catalogue.py",
        "edgehuman/tables/networks.py",
        "edgehuman/tables/pictures.py",
        "edgehuman/tables/walkers.py",
    ),
    *("edgehuman/card.py", "edgehuman/records.py"),
}
# Such a file says again what its folder says.
NAMED_FOR_ITS_RECORD = re.compile(
    r"(imu|wearable|skeleton|pose|gait|silhouette|mask|image|person|people|photo)_\w+"
)
# Tests of the project as a whole: no source file is theirs.
OF_THE_WHOLE = {
    "whole/test_every_command",
    "whole/test_imports",
    "whole/test_layout",
    "whole/test_leaving",
    "whole/test_live_faults",
    "whole/test_lock",
    "whole/test_several_people",
    "whole/test_shipping",
    "whole/test_public_names",
    "zoo/test_kinds",
    "zoo/test_frames",
    "zoo/test_zoo",
    "docs/test_files",
    "docs/test_howto",
    "docs/test_onnx",
    "docs/test_readme",
    "docs/test_reference",
    "docs/test_slim",
    "fuzz/test_replay",
}
# `import` cannot be a module's name; what writes files is `write`.
FILE_OF_A_COMMAND = {"zoo get": "fetch", "import": "import_weights", "data export": "write"}


def stems_by_folder(files: Iterable[str]) -> dict[str, list[str]]:
    """The names of the files of every folder: not `__init__`, and of a test what it tests."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in files:
        path = Path(file)
        folder = found[path.parent.as_posix()]
        if path.stem != "__init__":
            folder.append(path.stem.removeprefix("test_"))
    return found


FOLDERS = stems_by_folder(SOURCES)
# What tests share (made data, small models) stands beside them and is not counted.
TEST_FOLDERS = stems_by_folder(file for file in TESTS if Path(file).stem.startswith("test_"))


def rooms(folder: str) -> tuple[str, ...]:
    """The levels of a folder below its layer: of edgehuman/data/image/views, ("image", "views")."""
    parts = Path(folder).parts
    return parts[2:] if parts[0] == "edgehuman" else parts[1:]


# The package --------------------------------------------------------------------------------------


def test_the_mapping_names_the_stages_and_nothing_else() -> None:
    expected = {"edgehuman": "edgehuman", **{f"edgehuman.{stage}": stage for stage in STAGES}}
    assert setuptools_table()["package-dir"] == expected


def test_every_package_folder_but_the_pages_is_listed_and_every_listed_one_is_there() -> None:
    found = {
        ".".join(folder.parts if folder.parts[0] == "edgehuman" else ("edgehuman", *folder.parts))
        for folder in map(Path, FOLDERS)
        if folder.parts[:2] != ("bench", "pages")
    }
    assert set(setuptools_table()["packages"]) == found
    require_none(
        "every folder of code is a package: give it an empty __init__.py",
        (folder for folder in FOLDERS if not (ROOT / folder / "__init__.py").is_file()),
    )


def test_every_stage_and_nothing_else_is_a_relative_link_to_a_folder_at_the_top() -> None:
    links = {path.name: path for path in (ROOT / "edgehuman").iterdir() if path.is_symlink()}
    assert {name: Path(os.readlink(path)) for name, path in links.items()} == {
        stage: Path("..") / stage for stage in STAGES
    }
    assert [stage for stage in STAGES if not (ROOT / stage / "__init__.py").is_file()] == []


# Rooms (rules 1, 2, 7, 8) -------------------------------------------------------------------------


def test_a_second_level_is_a_record_or_a_named_subject() -> None:
    require_none(
        f"below a layer stands a record or one of: {', '.join(sorted(SUBJECTS))}",
        (folder for folder in FOLDERS if set(rooms(folder)) - {*MODALITIES, *SUBJECTS}),
    )


def test_a_third_level_stands_only_where_it_is_named() -> None:
    require_none(
        f"a third level stands only below {DEEP.pattern}",
        (
            folder
            for folder in FOLDERS
            if len(rooms(folder)) > 2
            or (len(rooms(folder)) == 2 and not DEEP.fullmatch(Path(folder).parent.as_posix()))
        ),
    )


def test_a_folder_holds_few_files() -> None:
    require_none(
        f"a folder holds at most {MAX_FILES} files",
        (
            f"{folder}: {len(stems)}"
            for folder, stems in [*FOLDERS.items(), *TEST_FOLDERS.items()]
            if len(stems) > MAX_FILES
        ),
    )


def test_a_first_word_that_three_files_share_is_a_folder() -> None:
    require_none(
        "a first word that three files of a folder share is a folder",
        (
            f"{folder}: {count} files {word}_*"
            for folder, stems in [*FOLDERS.items(), *TEST_FOLDERS.items()]
            for word, count in Counter(stem.split("_")[0] for stem in stems).items()
            if count > MAX_OF_A_FIRST_WORD
        ),
    )


def test_a_file_is_named_for_its_subject() -> None:
    require_none(
        f"a file is named for its subject, and none of {', '.join(sorted(FORBIDDEN))}",
        (file for file, path in FILES.items() if path.stem in FORBIDDEN),
    )


def test_no_file_of_a_record_is_named_for_the_record_again() -> None:
    require_none(
        "the folder says the record, the file says the step: source, lines, load, check, ...",
        (
            f"{folder}/{stem}.py"
            for folder, stems in [*FOLDERS.items(), *TEST_FOLDERS.items()]
            if {*MODALITIES, "gait"} & set(Path(folder).parts)
            for stem in stems
            if NAMED_FOR_ITS_RECORD.fullmatch(stem)
        ),
    )


def test_the_same_step_is_the_same_file_of_every_record() -> None:
    files: dict[str, set[str]] = defaultdict(set)
    for row in catalogue.RECORDS.values():
        for step in catalogue.Record.__dataclass_fields__:
            named = getattr(row, step)
            dotted = named.function if isinstance(named, catalogue.Action) else named
            if isinstance(dotted, str) and ":" in dotted:
                # One judge serves all records of gait.
                record = re.compile(
                    rf"\b({row.modality}(\.(frames|captions))?|gait|frames|together)\b"
                )
                files[step].add(record.sub("RECORD", dotted.partition(":")[0]))
    require_none(
        "a step of RECORDS stands in one file name, whichever the record",
        (f"{step}: {', '.join(sorted(found))}" for step, found in files.items() if len(found) > 1),
    )


def mirrored(file: str) -> str:
    """edgehuman/data/layout.py -> tests/data/test_layout.py."""
    path = Path(file.removeprefix("edgehuman/"))
    return (Path("tests") / path.with_name(f"test_{path.name}")).as_posix()


def test_every_file_has_its_test() -> None:
    require_none(
        f"a file of over {MAX_LINES_UNTESTED} lines has a test of its own",
        (
            f"{file}: {mirrored(file)}"
            for file, path in [*SOURCES.items(), *EXAMPLES.items()]
            if mirrored(file) not in TESTS
            and len(lines_of(path)) > MAX_LINES_UNTESTED
            and path.stem != "__init__"  # test_public_names is that of the package's own
        ),
    )


def test_every_test_has_its_file() -> None:
    known = {*map(mirrored, [*SOURCES, *EXAMPLES]), *(f"tests/{test}.py" for test in OF_THE_WHOLE)}
    require_none(
        "a test stands where its file stands: tests/<same path>/test_<same name>.py",
        (test for test in TESTS if Path(test).name.startswith("test_") and test not in known),
    )


# Records and commands (rules 5 and 6) -------------------------------------------------------------


def names_a_record(node: ast.AST) -> bool:
    """Whether a record's name, or a modality, stands in an expression as a string."""
    words = {*catalogue.RECORDS, *MODALITIES}
    return any(isinstance(leaf, ast.Constant) and leaf.value in words for leaf in ast.walk(node))


def is_spelt_out(node: ast.AST) -> bool:
    """Whether a value is a word, or a collection of words, rather than computed."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id in ("frozenset", "set", "tuple") and all(map(is_spelt_out, node.args))
    return isinstance(node, (ast.Constant, ast.Tuple, ast.List, ast.Set))


def constants_of_records(path: Path) -> set[str]:
    """The constants of a module whose values name a record."""
    module = nodes_of(path)[0]
    assert isinstance(module, ast.Module)
    return {
        leaf.id
        for node in module.body
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value
        if is_spelt_out(node.value) and names_a_record(node.value)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for leaf in ast.walk(target)
        if isinstance(leaf, ast.Name)
    }


def tells_records_apart(node: ast.AST, constants: set[str]) -> bool:
    """A comparison, a match or a table by a record's name or modality."""
    if isinstance(node, ast.Compare):
        # "image" in row asks for a field of a label; "image" == modality compares.
        asked = isinstance(node.ops[0], (ast.In, ast.NotIn))
        sides = node.comparators if asked else [node.left, *node.comparators]
        return any(
            side.id in constants
            if isinstance(side, ast.Name)
            else is_spelt_out(side) and names_a_record(side)
            for side in sides
        )
    if isinstance(node, ast.match_case):
        return names_a_record(node.pattern)
    if isinstance(node, ast.Dict):
        keys = {key.value for key in node.keys if isinstance(key, ast.Constant)}
        return bool(keys & set(catalogue.RECORDS)) or len(keys & set(MODALITIES)) > 1
    return False


def places_that_tell_records_apart(file: str, path: Path) -> Iterator[str]:
    constants = constants_of_records(path)
    for node in nodes_of(path):
        if tells_records_apart(node, constants):
            place = node.pattern if isinstance(node, ast.match_case) else node
            assert isinstance(place, (ast.expr, ast.pattern))
            yield f"{file}:{place.lineno} {ast.unparse(place)[:80]}"


def test_a_record_is_told_from_another_in_the_catalogue_alone() -> None:
    require_none(
        "ask catalogue.RECORDS in place of comparing a record's name or modality",
        (
            place
            for file, path in SOURCES.items()
            if file not in CATALOGUE
            for place in places_that_tell_records_apart(file, path)
        ),
    )


def test_a_command_is_a_file() -> None:
    require_none(
        "a command stands in the file of its name, the commands of a family in one: commands.py",
        (
            f"edgehuman {words}: {row.function}"
            for words, row in cli.COMMANDS.items()
            if isinstance(row, cli.Command)
            and (file := row.function.partition(":")[0].split(".")[-1])
            and file != FILE_OF_A_COMMAND.get(words, words.split()[-1])
            and (file != "commands" or " " not in words)
        ),
    )


# Sizes and links ----------------------------------------------------------------------------------


def test_a_file_fits_a_reading() -> None:
    require_none(
        f"a file has at most {MAX_LINES} lines",
        (
            f"{file}: {len(lines_of(path))}"
            for file, path in FILES.items()
            if len(lines_of(path)) > MAX_LINES
        ),
    )


def test_a_function_fits_a_screen() -> None:
    require_none(
        f"a function has at most {MAX_FUNCTION_LINES} lines",
        (
            f"{file}:{node.lineno} {node.name}: {num_lines}"
            for file, path in FILES.items()
            for node in nodes_of(path)
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            and (num_lines := (node.end_lineno or node.lineno) - node.lineno + 1)
            > MAX_FUNCTION_LINES
        ),
    )


def broken_links(page: Path) -> Iterator[str]:
    text = re.sub(r"<!--.*?-->", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        outside = target.startswith(("http://", "https://", "mailto:"))
        if not outside and not (page.parent / target).exists():
            yield f"{page.relative_to(ROOT)}: {target}"


def test_every_relative_link_in_the_docs_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
    require_none(
        "a relative link leads to a file", (link for page in pages for link in broken_links(page))
    )


# What these dump is no result: words between processes, and code that runs without edgehuman.
DUMPS_ITSELF = re.compile(
    r"edgehuman/outcome|edgehuman/runtime/engine/(build_on_device|builder)|bench/latency|bench/pages/"
    r"|bench/targets/gallery_memory|bench/gallery_search|edgehuman/data/image/views/workers"
)


def test_json_for_others_is_written_by_the_one_function_that_takes_numpy_s_values() -> None:
    require_none(
        "a file or a line in JSON is written with `outcome.to_json`",
        (
            f"{file}:{line}"
            for file, path in SOURCES.items()
            if not DUMPS_ITSELF.match(file)
            for line, text in enumerate(lines_of(path), start=1)
            if "json.dump" in text
        ),
    )
