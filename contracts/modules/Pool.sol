// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IBema} from "../interfaces/IBema.sol";
import {PoolRecord} from "../libraries/PoolRecord.sol";

/// @notice The pool that rewards come from: fed by anybody and by slashed bonds.
abstract contract Pool is IBema {
    PoolRecord internal _pool;

    /// @inheritdoc IBema
    function fund() external payable {
        if (msg.value == 0) revert ZeroAmount();
        _feedPool(msg.sender, msg.value);
    }

    /// @inheritdoc IBema
    function pool() external view returns (uint256 funded, uint256 claimed, uint32 finalisedHeight) {
        PoolRecord record = _pool;
        return (record.funded(), record.claimed(), record.finalisedHeight());
    }

    function _feedPool(address from, uint256 amount) internal {
        PoolRecord record = _pool;
        uint256 funded;
        // There is not so much Ether that the sum overflows.
        unchecked {
            funded = record.funded() + amount;
        }
        if (funded > type(uint96).max) revert FundingOutOfRange(funded, type(uint96).max);
        // Checked in the line above.
        // forge-lint: disable-next-line(unsafe-typecast)
        _pool = record.withFunded(uint96(funded));
        emit PoolFunded(from, amount, funded);
    }

    /// @dev To any address that takes it; every figure and event is written before.
    function _pay(address to, uint256 amount) internal {
        (bool paid,) = to.call{value: amount}("");
        if (!paid) revert PaymentFailed(to, amount);
    }
}
