"""What is noted of every block of a run: what was sent, used and refused, and who was suspended."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from bema_py.core.batch import Sample
from bema_py.core.types import PartyId, SampleId
from bema_py.experiments.systems import Played

Offers = Mapping[PartyId, Sequence[Sample]]
"""What each party sends for a block."""


@dataclass(frozen=True, slots=True)
class BlockNotes:
    """What happened in one block.

    sent, used: messages of all, what is sent twice counted twice. bogus, bogus_used: those of attackers; genuine_used:
    how many of the used ones are records of the attackers' own, unchanged and under their own class. asked: honest
    messages that pass eqs. 8 to 10 and that founders were asked about; refused, bogus_refused: those that the data
    witness refused, honest ones and attackers'. suspended: authors who offer nothing more from the next block on.
    Seconds are the processor's.
    """

    height: int
    sent: int
    bogus: int
    used: int
    bogus_used: int
    genuine_used: int
    asked: int
    refused: int
    bogus_refused: int
    suspended: tuple[PartyId, ...]
    scan_seconds: float
    block_seconds: float

    def counts(self) -> dict[str, int]:
        """Give what does not differ when the run is repeated."""
        return {
            "height": self.height,
            "sent": self.sent,
            "bogus": self.bogus,
            "used": self.used,
            "bogus_used": self.bogus_used,
            "genuine_used": self.genuine_used,
            "asked": self.asked,
            "refused": self.refused,
            "bogus_refused": self.bogus_refused,
        }


def block_notes(
    height: int,
    offers: Offers,
    attackers: Collection[PartyId],
    genuine: Collection[SampleId],
    played: Played,
    seconds: tuple[float, float],
) -> BlockNotes:
    """Note what became of a block's messages; `genuine` are attackers' own records, `seconds` of scan and block."""
    honest = ids(offers[party] for party in offers if party not in attackers)
    bogus = ids(offers[party] for party in offers if party in attackers)
    scan_seconds, block_seconds = seconds
    return BlockNotes(
        height,
        sent=len(honest) + len(bogus),
        bogus=len(bogus),
        used=len(played.used),
        bogus_used=len(played.used.intersection(bogus)),
        genuine_used=len(played.used.intersection(bogus).intersection(genuine)),
        asked=len(played.asked.intersection(honest)),
        refused=len(played.refused.intersection(honest)),
        bogus_refused=len(played.refused.intersection(bogus)),
        suspended=tuple(party for party, failed in played.failed.items() if failed == height),
        scan_seconds=scan_seconds,
        block_seconds=block_seconds,
    )


def ids(offers: Iterable[Sequence[Sample]]) -> list[SampleId]:
    """Give the ids of all samples, also of those that were sent twice."""
    return [sample.id() for samples in offers for sample in samples]
