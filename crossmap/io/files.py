"""Bytes and text of the files that a user names, with clear words for what is wrong with them."""

import gzip
import io
import re
import zlib
from pathlib import Path

from crossmap.errors import DataError

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")
_GZIP_MAGIC = b"\x1f\x8b"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"
# Text packs 3 to 100 times smaller; what unpacks to far more is damaged or made to do harm.
_MAX_RATIO = 200
_ALWAYS_FINE = 32 << 20


def refuse_url(path: str | Path) -> None:
    """Refuse what is no file on this machine.

    Parameters
    ----------
    path
        What the user named.

    Raises
    ------
    DataError
        For a URL.
    """
    if _URL.match(str(path)):
        raise DataError.at(path, expected="a file on this machine", found="a URL; download it")


def read_bytes(path: str | Path) -> bytes:
    """Read a file whole.

    Parameters
    ----------
    path
        A file on this machine.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        For a URL, a folder, a file that is missing or cannot be read.
    """
    refuse_url(path)
    try:
        return Path(path).read_bytes()
    except FileNotFoundError:
        raise DataError.at(path, expected="a file", found="none of this name") from None
    except IsADirectoryError:
        raise DataError.at(path, expected="a file", found="a folder") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise DataError.at(path, expected="a readable file", found=reason) from error


def first_bytes(data: bytes, n_bytes: int = 16) -> bytes:
    """Give the first bytes of a file, unpacked if it is gzip.

    Parameters
    ----------
    data
        The file.
    n_bytes
        How many.

    Returns
    -------
    bytes
        Fewer for a short or damaged file; without a byte-order mark.
    """
    if data.startswith(_GZIP_MAGIC):
        try:
            with gzip.open(io.BytesIO(data)) as stream:
                data = stream.read(n_bytes + len(_UTF8_MARK))
        except (EOFError, OSError, zlib.error):
            return b""
    return data[: n_bytes + len(_UTF8_MARK)].removeprefix(_UTF8_MARK)[:n_bytes]


def unpacked_limit(n_packed: int) -> int:
    """Bytes that a packed file may hold once unpacked.

    Parameters
    ----------
    n_packed
        Its bytes as it lies there.

    Returns
    -------
    int
    """
    return max(_ALWAYS_FINE, _MAX_RATIO * n_packed)


def unpack_gzip(data: bytes, name: str) -> bytes:
    """Unpack a gzip file (bgzip's blocks too).

    Parameters
    ----------
    data
        Its bytes.
    name
        The file as the user named it, for messages.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        For a damaged file, and one that unpacks to more than `unpacked_limit`.
    """
    limit = unpacked_limit(len(data))
    try:
        with gzip.open(io.BytesIO(data)) as stream:
            unpacked = stream.read(limit + 1)
    except (EOFError, OSError, zlib.error) as error:
        found = "one that is cut short" if isinstance(error, EOFError) else str(error)
        raise DataError.at(name, expected="a whole gzip file", found=found) from error
    if len(unpacked) > limit:
        raise too_much(name, limit)
    return unpacked


def too_much(name: str, limit: int) -> DataError:
    """Make the error of a packed file that holds more than it may.

    Parameters
    ----------
    name
        The file as the user named it.
    limit
        Bytes that it may hold.

    Returns
    -------
    DataError
    """
    return DataError.at(
        name,
        expected=f"at most {limit >> 20} MB once unpacked",
        found="more (a damaged file; if it is sound, unpack it first)",
    )


def decode_text(data: bytes, name: str) -> str:
    """Unpack and decode the bytes of a text file.

    Parameters
    ----------
    data
        UTF-8, plain or gzip; a byte-order mark and Windows line ends are tolerated.
    name
        The file as the user named it, for messages.

    Returns
    -------
    str
        Lines end in a line feed alone; no byte-order mark.

    Raises
    ------
    DataError
        For an empty file, what `unpack_gzip` refuses, text that is not UTF-8.
    """
    if data.startswith(_GZIP_MAGIC):
        data = unpack_gzip(data, name)
    if data.startswith(_UTF16_MARKS) or _every_other_is_null(data[:64]):
        raise DataError.at(name, expected="UTF-8 text", found="UTF-16; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        rest = error.object  # without the byte-order mark
        line = rest.count(b"\n", 0, error.start) + 1
        found = f"the byte 0x{rest[error.start]:02x}"
        raise DataError.at(name, expected="UTF-8 text", found=found, line=line) from error
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise DataError.at(name, expected="text", found="a null byte", line=line)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise DataError.at(name, expected="a table", found="an empty file")
    return text


def _every_other_is_null(head: bytes) -> bool:
    """What text in a Western script is in UTF-16 that has no byte-order mark."""
    return any(head) and (not any(head[::2]) or not any(head[1::2])) and len(head) > 3
