"""From words to a letter: MJML to HTML for mail programs, and plain text that is equally good."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import cache

import jinja2
from markupsafe import Markup

from services.notification.mime import one_line
from services.notification.wording import Matter
from services.notification.words import WORDS

DISPLAY_FACE = "'Iowan Old Style', 'Palatino Linotype', Palatino, 'Book Antiqua', Georgia, 'Noto Serif', serif"
TEXT_FACE = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
WIDTH = 72
NARROWEST = 24


@dataclass(frozen=True, slots=True)
class Letter:
    """A rendered mail."""

    subject: str
    text: str
    html: str


def render(rule: str, matter: Matter, *, is_test: bool = False, unsubscribe: str = "") -> Letter:
    """The letter of a rule. `is_test` marks it where no real money moves; a demo conference is always marked."""
    import css_inline  # both are large, and only the worker writes letters
    import mrml

    words = WORDS[rule](matter)
    _ = matter.reader.gettext
    conference = matter.conference
    mark, prefix = "", ""
    if conference is not None and conference.is_demo:
        mark, prefix = _("DEMO: this conference is made up, and nobody has to pay or to come."), "[Demo] "
    elif is_test:
        mark, prefix = _("TEST: this system moves no real money."), "[Test] "
    name = one_line(matter.name)
    closing: list[str] = []
    if conference is not None:
        sender = conference.seller or conference.name
        closing += [one_line(sender), _("An answer to this mail reaches the organisers.")]
    if unsubscribe:
        closing.append(_("You get this mail because you asked for it and confirmed."))
    facts = {
        "words": words,
        "locale": matter.reader.locale,
        "title": one_line(matter.title),
        "greeting": _("Hello %(name)s,", name=name) if name else _("Hello,"),
        "mark": mark,
        "closing": closing,
        "unsubscribe": unsubscribe,
        "unsubscribe_label": _("Stop these mails"),
        "label_width": max((len(label) for label, _value in words.rows), default=0),
        "display_face": Markup(DISPLAY_FACE),
        "text_face": Markup(TEXT_FACE),
    }
    mjml = _templates().get_template("mail/letter.mjml.j2").render(facts)
    html = mrml.to_html(mjml, render_options=mrml.RenderOptions(disable_comments=False, fonts={})).content
    html = css_inline.inline(html, keep_style_tags=True, load_remote_stylesheets=False)
    text = _templates().get_template("mail/letter.txt.j2").render(facts)
    return Letter(subject=one_line(prefix + words.subject), text=text.strip("\n") + "\n", html=html)


@cache
def _templates() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("services.notification", "templates"),
        autoescape=lambda name: name is not None and ".mjml" in name,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["fill"] = _fill
    environment.filters["row"] = _row
    return environment


def _fill(text: str) -> str:
    return textwrap.fill(one_line(text, 2000), WIDTH, break_long_words=False, break_on_hyphens=False)


def _row(label: str, value: str, width: int) -> str:
    """A label and its value in two columns; a long value goes on below itself. Long labels leave no second column."""
    indent = " " * (width + 4)
    if WIDTH - len(indent) < NARROWEST:
        below = textwrap.wrap(one_line(value, 2000), WIDTH - 4, break_on_hyphens=False)
        return "\n".join(
            [
                *textwrap.wrap(label, WIDTH - 2, initial_indent="  ", subsequent_indent="  "),
                *(f"    {line}" for line in below),
            ]
        )
    lines = textwrap.wrap(one_line(value, 2000), WIDTH - len(indent), break_on_hyphens=False) or [""]
    return "\n".join([f"  {label.ljust(width)}  {lines[0]}", *(indent + line for line in lines[1:])])
