"""Turns a kept JSON document back into results, by the annotations of their dataclasses."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gil_demo.errors import BadInput

VERSION = 2
"""The version of the documents that are written. Those up to it can be read."""

Result = TypeVar("Result")

JSON_NAMES: Mapping[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a string",
    NoneType: "null",
}


class UnreadableDocument(BadInput, ValueError):
    """A document is not one that can be shown; the message says what is wrong with it."""


def content(text: str, wanted: str) -> dict[str, Any]:
    """Return the members of a document, without its format and its version.

    `wanted` is the format, such as "gil-demo/try". Raises `UnreadableDocument` where the
    text is not JSON, is of another format, or of a version that this program does not know.
    """
    advice = f"write one with '{wanted.replace('/', ' ')} --json'"
    try:
        members = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise UnreadableDocument(f"the document is not JSON ({error}): {advice}") from error
    found = members.pop("format", None) if isinstance(members, dict) else None
    if found != wanted:
        fault = f"is of format {found!r}" if isinstance(found, str) else "names no format"
        raise UnreadableDocument(f"the document {fault}, and {wanted!r} is needed: {advice}")
    version = members.pop("version", None)
    if type(version) is not int or version < 1:
        raise UnreadableDocument(
            f"the document has version {version!r}, which is not valid: {advice}"
        )
    if version > VERSION:
        raise UnreadableDocument(
            f"the document has version {version}, and this gil-demo reads versions up to"
            f" {VERSION}: install a later gil-demo"
        )
    return dict(members)


def _refuse_constant(name: str) -> None:
    """Refuse NaN and the infinities, which Python reads and JSON does not have."""
    raise ValueError(f"{name} is no JSON number")


def read(kind: type[Result], value: object, at: str = "") -> Result:
    """Return `value`, as `json.loads` gave it, as a `kind`.

    Args:
        kind: A dataclass of results, or anything that its fields are annotated with: bool,
            int, float, str, a Literal, a union, ``tuple[X, ...]``, ``dict[str, X]``.
        value: What is to be read. A member may be missing where its field has a default.
        at: Where in the document this is, for the message: ``patterns[3].seconds``.

    Raises:
        UnreadableDocument: The value does not fit; the message says where and why.
    """
    result: Result = _read(kind, value, at)
    return result


def _read(kind: Any, value: object, at: str) -> Any:
    origin = get_origin(kind)
    if is_dataclass(kind):
        return _dataclass(kind, value, at)
    if origin is Literal:
        return _choice(kind, value, at)
    if origin in (Union, UnionType):
        return _union(kind, value, at)
    if origin is tuple:
        return _tuple(get_args(kind), value, at)
    if origin is dict:
        key, item = get_args(kind)
        members = _checked(value, dict, "an object", at)
        return {
            _read(key, name, f"{at} (a name)"): _read(item, member, f"{at}.{name}")
            for name, member in members.items()
        }
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:  # isinstance would take true for the number 1
        raise _unfit(value, JSON_NAMES.get(kind, str(kind)), at)
    return value


def _dataclass(kind: Any, value: object, at: str) -> Any:
    members = _checked(value, dict, "an object", at)
    known = fields(kind)
    unknown = sorted(members.keys() - {field.name for field in known})
    missing = [field.name for field in known if _required(field) and field.name not in members]
    if unknown or missing:
        fault = f"lacks {missing[0]!r}" if missing else f"has {unknown[0]!r}, which is unknown here"
        raise UnreadableDocument(f"{at or 'the document'} {fault}")
    types = _types(kind)
    return kind(
        **{
            name: _read(types[name], member, f"{at}.{name}" if at else name)
            for name, member in members.items()
        }
    )


@cache
def _types(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _choice(kind: Any, value: object, at: str) -> Any:
    choices = get_args(kind)
    if not isinstance(value, str | int) or value not in choices:
        raise _unfit(value, _either(map(repr, choices)), at)
    return value


def _union(kind: Any, value: object, at: str) -> Any:
    """Return what the first kind that fits makes of it; a dataclass reports its own faults."""
    kinds = get_args(kind)
    faults = []
    for one in kinds:
        try:
            return _read(one, value, at)
        except UnreadableDocument as error:
            faults.append((one, error))
    for one, fault in faults:
        if is_dataclass(one) and isinstance(value, dict):
            raise fault
    names = (JSON_NAMES.get(one, "an object" if is_dataclass(one) else "a list") for one in kinds)
    raise _unfit(value, _either(names), at)


def _tuple(kinds: tuple[Any, ...], value: object, at: str) -> tuple[Any, ...]:
    items = _checked(value, list, "a list", at)
    each = [kinds[0]] * len(items) if kinds[-1] is Ellipsis else list(kinds)
    if len(each) != len(items):
        raise _unfit(value, f"a list of {len(each)}", at)
    return tuple(
        _read(kind, item, f"{at}[{position}]")
        for position, (kind, item) in enumerate(zip(each, items, strict=True))
    )


def _checked(value: object, kind: type, name: str, at: str) -> Any:
    if not isinstance(value, kind):
        raise _unfit(value, name, at)
    return value


def _unfit(value: object, wanted: str, at: str) -> UnreadableDocument:
    text = json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= 40 else f"{text[:37]}..."
    return UnreadableDocument(f"{at or 'the document'} is {shown}, not {wanted}")


def _either(names: Iterable[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} or {last}" if rest else last
