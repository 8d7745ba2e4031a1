"""Messages without their secrets, for whatever a person or a log may see."""

from __future__ import annotations

from typing import Final, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

from vidmesh.options.v1 import options_pb2

HIDDEN: Final = "(secret)"

M = TypeVar("M", bound=Message)


def redact(message: M) -> M:
    """A copy in which every field marked `(vidmesh.options.v1.secret)` says "(secret)", at any depth.

    A secret that is no text is left out. Fields that are empty stay empty.
    """
    copy = type(message)()
    copy.CopyFrom(message)
    _hide(copy)
    return copy


def _hide(message: Message) -> None:
    for field, value in message.ListFields():
        if field.GetOptions().Extensions[options_pb2.secret]:
            _replace(message, field)
        elif field.message_type is None:
            continue
        elif field.message_type.GetOptions().map_entry:
            if field.message_type.fields_by_name["value"].message_type is not None:
                for one in value.values():
                    _hide(one)
        elif field.is_repeated:
            for one in value:
                _hide(one)
        else:
            _hide(value)


def _replace(message: Message, field: FieldDescriptor) -> None:
    message.ClearField(field.name)
    if field.type == FieldDescriptor.TYPE_STRING and not field.is_repeated:
        setattr(message, field.name, HIDDEN)
