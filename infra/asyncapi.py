"""docs/asyncapi.yaml, made from the event classes: what is on the topics, for whoever consumes them."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from shared.events import TOPICS, Event
from shared.wire import VERSION

ENVELOPE: dict[str, dict[str, Any]] = {
    "specversion": {"const": "1.0"},
    "id": {"type": "string", "description": "Unique for each event."},
    "source": {"type": "string", "description": "The service that says it, as a path."},
    "type": {"type": "string", "description": "The event's wire name; it never changes."},
    "dataversion": {"type": "integer", "const": VERSION},
    "subject": {"type": "string", "description": "The key: the aggregate's id."},
    "sequence": {
        "type": "string",
        "pattern": "^[1-9][0-9]*$",
        "description": "The number of the event within its topic and key, from 1, without a gap.",
    },
    "time": {"type": "string", "format": "date-time"},
    "conferenceid": {"type": "string", "description": "Empty where the fact belongs to no conference."},
    "actor": {"type": "string", "description": "Who did it: system, or the id of a member of staff."},
    "traceparent": {"type": "string", "description": "W3C trace context, or empty."},
    "datacontenttype": {"const": "application/json"},
}


def document() -> dict[str, Any]:
    """The AsyncAPI 3.0 document as plain data."""
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    messages: dict[str, Any] = {}
    classes: list[type[Event]] = [cls for topic in TOPICS.values() for cls in topic.events.values()]
    unique = list(dict.fromkeys(classes))
    _, components = msgspec.json.schema_components(unique, ref_template="#/components/schemas/{name}")
    for topic in TOPICS.values():
        channel = topic.name.replace(".", "_")
        for name, cls in topic.events.items():
            messages[name.replace(".", "_")] = _message(name, cls)
        channels[channel] = {
            "address": topic.name,
            "description": f"{topic.description} Key: {topic.key}. Written by the service {topic.owner} alone.",
            "messages": {
                name.replace(".", "_"): {"$ref": f"#/components/messages/{name.replace('.', '_')}"}
                for name in topic.events
            },
        }
        operations[f"consume_{channel}"] = {
            "action": "send",
            "summary": f"{topic.owner} says what happened.",
            "channel": {"$ref": f"#/channels/{channel}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Stagedoor",
            "version": f"{VERSION}.0.0",
            "description": "The facts of ticketing, sponsorship, catering and notification, as events in order within each key. "
            "They are kept for ever and only grow: ignore fields and types that you do not know.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages, "schemas": components},
    }


def text() -> str:
    """The document as YAML, the same for the same classes."""
    return "# Made by `stagedoor asyncapi` from the event classes: do not edit.\n" + yaml.safe_dump(
        document(), sort_keys=False, allow_unicode=True, width=110
    )


def _message(name: str, cls: type[Event]) -> dict[str, Any]:
    summary = " ".join((cls.__doc__ or "").split())
    properties = {**ENVELOPE, "type": {"const": name}, "data": {"$ref": f"#/components/schemas/{cls.__name__}"}}
    return {
        "name": name,
        "title": cls.__name__,
        **({"summary": summary} if summary and not summary.startswith(f"{cls.__name__}(") else {}),
        "payload": {"type": "object", "properties": properties, "required": list(properties)},
    }
