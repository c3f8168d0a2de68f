"""The audit trail is read in one's own language: every action that staff leave behind has words."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from services.console.acts import ACTS, in_words

ROOT = Path(__file__).parents[2] / "services"
RECORDERS = {"record_staff_act", "record_action", "_acted"}


def recorded() -> Iterator[str]:
    """The actions that the code names, where it records what staff did."""
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            if name in RECORDERS or (name == "acted" and "console" in path.parts):
                words = [each.value for each in node.args if isinstance(each, ast.Constant) and each.value]
                yield from [each for each in words[:1] if isinstance(each, str)]
            elif name == "StaffActed":
                given = {each.arg: each.value for each in node.keywords}.get("action")
                if isinstance(given, ast.Constant):
                    yield str(given.value)


def test_every_action_of_staff_has_words() -> None:
    actions = set(recorded())
    assert len(actions) > 30
    assert actions - set(ACTS) == set()


def test_an_action_that_is_not_known_yet_is_shown_as_it_was_recorded() -> None:
    assert in_words("order_cancelled") == "cancelled an order"
    assert in_words("brewed_coffee") == "brewed coffee"
