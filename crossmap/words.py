"""Numbers with their nouns, and results in one line."""

import dataclasses


def count(n: int, singular: str, plural: str | None = None) -> str:
    """Write a number with its noun.

    Parameters
    ----------
    n
        How many.
    singular, plural
        The noun; the plural is the singular with an s if it is not given.

    Returns
    -------
    str

    Examples
    --------
    >>> count(1, "trait"), count(6216, "trait")
    ('1 trait', '6,216 traits')
    """
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


class OneLine:
    """Give a dataclass a `repr` of one line: its values, and of arrays and tables their shapes.

    Examples
    --------
    >>> @dataclasses.dataclass(repr=False)
    ... class Found(OneLine):
    ...     fdr: float
    ...     traits: tuple[str, ...]
    >>> Found(0.1, ("g1", "g2"))
    Found(fdr=0.1, traits=2 values)
    """

    def __repr__(self) -> str:
        fields = [f.name for f in dataclasses.fields(self) if f.repr]  # type: ignore[arg-type]
        parts = [f"{name}={_briefly(getattr(self, name))}" for name in fields]
        return f"{type(self).__name__}({', '.join(parts)})"


_MOST_LETTERS = 40


def _briefly(value: object) -> str:
    kind = type(value).__name__
    shape = getattr(value, "shape", None)
    if shape:
        return f"{kind}[{', '.join(map(str, shape))}]"
    if dataclasses.is_dataclass(value):
        return kind
    if isinstance(value, tuple | list | set | dict):
        return count(len(value), "value") if value else "none"
    text = repr(value)
    return text if len(text) <= _MOST_LETTERS else kind
