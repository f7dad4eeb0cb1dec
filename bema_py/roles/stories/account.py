"""The story of one account."""

from dataclasses import dataclass

from bema_py.core.errors import InputError
from bema_py.core.types import Address, hex0x
from bema_py.roles.stories.archive import Archive
from bema_py.roles.stories.earnings import Earnings, earnings_of
from bema_py.roles.stories.facts import Gap, Moment, Who, moment, who

PARTS = ("account", "miner", "to", "from_", "signer")
"""The fields in which events name accounts."""


class UnknownAccountError(InputError):
    """An account that no event of the contract and no founder's entry names."""

    def __init__(self, account: Address, events: int) -> None:
        """Keep the account and how many events were searched."""
        super().__init__(f"account {hex0x(account)} is named by none of the contract's {events} events")
        self.account, self.events = account, events


@dataclass(frozen=True)
class AccountStory:
    """One account: which party it is and since when, and its money."""

    who: Who
    registered: Moment | None
    suspended: Moment | None
    founder: bool
    earnings: Earnings
    gaps: tuple[Gap, ...]


def account_story(archive: Archive, account: Address) -> AccountStory:
    """Gather all that is to be said of an account; raises UnknownAccountError."""
    history = archive.history
    founder = any(each.account == account for each in archive.deployment.founders)
    if not founder and not _named(archive, account):
        raise UnknownAccountError(account, len(archive.events))
    party = history.party_of(account)
    suspension = history.suspensions.get(party.party) if party else None
    earnings, gaps = earnings_of(archive, account)
    return AccountStory(
        who=who(history, account),
        registered=moment(party.registered) if party else None,
        suspended=moment(suspension.position) if suspension else None,
        founder=founder,
        earnings=earnings,
        gaps=gaps,
    )


def _named(archive: Archive, account: Address) -> bool:
    """Whether any event names an account, in whatever part."""
    return any(getattr(event, part, None) == account for event in archive.events for part in PARTS)
