// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Fixture} from "./support/Fixture.sol";

/// @notice The approval digest against forge's own EIP-712 encoder, which knows only the type as JSON.
contract TypedDataTest is Fixture {
    string private constant TYPES =
        '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],"Approval":[{"name":"account","type":"address"},{"name":"modelCard","type":"bytes32"},{"name":"heldClasses","type":"uint256"},{"name":"labelSpace","type":"uint256"},{"name":"vouchedClasses","type":"uint256"},{"name":"nonce","type":"uint256"},{"name":"deadline","type":"uint256"}]},"primaryType":"Approval",';

    struct Message {
        address account;
        bytes32 modelCard;
        uint256 heldClasses;
        uint256 labelSpace;
        uint256 vouchedClasses;
        uint256 nonce;
        uint64 deadline;
    }

    function testDomain() public view {
        (, string memory name, string memory version, uint256 chainId, address verifier,,) =
            IERC5267(address(bema)).eip712Domain();
        vm.assertEq(name, "BEMA");
        vm.assertEq(version, "1");
        vm.assertEq(chainId, block.chainid);
        vm.assertEq(verifier, address(bema));
    }

    /// @dev Proves the oracle itself on the example of the EIP-712 standard.
    function testOracleOnTheStandardsExample() public view {
        string memory json = vm.readFile("tests/vectors/known_hashes.json");
        vm.assertEq(
            vm.eip712HashTypedData(vm.parseJsonString(json, ".eip712.typed_data")),
            vm.parseJsonBytes32(json, ".eip712.digest")
        );
    }

    function testFuzzApprovalDigest(Message memory given) public view {
        vm.assertEq(_digest(given), vm.eip712HashTypedData(string.concat(TYPES, _domain(), _message(given))));
    }

    /// @dev One bit of what an approval says, and it is another approval.
    function testFuzzFlippedApprovalDigest(Message memory given, uint256 bit) public view {
        bytes32 digest = _digest(given);
        bit = bound(bit, 0, 5 * 256 + 64 + 160 - 1);
        uint256 mask = 1 << (bit % 256);
        if (bit < 256) given.modelCard ^= bytes32(mask);
        else if (bit < 512) given.heldClasses ^= mask;
        else if (bit < 768) given.labelSpace ^= mask;
        else if (bit < 1_024) given.vouchedClasses ^= mask;
        else if (bit < 1_280) given.nonce ^= mask;
        else if (bit < 1_344) given.deadline ^= uint64(1 << (bit - 1_280));
        else given.account = address(uint160(given.account) ^ uint160(1 << (bit - 1_344)));
        vm.assertTrue(_digest(given) != digest);
    }

    function testFuzzSuspensionDigest(address account, bytes32 reason, uint64 deadline) public view {
        string memory types = _types(
            "Suspension",
            '{"name":"account","type":"address"},{"name":"reason","type":"bytes32"},{"name":"deadline","type":"uint256"}'
        );
        string memory message = string.concat(
            '"account":"',
            vm.toString(account),
            '","reason":"',
            vm.toString(reason),
            _number("deadline", deadline),
            '"}}'
        );
        vm.assertEq(
            bema.suspensionDigest(account, reason, deadline),
            vm.eip712HashTypedData(string.concat(types, _domain(), message))
        );
    }

    function testFuzzRejectionDigest(bytes32 blockHash, bytes32 reason) public view {
        string memory types =
            _types("Rejection", '{"name":"blockHash","type":"bytes32"},{"name":"reason","type":"bytes32"}');
        string memory message = string.concat(
            '"blockHash":"', vm.toString(blockHash), '","reason":"', vm.toString(reason), '"}}'
        );
        vm.assertEq(
            bema.rejectionDigest(blockHash, reason),
            vm.eip712HashTypedData(string.concat(types, _domain(), message))
        );
    }

    /// @dev After a fork that takes another id the digests are the new chain's, and on the old id again the old ones.
    function testFuzzDigestsOfAFork(bytes32 blockHash, bytes32 reason, uint32 id, Message memory given)
        public
    {
        bytes32 digest = bema.rejectionDigest(blockHash, reason);
        uint256 own = block.chainid;
        vm.chainId(id == own ? id + 1 : id);
        testFuzzRejectionDigest(blockHash, reason);
        testFuzzApprovalDigest(given);
        vm.assertTrue(bema.rejectionDigest(blockHash, reason) != digest);
        vm.chainId(own);
        vm.assertEq(bema.rejectionDigest(blockHash, reason), digest);
    }

    function _digest(Message memory given) private view returns (bytes32) {
        return bema.approvalDigest(
            given.account,
            given.modelCard,
            given.heldClasses,
            given.labelSpace,
            given.vouchedClasses,
            given.nonce,
            given.deadline
        );
    }

    function _types(string memory name, string memory fields) private pure returns (string memory) {
        return string.concat(
            '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],"',
            name,
            '":[',
            fields,
            ']},"primaryType":"',
            name,
            '",'
        );
    }

    function _domain() private view returns (string memory) {
        return string.concat(
            '"domain":{"name":"BEMA","version":"1","chainId":',
            vm.toString(block.chainid),
            ',"verifyingContract":"',
            vm.toString(address(bema)),
            '"},"message":{'
        );
    }

    function _message(Message memory given) private pure returns (string memory) {
        return string.concat(
            '"account":"',
            vm.toString(given.account),
            '","modelCard":"',
            vm.toString(given.modelCard),
            _number("heldClasses", given.heldClasses),
            _number("labelSpace", given.labelSpace),
            _number("vouchedClasses", given.vouchedClasses),
            _number("nonce", given.nonce),
            _number("deadline", given.deadline),
            '"}}'
        );
    }

    function _number(string memory name, uint256 value) private pure returns (string memory) {
        return string.concat('","', name, '":"', vm.toString(value));
    }
}
