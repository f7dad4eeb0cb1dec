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

    /// @notice Original party: register your model in the genesis phase. The last founder to do so closes the phase.
    /// @param modelCard digest of the model card
    /// @param labelSpace mask of the classes that the model scores; it holds the founder's held classes
    function registerOriginalParty(bytes32 modelCard, uint256 labelSpace) external returns (uint32 party);

    /// @notice Join as a regular party: every held class needs `approvalsPerClass` founders that vouch for it.
    /// @dev An approval names sender, model card and masks, so nobody else can use it, nor for another model. Signers ascend
    /// by address, so none counts twice; nonces are used once, so none counts again.
    /// @param modelCard digest of the model card
    /// @param heldClasses mask of the classes of the party's private data
    /// @param labelSpace mask of the classes that the model scores; it holds the held classes
    /// @param approvals signers strictly ascending by address
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        Approval[] calldata approvals
    ) external returns (uint32 party);

    /// @notice Original party: make an unused nonce of yours unusable.
    function revokeApproval(uint256 nonce) external;

    /// @notice Commit to a batch; one open commitment a party. A commitment that expired unopened may be replaced.
    /// @dev Costs the same for every batch size. A copied commitment is worthless: it names the party that made it.
    /// @param commitment see `batchCommitment`
    function commitBatch(bytes32 commitment) external;

    /// @notice Open your commitment, at least one Ethereum block later and at most `commitmentExpiry` blocks later.
    /// @dev The wait stops a commitment from being made in view of somebody's reveal in the same Ethereum block.
    /// @param batchRoot Merkle root of the batch's items
    /// @param contentDigest digest of the batch object
    /// @param salt secret until now; without it the batch could be guessed from the commitment
    function revealBatch(bytes32 batchRoot, bytes32 contentDigest, bytes32 salt) external;

    /// @notice Add a block to the tip.
    /// @dev Checks in this order: header length, body, hash never accepted before, parent is the tip, timestamp from the
    /// parent's submission time to now, miner info of the sender, hash below the target. The miner info stops a found
    /// nonce from being stolen; the third check keeps a rejected block from coming back.
    /// @param header 112 bytes: parent hash 32 | Merkle root 32 | miner info hash 32 | timestamp 8 | nonce 8, big-endian
    /// @param bodyDigest digest of the block body
    /// @param leafCount number of leaves under the Merkle root, at least the calibration record
    function submitBlock(bytes calldata header, bytes32 bodyDigest, uint32 leafCount) external;

    /// @notice Whether `leaf` is leaf `index` of `leafCount` in an accepted block with this header.
    /// @dev Reverts with the reason where the proof has another depth, the index is out of range or the block is unknown;
    /// answers false where only the hashes disagree.
    /// @param leaf the leaf's double SHA-256
    /// @param proof siblings, lowest level first, exactly ceil(log2 leafCount) of them
    function verifyInclusion(
        bytes calldata header,
        bytes32 leaf,
        uint32 index,
        uint32 leafCount,
        bytes32[] calldata proof
    ) external view returns (bool);

    /// @notice The EIP-712 digest an original party signs to approve.
    /// @param account the only account that can use the approval
    /// @param vouchedClasses mask of the classes vouched for, within the signer's held classes
    /// @param nonce any number that the signer has not used or revoked
    /// @param deadline last chain time, in seconds, at which the approval counts
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
    /// @dev keccak256(abi.encode(chain id, contract, party, batch root, content digest, salt)).
    function batchCommitment(uint32 party, bytes32 batchRoot, bytes32 contentDigest, bytes32 salt)
        external
        view
        returns (bytes32);

    /// @notice The party that revealed `commitment` and the chain time, in seconds, at which it did; zeros where nobody has.
    function revealOf(bytes32 commitment) external view returns (uint32 party, uint64 time);

    /// @notice What the deployment fixed.
    function parameters() external view returns (Parameters memory);

    /// @notice The parent of block 1; it names chain, contract and rules.
    function genesisHash() external view returns (bytes32);

    /// @notice Whether every original party has registered its model.
    function genesisClosed() external view returns (bool);

    /// @notice The block that the next one builds on, its height and its submission time, in seconds: the genesis hash at
    /// height 0 where there is no block, zeros in the genesis phase.
    function tip() external view returns (bytes32 blockHash, uint32 height, uint64 submittedAt);

    /// @notice The party id of an account; 0 where it has not registered.
    function partyOf(address account) external view returns (uint32);

    /// @notice The number of registered parties.
    function partyCount() external view returns (uint32);

    // What a deployment may be
    error ZeroRulesDigest();
    error ClassCountOutOfRange(uint256 classes, uint256 minimum, uint256 maximum);
    /// @notice `maximum` is the number of founders that hold the class which the fewest hold.
    error ApprovalsPerClassOutOfRange(uint256 approvals, uint256 minimum, uint256 maximum);
    error CommitmentExpiryOutOfRange(uint256 blocks, uint256 minimum);
    error TargetOutOfRange(uint256 target);
    error NoOriginalParty();
    /// @notice `index` counts the constructor's list from 0.
    error ZeroAccount(uint256 index);
    error AccountListedTwice(address account);
    /// @notice Masks: the classes that founders hold, and those that they must.
    error HeldClassesNotCovered(uint256 covered, uint256 required);

    // Parties
    error GenesisStillOpen(uint256 registered, uint256 required);
    error NotOriginalParty(address account);
    error AlreadyRegistered(address account, uint32 party);
    error NotRegistered(address account);
    error ZeroModelCard();
    error HeldClassesEmpty();
    /// @notice Both are masks.
    error ClassOutOfRange(uint256 mask, uint256 allowed);
    error HeldClassesOutsideLabelSpace(uint256 heldClasses, uint256 labelSpace);

    // Approvals
    /// @notice Approval `index`, from 0: not 65 bytes, s in the upper half, or nobody's signature.
    error InvalidSignature(uint256 index);
    error SignersNotAscending(address previous, address signer);
    /// @notice Also where anything that was signed differs: the signature then recovers some other address.
    error SignerNotOriginalParty(address signer);
    error ApprovalExpired(address signer, uint256 deadline, uint256 time);
    error VouchedOutsideHeldClasses(address signer, uint256 vouched, uint256 held);
    error ApprovalNonceUsed(address signer, uint256 nonce);
    /// @notice A mask of the held classes for which fewer than `required` founders vouch.
    error TooFewApprovals(uint256 classesMissing, uint256 required);

    // Commitments
    error ZeroCommitment();
    error CommitmentOpen(uint32 party, bytes32 commitment, uint256 expiresAfterBlock);
    error CommitmentAlreadyRevealed(bytes32 commitment);
    error NoOpenCommitment(uint32 party);
    error RevealTooEarly(uint256 blockNumber, uint256 earliest);
    error CommitmentExpired(uint256 blockNumber, uint256 latest);
    /// @notice What was committed, and the commitment to what was given now.
    error CommitmentMismatch(bytes32 committed, bytes32 revealed);

    // Blocks
    error HeaderLength(uint256 length, uint256 required);
    error ZeroBodyDigest();
    error LeafCountOutOfRange(uint256 leafCount, uint256 minimum);
    error BlockAlreadyAccepted(bytes32 blockHash);
    error ParentNotTip(bytes32 parent, bytes32 tip);
    /// @notice Chain times in seconds.
    error TimestampOutOfRange(uint256 timestamp, uint256 earliest, uint256 latest);
    error MinerInfoMismatch(bytes32 given, bytes32 required);
    error WorkTooLow(bytes32 blockHash, uint256 target);

    // Inclusion
    error BlockUnknown(bytes32 blockHash);
    error IndexOutOfRange(uint256 index, uint256 leafCount);
    error ProofDepth(uint256 given, uint256 required);
}
