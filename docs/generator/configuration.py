"""Every setting, from default.toml's comments and the types of `mesh.config`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from docs.generator.markdown import code, flowing, page, table
from mesh.config import DEFAULT_FILE, Settings

HEADER = re.compile(r"\[([a-z_]+)\]")
VALUE = re.compile(r"([a-z_]+) = (.+)")
SIMPLE: dict[object, str] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "true or false",
    SecretStr: "secret text",
}


@dataclass(slots=True)
class Section:
    """One section of the file, in its order."""

    name: str
    comment: str
    settings: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    """Name, default as it is written, comment."""


def configuration_page() -> str:
    """The page of settings."""
    sections = list(_sections(DEFAULT_FILE.read_text(encoding="utf-8")))
    intro = sections[0].comment
    return page("Configuration", intro, *(block for section in sections for block in _section(section)))


def _section(section: Section) -> Iterator[str]:
    model: Any = Settings
    if section.name:
        yield f"## [{section.name}]"
        yield section.comment
        model = Settings.model_fields[section.name].annotation
    if not section.settings:
        return
    yield table(
        ("setting", "type", "default", "variable", "meaning"),
        (
            (
                code(name),
                type_of(model.model_fields[name]),
                code(default),
                code("VIDMESH_" + "__".join(part.upper() for part in (section.name, name) if part)),
                comment,
            )
            for name, default, comment in section.settings
        ),
    )


def _sections(text: str) -> Iterator[Section]:
    """The file's sections; a comment belongs to what stands right below it, the first one to the whole file."""
    current, comment = Section("", ""), list[str]()
    for line in text.splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif header := HEADER.fullmatch(line):
            yield current
            current, comment = Section(header[1], flowing("\n".join(comment))), []
        elif value := VALUE.fullmatch(line):
            tomllib.loads(line)
            current.settings.append((value[1], value[2], flowing("\n".join(comment)) or "(as above)"))
            comment = []
        elif not line.strip() and not current.name and not current.settings:
            current.comment, comment = flowing("\n".join(comment)), []
        elif line.strip():
            raise ValueError(f"default.toml: {line!r} is neither a comment, a section nor one setting.")
    yield current


def type_of(info: FieldInfo) -> str:
    """What a value of a setting may be, in words."""
    bounds = [
        f"{sign} {value}"
        for sign, name in (("≥", "ge"), ("≤", "le"))
        if (value := next((getattr(m, name) for m in info.metadata if hasattr(m, name)), None)) is not None
    ]
    return ", ".join([_named(info.annotation), *bounds])


def _named(annotation: Any) -> str:
    arguments = get_args(annotation)
    match get_origin(annotation):
        case origin if origin is Annotated:
            return _named(arguments[0])
        case origin if origin is Literal:
            return " or ".join(code(f'"{value}"') for value in arguments)
        case origin if origin is tuple:
            inner = [_named(argument) for argument in arguments if argument is not ...]
            return f"list of {inner[0]}" if ... in arguments else f"[{', '.join(inner)}]"
        case origin if origin is dict:
            return "table of text"
        case _:
            return _plain(annotation)


def _plain(annotation: Any) -> str:
    if annotation is timedelta:
        return "seconds"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        shown = (f"{name}: {type_of(info)}" for name, info in annotation.model_fields.items())
        return "table: " + "; ".join(shown)
    return SIMPLE[annotation]
