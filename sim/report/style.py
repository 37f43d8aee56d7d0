"""How figures look: two palettes that have no colour in common, sizes, the foot, and text that stays text.

A variant has one colour and one marker in every figure, by its place in the scenario; parts of a bar have pale colours
of their own, so that none is taken for a variant. Both sets stay apart with any colour vision, which a test measures.
Variants: Okabe and Ito, "Color Universal Design" (2008), three of Paul Tol's "muted" and a violet; parts: his "light",
"Colour Schemes" (SRON technical note 09-002, 2021).

Every figure has a foot that says what was simulated: the file, how many runs from which seed, and at which level
intervals hold. Names are other people's text: `$` begins no formula and control characters are made visible. Left out:
fonts for scripts that matplotlib's own lacks, whose letters show as boxes.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePath
from textwrap import fill
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import ScaledTranslation

from sim.errors import one_line
from sim.files import replacing
from sim.scenario import Scenario
from sim.stats.intervals import CONFIDENCE
from sim.tables import rows
from sim.units import format_seconds

VARIANTS: Final = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#9048F0", "#000000", "#882255", "#999933", "#332288",
)  # fmt: skip
#: A marker on a curve, and the letter that looks like it.
MARKERS: Final = (("o", "\u25cf"), ("s", "\u25a0"), ("^", "\u25b2"), ("D", "\u25c6"), ("v", "\u25bc"))
DASHES: Final = ("-", "--", ":", "-.")
_LIGHT: Final = ("#DDDDDD", "#99DDFF", "#77AADD", "#FFAABB", "#EEDD88", "#EE8866", "#44BB99")
OF_PHASES: Final = dict(zip(rows.PHASES, _LIGHT, strict=True))
OF_PURPOSES: Final = {"push": "#77AADD", "pull": "#EE8866", "sync": "#EEDD88"}
HATCH: Final = "/////"
#: Of what is shaded: a time at which a fault held, an interval that was found.
SHADE: Final = "0.90"

#: A slide of 16 to 9, and one column of a page, inches.
SLIDE: Final = (13.33, 7.5)
COLUMN: Final = (3.5, 2.9)
#: What a figure of one plot has, unless it is given axes.
_ONE: Final = (8.6, 4.9)
_FOOT_LETTERS_PER_INCH: Final = 20
#: Below so many inches axes are those of a column: they get fewer ticks, and shorter words.
_NARROW: Final = 4.0
#: Of narrow axes: what a letter of a title, of a label and of a name at the left takes, inches; how much wider than
#: they are before they are laid out the room is that they share with such names; letters of a label at their left.
_TITLE_INCHES: Final = 0.1
_LABEL_INCHES: Final = 0.085
_NAME_INCHES: Final = 0.07
_BESIDE: Final = 1.13
_UPRIGHT_LETTERS: Final = 18
#: Up to so many names stand below each other above a column's axes; of more there are two a line, each cut shorter.
_FEW: Final = 5
HALF_LETTERS: Final = 20
#: Lines of a name at most.
_NAME_LINES: Final = 3
#: What a line of a legend takes above axes, points.
KEY_PT: Final = 13.0
#: Up to how many decades there is room for which ticks within each.
_TICKS: Final = ((1.0, (1, 1.5, 2, 3, 5, 7)), (2.5, (1, 2, 5)), (float("inf"), (1,)))
_NARROW_TICKS: Final = ((1.0, (1, 2, 5)), (2.0, (1, 3)), (float("inf"), (1,)))

STYLE: Final[Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 10.0,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "hatch.linewidth": 0.7,
    "legend.frameon": False,
    "legend.fontsize": 8.0,
    "svg.hashsalt": "regsim",
    "text.usetex": False,
}


def plain(text: object) -> str:
    """Text that matplotlib draws as it is: no `$` begins a formula, no control character does anything."""
    return plain_lines(one_line(str(text)))


def plain_lines(text: str) -> str:
    """Lines without control characters in which no `$` begins a formula."""
    return text.replace("$", r"\$")


def wrapped(text: object, letters: int, lines: int | None = None) -> str:
    """Plain text in lines of so many letters at most; of more lines than there may be the last ends in dots."""
    return plain_lines(fill(one_line(str(text)), max(letters, 4), max_lines=lines, placeholder="..."))


def name_lines(text: object, letters: int) -> str:
    """Somebody's name in at most three such lines, so that one name of any length leaves room for the others."""
    return wrapped(text, letters, _NAME_LINES)


def cut(text: object, letters: int) -> str:
    """One line of text, cut where it is long."""
    whole = one_line(str(text))
    return whole if len(whole) <= letters else f"{whole[: letters - 3]}..."


def short(text: object, letters: int = 32) -> str:
    """Plain text in one line, cut where it is long."""
    return plain_lines(cut(text, letters))


def place_of(scenario: Scenario, variant: str) -> int:
    """A variant's place in its scenario, by which it has a colour; 0 for one without others."""
    return scenario.variants.index(variant) if variant in scenario.variants else 0


def colour(place: int) -> str:
    return VARIANTS[place % len(VARIANTS)]


def marker(place: int) -> tuple[str, str]:
    """A marker and its letter: of two variants of one colour they differ."""
    return MARKERS[(place + place // len(VARIANTS)) % len(MARKERS)]


@contextmanager
def styled() -> Iterator[None]:
    """What is drawn within looks like everything else."""
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")
        yield


def figure(size: tuple[float, float] = _ONE, title: str = "", foot: str = "") -> Figure:
    """An empty figure, whose title stands at its left and whose foot says what was simulated."""
    made = Figure(figsize=size, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06))
    FigureCanvasAgg(made)
    if title:
        made.suptitle(name_lines(title, int(11.5 * size[0])), x=0.01, ha="left", fontsize=11)
    if foot:
        lines = wrapped(foot, int(_FOOT_LETTERS_PER_INCH * size[0]))
        made.supxlabel(lines, x=0.01, ha="left", fontsize=7.5, color="0.35")
    return made


def runs_text(runs: int, each: str = "") -> str:
    """`10 runs each, intervals at 95 %`."""
    if runs == 1:
        return "one run, so no intervals"
    return f"{runs} runs{each}, intervals at {100 * CONFIDENCE:g} %"


def title_of(scenario: Scenario) -> str:
    return scenario.run.title or PurePath(scenario.name).name


def seconds(value_s: float) -> str:
    """`1.16 s`; `never` for what is infinite."""
    if value_s != value_s:
        return "none"
    return format_seconds(float(f"{value_s:.3g}")) if abs(value_s) != float("inf") else "never"


def narrow(axes: Axes) -> bool:
    """Whether axes are as narrow as a column of a page."""
    whole = axes.get_figure(root=True)
    return whole is not None and axes.get_position().width * whole.get_size_inches()[0] < _NARROW


def seconds_on(axis: Any, low_s: float, high_s: float) -> None:
    """Ticks of a logarithmic axis of times, as many as there is room for."""
    decades = 0.0
    while low_s > 0 and high_s > low_s * 10**decades and decades < 12:
        decades += 0.5
    ticks = _NARROW_TICKS if narrow(axis.axes) else _TICKS
    axis.set_major_locator(LogLocator(subs=next(some for most, some in ticks if decades <= most)))
    axis.set_major_formatter(FuncFormatter(lambda value_s, _: seconds(value_s)))
    axis.set_minor_formatter(NullFormatter())


def clean(axes: Axes) -> None:
    """Axes of somebody else's look like ours."""
    axes.spines[["top", "right"]].set_visible(False)


def key_columns(axes: Axes, many: int) -> int:
    """Columns of a legend of so many names: two where one would take a column's axes all their height."""
    return 2 if narrow(axes) and many > _FEW else 1


def key_rows(axes: Axes, many: int) -> int:
    """Lines that such a legend has."""
    return -(-many // key_columns(axes, many))


def key(axes: Axes, columns: int = 1, **about: Any) -> None:
    """A legend that stands on nothing: above the axes, in so many columns; above the names beside narrow ones, too."""
    if columns == 2 and narrow(axes):
        about = {"fontsize": 7.0, "handlelength": 1.4, "columnspacing": 0.8, "handletextpad": 0.5, **about}
    if narrow(axes):
        whole = axes.get_figure(root=True)
        assert whole is not None
        names = ScaledTranslation(-_NAME_INCHES * _name_letters(axes), 0, whole.dpi_scale_trans)
        about["bbox_transform"] = axes.transAxes + names
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=columns, borderaxespad=0.1, **about)


def named(axes: Axes, name: str, rest: str = "", many: int = 1) -> str:
    """One of so many names in a legend, shortened where it is long, and what is said of it where there is room."""
    if key_columns(axes, many) > 1:
        return short(name, HALF_LETTERS)
    return short(name, max((34 if narrow(axes) else 72) - len(rest), 8)) + plain(rest)


def headed(axes: Axes, title: str, lines: float = 0) -> None:
    """A title above a legend of so many lines."""
    axes.set_title(
        wrapped(title, _letters(axes, _TITLE_INCHES)) if narrow(axes) else plain(title), pad=6 + lines * KEY_PT
    )


def labelled(axes: Axes, x: str) -> None:
    """What the axis along measures, in lines that fit."""
    axes.set_xlabel(wrapped(x, _letters(axes, _LABEL_INCHES)) if narrow(axes) else plain(x))


def upright(axes: Axes, y: str) -> None:
    """What the axis upwards measures, in lines that fit."""
    axes.set_ylabel(wrapped(y, _UPRIGHT_LETTERS) if narrow(axes) else plain(y))


def _letters(axes: Axes, letter_inches: float) -> int:
    """How many letters have room above or below narrow axes, beside the names that stand at their left."""
    whole = axes.get_figure(root=True)
    assert whole is not None
    inches = axes.get_position().width * whole.get_size_inches()[0] * _BESIDE
    return int((inches - _NAME_INCHES * _name_letters(axes)) / letter_inches)


def _name_letters(axes: Axes) -> int:
    """Letters of the longest line beside axes, where they have names or other fixed texts there."""
    if not isinstance(axes.yaxis.get_major_locator(), FixedLocator):
        return 0
    texts = [label.get_text() for label in axes.get_yticklabels()]
    return max((len(line) for text in texts for line in text.split("\n")), default=0)


def write(drawn: Figure, directory: Path, name: str) -> None:
    """The figure as `NAME.png` and `NAME.svg`, each whole or not there, the same for the same rows."""
    with styled():
        with replacing(directory / f"{name}.png") as path:
            drawn.savefig(path, format="png", dpi=150)
        with replacing(directory / f"{name}.svg") as path:
            drawn.savefig(path, format="svg", metadata={"Date": None})


def spread(names: Sequence[str], most: int = 5) -> str:
    """Some names in a sentence, and how many more there are."""
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
