"""The demo conference of a first start: on sale for five weeks, with three early birds left; and how it goes again.

history.py  what has happened so far     playing.py  its playing on the installation's own parts     removing.py
"""

from __future__ import annotations

from shared.runtime import Runtime


def play_demo(runtime: Runtime) -> None:
    """Make the demo where databases are migrated and workers do not run yet. A second call does nothing.

    Does nothing either where a live key of Stripe is set: what is made up has no place beside real money.
    """
    from infra.demo.playing import play_demo as play

    play(runtime)


def remove_demo(runtime: Runtime) -> str:
    """Take the demo conference and everything about it away; says what was done. Can be repeated; real conferences stay."""
    from infra.demo.removing import remove_demo as remove

    return remove(runtime)
