"""Every command of `vidmesh`, from its own parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from docs.generator.markdown import anchor, code, flowing, page, table
from mesh.cli import found_commands, load, parser_for


def command_page() -> str:
    """The page of commands."""
    commands = sorted((load(point) for point in found_commands().values()), key=lambda command: command.name)
    parsers = _choices(parser_for(commands))
    return page(
        "Commands",
        "What `vidmesh` does, as its own `--help` says. Commands find an installation by `--data`, or by "
        "`VIDMESH_URL`, the address of any edge.",
        table(
            ("command", "what"),
            ((f"[{code(f'vidmesh {one.name}')}](#{anchor(f'vidmesh {one.name}')})", one.help) for one in commands),
        ),
        *(block for command in commands for block in _command(f"vidmesh {command.name}", parsers[command.name], "##")),
    )


def _command(name: str, parser: argparse.ArgumentParser, level: str) -> Iterator[str]:
    yield f"{level} {name}"
    if parser.description:
        yield flowing(parser.description)
    actions = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]  # pyright: ignore[reportPrivateUsage]
    rows = [(_typed(action), _help(action, parser)) for action in actions if action.help and not _nested(action)]
    if rows:
        yield table(("argument", "meaning"), rows)
    if parser.epilog:
        yield "\n".join(_epilog(parser.epilog))
    helps = _helps(parser)
    for word, nested in _choices(parser).items():
        if nested.description is None:
            nested.description = helps.get(word, "").capitalize() + "."
        yield from _command(f"{name} {word}", nested, level + "#")


def _nested(action: argparse.Action) -> bool:
    return isinstance(action, argparse._SubParsersAction)  # pyright: ignore[reportPrivateUsage]


def _choices(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            return dict(action.choices)
    return {}


def _helps(parser: argparse.ArgumentParser) -> dict[str, str]:
    for action in parser._actions:  # pyright: ignore[reportPrivateUsage]
        if isinstance(action, argparse._SubParsersAction):  # pyright: ignore[reportPrivateUsage]
            return {choice.dest: choice.help or "" for choice in action._choices_actions}  # pyright: ignore[reportPrivateUsage]
    return {}


def _typed(action: argparse.Action) -> str:
    """What is typed for an argument, with a mark where it has to be."""
    value = ""
    if action.nargs != 0:
        chosen = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else None
        metavar = action.metavar if isinstance(action.metavar, str) else None
        value = metavar or chosen or (action.dest.upper() if action.option_strings else action.dest)
    shown = " ".join(part for part in (", ".join(action.option_strings), value) if part)
    needed = action.required and action.option_strings
    return code(shown) + (" (needed)" if needed else "")


def _help(action: argparse.Action, parser: argparse.ArgumentParser) -> str:
    names = {**vars(action), "prog": parser.prog}
    return (action.help or "") % names


def _epilog(epilog: str) -> Iterator[str]:
    """Examples as the help shows them, as one block of literal text."""
    head, _, rest = epilog.partition("\n")
    yield head[:1].upper() + head[1:]
    yield ""
    for line in rest.splitlines():
        yield f"    {line.strip()}" if line.strip() else ""
