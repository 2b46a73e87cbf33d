"""The control file of R/qtl2: YAML or JSON, alone in a folder or in a zip file with its tables.

Keys and values stay strings (``1:``, ``NO:`` and ``on:`` are keys of genotype codes, not numbers
and truth values); whoever asks for a number or a flag converts.
"""

import json
import reprlib
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from crossmap.errors import CrossmapWarning, DataError
from crossmap.io.files import decode_text, read_bytes
from crossmap.io.sources import Archive, Folder, Source, leads_out, unzip

_YAML = (".yaml", ".yml")
# What YAML reads as no value, unless it stands in quotes.
_NULLS = ("~", "null")
_FLAGS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_MAX_SHOWN = 80
_BRIEF = reprlib.Repr()
_BRIEF.maxlevel = 2


@dataclass(frozen=True)
class Control:
    """What a control file says.

    Parameters
    ----------
    name
        The file as the user named it.
    values
        Keys and values; leaves are strings.
    lines
        Line number of each key, from 1, where known.
    """

    name: str
    values: Mapping[str, Any]
    lines: Mapping[str, int] = field(default_factory=dict)

    def error(self, *, key: str, expected: str, found: object) -> DataError:
        """Make the error of one key.

        Parameters
        ----------
        key
            Which key.
        expected, found
            What it should hold and what it does.

        Returns
        -------
        DataError
        """
        # reprlib, because aliases of YAML can nest a value into one that has no end.
        text = found if isinstance(found, str) else _BRIEF.repr(found)
        on_one_line = " ".join(text.split())[:_MAX_SHOWN]
        return DataError.at(
            self.name, expected=f"{key}: {expected}", found=on_one_line, line=self.lines.get(key)
        )

    def has(self, key: str) -> bool:
        """Whether a key is there and not empty.

        Parameters
        ----------
        key
            Which key.

        Returns
        -------
        bool
        """
        return self.values.get(key, "") not in ("", [], {})

    def text(self, key: str, default: str = "") -> str:
        """A string.

        Parameters
        ----------
        key
            Which key.
        default
            Where the key is absent.

        Returns
        -------
        str

        Raises
        ------
        DataError
            If the value is a list or has keys of its own.
        """
        if not self.has(key):
            return default
        value = self.values[key]
        if not isinstance(value, str):
            raise self.error(key=key, expected="one value", found=value)
        return value

    def texts(self, key: str, default: Sequence[str] = ()) -> list[str]:
        """A list of strings; one string counts as a list of one.

        Parameters
        ----------
        key
            Which key.
        default
            Where the key is absent.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If the value is neither.
        """
        if not self.has(key):
            return list(default)
        value = self.values[key]
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self.error(key=key, expected="one value or a list", found=value)
        return list(values)

    def mapping(self, key: str, default: Mapping[str, str]) -> dict[str, str]:
        """Keys and strings.

        Parameters
        ----------
        key
            Which key.
        default
            Where the key is absent.

        Returns
        -------
        dict of str to str

        Raises
        ------
        DataError
            If the value is anything else.
        """
        if not self.has(key):
            return dict(default)
        value = self.values[key]
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            raise self.error(key=key, expected="keys with one value each", found=value)
        return dict(value)

    def flag(self, key: str) -> bool:
        """True or false; false where the key is absent.

        Parameters
        ----------
        key
            Which key.

        Returns
        -------
        bool

        Raises
        ------
        DataError
            If the value is neither.
        """
        text = self.text(key, "false")
        if text.lower() not in _FLAGS:
            raise self.error(key=key, expected="true or false", found=text)
        return _FLAGS[text.lower()]

    def file_names(self, key: str) -> list[str]:
        """Names of files inside the folder of the control file.

        Parameters
        ----------
        key
            Which key; a value with keys of its own names its file under ``file``.

        Returns
        -------
        list of str

        Raises
        ------
        DataError
            If a name is absolute or leads out of the folder.
        """
        value = self.values.get(key)
        texts = [value["file"]] if isinstance(value, dict) and "file" in value else self.texts(key)
        if not all(isinstance(text, str) for text in texts):
            raise self.error(key=key, expected="file: the name of a file", found=texts[0])
        names = [name.replace("\\", "/") for name in texts]
        for name in names:
            if leads_out(name) or not PurePosixPath(name).parts:
                raise self.error(key=key, expected="a file in the folder of this one", found=name)
        return names


def open_control(path: str | Path) -> tuple[Control, Source, bytes]:
    """Read a control file, alone or in a zip file.

    Parameters
    ----------
    path
        Ends in .yaml, .yml, .json or .zip.

    Returns
    -------
    tuple of Control, Source, bytes
        What it says, where its tables are, and the bytes of `path`.

    Warns
    -----
    CrossmapWarning
        If a zip file holds a control file in YAML and one in JSON; the YAML is read.

    Raises
    ------
    DataError
        If the file cannot be read, or is not what it should be.
    """
    data = read_bytes(path)
    place = Path(path)
    if place.suffix.lower() != ".zip":
        return parse_control(data, str(path)), Folder(place.parent), data
    members = unzip(data, str(path))
    member = _control_member(members, str(path))
    folder = member[: member.rfind("/") + 1]
    control = parse_control(members[member], f"{path}/{member}")
    return control, Archive(place, members, folder), data


def parse_control(data: bytes, name: str) -> Control:
    """Parse the bytes of a control file.

    Parameters
    ----------
    data
        UTF-8.
    name
        The file as the user named it; JSON if it ends so, else YAML.

    Returns
    -------
    Control

    Raises
    ------
    DataError
        If it does not parse, has no keys, or one twice.

    Examples
    --------
    >>> parse_control(b"genotypes: {1: 1, NO: 2}", "cross.yaml").values
    {'genotypes': {'1': '1', 'NO': '2'}}
    """
    text = decode_text(data, name)
    try:
        if name.lower().endswith(".json"):
            return Control(name, _parse_json(text, name))
        return _parse_yaml(text, name)
    except RecursionError:
        raise DataError.at(name, expected="a control file", found="endless nesting") from None


def _parse_json(text: str, name: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise DataError.at(name, expected="each key once", found=f"{twice!r} twice")
        return values

    try:
        values = json.loads(
            text, object_pairs_hook=unique, parse_int=str, parse_float=str, parse_constant=str
        )
    except json.JSONDecodeError as error:
        raise DataError.at(name, expected="JSON", found=error.msg, line=error.lineno) from error
    if not isinstance(values, dict):
        raise DataError.at(name, expected="keys and values", found="something else")
    return {key: _as_text(value) for key, value in values.items()}


def _as_text(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_text(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_as_text(inner) for inner in value]
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value).lower()


def _parse_yaml(text: str, name: str) -> Control:
    import yaml

    try:
        # The base loader makes nothing but strings, lists and dictionaries.
        loader = yaml.BaseLoader(text)
        try:
            node = loader.get_single_node()
            values = None if node is None else loader.construct_document(node)
        finally:
            loader.dispose()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        found = getattr(error, "problem", None) or str(error).splitlines()[0]
        line = None if mark is None else mark.line + 1
        raise DataError.at(name, expected="YAML", found=found, line=line) from error
    if not isinstance(node, yaml.MappingNode) or not isinstance(values, dict):
        raise DataError.at(name, expected="keys and values", found="something else")
    lines: dict[str, int] = {}
    for mapping in (node, *(value for _, value in node.value)):
        if isinstance(mapping, yaml.MappingNode):
            _check_keys(mapping, name)
    for key, value in node.value:
        lines[key.value] = key.start_mark.line + 1
        if isinstance(value, yaml.ScalarNode) and not value.style and value.value.lower() in _NULLS:
            values[key.value] = ""
    return Control(name, values, lines)


def _check_keys(mapping: Any, name: str) -> None:
    seen: dict[str, int] = {}
    for key, _ in mapping.value:
        line = key.start_mark.line + 1
        if key.value in seen:
            found = f"{key.value!r} again (first in line {seen[key.value]})"
            raise DataError.at(name, expected="each key once", found=found, line=line)
        seen[key.value] = line


def _control_member(members: Mapping[str, bytes], name: str) -> str:
    found = {
        kind: sorted(m for m in members if m.lower().endswith(endings))
        for kind, endings in (("YAML", _YAML), ("JSON", (".json",)))
    }
    for kind, names in found.items():
        if len(names) > 1:
            raise DataError.at(name, expected=f"one control file in {kind}", found=", ".join(names))
    if found["YAML"]:
        if found["JSON"]:
            warnings.warn(
                f"{name}: two control files; {found['YAML'][0]} is read, {found['JSON'][0]} is not",
                CrossmapWarning,
                stacklevel=2,
            )
        return found["YAML"][0]
    if found["JSON"]:
        return found["JSON"][0]
    raise DataError.at(name, expected="a control file (.yaml, .yml, .json) inside", found="none")
