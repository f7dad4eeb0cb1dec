// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {BlockStatus} from "../types/BlockStatus.sol";
import {Fraud} from "../types/Fraud.sol";
import {PartyType} from "../types/PartyType.sol";

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
    /// @notice A regular party joined; `approvals` are those that admitted it, on record as they were sent.
    event RegularPartyRegistered(
        uint32 indexed party,
        address indexed account,
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        bytes approvals
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
    /// @notice A party lost its membership from here on; `signatures` are those of the original parties, on record as they
    /// were sent.
    event PartySuspended(
        uint32 indexed party, address indexed account, bytes32 reason, uint256 deadline, bytes signatures
    );
    /// @notice A block and all its descendants left the chain; `tip`, the block's parent, is the tip again.
    /// @dev By votes: `fraud` is None, `reason` and `signatures` are those of the original parties. By proof: `fraud` says
    /// what was proved, the others are empty. The bond of this block, and of no descendant, went to the pool.
    event BlockRejected(
        uint32 indexed height,
        bytes32 indexed blockHash,
        bytes32 tip,
        Fraud fraud,
        bytes32 reason,
        bytes signatures
    );
    /// @notice The bond of a final or an orphaned block was paid back.
    event BondReturned(bytes32 indexed blockHash, address indexed miner, address to, uint256 amount);
    /// @notice The pool grew; `funded` is all that ever came into it, slashed bonds included.
    event PoolFunded(address indexed from, uint256 amount, uint256 funded);
    /// @notice `amount` moved from the pool to the account; all that it was ever allotted up to that block is `cumulative`.
    event RewardClaimed(
        address indexed account, bytes32 indexed blockHash, uint256 amount, uint256 cumulative
    );
    /// @notice An account took out all that it had claimed and not yet taken.
    event RewardWithdrawn(address indexed account, address indexed to, uint256 amount);

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
    /// @param target of the first period: a block hash must be below the target of its block
    /// @param maxTarget neither retargeting nor easing goes beyond it
    /// @param blockSpacing seconds between two blocks that retargeting aims at
    /// @param retargetInterval blocks in a period; every period has its own target
    /// @param easingSpacings spacings without a block after which the target doubles with every further spacing
    /// @param challengeWindow seconds from its submission in which a block can be rejected
    /// @param quorum distinct original parties that must sign to reject a block or suspend a party
    /// @param bond wei that a miner sends with a block, at least `maxRewardPerBlock`
    /// @param maxRewardPerBlock wei: never is more claimed in total than this times the finalised height
    struct Parameters {
        bytes32 rulesDigest;
        uint16 classes;
        uint8 approvalsPerClass;
        uint32 commitmentExpiry;
        uint256 target;
        uint256 maxTarget;
        uint32 blockSpacing;
        uint32 retargetInterval;
        uint32 easingSpacings;
        uint32 challengeWindow;
        uint8 quorum;
        uint96 bond;
        uint96 maxRewardPerBlock;
    }

    /// @notice A leaf of a block as bytes, and its proof.
    /// @param index of the leaf, from 0
    /// @param preimage what the leaf is the double SHA-256 of: 0x00 | tag | fields
    /// @param siblings lowest level first, exactly ceil(log2 leafCount) of them
    struct LeafProof {
        uint32 index;
        bytes preimage;
        bytes32[] siblings;
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
    /// @param approvals 137 bytes each, signers strictly ascending by address: vouched classes 32 | nonce 32 | deadline 8 |
    /// signature 65, big-endian; the signature is r 32 | s 32 | v 1 of `approvalDigest`
    function registerRegularParty(
        bytes32 modelCard,
        uint256 heldClasses,
        uint256 labelSpace,
        bytes calldata approvals
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

    /// @notice Take a party out: from here on it can neither commit, reveal, approve nor vote, and is paid for no later block.
    /// @dev Anybody may send the signatures. Signers ascend by address, so none counts twice; the deadline stops old
    /// signatures from being completed years later; a suspension is for ever, so none is used twice. Refused where fewer
    /// original parties would remain than a quorum, which would leave the chain without judges.
    /// @param reason digest of what the original parties recorded
    /// @param deadline last chain time, in seconds, at which the signatures count
    /// @param signatures 65 bytes each, r 32 | s 32 | v 1 of `suspensionDigest`, signers strictly ascending by address
    function suspendParty(address account, bytes32 reason, uint64 deadline, bytes calldata signatures)
        external;

    /// @notice Add a block to the tip, together with the bond.
    /// @dev Checks in this order: bond, header length, body, hash never accepted before, parent is the tip, timestamp from the
    /// parent's submission time to now, miner info of the sender, hash below the target. The miner info stops a found
    /// nonce from being stolen; the hash check keeps a rejected block from coming back; the bond makes a false block cost
    /// at least what it could allot.
    /// @param header 112 bytes: parent hash 32 | Merkle root 32 | miner info hash 32 | timestamp 8 | nonce 8, big-endian
    /// @param bodyDigest digest of the block body
    /// @param leafCount number of leaves under the Merkle root, at least the calibration record
    function submitBlock(bytes calldata header, bytes32 bodyDigest, uint32 leafCount) external payable;

    /// @notice Reject a block inside its challenge window by the votes of a quorum of original parties.
    /// @dev Anybody may send the signatures. The block's parent becomes the tip at once, however deep it lies; the bond goes
    /// to the pool; descendants are orphaned and their bonds can be taken back. A signature names one block hash, which
    /// is never accepted again, so it is of no use a second time.
    /// @param reason digest of what the original parties recorded
    /// @param signatures 65 bytes each, r 32 | s 32 | v 1 of `rejectionDigest`, signers strictly ascending by address
    function rejectByVote(bytes calldata header, bytes32 reason, bytes calldata signatures) external;

    /// @notice Reject a block inside its challenge window by one leaf that is false on its face; anybody may.
    /// @dev False is a leaf that has none of the four shapes; a first leaf that is no calibration record; a record of other
    /// rules, another miner or another height than its block's; a sample whose commitment was not revealed, or by another
    /// party, or not before the block; an update of a party that does not exist; a reward beyond all that was ever funded.
    function rejectFalseLeaf(bytes calldata header, uint32 leafCount, LeafProof calldata leaf) external;

    /// @notice Reject a block inside its challenge window by two leaves in the wrong order; anybody may.
    /// @dev Leaves ascend strictly by tag and then by sample id, party id or account. Stops a sample from being counted twice and
    /// an account from being allotted twice.
    /// @param first the leaf of the lower index
    function rejectUnorderedLeaves(
        bytes calldata header,
        uint32 leafCount,
        LeafProof calldata first,
        LeafProof calldata second
    ) external;

    /// @notice Reject a block inside its challenge window by a cumulative reward below the same account's in an ancestor.
    /// @param earlierHeader of a block below it on the chain
    function rejectDecreasedReward(
        bytes calldata header,
        uint32 leafCount,
        LeafProof calldata leaf,
        bytes calldata earlierHeader,
        uint32 earlierLeafCount,
        LeafProof calldata earlierLeaf
    ) external;

    /// @notice Miner: take back the bond of a block that is final, or orphaned without being rejected itself.
    /// @param to any address that accepts payment
    function withdrawBond(bytes32 blockHash, address to) external;

    /// @notice Pay into the pool that rewards come from.
    function fund() external payable;

    /// @notice Claim all that a final block allots to you and that you have not claimed yet.
    /// @dev Rewards are cumulative, so the latest block pays for all before it and nothing is paid twice. A suspended account
    /// claims only against blocks submitted before its suspension. The cap bounds what false blocks that became final can
    /// take, the pool what anybody can.
    /// @param header of a block whose challenge window is closed
    /// @param index of your reward leaf
    /// @param cumulative the amount in that leaf, wei
    /// @param siblings its proof, lowest level first
    function claimReward(
        bytes calldata header,
        uint32 leafCount,
        uint32 index,
        uint256 cumulative,
        bytes32[] calldata siblings
    ) external;

    /// @notice Take out all that you have claimed and not yet taken.
    /// @dev Pull, not push: a recipient that refuses payment stops nobody but itself.
    /// @param to any address that accepts payment
    function withdraw(address to) external;

    /// @notice Whether `leaf` is leaf `index` of `leafCount` in a block of the chain with this header.
    /// @dev Reverts with the reason where the proof has another depth, the index is out of range, or the block is unknown or
    /// orphaned; answers false where only the hashes disagree. Says nothing about finality: see `blockOf`.
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
        uint64 deadline
    ) external view returns (bytes32);

    /// @notice The EIP-712 digest an original party signs to suspend a party.
    function suspensionDigest(address account, bytes32 reason, uint64 deadline)
        external
        view
        returns (bytes32);

    /// @notice The EIP-712 digest an original party signs to reject a block.
    function rejectionDigest(bytes32 blockHash, bytes32 reason) external view returns (bytes32);

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

    /// @notice The target that a block on the tip must meet when it is submitted at chain time `time`, in seconds.
    /// @dev The period's target; from `easingSpacings` + 1 spacings after the tip's submission on doubled once a spacing.
    /// Zero in the genesis phase.
    function targetAt(uint256 time) external view returns (uint256);

    /// @notice What became of a block.
    /// @return status Unknown: never accepted. Pending: on the chain, can be rejected. Final: on the chain for ever. Orphaned:
    /// rejected, or the descendant of a rejected block.
    /// @return height 0 for the genesis hash
    /// @return submittedAt chain time in seconds
    /// @return bondOwner the miner, while its bond is held; zero once it was returned or slashed
    function blockOf(bytes32 blockHash)
        external
        view
        returns (BlockStatus status, uint32 height, uint64 submittedAt, address bondOwner);

    /// @notice The pool's figures in wei: all that ever came in, all that was ever claimed, the highest block claimed against.
    /// @dev The pool holds `funded - claimed`.
    function pool() external view returns (uint256 funded, uint256 claimed, uint32 finalisedHeight);

    /// @notice What an account has claimed in all, and taken out in all, in wei.
    function rewardsOf(address account) external view returns (uint256 claimed, uint256 withdrawn);

    /// @notice What an account is to the contract, and the chain time, in seconds, at which it was suspended; 0 where it was not.
    function standingOf(address account) external view returns (PartyType kind, uint64 suspendedAt);

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
    error TargetOutOfRange(uint256 target, uint256 minimum, uint256 maximum);
    error BlockSpacingOutOfRange(uint256 spacing, uint256 minimum);
    error RetargetIntervalOutOfRange(uint256 blocks, uint256 minimum);
    error EasingSpacingsOutOfRange(uint256 spacings, uint256 minimum);
    error ChallengeWindowOutOfRange(uint256 window, uint256 minimum);
    error QuorumOutOfRange(uint256 quorum, uint256 minimum, uint256 maximum);
    /// @notice A bond below the reward it stands for.
    error BondOutOfRange(uint256 bond, uint256 minimum);
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
    /// @notice Suspended at that chain time, in seconds.
    error Suspended(address account, uint256 suspendedAt);
    /// @notice Fewer original parties would remain than a quorum.
    error QuorumUnreachable(uint256 remaining, uint256 quorum);
    error ZeroModelCard();
    error HeldClassesEmpty();
    /// @notice Both are masks.
    error ClassOutOfRange(uint256 mask, uint256 allowed);
    error HeldClassesOutsideLabelSpace(uint256 heldClasses, uint256 labelSpace);

    // Signatures
    /// @notice Approvals or signatures of `recordLength` bytes each, of which the last is not whole.
    error RecordCutShort(uint256 length, uint256 recordLength);
    /// @notice Of approval or signature `index`, from 0: s in the upper half, or nobody's signature.
    error InvalidSignature(uint256 index);
    error SignersNotAscending(address previous, address signer);
    /// @notice Also where anything that was signed differs: the signature then recovers some other address.
    error SignerNotOriginalParty(address signer);
    error TooFewSignatures(uint256 signatures, uint256 required);
    error SignaturesExpired(uint256 deadline, uint256 time);
    error ZeroReason();

    // Approvals
    error ApprovalExpired(address signer, uint256 deadline, uint256 time);
    error VouchedOutsideHeldClasses(address signer, uint256 vouched, uint256 held);
    error ApprovalNonceUsed(address signer, uint256 nonce);
    /// @notice A mask of the held classes for which fewer than `required` founders vouch.
    error TooFewApprovals(uint256 classesMissing, uint256 required);

    // Commitments
    error ZeroCommitment();
    /// @notice The first 27 bytes of the open commitment.
    error CommitmentOpen(uint32 party, bytes27 commitment, uint256 expiresAfterBlock);
    error CommitmentAlreadyRevealed(bytes32 commitment);
    error NoOpenCommitment(uint32 party);
    error RevealTooEarly(uint256 blockNumber, uint256 earliest);
    error CommitmentExpired(uint256 blockNumber, uint256 latest);
    /// @notice The first 27 bytes of what was committed, and the commitment to what was given now.
    error CommitmentMismatch(bytes27 committed, bytes32 revealed);

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

    error BondMismatch(uint256 given, uint256 required);

    // Disputes
    error BlockUnknown(bytes32 blockHash);
    error BlockOrphaned(bytes32 blockHash);
    error ChallengeWindowClosed(uint256 time, uint256 closedAt);
    error ChallengeWindowOpen(uint256 time, uint256 closesAt);
    /// @notice Nothing is wrong that the contract could see.
    error NoFraud(bytes32 blockHash);
    error IndicesNotAscending(uint256 first, uint256 second);
    error NotRewardLeaf(uint256 index);
    error AccountMismatch(address earlier, address later);
    error NotAncestor(uint256 height, uint256 below);
    /// @notice The bond is somebody else's, or was returned or slashed: then `owner` is zero.
    error NotBondOwner(address account, address owner);

    // Rewards
    error ZeroAmount();
    error FundingOutOfRange(uint256 funded, uint256 maximum);
    error NothingToClaim(uint256 cumulative, uint256 claimed);
    /// @notice What would have been claimed in all, and the finalised height times the most a block may allot.
    error ClaimBeyondCap(uint256 claimed, uint256 cap);
    error ClaimBeyondPool(uint256 amount, uint256 pool);
    error NothingToWithdraw(address account);
    error PaymentFailed(address to, uint256 amount);

    // Inclusion
    /// @notice The root that the proof leads to, and the header's.
    error RootMismatch(bytes32 given, bytes32 required);
    error IndexOutOfRange(uint256 index, uint256 leafCount);
    error ProofDepth(uint256 given, uint256 required);
}
