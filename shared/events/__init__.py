"""The events of Stagedoor: one module per producer, standard library only. The names are the contract.

`TOPICS` is the whole list; `shared.wire` reads and writes them.
"""

from shared.events import catering, console, notification, sponsorship, ticketing
from shared.events.base import Event, PersonErased, StaffActed, Topic

TOPICS: dict[str, Topic] = {
    topic.name: topic
    for topic in (
        *ticketing.TOPICS,
        *sponsorship.TOPICS,
        *catering.TOPICS,
        *notification.TOPICS,
        *console.TOPICS,
    )
}

__all__ = ["TOPICS", "Event", "PersonErased", "StaffActed", "Topic"]
