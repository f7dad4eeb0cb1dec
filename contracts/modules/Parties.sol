// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {BitSlicedCounter} from "../libraries/BitSlicedCounter.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {PartyRecord, PartyRecordLibrary} from "../libraries/PartyRecord.sol";
import {PartyType} from "../types/PartyType.sol";
import {Configuration} from "./Configuration.sol";

/// @notice Who takes part: the founders and their genesis phase, and the table of every party.
abstract contract Parties is Configuration {
    using BitSlicedCounter for uint256[];

    uint256 private immutable FOUNDERS;

    /// @dev What is kept of an account; all but the record of original parties alone. In one struct, so that one hash finds all of
    /// a signer's slots.
    /// @param heldClasses that it may vouch for
    /// @param usedNonces of its approvals, one bit each. They are unordered, so approvals to several candidates do not wait for
    /// each other.
    struct Party {
        PartyRecord record;
        uint256 heldClasses;
        mapping(uint256 word => uint256) usedNonces;
    }

    mapping(address account => Party) internal _parties;

    /// @inheritdoc IBema
    uint32 public partyCount;
    uint32 private _suspendedFounders;

    constructor(Founder[] memory founders) {
        if (founders.length == 0) revert NoOriginalParty();
        if (QUORUM == 0 || QUORUM > founders.length) revert QuorumOutOfRange(QUORUM, 1, founders.length);
        FOUNDERS = founders.length;

        uint256[] memory holders = BitSlicedCounter.upTo(founders.length);
        for (uint256 i = 0; i < founders.length; ++i) {
            _list(founders[i], i);
            holders.add(founders[i].heldClasses);
        }
        _requireCovered(holders);
    }

    /// @inheritdoc IBema
    function registerOriginalParty(bytes32 modelCard, uint256 labelSpace) external returns (uint32 party) {
        PartyRecord founder = _parties[msg.sender].record;
        if (!founder.isOriginal()) revert NotOriginalParty(msg.sender);
        party = founder.id();
        if (founder.registered()) revert AlreadyRegistered(msg.sender, party);
        if (modelCard == 0) revert ZeroModelCard();
        uint256 heldClasses = _parties[msg.sender].heldClasses;
        ClassMask.requireLabelSpace(labelSpace, heldClasses, ALL_CLASSES);

        _parties[msg.sender].record = founder.asRegistered();
        uint256 registered = ++partyCount;
        emit OriginalPartyRegistered(party, msg.sender, modelCard, heldClasses, labelSpace);
        if (registered == FOUNDERS) _openChain();
    }

    /// @inheritdoc IBema
    function genesisClosed() public view returns (bool) {
        return partyCount >= FOUNDERS;
    }

    /// @inheritdoc IBema
    function partyOf(address account) public view returns (uint32) {
        PartyRecord party = _parties[account].record;
        return party.registered() ? party.id() : 0;
    }

    /// @inheritdoc IBema
    function standingOf(address account) external view returns (PartyType kind, uint64 suspendedAt) {
        return (_partyType(account), _suspendedAt(account));
    }

    /// @dev Called once, when the last founder has registered.
    function _openChain() internal virtual;

    /// @dev Gives the next id to an account that `_requireNewAccount` let pass.
    function _admitRegularParty(Party storage joining) internal returns (uint32 party) {
        party = ++partyCount;
        joining.record = PartyRecordLibrary.pack(party, PartyType.RegularParty).asRegistered();
    }

    function _requireGenesisClosed() internal view {
        if (!genesisClosed()) revert GenesisStillOpen(partyCount, FOUNDERS);
    }

    /// @dev After genesis every founder is registered, so no founder passes as a regular party.
    function _requireNewAccount(address account) internal view returns (Party storage party) {
        party = _parties[account];
        if (party.record.registered()) revert AlreadyRegistered(account, party.record.id());
    }

    function _requireMember(address account) internal view returns (PartyRecord party) {
        party = _parties[account].record;
        if (!party.registered()) revert NotRegistered(account);
        if (party.suspendedAt() != 0) revert Suspended(account, party.suspendedAt());
    }

    /// @dev Of a signer: a suspended original party neither approves nor votes.
    function _requireJudge(address signer) internal view returns (Party storage party) {
        party = _parties[signer];
        PartyRecord record = party.record;
        if (!record.mayJudge()) {
            if (!record.isOriginal()) revert SignerNotOriginalParty(signer);
            revert Suspended(signer, record.suspendedAt());
        }
    }

    /// @dev For ever. Stops the original parties from suspending each other until no quorum is left.
    function _suspend(address account) internal returns (uint32) {
        PartyRecord party = _requireMember(account);
        if (party.isOriginal()) {
            uint256 remaining = FOUNDERS - ++_suspendedFounders;
            if (remaining < QUORUM) revert QuorumUnreachable(remaining, QUORUM);
        }
        _parties[account].record = party.asSuspended(uint40(block.timestamp));
        return party.id();
    }

    function _suspendedAt(address account) internal view returns (uint40) {
        return _parties[account].record.suspendedAt();
    }

    function _partyType(address account) internal view returns (PartyType) {
        return _parties[account].record.kind();
    }

    function _list(Founder memory founder, uint256 index) private {
        if (founder.account == address(0)) revert ZeroAccount(index);
        if (_parties[founder.account].record.id() != 0) revert AccountListedTwice(founder.account);
        ClassMask.requireHeld(founder.heldClasses, ALL_CLASSES);

        // A list of 2^32 founders does not fit into any Ethereum block.
        // forge-lint: disable-next-line(unsafe-typecast)
        uint32 id = uint32(index + 1);
        Party storage party = _parties[founder.account];
        party.record = PartyRecordLibrary.pack(id, PartyType.OriginalParty);
        party.heldClasses = founder.heldClasses;
    }

    /// @dev A class with fewer holders than approvals required would keep its regular parties out for ever.
    function _requireCovered(uint256[] memory holders) private view {
        uint256 uncovered = holders.below(ALL_CLASSES, 1);
        if (uncovered != 0) revert HeldClassesNotCovered(ALL_CLASSES & ~uncovered, ALL_CLASSES);
        uint256 most = holders.minimum(ALL_CLASSES);
        if (APPROVALS_PER_CLASS == 0 || APPROVALS_PER_CLASS > most) {
            revert ApprovalsPerClassOutOfRange(APPROVALS_PER_CLASS, 1, most);
        }
    }
}
