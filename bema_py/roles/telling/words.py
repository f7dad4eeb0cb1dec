"""A story in sentences: short names in the text, in full below it, so that everything can be followed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bema_py.core.types import PartyType, hex0x
from bema_py.roles.stories.facts import Gap, Moment, Money, Who, utc

SHORT = 10
"""Characters of a name as sentences give it, 0x included; commands take such a prefix where only one name fits."""
KINDS = {PartyType.ORIGINAL: "founder", PartyType.REGULAR: "regular party"}


@dataclass
class Telling:
    """Sentences, and the full form of every name that they shorten, with what it names."""

    title: str
    lines: list[str] = field(default_factory=list)
    references: dict[str, str] = field(default_factory=dict)

    def say(self, sentence: str) -> None:
        """Add a sentence."""
        self.lines.append(sentence)

    def say_each(self, sentence: str, items: Iterable[str]) -> None:
        """Add a sentence and what it announces, one line an item."""
        self.say(sentence)
        self.lines.extend(f"  - {item}" for item in items)

    def name(self, kind: str, name: bytes) -> str:
        """Give the short form of a name and keep the full one."""
        self.references[hex0x(name)] = kind
        return hex0x(name)[:SHORT]

    def who(self, who: Who) -> str:
        """Name an account by its party, where it is one."""
        if not who.account:
            return f"party {who.party}, which never registered" if who.party else "somebody unknown"
        account = f"account {self.name('account', who.account)}"
        return f"party {who.party} ({KINDS[who.kind]}, {account})" if who.party else account

    def when(self, moment: Moment) -> str:
        """Give a moment with its Ethereum block and transaction."""
        transaction = self.name("transaction", moment.transaction)
        return f"at {clock(moment.time)}, Ethereum block {moment.ethereum_block}, transaction {transaction}"

    def leave_out(self, gaps: Sequence[Gap]) -> None:
        """Say what the story had to leave out, and why."""
        if gaps:
            self.say_each(
                "What cannot be told, because content lacks:",
                (f"{gap.what}: {printable(gap.reason)}" for gap in gaps),
            )


def clock(time: int) -> str:
    """Give a chain time in ISO form and in seconds."""
    return f"{utc(time)} (chain time {time})"


def money(amount: Money) -> str:
    """Give an amount in both units."""
    return f"{amount.eth} ETH ({amount.wei} wei)"


def count(number: int, thing: str, plural: str = "") -> str:
    """Give a number of things: "1 sample", "2 samples", "no samples"."""
    return f"{number or 'no'} {thing if number == 1 else plural or thing + 's'}"


def classes(labels: Sequence[int]) -> str:
    """Name classes."""
    return f"{'class' if len(labels) == 1 else 'classes'} {sequence(map(str, labels))}"


def sequence(items: Iterable[str]) -> str:
    """Join words as a sentence does: "a, b and c", "none" of none."""
    words = list(items)
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words) or "none"


def printable(text: str) -> str:
    """Give a text that others wrote without anything that a terminal would obey."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
