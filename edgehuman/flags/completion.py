"""`edgehuman completion`: a script that completes commands, flags and their values in a shell.

    eval "$(edgehuman completion bash)"                            in ~/.bashrc
    eval "$(edgehuman completion zsh)"                             in ~/.zshrc, after compinit
    edgehuman completion fish > ~/.config/fish/completions/edgehuman.fish

The script holds the names of today's installation and starts no Python; print it again after an
update. A command whose flags depend on a method, a task or a model offers those of all.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from tyro.conf import Positional

from edgehuman import catalogue
from edgehuman.flags.fields import flags_of
from edgehuman.outcome import Outcome

_ALWAYS = ("--help", "--json", "--recipe")
_TOP = ("--help", "--version")
Options = Mapping[str, Mapping[str, tuple[str, ...]]]

_BASH = """\
# edgehuman: completion for bash.
_edgehuman() {{
    local current="${{COMP_WORDS[COMP_CWORD]}}" previous="${{COMP_WORDS[COMP_CWORD-1]}}"
    local command="${{COMP_WORDS[1]}}" words=""
    COMPREPLY=()
    if (( COMP_CWORD == 1 )); then
        COMPREPLY=( $(compgen -W "{top}" -- "$current") )
        return
    fi
    case "$command" in
{families}
    esac
    # A colon parts words in bash: what follows "zoo:" stands alone.
    if [[ "$current" == ":" && "$previous" == "zoo" ]]; then current="" previous=":"; fi
    if [[ "$previous" == ":" ]]; then
        COMPREPLY=( $(compgen -W "{zoo}" -- "$current") )
        return
    fi
    case "$command $previous" in
{values}
    esac
    if [[ -n "$words" ]]; then
        COMPREPLY=( $(compgen -W "$words" -- "$current") )
    elif [[ "$current" == -* ]]; then
        case "$command" in
{flags}
        esac
        COMPREPLY=( $(compgen -W "$words" -- "$current") )
    fi
}}
complete -o default -F _edgehuman edgehuman
"""

_ZSH = """\
#compdef edgehuman
# edgehuman: completion for zsh.
_edgehuman() {{
    local command="$words[2]" previous="$words[CURRENT-1]"
    local -a offers
    if (( CURRENT == 2 )); then
        compadd -- {top}
        return
    fi
    case "$command" in
{families}
    esac
    case "$command $previous" in
{values}
    esac
    if (( $#offers )); then
        compadd -- $offers
    elif [[ "$words[CURRENT]" == -* ]]; then
        case "$command" in
{flags}
        esac
        compadd -- $offers
    else
        compadd -- {zoo}
        _files
    fi
}}
if [[ "$funcstack[1]" == "_edgehuman" ]]; then
    _edgehuman "$@"
else
    compdef _edgehuman edgehuman
fi
"""


@dataclass(frozen=True, slots=True)
class CompletionConfig:
    """Print a script that completes commands and flags in a shell."""

    shell: Positional[Literal["bash", "zsh", "fish"]]
    """The shell."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is completed of one command.

    Attributes:
        summary: of the command.
        configs: dotted paths of all configs that it may have.
        also: further flags, with what they mean.
    """

    summary: str
    configs: tuple[str, ...]
    also: tuple[tuple[str, str], ...] = ()


def completion(config: CompletionConfig, offers: Mapping[str, Offer]) -> Outcome:
    """`edgehuman completion`; the command line hands in its own commands by name."""
    table = options_of(offers)
    if config.shell == "fish":
        script = _fish(table, {name: offer.summary for name, offer in offers.items()})
    else:
        script = {"bash": _bash, "zsh": _zsh}[config.shell](table)
    return Outcome({"shell": config.shell, "script": script}, script, exact=True)


def options_of(offers: Mapping[str, Offer]) -> Options:
    """Command -> option -> the values that it takes; none if they are not a fixed list."""
    table: dict[str, dict[str, tuple[str, ...]]] = {}
    for name, offer in offers.items():
        options: dict[str, tuple[str, ...]] = {}
        for path in offer.configs:
            for flag in flags_of(catalogue.load_object(path)):
                if flag.positional:
                    continue
                option = flag.spelling.split()[0]
                options[option] = tuple(dict.fromkeys([*options.get(option, ()), *flag.choices]))
        networks = {"--arch": tuple(catalogue.NETWORKS)} if "--arch" in options else {}
        also = [spelling.split()[0] for spelling, _ in offer.also]
        table[name] = options | networks | dict.fromkeys([*also, *_ALWAYS], ())
    return {**table, "help": {}}


def _families(names: Mapping[str, object]) -> dict[str, list[str]]:
    """First word -> second words, of the commands of two words."""
    families: dict[str, list[str]] = {}
    for name in names:
        first, _, second = name.partition(" ")
        if second:
            families.setdefault(first, []).append(second)
    return families


def _zoo() -> list[str]:
    from edgehuman.runtime.zoo import zoo_names

    return zoo_names()


def _bash(table: Options) -> str:
    tops = [*dict.fromkeys(name.split()[0] for name in table), *_TOP]
    families = "\n".join(
        f'        {first}) command+=" ${{COMP_WORDS[2]}}"\n'
        f"            if (( COMP_CWORD == 2 )); then "
        f'words="{" ".join(seconds)}"; fi ;;'
        for first, seconds in _families(table).items()
    )
    families += f'\n        help) words="{" ".join(tops)}" ;;'
    return _BASH.format(
        top=" ".join(tops),
        families=families,
        zoo=" ".join(name.partition(":")[2] for name in _zoo()),
        values=_cases(table, 'words="{}"', "        "),
        flags=_flag_cases(table, 'words="{}"'),
    )


def _zsh(table: Options) -> str:
    tops = [*dict.fromkeys(name.split()[0] for name in table), *_TOP]
    families = "\n".join(
        f'        {first}) command+=" $words[3]"\n'
        f"            if (( CURRENT == 3 )); then compadd -- {' '.join(seconds)}; return; fi ;;"
        for first, seconds in _families(table).items()
    )
    families += f"\n        help) offers=( {' '.join(tops)} ) ;;"
    return _ZSH.format(
        top=" ".join(tops),
        families=families,
        zoo=" ".join(map(shlex.quote, _zoo())),
        values=_cases(table, "offers=( {} )", "        "),
        flags=_flag_cases(table, "offers=( {} )"),
    )


def _cases(table: Options, template: str, indent: str) -> str:
    return "\n".join(
        f'{indent}"{name} {option}") {template.format(" ".join(values))} ;;'
        for name, options in table.items()
        for option, values in options.items()
        if values
    )


def _flag_cases(table: Options, template: str) -> str:
    return "\n".join(
        f'            "{name}") {template.format(" ".join(options))} ;;'
        for name, options in table.items()
        if options
    )


def _fish(table: Options, summaries: Mapping[str, str]) -> str:
    lines = _fish_lines(table, summaries)
    return "\n".join(["# edgehuman: completion for fish.", *lines]) + "\n"


def _fish_lines(table: Options, summaries: Mapping[str, str]) -> Iterator[str]:
    families = _families(table)
    for name in dict.fromkeys(name.split()[0] for name in table):
        said = summaries.get(name, ", ".join(families.get(name, ["the flags of a command"])))
        yield (
            f"complete -c edgehuman -f -n __fish_use_subcommand -a {name} -d {shlex.quote(said)}"
        )
    for first, seconds in families.items():
        unseen = f"__fish_seen_subcommand_from {first}; and not __fish_seen_subcommand_from "
        unseen += " ".join(seconds)
        for second in seconds:
            said = shlex.quote(summaries[f"{first} {second}"])
            yield f"complete -c edgehuman -f -n '{unseen}' -a {second} -d {said}"
    for name, options in table.items():
        seen = "; and ".join(f"__fish_seen_subcommand_from {word}" for word in name.split())
        for option, values in options.items():
            offers = f" -x -a '{' '.join(values)}'" if values else ""
            yield f"complete -c edgehuman -n '{seen}' -l {option.removeprefix('--')}{offers}"
    zoo = " ".join(_zoo())
    takers = " ".join(("run", "evaluate", "bench", "info"))
    yield f"complete -c edgehuman -n '__fish_seen_subcommand_from {takers}' -a '{zoo}'"
