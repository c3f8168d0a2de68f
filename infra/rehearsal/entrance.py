"""The morning of the conference: helpers check tickets in through the door's REST, most people come, a few scans are doubled."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from infra.rehearsal.stage import Stage
from infra.rehearsal.team import Team
from services.ticket.doorkeeping import token_of
from shared.errors import Conflict

TURNS = 6
TURN = timedelta(minutes=10)
STAYS_AWAY, SHOWN_TWICE = 25, 40
"""One in so many does not come; one in so many tickets is shown twice."""
ANSWERS = {"student_id": {"student_id": "seen"}}


class Entrance:
    """One door, with one pass. `let_in` is called `TURNS` times, `TURN` apart, from the opening on."""

    def __init__(self, stage: Stage, team: Team) -> None:
        self._stage = stage
        self._team = team
        self._headers: dict[str, str] = {}

    def let_in(self, turn: int) -> None:
        """A share of all who hold a ticket now, in the order of their ids."""
        if not self._headers:
            self._open()
        listed = self._stage.browser().get("/api/v1/door/list", headers=self._headers)
        items = sorted(_json(listed)["items"], key=lambda item: str(item["admission_id"]))
        coming = [item for place, item in enumerate(items) if place % STAYS_AWAY != STAYS_AWAY - 1]
        arriving = [item for place, item in enumerate(coming) if place % TURNS == turn]
        scans = [self._scan(item, "once") for item in arriving]
        scans += [self._scan(item, "again") for item in arriving[::SHOWN_TWICE]]
        for begin in range(0, len(scans), 100):
            self._post("scans/batch", {"scans": scans[begin : begin + 100]})
        if turn == 0 and arriving:
            self._post("undo", {"admission_id": arriving[-1]["admission_id"]})
            self._post("scans", self._scan(arriving[-1], "after all"))

    def _open(self) -> None:
        token = token_of(self._stage.runtime, self._team.make_pass())
        self._headers = {"Authorization": f"Bearer {token}"}

    def _post(self, path: str, body: dict[str, Any]) -> None:
        _json(self._stage.browser().post(f"/api/v1/door/{path}", json=body, headers=self._headers))

    @staticmethod
    def _scan(item: dict[str, Any], when: str) -> dict[str, Any]:
        made = {"scan_id": f"{item['admission_id']}-{when.replace(' ', '-')}", "admission_id": item["admission_id"]}
        answers = ANSWERS.get(item["question"])
        return {**made, "answers": answers} if answers else made


def _json(answer: Any) -> Any:
    if answer.status_code != 200:
        raise Conflict(f"The door answers {answer.status_code}: {answer.text[:500]}")
    return answer.get_json()
