//! Token logs to movements; EVM and Tron share the rules. Knows no token by name and no price, and
//! cannot know whether a contract tells the truth: any contract may log any transfer it likes.
//!
//! ERC-20 (EIP-20) and ERC-721 (EIP-721) log the same topic; the fourth topic tells them apart.

use super::{Account, Asset, Gap, GapReason, Kind, Movement, Place};

/// Keccak-256 of `Transfer(address,address,uint256)`.
pub const TRANSFER_TOPIC: [u8; 32] =
    topic("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/// Keccak-256 of `Deposit(address,uint256)`.
const DEPOSIT_TOPIC: [u8; 32] =
    topic("e1fffcc4923d04b559f4d29a8bfc6cda04eb5b0d3c460751c2402c5c5cc9109c");
/// Keccak-256 of `Withdrawal(address,uint256)`.
const WITHDRAWAL_TOPIC: [u8; 32] =
    topic("7fcf532c15f0a6db0bd6d0e038bea71d30d808c7d98cb3bf7268a95bf5081b65");
/// Keccak-256 of `TransferSingle(address,address,address,uint256,uint256)`.
const SINGLE_TOPIC: [u8; 32] =
    topic("c3d58168c5ae7397731d063d5bbf3d657854427343f4c083240f7aacaa2d0f62");
/// Keccak-256 of `TransferBatch(address,address,address,uint256[],uint256[])`.
const BATCH_TOPIC: [u8; 32] =
    topic("4a39dc06d4c0dbc64b70af90fd698a233a518aa5d07e595d983b8c0526c8f7fb");
/// Wrapped ether on Ethereum mainnet (WETH9).
pub const WRAPPED_ETHER: Account = Account(account("c02aaa39b223fe8d0a0e5c4f27ead9083c756cc2"));
/// Wrapped TRX on Tron's mainnet.
pub const WRAPPED_TRX: Account = Account(account("891cdb91d149f23b1a45d9c5ca78a88d0cb44c18"));
/// The virtual machine has no instruction for more (LOG4).
pub(crate) const TOPICS_MAX: usize = 4;

/// A log of a contract.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub transaction: u32,
    pub index: u32,
    pub contract: Account,
    pub topics: Vec<[u8; 32]>,
    pub data: Vec<u8>,
}

/// What a log says about tokens.
enum Said {
    Nothing,
    Moved(Movement),
    Gap(GapReason),
}

/// The movements of one transaction's logs, in order.
pub(crate) fn movements(
    logs: &[Log],
    wrappers: &[Account],
    moved: &mut Vec<Movement>,
    gaps: &mut Vec<Gap>,
) {
    let first = moved.len();
    for log in logs {
        match read(log, wrappers) {
            Said::Nothing => {}
            // Some wrappers log `Transfer` from nobody besides `Deposit`: the same coins, once.
            Said::Moved(one) if already_said(&one, &moved[first..]) => {}
            Said::Moved(one) => {
                if let Some(twin) = wrapped_twin(&one, &moved[first..]) {
                    moved.remove(first + twin);
                }
                moved.push(one);
            }
            Said::Gap(reason) => gaps.push(Gap {
                transaction: Some(log.transaction),
                place: Place::Log(log.index),
                reason,
            }),
        }
    }
}

fn read(log: &Log, wrappers: &[Account]) -> Said {
    let Some(topic) = log.topics.first() else { return Said::Nothing };
    match *topic {
        TRANSFER_TOPIC => transfer(log),
        DEPOSIT_TOPIC | WITHDRAWAL_TOPIC if wrappers.contains(&log.contract) => wrapper(log),
        SINGLE_TOPIC | BATCH_TOPIC => Said::Gap(GapReason::MultiToken),
        _ => Said::Nothing,
    }
}

fn transfer(log: &Log) -> Said {
    let (from, to, number) = match (log.topics.as_slice(), log.data.as_slice()) {
        ([_, from, to, id], []) => (from, to, (*id, true)),
        ([_, from, to], data) => match data.try_into() {
            Ok(amount) => (from, to, (amount, false)),
            Err(_) => return Said::Gap(GapReason::TransferShape),
        },
        _ => return Said::Gap(GapReason::TransferShape),
    };
    let (Some(from), Some(to)) = (address(from), address(to)) else {
        return Said::Gap(GapReason::TransferShape);
    };
    let (from, to) = (some(from), some(to));
    let kind = match (from, to) {
        (None, Some(_)) => Kind::Mint,
        (Some(_), None) => Kind::Burn,
        _ => Kind::Token,
    };
    let (asset, amount) = match number {
        (id, true) => (Asset::Item { contract: log.contract, id }, Some(1)),
        (amount, false) => (Asset::Token(log.contract), word(&amount)),
    };
    moved(log, kind, asset, from, to, amount)
}

fn wrapper(log: &Log) -> Said {
    let ([topic, who], Ok(amount)) = (log.topics.as_slice(), log.data.as_slice().try_into()) else {
        return Said::Gap(GapReason::TransferShape);
    };
    let Some(who) = address(who) else { return Said::Gap(GapReason::TransferShape) };
    let (kind, from, to) = match *topic {
        DEPOSIT_TOPIC => (Kind::Wrap, None, Some(who)),
        _ => (Kind::Unwrap, Some(who), None),
    };
    moved(log, kind, Asset::Token(log.contract), from, to, word(&amount))
}

fn moved(
    log: &Log,
    kind: Kind,
    asset: Asset,
    from: Option<Account>,
    to: Option<Account>,
    amount: Option<u128>,
) -> Said {
    let Some(amount) = amount else { return Said::Gap(GapReason::AmountBeyond128Bits) };
    let (transaction, place) = (Some(log.transaction), Place::Log(log.index));
    Said::Moved(Movement { transaction, place, kind, asset, from, to, amount })
}

/// Whether a mint or burn repeats the wrap or unwrap right before it.
fn already_said(one: &Movement, before: &[Movement]) -> bool {
    let twin = match one.kind {
        Kind::Mint => Kind::Wrap,
        Kind::Burn => Kind::Unwrap,
        _ => return false,
    };
    before.last().is_some_and(|last| last.kind == twin && same_coins(one, last))
}

/// The mint or burn right before that a wrap or unwrap repeats.
fn wrapped_twin(one: &Movement, before: &[Movement]) -> Option<usize> {
    let twin = match one.kind {
        Kind::Wrap => Kind::Mint,
        Kind::Unwrap => Kind::Burn,
        _ => return None,
    };
    let last = before.last()?;
    (last.kind == twin && same_coins(one, last)).then(|| before.len() - 1)
}

fn same_coins(one: &Movement, other: &Movement) -> bool {
    (one.asset, one.from, one.to, one.amount) == (other.asset, other.from, other.to, other.amount)
}

/// An address in a topic: twelve zero bytes before it.
fn address(topic: &[u8; 32]) -> Option<Account> {
    match topic.split_first_chunk::<12>() {
        Some(([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], rest)) => Some(Account(rest.try_into().ok()?)),
        _ => None,
    }
}

/// The zero address stands for nobody.
fn some(account: Account) -> Option<Account> {
    (account != Account::ZERO).then_some(account)
}

/// A word of 256 bits where it fits into 128.
fn word(bytes: &[u8; 32]) -> Option<u128> {
    let (high, low) = bytes.split_at(16);
    let low: [u8; 16] = low.try_into().ok()?;
    high.iter().all(|byte| *byte == 0).then(|| u128::from_be_bytes(low))
}

const fn topic(text: &str) -> [u8; 32] {
    unhex(text)
}

const fn account(text: &str) -> [u8; 20] {
    unhex(text)
}

const fn unhex<const N: usize>(text: &str) -> [u8; N] {
    let digits = text.as_bytes();
    assert!(digits.len() == 2 * N, "two digits a byte");
    let mut bytes = [0; N];
    let mut index = 0;
    while index < N {
        bytes[index] = nibble(digits[2 * index]) << 4 | nibble(digits[2 * index + 1]);
        index += 1;
    }
    bytes
}

const fn nibble(digit: u8) -> u8 {
    match digit {
        b'0'..=b'9' => digit - b'0',
        b'a'..=b'f' => digit - b'a' + 10,
        _ => panic!("a hexadecimal digit in lower case"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha3::{Digest as _, Keccak256};

    #[test]
    fn topics_are_the_hashes_of_their_signatures() {
        for (topic, signature) in [
            (TRANSFER_TOPIC, "Transfer(address,address,uint256)"),
            (DEPOSIT_TOPIC, "Deposit(address,uint256)"),
            (WITHDRAWAL_TOPIC, "Withdrawal(address,uint256)"),
            (SINGLE_TOPIC, "TransferSingle(address,address,address,uint256,uint256)"),
            (BATCH_TOPIC, "TransferBatch(address,address,address,uint256[],uint256[])"),
        ] {
            assert_eq!(topic[..], Keccak256::digest(signature)[..], "{signature}");
        }
    }
}
