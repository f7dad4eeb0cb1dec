"""What a process knows of an index: each event is read and decoded once, and forgotten where the index forgot it."""

import json
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field

from bema_py.chain.events import Event, EventPosition, decode_log
from bema_py.chain.index_file import IndexFile


@dataclass(eq=False)
class KnownEvents:
    """The events of an index's file as they were when this last followed it, in chain order."""

    file: IndexFile
    _events: list[Event] = field(default_factory=list)

    def follow(self) -> list[Event]:
        """Give every event that the file has now; those behind what is known and still there are read."""
        with self.file.reading():
            while self._events and not self._still_there(self._events[-1].position):
                self._events.pop()
            self._events += filter(None, map(_decoded, self._rows_behind()))
        return list(self._events)

    def _still_there(self, place: EventPosition) -> bool:
        """Say whether the file has this event, and so all before it, since its block names those before."""
        return bool(
            self.file.ask(
                "select 1 from logs where block_number = ? and log_index = ? and block_hash = ?",
                place.block_number,
                place.log_index,
                place.block_hash,
            )
        )

    def _rows_behind(self) -> Iterator[sqlite3.Row]:
        place = self._events[-1].position if self._events else None
        return self.file.each(
            "select * from logs where (block_number, log_index) > (?, ?) order by block_number, log_index",
            place.block_number if place else -1,
            place.log_index if place else -1,
        )


def _decoded(row: sqlite3.Row) -> Event | None:
    log = {
        "topics": [bytes.fromhex(topic) for topic in json.loads(row["topics"])],
        "data": row["data"],
        "blockNumber": row["block_number"],
        "logIndex": row["log_index"],
        "transactionIndex": row["transaction_index"],
        "transactionHash": row["transaction_hash"],
        "blockHash": row["block_hash"],
    }
    return decode_log(log, row["time"])
