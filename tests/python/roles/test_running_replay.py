"""A replay that goes on where it stopped tells what one from the first event on tells, whatever the chain did."""

import random
from dataclasses import replace

from tiny_network import TinyNetwork

from bema_py.chain.events import Event
from bema_py.chain.hashes import EthereumHash
from bema_py.roles.replay import RunningReplay, replay


def elsewhere(events: list[Event], height: int) -> list[Event]:
    """Give the events as a reorganisation behind so many would: in other Ethereum blocks, the first of them gone."""
    moved = EthereumHash(height.to_bytes(32))
    later = [
        replace(event, position=replace(event.position, block_hash=moved)) for event in events[height + 1 :]
    ]
    return events[:height] + later


def test_following_tells_what_replaying_tells(played: TinyNetwork) -> None:
    events = played.network.events()
    rng = random.Random(3)
    running = RunningReplay()
    for _ in range(60):
        seen = rng.choice([events, elsewhere(events, rng.randrange(len(events)))])
        seen = seen[: rng.randrange(len(seen) + 1)]
        assert running.follow(seen) == replay(seen)


def test_what_was_told_before_stays_as_it_was(played: TinyNetwork) -> None:
    events = played.network.events()
    running = RunningReplay()
    told = [running.follow(events[:count]) for count in range(len(events) + 1)]
    assert told == [replay(events[:count]) for count in range(len(events) + 1)]


def test_only_new_events_are_taken(played: TinyNetwork) -> None:
    events = played.network.events()
    running = RunningReplay()
    running.follow(events[:-1])

    class Unread(list[Event]):
        """Refuses to be read before its last two: the one to compare and the new one."""

        def __getitem__(self, place: int | slice) -> Event | list[Event]:  # type: ignore[override]
            first = place.start if isinstance(place, slice) else place
            assert first >= len(events) - 2
            return super().__getitem__(place)

    assert running.follow(Unread(events)) == replay(events)
