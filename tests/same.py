"""When two crosses are the same."""

import numpy as np
import pandas as pd


def assert_same_data(cross, other, *, but=()):
    """Everything is the same but the report and the named fields."""
    for name in {"crosstype", "genotype_names", "samples", "description"} - set(but):
        assert getattr(cross, name) == getattr(other, name)
    for name in {"genotypes", "traits"} - set(but):
        np.testing.assert_array_equal(getattr(cross, name), getattr(other, name))
    for name in {"markers", "trait_table", "covariates", "parents"} - set(but):
        pd.testing.assert_frame_equal(
            getattr(cross, name), getattr(other, name), check_column_type=False, check_exact=True
        )
