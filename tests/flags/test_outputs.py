"""Outputs destroy no inputs: every command, every flag, every disguise of a file."""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import stat
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from edgehuman import catalogue, cli
from edgehuman.errors import UsageError
from edgehuman.files import write_whole
from edgehuman.flags.outputs import INPUTS, NEITHER, OUTPUTS, WORDS, apart

TEXT = re.compile(r"\bstr\b")  # which may say a path; a Literal may not
CONFIGS = sorted({path for offer in cli.offered().values() for path in offer.configs})


def fields_of(path: str) -> dict[str, str]:
    """Name -> type in words, of the fields that hold a path or may."""
    hints = typing.get_type_hints(catalogue.load_object(path))
    fields = {each.name: str(hints[each.name]) for each in dataclasses.fields(hints_class(path))}
    return {
        name: kind
        for name, kind in fields.items()
        if "Path" in kind or (TEXT.search(kind) and name not in WORDS)
    }


def hints_class(path: str) -> Any:
    return catalogue.load_object(path)


def pairs() -> Iterator[tuple[str, str, str]]:
    """Config, output, input: every two flags of a command."""
    for config in CONFIGS:
        names = fields_of(config)
        for output in OUTPUTS:
            for given in INPUTS:
                if output in names and given in names:
                    yield config, output, given


def made(config_path: str, /, **values: Any) -> Any:
    """A config with these values, whatever its other fields say: nothing of it is run."""
    config_class = hints_class(config_path)
    config = object.__new__(config_class)
    for each in dataclasses.fields(config_class):
        default = None if each.default is dataclasses.MISSING else each.default
        object.__setattr__(config, each.name, values.get(each.name, default))
    return config


def value_of(path: str, name: str, value: Path) -> Any:
    return (str(value),) if "tuple" in fields_of(path)[name] else value


def the_same(file: Path, folder: Path) -> Path:
    return file


def another_way(file: Path, folder: Path) -> Path:
    return folder / "inner" / ".." / file.name


def hard_link(file: Path, folder: Path) -> Path:
    os.link(file, folder / "hard")
    return folder / "hard"


def soft_link(file: Path, folder: Path) -> Path:
    (folder / "soft").symlink_to(file)
    return folder / "soft"


def other_case(file: Path, folder: Path) -> Path:
    twin = file.with_name(file.name.swapcase())
    if not twin.exists():
        pytest.skip("this system tells the cases apart")
    return twin


def refused(config: Any, said: str, recipe: Path | None = None) -> None:
    """Fails unless a command with this config is refused before it runs."""
    with pytest.raises(UsageError, match=said), apart(config, recipe):
        raise AssertionError(config)


Disguise = Callable[[Path, Path], Path]
DISGUISES: tuple[Disguise, ...] = (the_same, another_way, hard_link, soft_link, other_case)


def test_every_flag_that_holds_a_path_is_named() -> None:
    known = {*OUTPUTS, *INPUTS, *NEITHER}
    assert not known & {*WORDS}
    unknown = {
        f"{config}.{name}"
        for config in CONFIGS
        for name, kind in fields_of(config).items()
        if name not in known
    }
    assert not unknown, "name it in OUTPUTS or INPUTS of edgehuman/flags/outputs.py"
    assert len(list(pairs())) > 60
    assert {"stream_data", "latent_weights", "network"} <= {given for *_, given in pairs()}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_no_output_of_any_command_is_an_input(disguise: Disguise, tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    source = tmp_path / "source.bin"
    source.write_bytes(b"input")
    output = disguise(source, tmp_path)
    for path, name, given in pairs():
        config = made(path, **{name: output, given: value_of(path, given, source)})
        refused(config, f"--{name.replace('_', '-')} .* too; choose another")


@pytest.mark.parametrize("linked", [False, True])
def test_no_output_of_any_command_is_the_folder_of_an_input(linked: bool, tmp_path: Path) -> None:
    source, link = tmp_path / "source", tmp_path / "link"
    source.mkdir()
    link.symlink_to(source)
    for path, name, given in pairs():
        output = link if linked else source
        config = made(path, **{name: output, given: value_of(path, given, source)})
        refused(config, "is the folder of")


@pytest.mark.parametrize("disguise", [the_same, hard_link, soft_link])
def test_no_file_of_an_input_folder_is_replaced(disguise: Disguise, tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "deep").mkdir(parents=True)
    (source / "deep" / "labels.jsonl").write_text("labels")
    output = disguise(source / "deep" / "labels.jsonl", tmp_path)
    for path, name, given in pairs():
        if hints_class(path).__module__.startswith("edgehuman.export."):
            continue  # which looks into the file
        config = made(path, **{name: output, given: value_of(path, given, source)})
        refused(config, "would be replaced")


def test_a_link_in_an_input_folder_counts(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "out.csv").write_text("labels")
    (tmp_path / "source" / "linked.csv").symlink_to(tmp_path / "out.csv")
    config = made("edgehuman.data.imu.convert:ConvertConfig",
                  path=tmp_path / "source", out=tmp_path / "out.csv")  # fmt: skip
    refused(config, "would be replaced")


def test_no_two_outputs_are_one(tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (tmp_path / "there").symlink_to(folder)
    for path in CONFIGS:
        names = [name for name in fields_of(path) if name in OUTPUTS]
        for first, second in itertools.pairwise(names):
            values = {first: folder / "new", second: tmp_path / "there" / "new"}
            refused(made(path, **values), "too; choose another path")


def test_the_recipe_is_an_input(tmp_path: Path) -> None:
    recipe = tmp_path / "r.toml"
    recipe.write_text("seed = 1\n")
    for path in CONFIGS:
        for name in set(fields_of(path)) & set(OUTPUTS):
            refused(made(path, **{name: recipe}), "the recipe", recipe)


def test_an_input_that_is_renamed_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    source, output = tmp_path / "source.csv", tmp_path / "out.csv"
    source.write_text("input")
    config = made("edgehuman.data.imu.convert:ConvertConfig", path=source, out=output)
    with apart(config, None):
        write_whole(output, b"1")
        os.replace(source, output)
        with pytest.raises(UsageError, match=r"is the file of .*source\.csv; nothing was written"):
            write_whole(output, b"2")
    assert output.read_text() == "input"
    write_whole(output, b"3")


@pytest.mark.skipif(os.name != "posix", reason="devices of POSIX")
def test_the_null_device_takes_everything_and_no_other_device_is_touched(tmp_path: Path) -> None:
    write_whole(Path(os.devnull), b"gone")
    assert stat.S_ISCHR(os.stat(os.devnull).st_mode)
    path = "edgehuman.data.imu.convert:ConvertConfig"
    with apart(made(path, out=Path(os.devnull)), None):
        pass
    refused(made(path, out=Path("/dev/zero")), "is a device, not a file")
    os.mkfifo(tmp_path / "pipe")
    for place in ("/dev/zero", tmp_path / "pipe"):
        with pytest.raises(UsageError, match=r"is a (device|pipe), not a file"):
            write_whole(Path(place), b"x")


@pytest.mark.parametrize(
    "words",
    [
        "run zoo:activity --source {recording} --seconds 1 --save {recording}",
        "run {model} --source simulated --seconds 1 --save {model}",
        "run {model} --source simulated --seconds 1 --save {linked}",
        "run zoo:gait-skeleton --source simulated --seconds 1 --gallery {gallery} --save {gallery}",
        "run {model} --source simulated --seconds 1 --timeline {recording}",
        "evaluate zoo:activity --data {recording} --picture {recording}",
        "data convert {recording} --out {recording}",
        "data export {recording} --subject 2 --out {recording}",
        "adapt {model} --data {recording} --out {model}",
        "bench {model} --out {model}",
        "export {model} --out {model}",
        "data pack {folder} --out {folder}",
        "gallery enroll zoo:gait-skeleton --source simulated --name A --gallery {model}",
        "zoo get person-garments --out {folder}",
    ],
)
def test_by_words_every_input_stays(
    words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    model = Path(cli.__file__).parent / "zoo" / "activity.onnx"
    held = {name: tmp_path / f"{name}.png" for name in ("recording", "gallery")}
    held |= {"model": tmp_path / "model.onnx", "folder": tmp_path / "folder"}
    held["linked"] = tmp_path / "linked"
    held["folder"].mkdir()
    (held["folder"] / "a.png").write_bytes(b"a")
    held["model"].write_bytes(model.read_bytes())
    os.link(held["model"], held["linked"])
    for name in ("recording", "gallery"):
        held[name].write_bytes(b"stamp_s,accel_x\n")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert cli.main(words.format(**held).split()) in (1, 2), capsys.readouterr().out
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.skipif(os.name != "posix", reason="the root of POSIX")
def test_an_output_below_the_root_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    source = Path(__file__)
    for path, name, given in pairs():
        with apart(made(path, **{name: Path("/new"), given: value_of(path, given, source)}), None):
            pass
    convert = "edgehuman.data.imu.convert:ConvertConfig"
    for place in ("/", "/new/d/x.json", "new.jsonl", "."):
        with apart(made(convert, path=source, out=Path(place)), None):
            pass
    refused(made(convert, path=Path("/"), out=Path("/")), "too")


def a_model(folder: Path) -> list[str]:
    """All files of a model, and of another one's own."""
    names = [
        *("g.onnx", "g.frame.onnx", "g.head.onnx", "g.engine", "g.engine.json"),
        *("g.head.engine", "g.sig", "model.sig", "g.toml"),
    ]
    for name in names:
        (folder / name).write_text(name)
    return names


def test_no_file_of_a_model_is_replaced(tmp_path: Path) -> None:
    run = "edgehuman.runtime.imu.run:RunConfig"
    for one, other in itertools.product(("g.onnx", "g.frame.onnx", "g.engine"), a_model(tmp_path)):
        if one != "g.frame.onnx" or other != "g.toml":  # which says what g.onnx reads
            refused(made(run, model=str(tmp_path / one), save=tmp_path / other), "too; choose")
    for path, name, given in pairs():
        if not hints_class(path).__module__.startswith("edgehuman.export."):  # it writes the parts
            values = {given: value_of(path, given, tmp_path / "g.onnx"), name: tmp_path / "g.sig"}
            refused(made(path, **values), "too; choose another")


def test_no_file_of_a_model_is_replaced_meanwhile(tmp_path: Path) -> None:
    a_model(tmp_path)
    run = "edgehuman.runtime.imu.run:RunConfig"
    out, model = tmp_path / "rows.jsonl", str(tmp_path / "g.onnx")
    with apart(made(run, model=model, save=out), None):
        for name in ("g.sig", "g.frame.onnx", "g.engine"):
            with pytest.raises(UsageError, match="nothing was written"):
                write_whole(tmp_path / name, b"x")
    with apart(made(run, model=model, save=out, rebuild=True), None):
        write_whole(tmp_path / "g.engine", b"rebuilt")  # which it is asked for
        with pytest.raises(UsageError, match="nothing was written"):
            write_whole(model_path := tmp_path / "g.onnx", b"x")
    assert model_path.read_text() == "g.onnx"


@pytest.mark.parametrize("by", ["file", "folder"])
def test_no_output_is_a_trusted_key(
    by: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "trusted").mkdir()
    key = tmp_path / "trusted" / "k.pub.pem"
    key.write_text("a key")
    monkeypatch.setenv("EDGEHUMAN_REQUIRE_SIGNED", "1")
    monkeypatch.setenv("EDGEHUMAN_TRUSTED_KEYS", str(key if by == "file" else key.parent))
    for path in CONFIGS:
        for name in set(fields_of(path)) & set(OUTPUTS):
            refused(made(path, **{name: key}), "--trusted-key .*too; choose another")
        with (
            apart(made(path), None),
            pytest.raises(UsageError, match=r"of --trusted-key .*; nothing was written"),
        ):
            write_whole(key, b"x")
    monkeypatch.delenv("EDGEHUMAN_REQUIRE_SIGNED")
    words = f"run zoo:activity --source simulated --seconds 1 --trusted-key {key} --save {key}"
    assert cli.main(words.split()) == 2
    assert key.read_text() == "a key"


def test_a_command_without_outputs_replaces_no_input(tmp_path: Path) -> None:
    gallery, source = tmp_path / "known.npz", tmp_path / "walk.jsonl"
    for path in (gallery, source):
        path.write_text("before")
    enrol = "edgehuman.runtime.skeleton.commands:EnrolConfig"
    refused(made(enrol, gallery=source, source=source), "--gallery .* too")
    with apart(made(enrol, gallery=gallery, source=source), None):
        write_whole(gallery, b"enrolled")
        with pytest.raises(UsageError, match="nothing was written"):
            write_whole(source, b"x")
