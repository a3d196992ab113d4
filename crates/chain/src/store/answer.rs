//! Answers from columns. Writes nothing.

use std::ops::Range;

use super::ChainStore;
use super::append::{
    TRAIT_BITS, TRAIT_KNOWN, TRAIT_REPLACEABLE, TRAIT_WITNESS, UNKNOWN, UNKNOWN_VALUE, VERSION_ODD,
};
use super::column::{Name, OUTPUT_STEP, TX_STEP};
use super::index::{Kind, script_key, txid_key};
use super::tail::OUTSIDE_BIT;
use bitcoin::hashes::{Hash as _, sha256};

use crate::utxo::{
    AddressNumber, Features, InputNumber, OutputNumber, SegmentFacts, Spent, Utxo, fee_by_inputs,
};
use crate::view::{BlockNumber, TxNumber};
use crate::{BlockHash, FileDigest, Height, Network, OutPoint, Satoshi, ScriptType, Txid};

/// The low bits of an output's word, its value.
const VALUE_MASK: u64 = (1 << 56) - 1;

/// The codes of script types on disk.
const SCRIPT_TYPES: [ScriptType; 10] = [
    ScriptType::P2pk,
    ScriptType::P2pkh,
    ScriptType::P2sh,
    ScriptType::P2wpkh,
    ScriptType::P2wsh,
    ScriptType::P2tr,
    ScriptType::WitnessUnknown,
    ScriptType::Multisig,
    ScriptType::OpReturn,
    ScriptType::Nonstandard,
];

/// The code of a script type.
pub(super) fn type_code(script_type: ScriptType) -> u8 {
    let place = SCRIPT_TYPES.iter().position(|known| *known == script_type);
    place.expect("every type has a code") as u8
}

/// Something spent from outside the chain.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutsideRow {
    pub(super) point: OutPoint,
    pub(super) address: Option<AddressNumber>,
    pub(super) value: Option<Satoshi>,
    pub(super) spender: TxNumber,
}

impl ChainStore {
    /// One row of what is spent from outside.
    pub(super) fn outside_row(&self, row: u64) -> OutsideRow {
        let bytes: &[u8; 52] = self.columns.get(Name::Outside, row);
        let word = |at: usize| u32::from_le_bytes(*bytes[at..].first_chunk().expect("52 bytes"));
        let txid = Txid(*bytes.first_chunk().expect("52 bytes"));
        let value = u64::from_le_bytes(*bytes[40..].first_chunk().expect("52 bytes"));
        OutsideRow {
            point: OutPoint { txid, vout: word(32) },
            address: (word(36) != UNKNOWN).then_some(AddressNumber(word(36))),
            value: (value != UNKNOWN_VALUE).then_some(Satoshi(value)),
            spender: TxNumber(word(48)),
        }
    }

    /// An address's script, where it lies.
    pub(super) fn script(&self, address: AddressNumber) -> &[u8] {
        let range = self.columns.range40(Name::AddressScriptEnd, u64::from(address.0));
        self.columns.bytes(Name::ScriptBytes, range)
    }

    /// The address of a script whose fingerprint is known.
    pub(super) fn address_by(&self, key: u64, script: &[u8]) -> Option<AddressNumber> {
        let sealed = self.index.find(Kind::Script, key);
        let numbers = self.script_links().find(&key).chain(sealed);
        numbers
            .map(|number| AddressNumber(number as u32))
            .find(|known| self.script(*known) == script)
    }

    /// The outputs of this chain that a transaction spends, with its number.
    pub(super) fn inside_spends(
        &self,
        transaction: TxNumber,
    ) -> impl Iterator<Item = (u64, u32)> + use<> {
        let inputs = self.inputs_of(transaction);
        let origins: Vec<u64> =
            inputs.map(|input| self.columns.word40(Name::InputOrigin, input)).collect();
        let inside = origins.into_iter().filter(|origin| origin & OUTSIDE_BIT == 0);
        inside.map(move |output| (output, transaction.0))
    }

    fn odd_version(&self, transaction: TxNumber) -> i32 {
        let (mut low, mut high) = (0, self.columns.length(Name::OddVersion));
        while low < high {
            let middle = low + (high - low) / 2;
            let word = self.columns.word64(Name::OddVersion, middle);
            let (number, version) = (word as u32, (word >> 32) as i32);
            match number.cmp(&transaction.0) {
                std::cmp::Ordering::Equal => return version,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        // Only a damaged store lacks the row.
        0
    }
}

impl Utxo for ChainStore {
    fn network(&self) -> Network {
        self.manifest.network
    }

    fn block_count(&self) -> u32 {
        self.columns.length(Name::BlockHash) as u32
    }

    fn block_hash(&self, block: BlockNumber) -> Option<BlockHash> {
        let hash: [u8; 32] = *self.columns.get(Name::BlockHash, u64::from(block.0));
        (hash != [0; 32]).then_some(BlockHash(hash))
    }

    fn height(&self, block: BlockNumber) -> Option<Height> {
        let height = self.columns.word32(Name::BlockHeight, u64::from(block.0));
        (height != UNKNOWN).then_some(Height(height))
    }

    fn block_time(&self, block: BlockNumber) -> Option<u32> {
        let time = self.columns.word32(Name::BlockTime, u64::from(block.0));
        (time != UNKNOWN).then_some(time)
    }

    fn transactions_of(&self, block: BlockNumber) -> Range<u32> {
        self.columns.range32(Name::BlockTxEnd, u64::from(block.0))
    }

    fn transaction_count(&self) -> u32 {
        self.columns.length(Name::Txid) as u32
    }

    fn block_of(&self, transaction: TxNumber) -> BlockNumber {
        let step = u64::from(transaction.0) / TX_STEP;
        let mut block = self.columns.word32(Name::TxBlock, step);
        while self.columns.word32(Name::BlockTxEnd, u64::from(block)) <= transaction.0 {
            block += 1;
        }
        BlockNumber(block)
    }

    fn txid(&self, transaction: TxNumber) -> Txid {
        Txid(*self.columns.get(Name::Txid, u64::from(transaction.0)))
    }

    fn transaction(&self, txid: &Txid) -> Option<TxNumber> {
        let key = txid_key(txid);
        let sealed = self.index.find(Kind::Txid, key);
        let numbers = self.transaction_links().find(&key).chain(sealed);
        numbers.map(|number| TxNumber(number as u32)).find(|number| self.txid(*number) == *txid)
    }

    fn features(&self, transaction: TxNumber) -> Option<Features> {
        let [traits] = *self.columns.get(Name::TxTraits, u64::from(transaction.0));
        if traits & TRAIT_KNOWN == 0 {
            return None;
        }
        let version = match traits >> TRAIT_BITS {
            VERSION_ODD => self.odd_version(transaction),
            small => i32::from(small),
        };
        Some(Features {
            version,
            lock_time: self.columns.word32(Name::TxLockTime, u64::from(transaction.0)),
            replaceable: traits & TRAIT_REPLACEABLE != 0,
            witness: traits & TRAIT_WITNESS != 0,
        })
    }

    #[inline]
    fn outputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let index = u64::from(transaction.0);
        self.columns.tx_row_before(index).output_end..self.columns.tx_row(index).output_end
    }

    #[inline]
    fn inputs_of(&self, transaction: TxNumber) -> Range<u64> {
        let index = u64::from(transaction.0);
        self.columns.tx_row_before(index).input_end..self.columns.tx_row(index).input_end
    }

    #[inline]
    fn fee(&self, transaction: TxNumber) -> Option<Satoshi> {
        match self.columns.tx_row(u64::from(transaction.0)).fee {
            Some(fee) => Some(Satoshi(fee)),
            None => fee_by_inputs(self, transaction),
        }
    }

    fn output_count(&self) -> u64 {
        self.columns.length(Name::OutputWord)
    }

    fn creator(&self, output: OutputNumber) -> TxNumber {
        let step = output.0 / OUTPUT_STEP;
        let mut creator = u64::from(self.columns.word32(Name::OutputCreator, step));
        while self.columns.tx_row(creator).output_end <= output.0 {
            creator += 1;
        }
        TxNumber(creator as u32)
    }

    #[inline]
    fn value(&self, output: OutputNumber) -> Satoshi {
        Satoshi(self.columns.word64(Name::OutputWord, output.0) & VALUE_MASK)
    }

    fn script_type(&self, output: OutputNumber) -> ScriptType {
        let code = self.columns.word64(Name::OutputWord, output.0) >> 56;
        SCRIPT_TYPES.get(code as usize).copied().unwrap_or(ScriptType::Nonstandard)
    }

    #[inline]
    fn address_of(&self, output: OutputNumber) -> Option<AddressNumber> {
        let address = self.columns.word32(Name::OutputAddress, output.0);
        (address != UNKNOWN).then_some(AddressNumber(address))
    }

    #[inline]
    fn spender(&self, output: OutputNumber) -> Option<TxNumber> {
        let sealed = self.columns.sealed(Name::OutputWord);
        match output.0.checked_sub(sealed) {
            None => self.spenders.get(output.0).map(TxNumber),
            Some(place) => self.tail.spender[place as usize].checked_sub(1).map(TxNumber),
        }
    }

    #[inline]
    fn spent(&self, input: InputNumber) -> Spent {
        let origin = self.columns.word40(Name::InputOrigin, input.0);
        if origin & OUTSIDE_BIT == 0 {
            return Spent::Inside(OutputNumber(origin));
        }
        let row = self.outside_row(origin & !OUTSIDE_BIT);
        Spent::Outside { point: row.point, value: row.value, address: row.address }
    }

    fn address_count(&self) -> u32 {
        self.columns.length(Name::AddressScriptEnd) as u32
    }

    fn script_of(&self, address: AddressNumber) -> Vec<u8> {
        self.script(address).to_vec()
    }

    fn address_number(&self, script: &[u8]) -> Option<AddressNumber> {
        self.address_by(script_key(script), script)
    }

    fn outputs_to(&self, address: AddressNumber) -> Vec<OutputNumber> {
        let sealed = self.index.find_ascending(Kind::Posting, u64::from(address.0));
        let mut outputs: Vec<OutputNumber> = sealed.map(OutputNumber).collect();
        let from = outputs.len();
        outputs.extend(self.posting_links().find(&address.0).map(OutputNumber));
        outputs[from..].reverse();
        outputs
    }

    /// What is sealed, by its digest, and then the tail, by the hashes of its blocks: a store
    /// always has a piece, so that an exhibit says that it was made from one.
    fn segments(&self) -> Vec<SegmentFacts> {
        let mut first = 0;
        let mut facts = Vec::with_capacity(self.manifest.segments.len() + 1);
        for segment in &self.manifest.segments {
            let name = format!("blocks {first} to {}", segment.blocks_end() - 1);
            facts.push(SegmentFacts { name, sha256: segment.digest() });
            first = segment.blocks_end();
        }
        let count = self.block_count();
        if first < count {
            let hashes = (first..count).flat_map(|block| {
                let hash: [u8; 32] = *self.columns.get(Name::BlockHash, u64::from(block));
                hash
            });
            let digest = sha256::Hash::hash(&hashes.collect::<Vec<u8>>()).to_byte_array();
            let name = format!("tail, blocks {first} to {}, by their hashes", count - 1);
            facts.push(SegmentFacts { name, sha256: FileDigest(digest) });
        }
        facts
    }
}
