"""R's save() format, as much of it as a list of matrices and one data frame needs."""

import struct

import numpy as np


def rda_bytes(name, parts):
    """The bytes of an .rda file with one list of numeric matrices and data frames.

    A part is an array, a pair of an array and its dimnames (None where there are none), or a dict
    of columns with the key "row.names".
    """
    head = b"RDX2\nX\n" + _ints(2, 0x040202, 0x020300)
    return head + _ints(0x402) + _symbol(name) + _list(parts) + _ints(254)


def _ints(*values):
    return struct.pack(f">{len(values)}i", *values)


def _text(text):
    data = text.encode()
    return _ints(0x40009, len(data)) + data


def _symbol(name):
    return _ints(1) + _text(name)


def _texts(texts):
    return _ints(16, len(texts)) + b"".join(map(_text, texts))


def _attributes(**values):
    pairs = b"".join(_ints(0x402) + _symbol(k.replace("_", ".")) + v for k, v in values.items())
    return pairs + _ints(254)


def _reals(values, *, attributes=False):
    values = np.asarray(values, dtype=">f8")
    return _ints(14 | (0x200 if attributes else 0), values.size) + values.tobytes()


def _list(parts):
    values = b"".join(map(_part, parts.values()))
    return _ints(19 | 0x200, len(parts)) + values + _attributes(names=_texts(list(parts)))


def _part(part):
    if isinstance(part, dict):
        columns = {key: values for key, values in part.items() if key != "row.names"}
        return (
            _ints(19 | 0x300, len(columns))
            + b"".join(_reals(values) for values in columns.values())
            + _attributes(
                names=_texts(list(columns)),
                **{"class": _texts(["data.frame"])},
                row_names=_texts(part["row.names"]),
            )
        )
    values, dimnames = part if isinstance(part, tuple) else (part, None)
    values = np.asarray(values, dtype=np.float64)
    shape = {"dim": _ints(13, 2, *values.shape)}
    if dimnames is not None:
        labels = b"".join(_ints(254) if names is None else _texts(names) for names in dimnames)
        shape["dimnames"] = _ints(19, 2) + labels
    return _reals(values.T.ravel(), attributes=True) + _attributes(**shape)
