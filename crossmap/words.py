"""Numbers with their nouns."""


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
