//! Entries to bytes and back, field by field in little endian. Knows no digests.

use super::Entry;
use crate::account::block::{
    AccountBlock, AccountTransaction, Asset, Gap, GapReason, HashCheck, Kind, Movement, Outcome,
    Place,
};
use crate::account::name::{Account, AccountChain, Hash256};

type Fault = &'static str;

const OUTCOMES: [Outcome; 3] = [Outcome::Succeeded, Outcome::Failed, Outcome::Unknown];
const CHECKS: [HashCheck; 2] = [HashCheck::Recomputed, HashCheck::NotRecomputed];
/// In the order of their numbers on disk: only ever appended to.
const REASONS: [GapReason; 12] = [
    GapReason::OutcomeUnknown,
    GapReason::FeeUnknown,
    GapReason::CallsUnknown,
    GapReason::LogsUnknown,
    GapReason::AmountBeyond128Bits,
    GapReason::TransferShape,
    GapReason::MultiToken,
    GapReason::AmountNegative,
    GapReason::UncleUnknown,
    GapReason::Irregular,
    GapReason::ContractType,
    GapReason::TransfersOnly,
];

/// An entry's bytes.
pub(super) fn write(entry: &Entry) -> Vec<u8> {
    let mut out = Vec::new();
    match entry {
        Entry::RollbackTo(number) => {
            out.push(1);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Entry::Block(block) => {
            out.push(0);
            write_block(&mut out, block);
        }
    }
    out
}

fn write_block(out: &mut Vec<u8>, block: &AccountBlock) {
    out.extend_from_slice(&block.number.to_le_bytes());
    out.extend_from_slice(&block.hash.0);
    out.extend_from_slice(&block.parent.0);
    out.extend_from_slice(&block.time.to_le_bytes());
    out.push(position(&CHECKS, &block.hash_checked));
    out.extend_from_slice(&(block.transactions.len() as u32).to_le_bytes());
    for one in &block.transactions {
        out.extend_from_slice(&one.hash.0);
        out.extend_from_slice(&one.sender.0);
        write_account(out, one.recipient);
        out.extend_from_slice(&one.value.to_le_bytes());
        out.push(position(&OUTCOMES, &one.outcome));
    }
    out.extend_from_slice(&(block.movements.len() as u32).to_le_bytes());
    for one in &block.movements {
        write_transaction(out, one.transaction);
        write_place(out, one.place);
        out.push(one.kind as u8);
        write_asset(out, one.asset);
        write_account(out, one.from);
        write_account(out, one.to);
        out.extend_from_slice(&one.amount.to_le_bytes());
    }
    out.extend_from_slice(&(block.gaps.len() as u32).to_le_bytes());
    for one in &block.gaps {
        write_transaction(out, one.transaction);
        write_place(out, one.place);
        out.push(position(&REASONS, &one.reason));
    }
}

fn position<T: PartialEq>(all: &[T], one: &T) -> u8 {
    let at = all.iter().position(|other| other == one);
    at.expect("the tables hold every value") as u8
}

/// The last number stands for none.
fn write_transaction(out: &mut Vec<u8>, transaction: Option<u32>) {
    out.extend_from_slice(&transaction.unwrap_or(u32::MAX).to_le_bytes());
}

fn write_place(out: &mut Vec<u8>, place: Place) {
    let (sort, number) = match place {
        Place::Fee => (0, 0),
        Place::Call(number) => (1, number),
        Place::Log(number) => (2, number),
        Place::Block(number) => (3, number),
    };
    out.push(sort);
    out.extend_from_slice(&number.to_le_bytes());
}

fn write_account(out: &mut Vec<u8>, account: Option<Account>) {
    match account {
        None => out.push(0),
        Some(account) => {
            out.push(1);
            out.extend_from_slice(&account.0);
        }
    }
}

fn write_asset(out: &mut Vec<u8>, asset: Asset) {
    match asset {
        Asset::Native => out.push(0),
        Asset::Token(contract) => {
            out.push(1);
            out.extend_from_slice(&contract.0);
        }
        Asset::Item { contract, id } => {
            out.push(2);
            out.extend_from_slice(&contract.0);
            out.extend_from_slice(&id);
        }
        Asset::Trc10(number) => {
            out.push(3);
            out.extend_from_slice(&number.to_le_bytes());
        }
    }
}

/// An entry from its bytes, all of them.
pub(super) fn read(bytes: &[u8], chain: AccountChain) -> Result<Entry, Fault> {
    let mut from = From(bytes);
    let entry = match from.byte()? {
        0 => Entry::Block(read_block(&mut from, chain)?),
        1 => Entry::RollbackTo(from.u64()?),
        _ => return Err("no such sort of entry"),
    };
    if from.0.is_empty() { Ok(entry) } else { Err("bytes are left over") }
}

fn read_block(from: &mut From<'_>, chain: AccountChain) -> Result<AccountBlock, Fault> {
    let mut block = AccountBlock {
        chain,
        number: from.u64()?,
        hash: Hash256(from.array()?),
        parent: Hash256(from.array()?),
        time: from.u64()?,
        hash_checked: from.pick(&CHECKS)?,
        transactions: Vec::new(),
        movements: Vec::new(),
        gaps: Vec::new(),
    };
    for _ in 0..from.u32()? {
        block.transactions.push(AccountTransaction {
            hash: Hash256(from.array()?),
            sender: Account(from.array()?),
            recipient: from.account()?,
            value: u128::from_le_bytes(from.array()?),
            outcome: from.pick(&OUTCOMES)?,
        });
    }
    let count = block.transactions.len() as u32;
    for _ in 0..from.u32()? {
        block.movements.push(Movement {
            transaction: from.transaction(count)?,
            place: from.place()?,
            kind: from.pick(&Kind::ALL)?,
            asset: from.asset()?,
            from: from.account()?,
            to: from.account()?,
            amount: u128::from_le_bytes(from.array()?),
        });
    }
    for _ in 0..from.u32()? {
        block.gaps.push(Gap {
            transaction: from.transaction(count)?,
            place: from.place()?,
            reason: from.pick(&REASONS)?,
        });
    }
    Ok(block)
}

/// What is left to read.
struct From<'a>(&'a [u8]);

impl From<'_> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let (array, rest) = self.0.split_first_chunk::<N>().ok_or("it ends too early")?;
        self.0 = rest;
        Ok(*array)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        Ok(self.array::<1>()?[0])
    }

    fn u32(&mut self) -> Result<u32, Fault> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, Fault> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn pick<T: Copy>(&mut self, all: &[T]) -> Result<T, Fault> {
        let at = self.byte()?;
        all.get(usize::from(at)).copied().ok_or("no such number")
    }

    fn transaction(&mut self, count: u32) -> Result<Option<u32>, Fault> {
        match self.u32()? {
            u32::MAX => Ok(None),
            index if index < count => Ok(Some(index)),
            _ => Err("a transaction that is not in the block"),
        }
    }

    fn place(&mut self) -> Result<Place, Fault> {
        let (sort, number) = (self.byte()?, self.u32()?);
        match sort {
            0 => Ok(Place::Fee),
            1 => Ok(Place::Call(number)),
            2 => Ok(Place::Log(number)),
            3 => Ok(Place::Block(number)),
            _ => Err("no such place"),
        }
    }

    fn account(&mut self) -> Result<Option<Account>, Fault> {
        match self.byte()? {
            0 => Ok(None),
            1 => Ok(Some(Account(self.array()?))),
            _ => Err("neither an account nor none"),
        }
    }

    fn asset(&mut self) -> Result<Asset, Fault> {
        Ok(match self.byte()? {
            0 => Asset::Native,
            1 => Asset::Token(Account(self.array()?)),
            2 => Asset::Item { contract: Account(self.array()?), id: self.array()? },
            3 => Asset::Trc10(self.u64()?),
            _ => return Err("no such sort of asset"),
        })
    }
}
