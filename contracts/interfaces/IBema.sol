// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title BEMA: who, what and when
/// @notice Registers parties, sample commitments and proof-of-work blocks of a multiparty learning history.
/// Learning happens off-chain; every event here carries what an auditor needs to replay it without storage reads.
interface IBema {
    /// @notice The genesis phase is closed: every original party has registered its model. Block 1 builds on `genesisHash`.
    event GenesisClosed(bytes32 genesisHash);
    /// @notice An original party registered the model of its model card.
    event OriginalPartyRegistered(
        uint32 indexed party,
        address indexed account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace
    );
    /// @notice A regular party joined; `approvals` are the signatures that admitted it, on record.
    event RegularPartyRegistered(
        uint32 indexed party,
        address indexed account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval[] approvals
    );
    /// @notice An original party withdrew an approval that had not been used.
    event ApprovalRevoked(address indexed signer, uint256 nonce);
    /// @notice A party committed to a batch of calibration samples.
    event BatchCommitted(uint32 indexed party, bytes32 indexed commitment);
    /// @notice A party opened its commitment; the content is the batch object with this digest.
    event BatchRevealed(
        uint32 indexed party,
        bytes32 indexed commitment,
        bytes32 batchRoot,
        bytes32 contentDigest,
        bytes32 salt
    );
    /// @notice A block joined the chain as its tip.
    event BlockSubmitted(
        uint32 indexed height,
        bytes32 indexed blockHash,
        address indexed miner,
        bytes header,
        bytes32 bodyDigest,
        uint32 leafCount,
        uint256 target
    );

    /// @notice One original party's EIP-712 approval of a regular party.
    /// @param vouchedClasses mask of the classes vouched for, within the signer's held classes
    /// @param nonce chosen by the signer; a nonce is used once
    /// @param deadline last chain time, in seconds, at which the approval counts
    /// @param signature 65 bytes: r | s | v
    struct Approval {
        uint256 vouchedClasses;
        uint256 nonce;
        uint256 deadline;
        bytes signature;
    }

    /// @notice A founder as the deployer names it.
    struct Founder {
        address account;
        uint256 heldClasses;
    }

    /// @notice What a deployment fixes for ever.
    /// @param rulesDigest digest of the rules object
    /// @param classes number of classes C, 2..256
    /// @param approvalsPerClass k: distinct founders that must vouch for each held class
    /// @param commitmentExpiry Ethereum blocks after which an unopened commitment can no longer be revealed
    /// @param target a block hash must be below it
    struct Parameters {
        bytes32 rulesDigest;
        uint16 classes;
        uint8 approvalsPerClass;
        uint32 commitmentExpiry;
        uint256 target;
    }

    /// @notice Original party: register your model in the genesis phase.
    function registerOriginalParty(bytes32 modelCard, uint256 labelSpace) external returns (uint32 party);

    /// @notice Join with approvals; signers strictly ascending by address.
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval[] calldata approvals
    ) external returns (uint32 party);

    /// @notice Original party: make an unused nonce of yours unusable.
    function revokeApproval(uint256 nonce) external;

    /// @notice Commit to a batch; one open commitment a party.
    function commitBatch(bytes32 commitment) external;

    /// @notice Open your commitment, at least one Ethereum block later and before it expires.
    function revealBatch(bytes32 batchRoot, bytes32 contentDigest, bytes32 salt) external;

    /// @notice Add a block to the tip.
    /// @param header 112 bytes: parent hash 32 | Merkle root 32 | miner info hash 32 | timestamp 8 | nonce 8
    function submitBlock(bytes calldata header, bytes32 bodyDigest, uint32 leafCount) external;

    /// @notice Whether `leaf` is leaf `index` of `leafCount` in an accepted block with this header.
    /// @dev Reverts with the reason where the proof has another depth, the index is out of range or the block is unknown;
    /// answers false where only the hashes disagree.
    function verifyInclusion(
        bytes calldata header,
        bytes32 leaf,
        uint32 index,
        uint32 leafCount,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice The digest an original party signs to approve.
    function approvalDigest(
        address account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        uint256 vouchedClasses,
        uint256 nonce,
        uint256 deadline
    ) external view returns (bytes32);

    /// @notice The commitment to a batch of `party`, bound to this chain and this contract.
    function batchCommitment(uint32 party, bytes32 batchRoot, bytes32 contentDigest, bytes32 salt)
        external
        view
        returns (bytes32);

    /// @notice The party that revealed `commitment` and the chain time, in seconds, at which it did; zeros where nobody has.
    function revealOf(bytes32 commitment) external view returns (uint32 party, uint64 time);

    function parameters() external view returns (Parameters memory);
    function genesisHash() external view returns (bytes32);
    function genesisClosed() external view returns (bool);
    function tip() external view returns (bytes32 blockHash, uint32 height, uint64 submittedAt);
    function partyOf(address account) external view returns (uint32);
    function partyCount() external view returns (uint32);

    // Parties
    error ZeroRulesDigest();
    error ClassCountOutOfRange(uint256 classes, uint256 minimum, uint256 maximum);
    error ApprovalsPerClassOutOfRange(uint256 approvals, uint256 minimum, uint256 maximum);
    error NoOriginalParty();
    error ZeroAccount(uint256 index);
    error AccountListedTwice(address account);
    error HeldClassesNotCovered(uint256 covered, uint256 required);
    error HeldClassesEmpty();
    error ClassOutOfRange(uint256 mask, uint256 allowed);
    error HeldClassesOutsideLabelSpace(uint256 heldClasses, uint256 labelSpace);
    error ZeroModelCard();
    error NotOriginalParty(address account);
    error AlreadyRegistered(address account, uint32 party);
    error GenesisStillOpen(uint256 registered, uint256 required);
    error NotRegistered(address account);
    error ApprovalExpired(address signer, uint256 deadline, uint256 time);
    error ApprovalNonceUsed(address signer, uint256 nonce);
    error SignersNotAscending(address previous, address signer);
    error SignerNotOriginalParty(address signer);
    error InvalidSignature(uint256 index);
    error VouchedOutsideHeldClasses(address signer, uint256 vouched, uint256 held);
    error TooFewApprovals(uint256 classesMissing, uint256 required);
    // Commitments
    error CommitmentExpiryOutOfRange(uint256 blocks, uint256 minimum);
    error ZeroCommitment();
    error CommitmentOpen(uint32 party, bytes32 commitment, uint256 expiresAfterBlock);
    error CommitmentAlreadyRevealed(bytes32 commitment);
    error NoOpenCommitment(uint32 party);
    error CommitmentMismatch(bytes32 committed, bytes32 revealed);
    error RevealTooEarly(uint256 blockNumber, uint256 earliest);
    error CommitmentExpired(uint256 blockNumber, uint256 latest);
    // Blocks
    error TargetOutOfRange(uint256 target);
    error HeaderLength(uint256 length, uint256 required);
    error ParentNotTip(bytes32 parent, bytes32 tip);
    error TimestampOutOfRange(uint256 timestamp, uint256 earliest, uint256 latest);
    error MinerInfoMismatch(bytes32 given, bytes32 required);
    error WorkTooLow(bytes32 blockHash, uint256 target);
    error BlockAlreadyAccepted(bytes32 blockHash);
    error LeafCountOutOfRange(uint256 leafCount, uint256 minimum);
    error ZeroBodyDigest();
    error BlockUnknown(bytes32 blockHash);
    error IndexOutOfRange(uint256 index, uint256 leafCount);
    error ProofDepth(uint256 given, uint256 required);
}
