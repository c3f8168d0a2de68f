"""What of the documents is made from the code: the tables of events and settings, and the picture of an order's states.

`python -m infra.docs` writes them anew between their marks; a test holds them against the code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path

from services.ticket.domain.order import TRANSITIONS, State
from shared.config import PREFIX, Settings
from shared.events import TOPICS, Event

DOCS = Path(__file__).parent.parent / "docs"
WHAT_TO_WRITE = {
    "": "any text",
    "url": "an address with `http://` or `https://`",
    "database": "`sqlite:///PATH` or `postgresql+psycopg://...`, with `{service}` in it",
    "log": "`embedded:///PATH` or `kafka://HOST:PORT[,HOST:PORT]`",
    "smtp": "`smtp://[USER:PASSWORD@]HOST:PORT` or `smtps://...`",
    "stripe": "`sk_test_...` or `sk_live_...`",
}


def event_tables() -> str:
    """A table a topic."""
    parts: list[str] = []
    for topic in TOPICS.values():
        parts += [
            f"### {topic.name}",
            "",
            f"{topic.description} Key: `{topic.key}`. Written by the {topic.owner.replace('_', '-')} service.",
            "",
            "| event | what it says | its own fields |",
            "| --- | --- | --- |",
            *(f"| `{name}` | {_said(cls)} | {_fields(cls)} |" for name, cls in topic.events.items()),
            "",
        ]
    return "\n".join(parts).rstrip()


def settings_table() -> str:
    """A row a setting."""
    rows = ["| variable | what it is | allowed | if it is not set |", "| --- | --- | --- | --- |"]
    for item in fields(Settings):
        allowed = str(item.metadata["allowed"])
        choice = " or ".join(f"`{each}`" for each in allowed.split("|")) if "|" in allowed else WHAT_TO_WRITE[allowed]
        default = f"`{item.default}`" if item.default else "empty"
        secret = " **Secret.**" if item.metadata["secret"] else ""
        rows.append(f"| `{PREFIX}{item.name.upper()}` | {item.metadata['help']}{secret} | {choice} | {default} |")
    return "\n".join(rows)


def order_states() -> str:
    """The transitions as a Mermaid diagram."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.HELD}"]
    lines += [f"    {before} --> {after}" for before in State for after in State if after in TRANSITIONS[before]]
    return "\n".join([*lines, "```"])


MADE: Mapping[tuple[str, str], Callable[[], str]] = {
    ("events.md", "events"): event_tables,
    ("events.md", "order states"): order_states,
    ("settings.md", "settings"): settings_table,
}
"""(document, mark) -> what stands there."""


def written(document: str, mark: str) -> str:
    """What stands between the marks now."""
    found = _between(mark).search((DOCS / document).read_text())
    return found[2].strip("\n") if found else ""


def main() -> None:
    for (document, mark), make in MADE.items():
        path = DOCS / document
        before, after = f"<!-- {mark}: made by infra.docs -->\n", f"\n<!-- end of {mark} -->"
        head, _, rest = path.read_text().partition(before)
        path.write_text(f"{head}{before}\n{make()}\n{after}{rest.partition(after)[2]}")


def _between(mark: str) -> re.Pattern[str]:
    return re.compile(rf"(<!-- {mark}: made by infra.docs -->\n)(.*?)(\n<!-- end of {mark} -->)", re.DOTALL)


def _said(cls: type[Event]) -> str:
    text = (cls.__doc__ or "").split("\n\n")[0].replace("\n", " ").replace("|", "\\|")
    if text.startswith(f"{cls.__name__}("):  # the dataclass's own words: the name says it all
        words = re.sub(r"(?<!^)([A-Z])", lambda found: " " + found[1].lower(), cls.__name__)
        return f"{words}."
    return re.sub(r"\s+", " ", text)


def _fields(cls: type[Event]) -> str:
    return ", ".join(f"`{item.name}`" for item in fields(cls) if item.name != "conference_id")


if __name__ == "__main__":
    main()
