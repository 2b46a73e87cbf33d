"""Where the files of a cross lie: a folder, or a zip file that is read in memory."""

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from crossmap.errors import DataError
from crossmap.io.cells import shown
from crossmap.io.files import read_bytes, too_much, unpacked_limit

_DRIVE = re.compile(r"[A-Za-z]:")
_PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MAX_SHOWN = 80
# What the zipfile module raises on a damaged archive, over its versions.
_ZIP_MAGIC = b"PK\x03\x04"
_ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, LookupError, NotImplementedError,
    OSError, RuntimeError, ValueError,
)  # fmt: skip


class Source(Protocol):
    """Where the files of a cross lie."""

    def label(self, name: str) -> str:
        """What to call a file in messages."""

    def read(self, name: str) -> bytes:
        """The bytes of a file."""


@dataclass(frozen=True)
class Folder:
    """The folder of a control file.

    Parameters
    ----------
    path
        Where it is.
    """

    path: Path

    def label(self, name: str) -> str:
        """What to call a file in messages: its path."""
        return str(self.path / name)

    def read(self, name: str) -> bytes:
        """The bytes of a file; DataError if it cannot be read."""
        return read_bytes(self.path / name)


@dataclass(frozen=True)
class Archive:
    """A zip file, read in memory: nothing is unpacked, so no member can leave it.

    Parameters
    ----------
    path
        Where it is.
    members
        Their names and bytes.
    folder
        Of the control file inside it, with a slash at the end, or empty.
    """

    path: Path
    members: Mapping[str, bytes]
    folder: str = ""

    def label(self, name: str) -> str:
        """What to call a file in messages: archive and member."""
        return f"{self.path}/{self.folder}{name}"

    def read(self, name: str) -> bytes:
        """The bytes of a member; DataError if there is none."""
        member = self.folder + PurePosixPath(name).as_posix()
        if member not in self.members:
            raise DataError.at(self.path, expected=f"a member {member}", found="none")
        return self.members[member]


def leads_out(path: str) -> bool:
    """Whether a path does not stay in the folder it starts from.

    Parameters
    ----------
    path
        With forward slashes.

    Returns
    -------
    bool

    Examples
    --------
    >>> [leads_out(path) for path in ("a/geno.csv", "/etc/passwd", "C:/x", "a/../../x")]
    [False, True, True, True]
    """
    return path.startswith("/") or bool(_DRIVE.match(path)) or ".." in path.split("/")


def unzip(data: bytes, name: str) -> dict[str, bytes]:
    """Unpack a zip file in memory.

    Parameters
    ----------
    data
        Its bytes.
    name
        The file as the user named it, for messages.

    Returns
    -------
    dict of str to bytes
        Member -> its bytes, without folders and what macOS adds.

    Raises
    ------
    DataError
        For a damaged file, members that would lead out of its folder or are links, and more
        bytes than `unpacked_limit`.
    """
    if not zipfile.is_zipfile(io.BytesIO(data)):  # has no table of contents at its end
        found = "one that is cut short" if data.startswith(_ZIP_MAGIC) else "something else"
        raise DataError.at(name, expected="a whole zip file", found=found)
    with _whole(name):
        archive = zipfile.ZipFile(io.BytesIO(data))
        files = [member for member in archive.infolist() if not member.is_dir()]
    limit = unpacked_limit(len(data))
    if sum(member.file_size for member in files) > limit:
        raise too_much(name, limit)
    members = {}
    for member in files:
        _refuse_escape(member, name)
        if _is_macos_extra(member.filename):
            continue
        if member.compress_type not in _PACKINGS:
            found = f"a packing of kind {member.compress_type}"
            raise DataError.at(name, expected="a whole zip file", found=found)
        with _whole(name):
            # Reads no more than the size it declares, which was added up above.
            members[member.filename.replace("\\", "/")] = archive.read(member)
    return members


@contextmanager
def _whole(name: str) -> Iterator[None]:
    try:
        yield
    except _ZIP_ERRORS as error:
        found = str(error)[:_MAX_SHOWN]
        raise DataError.at(name, expected="a whole zip file", found=found) from error


def _refuse_escape(member: zipfile.ZipInfo, name: str) -> None:
    path = member.filename.replace("\\", "/")
    if leads_out(path):
        raise DataError.at(name, expected="members inside its own folder", found=shown(path))
    if stat.S_ISLNK(member.external_attr >> 16):
        raise DataError.at(name, expected="files alone", found=f"a link, {shown(path)}")


def _is_macos_extra(member: str) -> bool:
    return member.startswith("__MACOSX/") or PurePosixPath(member).name.startswith("._")
