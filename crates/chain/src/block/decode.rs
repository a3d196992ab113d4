//! Bytes of one block to its parts. Knows neither files nor other blocks.
//!
//! It reads what Bitcoin's consensus encoding says and builds only what a chain needs: no witness
//! is copied, no script of an input. Where it finds a fault it lets rust-bitcoin find it again, so
//! that there is one wording and a second opinion.

use super::{BlockFault, Coin, Transaction, TransactionInput};
use crate::network::block_hash;
use crate::{BlockHash, Features, Height, OutPoint, SATOSHI_MAX, Satoshi, Txid, merkle};
use bitcoin::consensus::Decodable as _;
use bitcoin::hashes::{Hash as _, HashEngine as _, sha256d};
use bitcoin::{Script, script};

/// Bytes of a block's header.
pub(crate) const HEADER_BYTES: usize = 80;
/// An input has at least an outpoint, an empty script and a sequence; this bounds what a count of
/// inputs can make us reserve.
const INPUT_BYTES_MIN: usize = 41;
/// An output has at least a value and an empty script.
const OUTPUT_BYTES_MIN: usize = 9;
/// Sequences below this say that the transaction may be replaced (BIP 125).
const SEQUENCE_FINAL_MIN: u32 = 0xffff_fffe;

/// A block, checked on its own, before it is known where it came from.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) hash: BlockHash,
    pub(crate) previous: BlockHash,
    pub(crate) time: u32,
    /// What its coinbase claims.
    pub(crate) height: Option<Height>,
    pub(crate) transactions: Vec<Transaction>,
}

/// A fault and its offset from the front of the block.
pub(crate) type Fault = (usize, BlockFault);

/// One block from the front of `bytes`, and how many bytes it took.
pub(crate) fn decode(bytes: &[u8]) -> Result<(Body, usize), Fault> {
    let mut reader = Reader { bytes, offset: 0 };
    let Some(parts) = parts(&mut reader) else { return Err(second_opinion(bytes)) };
    let Parts { header, transactions: raw, claim } = parts;
    let whole = |fault| (0, fault);
    let hash = block_hash(header.block_hash());
    if header.validate_pow(header.target()).is_err() {
        return Err(whole(BlockFault::ProofOfWork(hash)));
    }
    let mut transactions = Vec::with_capacity(raw.len());
    for (position, raw) in raw.into_iter().enumerate() {
        transactions.push(checked(hash, position, raw).map_err(whole)?);
    }
    let root = header.merkle_root.to_byte_array();
    if merkle::root(transactions.iter().map(|transaction| transaction.txid)) != Some(root) {
        return Err(whole(BlockFault::MerkleRoot(hash)));
    }
    check_unique(hash, &transactions).map_err(whole)?;
    let height = claim.filter(|_| header.version.to_consensus() >= 2);
    let (previous, time) = (block_hash(header.prev_blockhash), header.time);
    Ok((Body { hash, previous, time, height, transactions }, reader.offset))
}

/// A block's header, after looking at its proof of work.
pub(crate) fn header(bytes: &[u8]) -> Result<bitcoin::block::Header, BlockFault> {
    let mut rest = bytes.get(..HEADER_BYTES).ok_or(BlockFault::Short)?;
    let header = bitcoin::block::Header::consensus_decode(&mut rest)
        .map_err(|error| BlockFault::Encoding(error.to_string()))?;
    if header.validate_pow(header.target()).is_err() {
        return Err(BlockFault::ProofOfWork(block_hash(header.block_hash())));
    }
    Ok(header)
}

/// Says what is wrong with bytes that are no block, in rust-bitcoin's words.
fn second_opinion(bytes: &[u8]) -> Fault {
    let mut rest = bytes;
    let read = bitcoin::Block::consensus_decode_from_finite_reader(&mut rest);
    let offset = bytes.len() - rest.len();
    match read {
        // Bytes in memory fail to be read only by ending.
        Err(bitcoin::consensus::encode::Error::Io(_)) => (offset, BlockFault::Short),
        Err(other) => (offset, BlockFault::Encoding(other.to_string())),
        Ok(_) => (offset, BlockFault::Encoding("two decoders disagree".to_owned())),
    }
}

/// What was read, before sums are looked at.
struct Parts {
    header: bitcoin::block::Header,
    transactions: Vec<Raw>,
    claim: Option<Height>,
}

/// A transaction before it is known to be in its place.
struct Raw {
    transaction: Transaction,
    /// Whether it spends the null output, as a coinbase alone does.
    null: bool,
}

struct Reader<'a> {
    bytes: &'a [u8],
    offset: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let taken = self.bytes[self.offset..].get(..length)?;
        self.offset += length;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<&'a [u8; N]> {
        self.take(N)?.first_chunk()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(|bytes| u32::from_le_bytes(*bytes))
    }

    /// A compact size; only its shortest form counts.
    fn size(&mut self) -> Option<usize> {
        let (size, least) = match *self.array::<1>()? {
            [0xff] => (u64::from_le_bytes(*self.array()?), 1 << 32),
            [0xfe] => (u64::from(self.u32()?), 1 << 16),
            [0xfd] => (u64::from(u16::from_le_bytes(*self.array()?)), 0xfd),
            [small] => (u64::from(small), 0),
        };
        if size < least { None } else { usize::try_from(size).ok() }
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = self.size()?;
        self.take(length)
    }

    fn left(&self) -> usize {
        self.bytes.len() - self.offset
    }
}

/// None where the bytes are no block.
fn parts(reader: &mut Reader<'_>) -> Option<Parts> {
    let mut header = reader.take(HEADER_BYTES)?;
    let header = bitcoin::block::Header::consensus_decode(&mut header).ok()?;
    let count = reader.size()?;
    let mut transactions = Vec::with_capacity(count.min(reader.left() / INPUT_BYTES_MIN + 1));
    let mut claim = None;
    for position in 0..count {
        let (raw, script) = transaction(reader)?;
        if position == 0 && raw.null {
            claim = claimed_height(script);
        }
        transactions.push(raw);
    }
    Some(Parts { header, transactions, claim })
}

/// A transaction, and the script of its first input.
fn transaction<'a>(reader: &mut Reader<'a>) -> Option<(Raw, &'a [u8])> {
    let bytes = reader.bytes;
    let start = reader.offset;
    let version = reader.u32()? as i32;
    let mut body = reader.offset;
    let mut count = reader.size()?;
    let segwit = count == 0;
    if segwit {
        if *reader.array::<1>()? != [1] {
            return None;
        }
        body = reader.offset;
        count = reader.size()?;
    }
    let (inputs, seen) = inputs(reader, count)?;
    let outputs = outputs(reader)?;
    let body_end = reader.offset;
    let mut witness = false;
    if segwit {
        for _ in 0..count {
            let items = reader.size()?;
            witness |= items > 0;
            for _ in 0..items {
                reader.string()?;
            }
        }
        if !witness && count > 0 {
            return None;
        }
    }
    let lock_time = reader.u32()?;
    let mut engine = sha256d::Hash::engine();
    engine.input(&bytes[start..start + 4]);
    engine.input(&bytes[body..body_end]);
    engine.input(&lock_time.to_le_bytes());
    let txid = Txid(sha256d::Hash::from_engine(engine).to_byte_array());
    let null = seen.null && inputs.len() == 1;
    let features =
        Some(Features { version, lock_time, replaceable: seen.replaceable && !null, witness });
    let transaction = Transaction { txid, inputs, outputs, features };
    Some((Raw { transaction, null }, seen.first_script))
}

/// What is seen in inputs and not kept of each.
struct Seen<'a> {
    null: bool,
    replaceable: bool,
    first_script: &'a [u8],
}

fn inputs<'a>(reader: &mut Reader<'a>, count: usize) -> Option<(Vec<TransactionInput>, Seen<'a>)> {
    let mut inputs = Vec::with_capacity(count.min(reader.left() / INPUT_BYTES_MIN + 1));
    let mut seen = Seen { null: false, replaceable: false, first_script: &[] };
    for index in 0..count {
        let previous = OutPoint { txid: Txid(*reader.array()?), vout: reader.u32()? };
        let script = reader.string()?;
        seen.replaceable |= reader.u32()? < SEQUENCE_FINAL_MIN;
        seen.null |= previous.txid.0 == [0; 32] && previous.vout == u32::MAX;
        if index == 0 {
            seen.first_script = script;
        }
        inputs.push(TransactionInput { previous, coin: None });
    }
    Some((inputs, seen))
}

fn outputs(reader: &mut Reader<'_>) -> Option<Vec<Coin>> {
    let count = reader.size()?;
    let mut outputs = Vec::with_capacity(count.min(reader.left() / OUTPUT_BYTES_MIN + 1));
    for _ in 0..count {
        let value = Satoshi(u64::from_le_bytes(*reader.array()?));
        outputs.push(Coin { value, script: reader.string()?.into() });
    }
    Some(outputs)
}

/// The height a coinbase claims in its script (BIP 34).
fn claimed_height(bytes: &[u8]) -> Option<Height> {
    let first = Script::from_bytes(bytes).instructions_minimal().next()?.ok()?;
    let script::Instruction::PushBytes(number) = first else { return None };
    let number = script::read_scriptint(number.as_bytes()).ok()?;
    u32::try_from(number).ok().map(Height)
}

/// A transaction in its place: a coinbase or not, and of amounts that can be.
fn checked(block: BlockHash, position: usize, raw: Raw) -> Result<Transaction, BlockFault> {
    let Raw { mut transaction, null } = raw;
    if null != (position == 0) {
        return Err(BlockFault::Coinbase { block, position });
    }
    let mut total = 0u64;
    for output in &transaction.outputs {
        // Both operands stay below 21 million bitcoin, so the sum cannot overflow.
        total += output.value.0.min(SATOSHI_MAX + 1);
        if total > SATOSHI_MAX {
            return Err(BlockFault::Amount { block, txid: transaction.txid });
        }
    }
    if position == 0 {
        transaction.inputs = Vec::new();
    }
    Ok(transaction)
}

/// No transaction twice and no output spent twice. Sorting by a few bytes of an id is cheaper than
/// hashing it; only equal ones are compared whole.
fn check_unique(block: BlockHash, transactions: &[Transaction]) -> Result<(), BlockFault> {
    let key = |txid: &Txid| u64::from_le_bytes(*txid.0.first_chunk().expect("32 bytes hold 8"));
    let mut txids: Vec<(u64, &Txid)> = Vec::with_capacity(transactions.len());
    txids.extend(transactions.iter().map(|given| (key(&given.txid), &given.txid)));
    txids.sort_unstable();
    if let Some(pair) = txids.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(BlockFault::DuplicateTxid { block, txid: *pair[0].1 });
    }
    let inputs =
        || transactions.iter().flat_map(|given| &given.inputs).map(|input| &input.previous);
    let mut spent: Vec<(u64, &OutPoint)> =
        inputs().map(|point| (key(&point.txid), point)).collect();
    spent.sort_unstable();
    if let Some(pair) = spent.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(BlockFault::DoubleSpend { block, previous: *pair[0].1 });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::decode;
    use bitcoin::hashes::Hash as _;

    /// Every field, against rust-bitcoin.
    fn check(bytes: &[u8]) {
        let (body, used) = decode(bytes).unwrap();
        let block: bitcoin::Block = bitcoin::consensus::deserialize(&bytes[..used]).unwrap();
        assert_eq!(body.hash.0, block.block_hash().to_byte_array());
        assert_eq!(body.previous.0, block.header.prev_blockhash.to_byte_array());
        assert_eq!(body.time, block.header.time);
        let height = body.height.map(|height| u64::from(height.0));
        assert_eq!(height, block.bip34_block_height().ok());
        assert_eq!(body.transactions.len(), block.txdata.len());
        for (ours, theirs) in body.transactions.iter().zip(&block.txdata) {
            assert_eq!(ours.txid.0, theirs.compute_txid().to_byte_array());
            let features = ours.features.unwrap();
            assert_eq!(features.version, theirs.version.0);
            assert_eq!(features.lock_time, theirs.lock_time.to_consensus_u32());
            assert_eq!(features.replaceable, !theirs.is_coinbase() && theirs.is_explicitly_rbf());
            let witness = theirs.input.iter().any(|input| !input.witness.is_empty());
            assert_eq!(features.witness, witness);
            assert_eq!(ours.outputs.len(), theirs.output.len());
            for (ours, theirs) in ours.outputs.iter().zip(&theirs.output) {
                assert_eq!(ours.value.0, theirs.value.to_sat());
                assert_eq!(*ours.script, *theirs.script_pubkey.as_bytes());
            }
            let inputs = if theirs.is_coinbase() { &[][..] } else { &theirs.input[..] };
            assert_eq!(ours.inputs.len(), inputs.len());
            for (ours, theirs) in ours.inputs.iter().zip(inputs) {
                assert_eq!(ours.previous.txid.0, theirs.previous_output.txid.to_byte_array());
                assert_eq!(ours.previous.vout, theirs.previous_output.vout);
            }
        }
    }

    #[test]
    fn a_block_decodes_as_rust_bitcoin_decodes_it() {
        check(bitcoin_test_data::blocks::mainnet_702861());
        check(&bitcoin::consensus::serialize(&bitcoin::constants::genesis_block(
            bitcoin::Network::Bitcoin,
        )));
    }

    #[test]
    fn a_cut_block_is_never_a_block() {
        let whole = bitcoin_test_data::blocks::mainnet_702861();
        for cut in (0..whole.len()).step_by(997) {
            assert!(decode(&whole[..cut]).is_err(), "{cut}");
        }
    }
}
