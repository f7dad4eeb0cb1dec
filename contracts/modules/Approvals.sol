// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {ApprovalRecord} from "../libraries/ApprovalRecord.sol";
import {BitSlicedCounter} from "../libraries/BitSlicedCounter.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {PackedBytes} from "../libraries/PackedBytes.sol";
import {Judges} from "./Judges.sol";

/// @notice How regular parties join: founders sign that they checked the model, class by class.
abstract contract Approvals is Judges {
    using BitSlicedCounter for uint256[];

    bytes32 private constant APPROVAL_TYPE_HASH = keccak256(
        "Approval(address account,bytes32 modelCard,uint256 heldClasses,uint256 labelSpace,"
        "uint256 vouchedClasses,uint256 nonce,uint256 deadline)"
    );

    /// @inheritdoc IBema
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        bytes calldata approvals
    ) external returns (uint32 party) {
        _requireGenesisClosed();
        Party storage joining = _requireNewAccount(msg.sender);
        if (modelCard == 0) revert ZeroModelCard();
        ClassMask.requireHeld(heldClasses, ALL_CLASSES);
        ClassMask.requireLabelSpace(labelSpace, heldClasses, ALL_CLASSES);
        _useApprovals(modelCard, heldClasses, labelSpace, approvals);

        party = _admitRegularParty(joining);
        emit RegularPartyRegistered(party, msg.sender, modelCard, heldClasses, labelSpace, approvals);
    }

    /// @inheritdoc IBema
    function revokeApproval(uint256 nonce) external {
        Party storage party = _parties[msg.sender];
        if (!party.record.isOriginal()) revert NotOriginalParty(msg.sender);
        uint256 bit = _bitOf(nonce);
        if ((party.usedNonces[nonce >> 8] ^= bit) & bit == 0) revert ApprovalNonceUsed(msg.sender, nonce);
        emit ApprovalRevoked(msg.sender, nonce);
    }

    /// @inheritdoc IBema
    function approvalDigest(
        address account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        uint256 vouchedClasses,
        uint256 nonce,
        uint64 deadline
    ) public view returns (bytes32) {
        return _digestOf(
            keccak256(
                abi.encode(
                    APPROVAL_TYPE_HASH,
                    account,
                    modelCard,
                    heldClasses,
                    labelSpace,
                    vouchedClasses,
                    nonce,
                    deadline
                )
            )
        );
    }

    /// @dev Counts, for every held class, the founders that vouch for it. The account is the sender: an approval cannot be used
    /// by, or for, anybody else.
    function _useApprovals(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        bytes calldata approvals
    ) private {
        bytes memory message = abi.encode(
            APPROVAL_TYPE_HASH, msg.sender, modelCard, heldClasses, labelSpace, 0, 0, 0, _domain()
        );
        uint256[] memory vouchers =
            BitSlicedCounter.upTo(PackedBytes.records(approvals, ApprovalRecord.LENGTH));
        address previous;
        // No place in calldata overflows.
        unchecked {
            for (uint256 start = 0; start < approvals.length; start += ApprovalRecord.LENGTH) {
                previous = _useApproval(_digestWith(message, approvals, start), approvals, start, previous);
                vouchers.add(ApprovalRecord.vouchedClasses(approvals, start));
            }
        }
        uint256 missing = vouchers.below(heldClasses, APPROVALS_PER_CLASS);
        if (missing != 0) revert TooFewApprovals(missing, APPROVALS_PER_CLASS);
    }

    function _useApproval(bytes32 digest, bytes calldata approvals, uint256 start, address previous)
        private
        returns (address signer)
    {
        Party storage party;
        unchecked {
            (signer, party) = _requireSigner(
                digest, approvals, start + ApprovalRecord.SIGNATURE, ApprovalRecord.LENGTH, previous
            );
        }
        uint256 deadline = ApprovalRecord.deadline(approvals, start);
        if (block.timestamp > deadline) revert ApprovalExpired(signer, deadline, block.timestamp);
        uint256 held = party.heldClasses;
        uint256 vouched = ApprovalRecord.vouchedClasses(approvals, start);
        if (!ClassMask.isWithin(vouched, held)) revert VouchedOutsideHeldClasses(signer, vouched, held);
        uint256 nonce = ApprovalRecord.nonce(approvals, start);
        uint256 bit = _bitOf(nonce);
        if ((party.usedNonces[nonce >> 8] ^= bit) & bit == 0) revert ApprovalNonceUsed(signer, nonce);
    }

    /// @dev The bit of a nonce in its word. Whoever uses it up turns it over and looks afterwards, so that its slot is found once.
    function _bitOf(uint256 nonce) private pure returns (uint256) {
        // One bit at the place that the nonce names.
        // forge-lint: disable-next-line(incorrect-shift)
        return 1 << (nonce & 0xff);
    }

    /// @dev The digest of the approval that begins at `start`. `message` holds the eight words that EIP-712 hashes, and behind them
    /// the domain. In assembly, since the message is otherwise written anew for each; `approvalDigest` is the plain twin. The
    /// three fields that differ follow one another in the record as they do in the message: from byte 160 on, behind the word
    /// of its length. There the deadline is the end of a word, of which the rest stays zero.
    function _digestWith(bytes memory message, bytes calldata approvals, uint256 start)
        private
        pure
        returns (bytes32 digest)
    {
        assembly ("memory-safe") {
            let record := add(approvals.offset, start)
            calldatacopy(add(message, 192), record, 64)
            calldatacopy(add(message, 280), add(record, 64), 8)
            // 0x1901 | domain | hash of the message, behind the memory in use.
            let signed := mload(0x40)
            mstore(signed, shl(240, 0x1901))
            mstore(add(signed, 2), mload(add(message, 288)))
            mstore(add(signed, 34), keccak256(add(message, 32), 256))
            digest := keccak256(signed, 66)
        }
    }
}
