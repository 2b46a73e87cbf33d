"""Tables whose names are objects in every version of pandas."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def labelled(values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Give rows and columns their names, objects in every version of pandas.

    Parameters
    ----------
    values
        [n_rows, n_columns].
    rows, columns
        Names.

    Returns
    -------
    pandas.DataFrame
        Of the dtype of `values`.
    """
    return pd.DataFrame(
        values,
        index=pd.Index(list(rows), dtype=object),
        columns=pd.Index(list(columns), dtype=object),
        dtype=values.dtype,  # pandas 3 would make its own strings of objects
        copy=False,
    )
