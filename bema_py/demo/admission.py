"""How newcomers are validated, approved and registered, and how the malicious one is refused."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bema_py.chain.approvals import Approval
from bema_py.core.types import classes_of
from bema_py.demo.cast import Cast, Player
from bema_py.demo.record import RunNotes
from bema_py.demo.settings import DemoSettings
from bema_py.demo.view import View
from bema_py.learning.arithmetic import ONE
from bema_py.learning.model import Model
from bema_py.roles.content import publish_model
from bema_py.roles.network import Network
from bema_py.roles.original_party import RegistrationRequest, Validation, approve, validate

# Long enough for any demonstration, whatever clock its chain has.
APPROVAL_SECONDS = 10_000_000


@dataclass(frozen=True)
class Admission:
    """The founders' side of a demonstration: who judges newcomers, by which models and limits."""

    settings: DemoSettings
    network: Network
    cast: Cast
    models: Mapping[str, Model]
    notes: RunNotes
    view: View

    def admit_all(self) -> None:
        """Let founders validate every newcomer, the intruder last; who is vouched for everywhere registers."""
        for player in (*self.cast.regulars, self.cast.intruder):
            registered = self.network.contract.party_of(player.signer.address) is not None
            noted = any(row["newcomer"] == player.name for row in self.notes.admissions)
            if not noted or (not registered and player is not self.cast.intruder):
                self._admit(player, registered)
        self.notes.parties = [self._party_row(player) for player in self.cast.players]

    def _admit(self, player: Player, registered: bool) -> None:
        request = RegistrationRequest(
            player.signer.address,
            publish_model(self.network.store, self.models[player.name]),
            player.held_classes,
            player.label_space,
        )
        self.notes.admissions = [row for row in self.notes.admissions if row["newcomer"] != player.name]
        approvals = []
        for founder in self.cast.founders:
            if founder.held_classes & player.held_classes:
                approvals += self._ask(founder, player, request)
        uncovered = player.held_classes
        for approval in approvals:
            uncovered &= ~approval.vouched_classes
        if not registered and not uncovered:
            self.network.contract.register_regular_party(
                player.signer, request.model_card, request.held_classes, request.label_space, approvals
            )

    def _ask(self, founder: Player, player: Player, request: RegistrationRequest) -> list[Approval]:
        """Return the founder's approval, or nothing if it refuses."""
        registered = {
            number: self.network.models.load(party.model_card)
            for number, party in self.network.history().parties.items()
            if party.account != player.signer.address
        }
        validation = validate(
            self.models[founder.name],
            founder.held_classes,
            founder.share.private,
            self.models[player.name],
            request,
            registered,
            self.settings.tuning.thresholds,
        )
        row = _row(player, founder, validation)
        self.notes.admissions.append(row)
        self.view.admission(row)
        if validation.refusal:
            return []
        head = self.network.contract.chain.head()
        # One nonce a founder and newcomer: asking again after an interruption signs the same approval.
        nonce = int.from_bytes(player.signer.address, "big")
        return [
            approve(
                self.network,
                founder.signer,
                request,
                validation,
                nonce=nonce,
                deadline=head.timestamp + APPROVAL_SECONDS,
            )
        ]

    def _party_row(self, player: Player) -> dict[str, Any]:
        return {
            "id": self.network.contract.party_of(player.signer.address),
            "name": player.name + (" (sends bogus samples)" if player.sends_bogus else ""),
            "role": "founder" if player.share.original else "regular",
            "architecture": player.share.architecture,
            "held": list(player.share.held),
            "samples": len(player.share.private),
        }


def _row(player: Player, founder: Player, validation: Validation) -> dict[str, Any]:
    return {
        "newcomer": player.name,
        "founder": founder.name,
        "vouched": list(classes_of(validation.vouched_classes)),
        "deviation": validation.deviation.per_sample,
        "omega": validation.limits.omega / ONE,
        "outcome": "refused" if validation.refusal else "approved",
    }
