//! A decoded block of an account chain: what moved, and what could not be told. Knows no balances:
//! whether a payer had what it paid is a question to the ledger.

use super::name::{Account, AccountChain, Hash256};
use std::fmt;

/// One block, whatever node told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountBlock {
    /// Whose rules it was read under.
    pub chain: AccountChain,
    /// How many blocks lie below it.
    pub number: u64,
    /// Its hash.
    pub hash: Hash256,
    /// The hash of the block before it.
    pub parent: Hash256,
    /// Seconds since 1970, as its producer claims.
    pub time: u64,
    /// Whether the hash was recomputed from the header's fields.
    pub hash_checked: HashCheck,
    /// Its transactions in order.
    pub transactions: Vec<AccountTransaction>,
    /// What moved, in the order in which ledgers enter it: by transaction, then fees, then the
    /// chain's coin in the order of calls, then tokens in the order of logs; what belongs to no
    /// transaction comes last.
    pub movements: Vec<Movement>,
    /// What happened and is not among the movements, with the reason.
    pub gaps: Vec<Gap>,
}

/// Whether a block's hash was recomputed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HashCheck {
    /// It is the hash of the header's fields.
    Recomputed,
    /// The header has a shape of which the rule is not known here (other chains, later forks).
    NotRecomputed,
}

/// A transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountTransaction {
    /// Its hash.
    pub hash: Hash256,
    /// Who signed it and pays for it; of a token moved by allowance, the spender or whoever set
    /// the spending contract to work, and not the payer.
    pub sender: Account,
    /// Whom it calls; none where it creates a contract.
    pub recipient: Option<Account>,
    /// The coin sent along, whether or not it arrived.
    pub value: u128,
    /// Whether it took effect.
    pub outcome: Outcome,
}

/// Whether a transaction took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It did.
    Succeeded,
    /// It did not: only its fee was paid.
    Failed,
    /// Nothing that was given says.
    Unknown,
}

/// An amount of one asset that changed hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Movement {
    /// The index of its transaction in the block; none for rewards and withdrawals.
    pub transaction: Option<u32>,
    /// Where in that transaction.
    pub place: Place,
    /// What sort of payment.
    pub kind: Kind,
    /// What was paid.
    pub asset: Asset,
    /// Who paid; none where the amount came into being.
    pub from: Option<Account>,
    /// Who was paid; none where the amount ceased to be.
    pub to: Option<Account>,
    /// How much, in the asset's smallest unit. Zero is kept for tokens, because an address is
    /// poisoned with transfers of nothing.
    pub amount: u128,
}

/// Where in a transaction or block something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// Its fee.
    Fee,
    /// A call, counted from 0 in the order in which calls begin; the first is the transaction's.
    Call(u32),
    /// A log, by its index in the block.
    Log(u32),
    /// Something of the block as a whole, counted from 0: rewards, withdrawals.
    Block(u32),
}

/// What is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Asset {
    /// The chain's own coin, in wei or sun.
    Native,
    /// A fungible token (ERC-20, TRC-20), by its contract.
    Token(Account),
    /// One thing of a kind (ERC-721), by contract and number.
    Item {
        /// The contract.
        contract: Account,
        /// The number, big endian.
        id: [u8; 32],
    },
    /// A token of Tron's older sort, by number.
    Trc10(u64),
}

/// Sorts of payment. The number is what segments on disk hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// Coin sent along with the transaction itself.
    Value = 0,
    /// The same where nothing says that the transaction took effect and the caller chose to assume
    /// it.
    ValueAssumed = 1,
    /// Coin sent by a contract during the transaction.
    Internal = 2,
    /// What a contract held when it destroyed itself.
    SelfDestruct = 3,
    /// A token.
    Token = 4,
    /// Tokens that came into being.
    Mint = 5,
    /// Tokens that ceased to be.
    Burn = 6,
    /// Wrapped coin that came into being against as much coin (WETH `Deposit`).
    Wrap = 7,
    /// Wrapped coin that ceased to be against as much coin (WETH `Withdrawal`).
    Unwrap = 8,
    /// The part of the fee that is destroyed (EIP-1559 base fee, Tron's fees).
    FeeBurned = 9,
    /// The part of the fee that the block's producer receives.
    FeeTip = 10,
    /// The fee for blobs (EIP-4844), destroyed.
    FeeBlob = 11,
    /// What a second-layer chain charges for the first layer.
    FeeLayerOne = 12,
    /// A producer's reward.
    Reward = 13,
    /// The reward for a stale block (before the merge).
    UncleReward = 14,
    /// Stake that comes back from the consensus layer (EIP-4895).
    Withdrawal = 15,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 16] = [
        Kind::Value,
        Kind::ValueAssumed,
        Kind::Internal,
        Kind::SelfDestruct,
        Kind::Token,
        Kind::Mint,
        Kind::Burn,
        Kind::Wrap,
        Kind::Unwrap,
        Kind::FeeBurned,
        Kind::FeeTip,
        Kind::FeeBlob,
        Kind::FeeLayerOne,
        Kind::Reward,
        Kind::UncleReward,
        Kind::Withdrawal,
    ];

    /// Whether it is a fee, which a trace does not follow.
    pub fn is_fee(self) -> bool {
        matches!(self, Kind::FeeBurned | Kind::FeeTip | Kind::FeeBlob | Kind::FeeLayerOne)
    }

    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Value => "value",
            Kind::ValueAssumed => "value assumed",
            Kind::Internal => "internal call",
            Kind::SelfDestruct => "self-destruct",
            Kind::Token => "token",
            Kind::Mint => "mint",
            Kind::Burn => "burn",
            Kind::Wrap => "wrap",
            Kind::Unwrap => "unwrap",
            Kind::FeeBurned => "fee burned",
            Kind::FeeTip => "fee to producer",
            Kind::FeeBlob => "blob fee",
            Kind::FeeLayerOne => "first-layer fee",
            Kind::Reward => "reward",
            Kind::UncleReward => "uncle reward",
            Kind::Withdrawal => "withdrawal",
        }
    }
}

/// Something that happened and is not among the movements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The index of its transaction in the block, where it has one.
    pub transaction: Option<u32>,
    /// Where in it.
    pub place: Place,
    /// Why it is left out.
    pub reason: GapReason,
}

/// Why something is not among the movements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GapReason {
    /// Value was sent and nothing says whether it arrived.
    OutcomeUnknown,
    /// No receipt, so what was paid for gas is not known.
    FeeUnknown,
    /// No traces were given: what contracts paid in the chain's coin is not known.
    CallsUnknown,
    /// No receipts or logs were given: what moved in tokens is not known.
    LogsUnknown,
    /// A token amount beyond 128 bits, which no honest token has.
    AmountBeyond128Bits,
    /// The log has the topic of a transfer and not its shape.
    TransferShape,
    /// A transfer of many assets at once (ERC-1155), which ledgers here do not hold.
    MultiToken,
    /// A table's amount is negative: whoever wrote it ran over 32 bits.
    AmountNegative,
    /// A stale block's producer was rewarded, and its address is not in this block.
    UncleUnknown,
    /// The state was changed by agreement, by no transaction (genesis, the fork of July 2016).
    Irregular,
    /// A contract type of Tron that moves money in a way that is not followed here.
    ContractType,
    /// Only a table of token transfers was given: it has no wrapping of coin, and numbers of items
    /// look like amounts in it.
    TransfersOnly,
}

impl fmt::Display for GapReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GapReason::OutcomeUnknown => "nothing given says whether the value arrived",
            GapReason::FeeUnknown => "no receipt says what was paid for gas",
            GapReason::CallsUnknown => "no traces were given, so payments by contracts are unknown",
            GapReason::LogsUnknown => "no logs were given, so payments in tokens are unknown",
            GapReason::AmountBeyond128Bits => "a token amount beyond 128 bits",
            GapReason::TransferShape => "a log with the topic of a transfer and another shape",
            GapReason::MultiToken => "an ERC-1155 transfer, which is not followed",
            GapReason::AmountNegative => "a negative amount in a table: its writer overflowed",
            GapReason::UncleUnknown => "an uncle was rewarded whose producer is not named here",
            GapReason::Irregular => "balances were set without a transaction",
            GapReason::ContractType => "a Tron contract type that is not followed",
            GapReason::TransfersOnly => {
                "a table of transfers was given in place of logs: no wrapping, and items as amounts"
            }
        })
    }
}

impl Asset {
    /// The asset as text: `native`, a contract, `CONTRACT/NUMBER`, or `trc10/NUMBER`.
    pub fn text(self, chain: AccountChain) -> String {
        match self {
            Asset::Native => "native".to_owned(),
            Asset::Token(contract) => chain.text(contract),
            Asset::Item { contract, id } => {
                format!("{}/{}", chain.text(contract), hex::encode(id).trim_start_matches('0'))
            }
            Asset::Trc10(number) => format!("trc10/{number}"),
        }
    }
}
