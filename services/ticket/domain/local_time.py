"""Wall-clock times of a conference's place, across the days on which the clock jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.errors import InvalidInput


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone. Raises `InvalidInput` for a name that does not exist."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput(f"{name!r} is no time zone: use an IANA name, like Europe/Berlin.") from None


def at_local(day: date, at: time, zone: str) -> datetime:
    """The instant of a wall-clock time, in UTC.

    A time that the clock skips in spring is moved on by the length of the jump; one that comes twice in autumn means the
    first.
    """
    return datetime.combine(day, at, zone_of(zone)).astimezone(UTC)


def end_of(day: date, zone: str) -> datetime:
    """The instant at which a local day is over: the next day's midnight."""
    return at_local(day + timedelta(days=1), time(0), zone)


def local_day(instant: datetime, zone: str) -> date:
    return instant.astimezone(zone_of(zone)).date()


def days_earlier(instant: datetime, days: int, zone: str) -> datetime:
    """The same wall-clock time some days before, in UTC: a day may have 23 or 25 hours."""
    local = instant.astimezone(zone_of(zone))
    return at_local(local.date() - timedelta(days=days), local.time(), zone)
