// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";
import {IBema} from "../interfaces/IBema.sol";
import {ApprovalRecord} from "../libraries/ApprovalRecord.sol";
import {BitSlicedCounter} from "../libraries/BitSlicedCounter.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {PackedBytes} from "../libraries/PackedBytes.sol";
import {PartyType} from "../types/PartyType.sol";
import {Parties} from "./Parties.sol";
import {Signatures} from "./Signatures.sol";

/// @notice How regular parties join: founders sign that they checked the model, class by class.
abstract contract Approvals is Parties, Signatures {
    using BitSlicedCounter for uint256[];

    bytes32 private constant APPROVAL_TYPE_HASH = keccak256(
        "Approval(address account,bytes32 modelCard,uint256 heldClasses,uint256 labelSpace,"
        "uint256 vouchedClasses,uint256 nonce,uint256 deadline)"
    );

    /// @dev One bit a nonce, 256 in a word. Nonces are unordered, so approvals to several candidates do not wait for each other.
    mapping(address signer => mapping(uint256 word => uint256)) private _usedNonces;

    /// @inheritdoc IBema
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        bytes calldata approvals
    ) external returns (uint32 party) {
        _requireGenesisClosed();
        _requireNewAccount(msg.sender);
        if (modelCard == 0) revert ZeroModelCard();
        ClassMask.requireHeld(heldClasses, ALL_CLASSES);
        ClassMask.requireLabelSpace(labelSpace, heldClasses, ALL_CLASSES);
        _useApprovals(modelCard, heldClasses, labelSpace, approvals);

        party = _admitRegularParty(msg.sender);
        emit RegularPartyRegistered(party, msg.sender, modelCard, heldClasses, labelSpace, approvals);
    }

    /// @inheritdoc IBema
    function revokeApproval(uint256 nonce) external {
        if (_partyType(msg.sender) != PartyType.OriginalParty) revert NotOriginalParty(msg.sender);
        _useNonce(msg.sender, nonce);
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
        uint256 deadline
    ) public view returns (bytes32) {
        return _hashTypedDataV4(
            keccak256(
                _approvalMessage(account, modelCard, heldClasses, labelSpace, vouchedClasses, nonce, deadline)
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
        bytes memory message = _approvalMessage(msg.sender, modelCard, heldClasses, labelSpace, 0, 0, 0);
        bytes32 domain = _domainSeparatorV4();
        uint256 count = PackedBytes.records(approvals, ApprovalRecord.LENGTH);
        uint256[] memory vouchers = BitSlicedCounter.upTo(count);
        address previous;
        for (uint256 i = 0; i < count; ++i) {
            uint256 start = i * ApprovalRecord.LENGTH;
            bytes32 digest = MessageHashUtils.toTypedDataHash(domain, _hashWith(message, approvals, start));
            address signer = _recover(digest, approvals, start + ApprovalRecord.SIGNATURE, i);
            // Stops one founder from counting twice.
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            _useApproval(signer, approvals, start);
            vouchers.add(ApprovalRecord.vouchedClasses(approvals, start));
            previous = signer;
        }
        uint256 missing = vouchers.below(heldClasses, APPROVALS_PER_CLASS);
        if (missing != 0) revert TooFewApprovals(missing, APPROVALS_PER_CLASS);
    }

    function _useApproval(address signer, bytes calldata approvals, uint256 start) private {
        _requireJudge(signer);
        uint256 deadline = ApprovalRecord.deadline(approvals, start);
        if (block.timestamp > deadline) revert ApprovalExpired(signer, deadline, block.timestamp);
        uint256 held = _founderClasses[signer];
        uint256 vouched = ApprovalRecord.vouchedClasses(approvals, start);
        if (!ClassMask.isWithin(vouched, held)) revert VouchedOutsideHeldClasses(signer, vouched, held);
        _useNonce(signer, ApprovalRecord.nonce(approvals, start));
    }

    function _useNonce(address signer, uint256 nonce) private {
        // One bit at the place that the nonce names.
        // forge-lint: disable-next-line(incorrect-shift)
        uint256 bit = 1 << (nonce & 0xff);
        mapping(uint256 word => uint256) storage words = _usedNonces[signer];
        uint256 used = words[nonce >> 8];
        if (used & bit != 0) revert ApprovalNonceUsed(signer, nonce);
        words[nonce >> 8] = used | bit;
    }

    /// @dev What EIP-712 hashes of an approval.
    function _approvalMessage(
        address account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        uint256 vouchedClasses,
        uint256 nonce,
        uint256 deadline
    ) private pure returns (bytes memory) {
        return abi.encode(
            APPROVAL_TYPE_HASH, account, modelCard, heldClasses, labelSpace, vouchedClasses, nonce, deadline
        );
    }

    /// @dev The hash of the message with vouched classes, nonce and deadline of this approval. In assembly, since the message
    /// is otherwise written anew for each; `approvalDigest` is the plain twin. The three fields follow one another in the
    /// record as they do in the message: from byte 160 on, behind the word of its length. There the deadline is the end of
    /// a word, of which the rest stays zero.
    function _hashWith(bytes memory message, bytes calldata approvals, uint256 start)
        private
        pure
        returns (bytes32 hash)
    {
        assembly ("memory-safe") {
            let record := add(approvals.offset, start)
            calldatacopy(add(message, 192), record, 64)
            calldatacopy(add(message, 280), add(record, 64), 8)
            hash := keccak256(add(message, 32), mload(message))
        }
    }
}
