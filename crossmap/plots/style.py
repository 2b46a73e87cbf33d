"""How every picture looks, and how it becomes a file."""

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from crossmap.errors import CrossmapWarning
from crossmap.io.results import writing

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Colours that people with any kind of colour vision tell apart (Okabe & Ito 2008); whatever they
# say is said by shape or position too.
BLUE, ORANGE, GREEN, PURPLE = "#0072B2", "#D55E00", "#009E73", "#CC79A7"
GREY, LIGHT = "#595959", "#EFEFEF"
STAGE_COLOURS = (BLUE, ORANGE, GREEN, PURPLE)
STAGE_LINES = ("-", (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1, 1, 1)))

DPI = 150

CHARACTER = 0.68
"""Width of a capital letter, as a share of the size of the font."""

EMPTY_HEIGHT = 1.6
"""Inches of a picture that only says why it is empty."""

NO_PLACES = "The markers have no positions in one unit."
"""Why a picture along the genome is empty."""

FALLBACK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK TC", "Noto Sans CJK KR",
    "Source Han Sans SC", "Source Han Sans", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Droid Sans Fallback", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Arial Unicode MS",
    "Noto Sans Devanagari", "Noto Sans Thai", "Noto Emoji", "Segoe UI Emoji", "Symbola", "Unifont",
)  # fmt: skip
"""Fonts that have what the usual one lacks (it has Latin, Greek, Cyrillic, Arabic); those that are
installed are asked for it. Many have one weight alone, and matplotlib complains where bold is asked
for: no text is."""

NO_GLYPH = (
    "pictures: expected fonts for all characters of the names, found some without (of traits, "
    "markers or genotypes); marks stand in their place. Install a font that has them, such as Noto "
    "Sans CJK or Noto Emoji"
)

_STYLE: Mapping[str, object] = MappingProxyType(
    {
        "font.size": 9.0,
        "axes.titlesize": 10.0,
        "axes.titlelocation": "left",
        "axes.spines.top": False,
        "axes.spines.right": False,
        "legend.frameon": False,
        "figure.constrained_layout.use": True,
    }
)


def use_style() -> None:
    """Draw in a notebook as crossmap draws its own pictures, from here on."""
    from matplotlib import style

    style.use({**_STYLE, "font.family": font_families()})


def font_families() -> list[str]:
    """Name the fonts to draw with: the usual one, then those of `FALLBACK_FONTS` that are here.

    Returns
    -------
    list of str
    """
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return ["sans-serif", *(name for name in FALLBACK_FONTS if name in installed)]


@contextmanager
def _one_warning_of_glyphs() -> Iterator[None]:
    """Say once that characters have no glyph, where matplotlib says it of each of them."""
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        yield
    is_glyph = [re.match(r"Glyph \d+ .* missing from", str(w.message)) for w in heard]
    if any(is_glyph):
        warnings.warn(NO_GLYPH, CrossmapWarning, stacklevel=4)
    for warning, is_one in zip(heard, is_glyph, strict=True):
        if not is_one:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )


@contextmanager
def picture(file: str | Path, *, width: float, height: float) -> Iterator["Figure"]:
    """Draw on a figure that becomes a PNG file at the end of the block.

    The user's own matplotlib settings do not show, and the same drawing gives the same bytes.
    Characters that the usual font lacks are taken from others that are installed; if none has
    them, one `CrossmapWarning` says so.

    Parameters
    ----------
    file
        Where to write.
    width, height
        In inches. A picture that only says why it is empty (`say_why_empty`) is `EMPTY_HEIGHT` high
        at most.

    Yields
    ------
    matplotlib.figure.Figure

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    from matplotlib import style
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    look = {**_STYLE, "font.family": font_families()}
    with style.context(["default", look]), _one_warning_of_glyphs():
        # What is measured while drawing is as large as what is saved: fonts are hinted by size.
        figure = Figure(figsize=(width, height), dpi=DPI)
        FigureCanvasAgg(figure)
        yield figure
        if figure.axes and not any(axes.axison for axes in figure.axes):
            # Sentences alone need no more room.
            figure.set_size_inches(width, min(height, EMPTY_HEIGHT))
        layout = figure.get_layout_engine()
        if layout is not None:  # once before the one of saving: panels of new sizes have new ticks
            layout.execute(figure)
        with writing(file):
            figure.savefig(file, dpi=DPI, format="png", metadata={"Software": None})


def characters_across(axes: "Axes") -> int:
    """Count the characters of usual size that the width of some axes holds.

    Parameters
    ----------
    axes
        Taken at their present size on the figure.

    Returns
    -------
    int
    """
    from matplotlib import rcParams

    points = axes.get_window_extent().width * 72.0 / axes.figure.dpi
    return int(points / (CHARACTER * float(rcParams["font.size"])))


def legend_below(
    axes: "Axes", *, ncols: int, handles: "Sequence[Artist] | None" = None, markerscale: float = 1.0
) -> "Axes":
    """Put the legend under the label of the x axis, however deep that stands.

    Parameters
    ----------
    axes
        Drawn already, with its labels.
    ncols
        Columns of the legend.
    handles
        What it explains, if not all that has a label.
    markerscale
        Size of its marks, relative to those drawn.

    Returns
    -------
    matplotlib.axes.Axes
    """
    from matplotlib.transforms import ScaledTranslation

    axes.apply_aspect()
    label = axes.xaxis.get_tightbbox()
    depth = 0.0 if label is None else axes.get_window_extent().y0 - label.y0
    down = ScaledTranslation(0, -depth / axes.figure.dpi, axes.figure.dpi_scale_trans)
    axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, 0), ncols=ncols,
        bbox_transform=axes.transAxes + down, borderaxespad=0.3, markerscale=markerscale,
    )  # fmt: skip
    return axes


def short(name: str, *, longest: int = 32) -> str:
    r"""Cut a name that a title or a label cannot hold, and keep matplotlib from reading it as TeX.

    Parameters
    ----------
    name
        Of a trait or a marker.
    longest
        Characters that are kept, the ellipsis among them.

    Returns
    -------
    str

    Examples
    --------
    >>> len(short("基因" * 20)), len(short("ab" * 20))
    (21, 32)
    >>> short("YAL001C"), short("a_very_long_name_of_a_trait", longest=12), short("$cost$")
    ('YAL001C', 'a_very…trait', '\\$cost\\$')
    """
    wide = sum(east_asian_width(letter) in "WF" for letter in name)
    if wide:  # which take the place of one and a half
        longest = max(3, round(longest * len(name) / (len(name) + wide / 2)))
    if len(name) > longest:
        head = longest // 2
        tail = name[len(name) - (longest - head - 1) :]
        # A full stop or a dash beside the ellipsis would seem a part of it.
        name = f"{name[:head].rstrip('._-')}…{tail.lstrip('._-')}"
    return name.replace("$", r"\$")


def say_why_empty(axes: "Axes", reason: str) -> "Axes":
    """Write in an empty picture why it is empty.

    Parameters
    ----------
    axes
        Where to write; its frame and ticks go.
    reason
        One sentence.

    Returns
    -------
    matplotlib.axes.Axes
    """
    axes.set_axis_off()
    axes.text(0.5, 0.5, reason, ha="center", va="center", transform=axes.transAxes, wrap=True)
    return axes
