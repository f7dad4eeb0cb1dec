// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {IBema} from "../interfaces/IBema.sol";
import {BitSlicedCounter} from "../libraries/BitSlicedCounter.sol";
import {ClassMask} from "../libraries/ClassMask.sol";
import {PartyType} from "../types/PartyType.sol";
import {Parties} from "./Parties.sol";
import {Signatures} from "./Signatures.sol";

/// @notice How regular parties join: founders sign that they checked the model, class by class.
abstract contract Approvals is Parties, Signatures {
    using BitMaps for BitMaps.BitMap;
    using BitSlicedCounter for uint256[8];

    bytes32 private constant APPROVAL_TYPE_HASH = keccak256(
        "Approval(address account,bytes32 modelCard,uint256 heldClasses,uint256 labelSpace,"
        "uint256 vouchedClasses,uint256 nonce,uint256 deadline)"
    );

    /// @dev Nonces are unordered, so approvals to several candidates do not wait for each other.
    mapping(address signer => BitMaps.BitMap) private _usedNonces;

    /// @inheritdoc IBema
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval[] calldata approvals
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

    /// @dev Counts, for every held class, the founders that vouch for it.
    function _useApprovals(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval[] calldata approvals
    ) private {
        uint256[8] memory vouchers;
        address previous;
        for (uint256 i = 0; i < approvals.length; ++i) {
            Approval calldata approval = approvals[i];
            address signer = _signerOf(modelCard, heldClasses, labelSpace, approval, i);
            // Stops one founder from counting twice.
            if (signer <= previous) revert SignersNotAscending(previous, signer);
            _useApproval(signer, approval);
            vouchers.add(approval.vouchedClasses);
            previous = signer;
        }
        uint256 missing = vouchers.below(heldClasses, APPROVALS_PER_CLASS);
        if (missing != 0) revert TooFewApprovals(missing, APPROVALS_PER_CLASS);
    }

    function _useApproval(address signer, Approval calldata approval) private {
        _requireJudge(signer);
        if (block.timestamp > approval.deadline) {
            revert ApprovalExpired(signer, approval.deadline, block.timestamp);
        }
        uint256 held = _founderClasses[signer];
        if (!ClassMask.isWithin(approval.vouchedClasses, held)) {
            revert VouchedOutsideHeldClasses(signer, approval.vouchedClasses, held);
        }
        _useNonce(signer, approval.nonce);
    }

    function _useNonce(address signer, uint256 nonce) private {
        if (_usedNonces[signer].get(nonce)) revert ApprovalNonceUsed(signer, nonce);
        _usedNonces[signer].set(nonce);
    }

    /// @dev The account is the sender: an approval cannot be used by, or for, anybody else.
    function _signerOf(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval calldata approval,
        uint256 index
    ) private view returns (address) {
        bytes32 digest = approvalDigest(
            msg.sender,
            modelCard,
            heldClasses,
            labelSpace,
            approval.vouchedClasses,
            approval.nonce,
            approval.deadline
        );
        return _recover(digest, approval.signature, index);
    }
}
