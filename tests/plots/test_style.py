"""Pictures become files, the same bytes for the same drawing."""

import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import pytest

from crossmap.errors import CrossmapWarning, OutputError
from crossmap.plots import style
from crossmap.plots.style import DPI, EMPTY_HEIGHT, font_families, picture, say_why_empty


def draw(file):
    with picture(file, width=3, height=2) as figure:
        figure.subplots().plot([0, 1], [1, 0])
    return file.read_bytes()


def test_the_same_drawing_gives_the_same_bytes_whatever_the_users_settings(tmp_path):
    first = draw(tmp_path / "a.png")
    assert first.startswith(b"\x89PNG")
    with mpl.rc_context({"lines.linewidth": 9, "axes.facecolor": "black", "font.size": 30}):
        assert draw(tmp_path / "b.png") == first
        assert mpl.rcParams["lines.linewidth"] == 9  # and they are left as they were


def draw_titles(file, *titles, warning=None):
    with picture(file, width=3, height=2) as figure:
        for axes, title in zip(
            figure.subplots(len(titles), squeeze=False)[:, 0], titles, strict=True
        ):
            axes.set_title(title)
        if warning:
            warnings.warn(warning, UserWarning, stacklevel=1)
    return file.exists()


def test_characters_that_no_font_has_are_warned_of_once(tmp_path, monkeypatch):
    monkeypatch.setattr(style, "FALLBACK_FONTS", ())
    with pytest.warns(CrossmapWarning) as heard:
        assert draw_titles(tmp_path / "a.png", "基因表达", "\N{DNA DOUBLE HELIX}")
    assert [str(w.message) for w in heard] == [style.NO_GLYPH]


def test_greek_needs_no_other_font_and_other_warnings_are_left_alone(tmp_path):
    with pytest.warns(UserWarning, match="of my own") as heard:
        draw_titles(tmp_path / "a.png", "αβγ, Ångström, Дрожжи", warning="of my own")
    assert len(heard) == 1


def test_no_text_is_bold():
    """Fonts of other scripts often are not, of which matplotlib complains on stderr."""
    for file in Path(style.__file__).parent.glob("*.py"):
        assert "fontweight" not in file.read_text(encoding="utf-8"), file.name


def test_fonts_that_are_installed_are_asked_in_turn(monkeypatch):
    from matplotlib.font_manager import fontManager

    monkeypatch.setattr(style, "FALLBACK_FONTS", ("None such", fontManager.ttflist[0].name))
    assert font_families() == ["sans-serif", fontManager.ttflist[0].name]


def test_an_error_while_drawing_writes_nothing(tmp_path):
    def spoilt():
        with picture(tmp_path / "a.png", width=3, height=2):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        spoilt()
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    with pytest.raises(OutputError, match=r"nowhere/a\.png: expected to be able to write"):
        draw(tmp_path / "nowhere" / "a.png")


def test_drawing_needs_no_display_and_loads_no_pyplot(tmp_path):
    code = (
        "import sys; from crossmap.plots.style import picture\n"
        f"with picture({str(tmp_path / 'a.png')!r}, width=3, height=2) as f: f.subplots()\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_an_empty_picture_says_why(axes):
    say_why_empty(axes, "No trait is called.")
    assert [text.get_text() for text in axes.texts] == ["No trait is called."]
    assert not axes.axison


def test_sentences_alone_make_a_low_picture(tmp_path):
    from matplotlib.image import imread

    for n_panels, height in ((1, EMPTY_HEIGHT), (2, 6)):
        with picture(tmp_path / "a.png", width=3, height=6) as figure:
            panels = figure.subplots(n_panels, squeeze=False).ravel()
            say_why_empty(panels[0], "Nothing is called.")
        assert imread(tmp_path / "a.png").shape[:2] == (round(height * DPI), 3 * DPI)


def test_what_is_measured_while_drawing_is_as_it_is_saved(tmp_path):
    """Fonts are hinted by their size in pixels: at another resolution names would be cut off."""
    with picture(tmp_path / "a.png", width=3, height=2) as figure:
        figure.subplots().set_xticks([0, 1], ["NW_000…scaffold_1"] * 2, rotation=90)
        assert figure.dpi == DPI
    height = figure.get_size_inches()[1]
    assert figure.dpi == DPI
    box = figure.get_tightbbox()
    assert -0.02 < box.y0 < box.y1 < height + 0.02


def test_a_picture_is_laid_out_again_once_its_panels_have_their_sizes(tmp_path, monkeypatch):
    """With its size an axis changes its ticks: 10.0 for 10 reached beyond a picture's edge."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    sizes = []
    execute = ConstrainedLayoutEngine.execute

    def seen(engine, figure):
        sizes.append(figure.axes[0].get_position().width)
        execute(engine, figure)

    monkeypatch.setattr(ConstrainedLayoutEngine, "execute", seen)
    draw(tmp_path / "a.png")
    assert len(sizes) >= 2
    assert sizes[-1] != sizes[0]
