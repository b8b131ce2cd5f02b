"""The scripts that complete in a shell: each sources, and completes commands, flags and values."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from edgehuman import cli
from edgehuman.cli import main
from edgehuman.flags.completion import CompletionConfig, completion, options_of
from tests import leaving

BASH = """
source {script}
COMP_WORDS=({words})
COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
_edgehuman
echo "${{COMPREPLY[@]}}"
"""


def test_every_command_and_flag_is_offered() -> None:
    table = options_of(cli.offered())
    assert set(table) == {*cli.COMMANDS, "help"}
    assert {"--arch", "--data", "--out", "--task", "--json"} <= set(table["finetune"])
    assert {"--gallery", "--smoothing"} <= set(table["run"])  # of every record
    assert table["finetune"]["--task"][:2] == ("activity", "gait")
    assert "imuvit_512x5" in table["pretrain"]["--arch"]


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("edgehuman comp", "completion"),
        ("edgehuman data si", "simulate"),
        ("edgehuman gallery forget --na", "--name"),
        ("edgehuman finetune --task pos", "pose"),
        ("edgehuman run zoo : activity-", "activity-int8"),
        ("edgehuman evaluate zoo :", "activity activity-int8 gait-silhouette"),
        ("edgehuman completion --json --h", "--help"),
        ("edgehuman help doc", "doctor"),
    ],
)
def test_bash_completes(words: str, found: str, tmp_path: Path) -> None:
    script = tmp_path / "edgehuman.bash"
    script.write_text(completion(CompletionConfig("bash"), cli.offered()).text, encoding="utf-8")
    done = leaving.run(
        ["bash", "-u", "-c", BASH.format(script=script, words=words)],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith(found)
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("shell", "parts"),
    [
        ("zsh", ["#compdef edgehuman", "compdef _edgehuman edgehuman", '"finetune --task")']),
        ("fish", ["-n __fish_use_subcommand -a run", "-l task -x -a 'activity gait"]),
        ("bash", ["complete -o default -F _edgehuman edgehuman"]),
    ],
)
def test_every_shell_has_its_script(
    shell: str, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert all(part in said for part in parts)
    checks = {"zsh": ["zsh", "-n"], "fish": ["fish", "--no-execute"], "bash": ["bash", "-n"]}
    if shutil.which(shell):
        leaving.run([*checks[shell], "/dev/stdin"], input=said, text=True, check=True)


def test_another_shell_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "cmd"]) == 2
    assert "bash" in capsys.readouterr().err
