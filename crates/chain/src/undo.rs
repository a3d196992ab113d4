//! The coins that a block spends. Knows nothing of blocks other than the one it belongs to.
//!
//! A block names the outputs it spends and not their values. Full nodes keep those beside it, for
//! undoing the block. Two formats are read:
//!
//! - *flat* (bcoin's test files): for each input of each transaction after the coinbase, in order,
//!   value (8 bytes, little-endian), script length (compact size), script. Nothing says whose block
//!   it is; a wrong pairing fails on the counts and on the sums.
//! - *core* (Bitcoin Core's `rev*.dat`, or one record of it): counts, then compressed amounts and
//!   scripts. A framed record carries a checksum over the previous block's hash and the record,
//!   which names the block.
//!
//! Undo data is testimony of the node that wrote it, not proven by the block's hash (for segwit
//! inputs the signature commits to the value, but nothing here checks signatures). Exhibits say so.

use crate::block::{Coin, DecodedBlock, FileFacts, Frames, NamedBytes, Transaction};
use crate::{BlockHash, Height, Network, OutPoint, SATOSHI_MAX, Satoshi, Txid};
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256d};
use std::sync::Arc;

/// The undo record of a block of 4 MB has some 100,000 coins; most are less than 50 bytes, none is
/// longer than its script's 10,000 that can be spent.
pub const RECORD_BYTES_MAX: usize = 1 << 28;

/// Why an undo file fits no block.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}, byte {offset}: {fault}")]
pub struct UndoError {
    /// The file's name.
    pub file: String,
    /// Where the fault was seen.
    pub offset: usize,
    /// What it is.
    pub fault: UndoFault,
}

/// What can be wrong with undo data.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UndoFault {
    /// Cut short, or not this format.
    #[error("the undo data ends early or is damaged")]
    Short,
    /// More coins than inputs.
    #[error("{count} bytes are left over after the last input's coin")]
    Leftover {
        /// How many bytes.
        count: usize,
    },
    /// The counts of a core record differ from the block's.
    #[error("the undo data has {found} where the block has {expected}")]
    Count {
        /// The block's count.
        expected: usize,
        /// The undo data's count.
        found: u64,
    },
    /// A transaction creates value.
    #[error("transaction {txid} would spend {inputs} satoshis and create {outputs}")]
    ValueCreated {
        /// The transaction.
        txid: Txid,
        /// Sum of its inputs by the undo data.
        inputs: u64,
        /// Sum of its outputs.
        outputs: u64,
    },
    /// The coinbase takes more than subsidy and fees.
    #[error("the coinbase claims {claimed} satoshis; subsidy and fees make {allowed}")]
    Claim {
        /// Sum of the coinbase's outputs.
        claimed: u64,
        /// The subsidy of its height and all fees.
        allowed: u64,
    },
    /// An amount beyond 21 million bitcoin.
    #[error("a coin of {0} satoshis cannot exist")]
    Amount(u64),
    /// The undo data contradicts a transaction in the same block.
    #[error("output {0} is created in the same block with another value or script")]
    Contradiction(OutPoint),
    /// A core public key that is no point.
    #[error("a compressed public key is no point of the curve")]
    Key,
    /// No block was given that fits.
    #[error("it fits none of the {blocks} blocks given; the best attempt ({block}) says: {best}")]
    NoBlock {
        /// How many blocks were tried.
        blocks: usize,
        /// The block that got furthest.
        block: BlockHash,
        /// Why it did not fit.
        best: Box<UndoFault>,
    },
    /// No blocks at all.
    #[error("no block was given that lacks undo data")]
    NoBlocks,
    /// A framed record whose checksum names none of the blocks.
    #[error("a record's checksum names none of the blocks given")]
    Checksum,
    /// A frame is malformed.
    #[error("a frame's magic or length is wrong")]
    Frame,
}

/// Pairs an undo file with the block it belongs to, checks it, and fills in the inputs' coins.
/// Of a framed file, records of blocks that were not given are passed over; at least one must fit.
pub fn attach(
    blocks: &mut [DecodedBlock],
    file: NamedBytes<'_>,
    network: Network,
) -> Result<(), UndoError> {
    let facts = Arc::new(FileFacts::of(file));
    let fail = |(offset, fault)| UndoError { file: file.name.to_owned(), offset, fault };
    if file.bytes.starts_with(&network.magic()) {
        return attach_frames(blocks, file.bytes, network, &facts).map_err(fail);
    }
    let mut best: Option<(usize, BlockHash, UndoFault)> = None;
    for block in blocks.iter_mut().filter(|block| block.undo.is_none()) {
        for read in [read_flat, read_core] {
            match read_checked(read, &block.transactions, Facts::of(block), file.bytes) {
                Ok(coins) => {
                    fill(&mut block.transactions, coins);
                    block.undo = Some(Arc::clone(&facts));
                    return Ok(());
                }
                Err((offset, fault)) => {
                    if best.as_ref().is_none_or(|(reached, ..)| offset > *reached) {
                        best = Some((offset, block.hash, fault));
                    }
                }
            }
        }
    }
    Err(match best {
        None => fail((0, UndoFault::NoBlocks)),
        Some((offset, block, best)) => {
            let best = Box::new(best);
            fail((offset, UndoFault::NoBlock { blocks: blocks.len(), block, best }))
        }
    })
}

/// A fault at an offset.
pub(crate) type Fault = (usize, UndoFault);

/// Bytes of the checksum after a framed record.
const CHECKSUM_BYTES: usize = 32;

fn attach_frames(
    blocks: &mut [DecodedBlock],
    bytes: &[u8],
    network: Network,
    facts: &Arc<FileFacts>,
) -> Result<(), Fault> {
    let mut frames = Frames { bytes, offset: 0, magic: network.magic() };
    let mut fitted = false;
    while let Some(frame) = frames.next(CHECKSUM_BYTES) {
        let (offset, content) = frame.map_err(|(offset, _)| (offset, UndoFault::Frame))?;
        let (record, checksum) = content.split_at(content.len() - CHECKSUM_BYTES);
        let named = |block: &&mut DecodedBlock| names(checksum, block.previous, record);
        let Some(block) = blocks.iter_mut().find(named) else { continue };
        let at = |(inner, fault): Fault| (offset + inner, fault);
        let coins = read_core(&block.transactions, record).map_err(at)?;
        check(&block.transactions, Facts::of(block), &coins).map_err(|fault| at((0, fault)))?;
        fill(&mut block.transactions, coins);
        block.undo = Some(Arc::clone(facts));
        fitted = true;
    }
    if fitted { Ok(()) } else { Err((0, UndoFault::Checksum)) }
}

/// One list of coins per transaction after the coinbase.
type Coins = Vec<Vec<Coin>>;

/// What of a block its undo data is checked against, beside its transactions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts {
    pub(crate) previous: BlockHash,
    pub(crate) height: Option<Height>,
    pub(crate) network: Network,
}

impl Facts {
    fn of(block: &DecodedBlock) -> Facts {
        Facts { previous: block.previous, height: block.height, network: block.network }
    }
}

/// How many transactions' coins a core record says it has.
pub(crate) fn leading_count(record: &[u8]) -> Option<u64> {
    Reader { bytes: record, offset: 0 }.compact_size().ok()
}

/// Fills in the inputs' coins from a framed record with its checksum behind, where the checksum
/// names this block; a record that names it and does not fit is an error.
pub(crate) fn fill_framed(
    transactions: &mut [Transaction],
    facts: Facts,
    content: &[u8],
) -> Result<bool, Fault> {
    let Some((record, checksum)) = content.split_last_chunk::<CHECKSUM_BYTES>() else {
        return Ok(false);
    };
    if !names(checksum, facts.previous, record) {
        return Ok(false);
    }
    let coins = read_core(transactions, record)?;
    check(transactions, facts, &coins).map_err(|fault| (0, fault))?;
    fill(transactions, coins);
    Ok(true)
}

/// Fills in the inputs' coins from a record that names no block, where it fits.
pub(crate) fn fill_unnamed(transactions: &mut [Transaction], facts: Facts, record: &[u8]) -> bool {
    for read in [read_flat, read_core] {
        if let Ok(coins) = read_checked(read, transactions, facts, record) {
            fill(transactions, coins);
            return true;
        }
    }
    false
}

type Read = fn(&[Transaction], &[u8]) -> Result<Coins, Fault>;

/// Coins that were read to the end and add up.
fn read_checked(
    read: Read,
    transactions: &[Transaction],
    facts: Facts,
    bytes: &[u8],
) -> Result<Coins, Fault> {
    let coins = read(transactions, bytes)?;
    // What reads to the end but does not add up got further than what does not read.
    check(transactions, facts, &coins).map_err(|fault| (bytes.len(), fault))?;
    Ok(coins)
}

/// Whether a record's checksum is of the block that follows `previous`.
fn names(checksum: &[u8], previous: BlockHash, record: &[u8]) -> bool {
    let mut engine = sha256d::Hash::engine();
    engine.input(&previous.0);
    engine.input(record);
    sha256d::Hash::from_engine(engine).to_byte_array() == checksum
}

fn fill(transactions: &mut [Transaction], coins: Coins) {
    for (transaction, coins) in transactions[1..].iter_mut().zip(coins) {
        for (input, coin) in transaction.inputs.iter_mut().zip(coins) {
            input.coin = Some(coin);
        }
    }
}

/// The sums that every valid block fulfils.
fn check(transactions: &[Transaction], facts: Facts, coins: &Coins) -> Result<(), UndoFault> {
    let sum = |coins: &[Coin]| coins.iter().map(|coin| u128::from(coin.value.0)).sum::<u128>();
    let narrow = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    let mut fees = 0u128;
    let mut made = std::collections::HashMap::new();
    for (transaction, coins) in transactions[1..].iter().zip(coins) {
        let (inputs, outputs) = (sum(coins), sum(&transaction.outputs));
        let txid = transaction.txid;
        if inputs < outputs {
            let (inputs, outputs) = (narrow(inputs), narrow(outputs));
            return Err(UndoFault::ValueCreated { txid, inputs, outputs });
        }
        fees += inputs - outputs;
        for (input, coin) in transaction.inputs.iter().zip(coins) {
            let outputs: Option<&&[Coin]> = made.get(&input.previous.txid);
            if let Some(outputs) = outputs
                && outputs.get(input.previous.vout as usize) != Some(coin)
            {
                return Err(UndoFault::Contradiction(input.previous));
            }
        }
        made.insert(txid, transaction.outputs.as_slice());
    }
    if let Some(height) = facts.height {
        let allowed = fees + u128::from(facts.network.subsidy(height).0);
        let claimed = sum(&transactions[0].outputs);
        if claimed > allowed {
            let (claimed, allowed) = (narrow(claimed), narrow(allowed));
            return Err(UndoFault::Claim { claimed, allowed });
        }
    }
    Ok(())
}

fn read_flat(transactions: &[Transaction], bytes: &[u8]) -> Result<Coins, Fault> {
    let mut reader = Reader { bytes, offset: 0 };
    let coins = transactions[1..]
        .iter()
        .map(|transaction| {
            let coin = |_: &_| {
                let value = u64::from_le_bytes(*reader.array::<8>()?);
                let length = reader.compact_size()?;
                Ok(Coin { value: reader.amount(value)?, script: reader.take(length)?.into() })
            };
            transaction.inputs.iter().map(coin).collect()
        })
        .collect::<Result<Coins, Fault>>()?;
    reader.finish().map(|()| coins)
}

fn read_core(transactions: &[Transaction], bytes: &[u8]) -> Result<Coins, Fault> {
    let mut reader = Reader { bytes, offset: 0 };
    reader.count(transactions.len() - 1)?;
    let coins = transactions[1..]
        .iter()
        .map(|transaction| {
            reader.count(transaction.inputs.len())?;
            transaction.inputs.iter().map(|_| reader.core_coin()).collect()
        })
        .collect::<Result<Coins, Fault>>()?;
    reader.finish().map(|()| coins)
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: u64) -> Result<&'a [u8], Fault> {
        let rest = &self.bytes[self.offset..];
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let taken = rest.get(..length).ok_or((self.offset, UndoFault::Short))?;
        self.offset += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N], Fault> {
        let rest = &self.bytes[self.offset..];
        let taken = rest.first_chunk().ok_or((self.offset, UndoFault::Short))?;
        self.offset += N;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Fault> {
        self.array::<1>().map(|[byte]| *byte)
    }

    fn compact_size(&mut self) -> Result<u64, Fault> {
        Ok(match self.byte()? {
            0xfd => u64::from(u16::from_le_bytes(*self.array()?)),
            0xfe => u64::from(u32::from_le_bytes(*self.array()?)),
            0xff => u64::from_le_bytes(*self.array()?),
            small => u64::from(small),
        })
    }

    /// Core's variable-length integer: seven bits a byte, most significant first, each
    /// continuation adding one, so that every number has exactly one form.
    fn varint(&mut self) -> Result<u64, Fault> {
        let mut number = 0u64;
        loop {
            let byte = self.byte()?;
            let short = (self.offset, UndoFault::Short);
            let shifted = number.checked_mul(128).ok_or_else(|| short.clone())?;
            number = shifted | u64::from(byte & 0x7f);
            if byte & 0x80 == 0 {
                return Ok(number);
            }
            number = number.checked_add(1).ok_or(short)?;
        }
    }

    fn amount(&self, value: u64) -> Result<Satoshi, Fault> {
        if value > SATOSHI_MAX {
            return Err((self.offset, UndoFault::Amount(value)));
        }
        Ok(Satoshi(value))
    }

    fn count(&mut self, expected: usize) -> Result<(), Fault> {
        let at = self.offset;
        let found = self.compact_size()?;
        if found != expected as u64 {
            return Err((at, UndoFault::Count { expected, found }));
        }
        Ok(())
    }

    fn core_coin(&mut self) -> Result<Coin, Fault> {
        let height_and_coinbase = self.varint()?;
        if height_and_coinbase >> 1 > 0 {
            // A transaction version stood here once; Core still writes a zero for it.
            self.varint()?;
        }
        let compressed = self.varint()?;
        let value = decompress_amount(compressed)
            .ok_or((self.offset, UndoFault::Amount(u64::MAX)))
            .and_then(|value| self.amount(value))?;
        Ok(Coin { value, script: self.core_script()? })
    }

    fn core_script(&mut self) -> Result<Box<[u8]>, Fault> {
        use bitcoin::opcodes::all::*;
        let ops = |ops: &[bitcoin::Opcode]| ops.iter().map(|op| op.to_u8()).collect::<Vec<u8>>();
        let kind = self.varint()?;
        let script = match kind {
            0 => [
                ops(&[OP_DUP, OP_HASH160, OP_PUSHBYTES_20]),
                self.take(20)?.to_vec(),
                ops(&[OP_EQUALVERIFY, OP_CHECKSIG]),
            ]
            .concat(),
            1 => {
                let head = ops(&[OP_HASH160, OP_PUSHBYTES_20]);
                [head, self.take(20)?.to_vec(), ops(&[OP_EQUAL])].concat()
            }
            2..=5 => {
                let at = self.offset;
                let sign = if kind % 2 == 0 { 2 } else { 3 };
                let key = [&[sign], self.take(32)?].concat();
                if kind < 4 {
                    [ops(&[OP_PUSHBYTES_33]), key, ops(&[OP_CHECKSIG])].concat()
                } else {
                    let key = bitcoin::secp256k1::PublicKey::from_slice(&key)
                        .map_err(|_| (at, UndoFault::Key))?;
                    let key = key.serialize_uncompressed().to_vec();
                    [ops(&[OP_PUSHBYTES_65]), key, ops(&[OP_CHECKSIG])].concat()
                }
            }
            raw => self.take(raw - 6)?.to_vec(),
        };
        Ok(script.into_boxed_slice())
    }

    fn finish(&self) -> Result<(), Fault> {
        match self.bytes.len() - self.offset {
            0 => Ok(()),
            count => Err((self.offset, UndoFault::Leftover { count })),
        }
    }
}

/// Core's amount compression: trailing decimal zeros become an exponent.
fn decompress_amount(compressed: u64) -> Option<u64> {
    let Some(rest) = compressed.checked_sub(1) else { return Some(0) };
    let (exponent, rest) = (rest % 10, rest / 10);
    let number = if exponent < 9 {
        (rest / 9).checked_mul(10)?.checked_add(rest % 9 + 1)?
    } else {
        rest.checked_add(1)?
    };
    number.checked_mul(10u64.pow(exponent as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_decompress_as_bitcoin_core_states() {
        // The pairs of Bitcoin Core's own compression test.
        for (compressed, satoshis) in [
            (0x0, 0),
            (0x1, 1),
            (0x7, 1_000_000),
            (0x9, 100_000_000),
            (0x32, 50 * 100_000_000),
            (0x140_6f40, SATOSHI_MAX),
        ] {
            assert_eq!(decompress_amount(compressed), Some(satoshis), "{compressed:#x}");
        }
        assert_eq!(decompress_amount(u64::MAX), None);
    }

    #[test]
    fn variable_integers_read_as_bitcoin_core_documents() {
        for (bytes, number) in [
            (&[0x00][..], 0),
            (&[0x7f], 127),
            (&[0x80, 0x00], 128),
            (&[0x80, 0x7f], 255),
            (&[0x81, 0x00], 256),
            (&[0xfe, 0x7f], 16_383),
            (&[0xff, 0x00], 16_384),
            (&[0x82, 0xfe, 0x7f], 65_535),
            (&[0x8e, 0xfe, 0xfe, 0xff, 0x00], 1 << 32),
        ] {
            assert_eq!(Reader { bytes, offset: 0 }.varint(), Ok(number), "{bytes:x?}");
        }
        let endless = [0xff; 12];
        assert!(Reader { bytes: &endless, offset: 0 }.varint().is_err());
    }

    #[test]
    fn scripts_decompress_to_what_they_stand_for() {
        // The generator point of secp256k1, whose y is even.
        let x = "79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let y = "483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8";
        let hash = "11".repeat(20);
        for (compressed, script) in [
            (format!("00{hash}"), format!("76a914{hash}88ac")),
            (format!("01{hash}"), format!("a914{hash}87")),
            (format!("02{x}"), format!("2102{x}ac")),
            (format!("03{x}"), format!("2103{x}ac")),
            (format!("04{x}"), format!("4104{x}{y}ac")),
            ("0851ff".to_owned(), "51ff".to_owned()),
        ] {
            let bytes = hex::decode(&compressed).unwrap();
            let mut reader = Reader { bytes: &bytes, offset: 0 };
            assert_eq!(hex::encode(reader.core_script().unwrap()), script, "{compressed}");
            assert_eq!(reader.finish(), Ok(()));
        }
    }
}
