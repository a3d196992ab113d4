// SPDX-License-Identifier: Apache-2.0 OR MIT
pragma solidity ^0.8.20;

// What the tests of crate feed deploy on a real EVM node. README.md says how the .hex files are made.

/// An ERC-20 token whose whole supply goes to whoever deploys it.
contract Token {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    uint256 public totalSupply;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    constructor() {
        totalSupply = 1_000_000;
        balanceOf[msg.sender] = totalSupply;
        emit Transfer(address(0), msg.sender, totalSupply);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        move(msg.sender, to, value);
        return true;
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        move(from, to, value);
        return true;
    }

    function move(address from, address to, uint256 value) private {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }
}

/// Buys tokens for ether at a fixed price of 1,000 wei each: token in, ether out by an inner call.
contract Pool {
    Token private immutable token;

    constructor(Token token_) payable {
        token = token_;
    }

    function sell(uint256 amount) external {
        token.transferFrom(msg.sender, address(this), amount);
        (bool paid, ) = msg.sender.call{value: amount * 1000}("");
        require(paid, "not paid");
    }
}

/// Passes on half of what it is sent to each of two, by inner calls; the second in a call that is
/// undone.
contract Splitter {
    function split(address payable first, address payable second) external payable {
        (bool paid, ) = first.call{value: msg.value / 2}("");
        require(paid, "not paid");
        try this.thenFail{value: msg.value / 2}(second) {} catch {}
    }

    function thenFail(address payable to) external payable {
        (bool paid, ) = to.call{value: msg.value}("");
        require(paid, "not paid");
        revert("undone");
    }
}
