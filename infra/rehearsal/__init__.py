"""Rehearsals: a whole conference, from the first registration to the day after doors, with throw-away parts and a simulated clock.

registrations.py  the file: counts per day                    stage.py, heard.py   all services around one clock
script.py         who does what and when, seeded              scenery.py, cast.py  the conference, the people
agenda.py, play.py  the script on the stage                   buyers.py, readers.py, team.py  what people do
told.py, outcome.py  what came of it, as one JSON line        report.py            the same for people, as HTML
parts.py          databases and log that are gone afterwards  performance.py       all of it, from file to line
"""

from __future__ import annotations


def rehearse(registrations: str | None, stack: str, seed: int, report: str) -> None:
    """`make rehearse`: progress on standard error, the report in a file, one JSON line as the last of standard output.

    Raises `InvalidInput` for a file with a mistake, naming line and column, before anything is played, and for a live key.
    """
    from infra.rehearsal.performance import perform_and_report

    perform_and_report(registrations, stack, seed, report)
