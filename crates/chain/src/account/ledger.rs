//! Ledgers of an account chain: for each pair of asset and account an ordered list of what came and
//! went. Knows no files: [`super::log`] turns blocks into bytes and back.
//!
//! Accounts, assets and transactions have dense numbers in order of first use, events in the order
//! of the chain; an event is two `u32` for who, one `u64` for how much, and a row in a side table
//! where 64 bits are not enough. Everything counts in 64 bits: a token on Tron had more payments
//! than 32 bits hold. Rows are only appended, and only a reorganisation takes the newest away.

use super::block::{AccountBlock, Asset, Gap, GapReason, Kind, Movement, Place};
use super::name::{Account, AccountChain, Hash256};
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

mod rows;

pub use rows::{BlockRow, LedgerError, TransactionRow};
use rows::{Columns, Counts, NOBODY, WIDE};

/// An account, numbered in order of first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountNumber(pub u32);

/// An asset, numbered in order of first use; 0 is the chain's own coin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AssetNumber(pub u32);

/// A movement, numbered in chain order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventNumber(pub u64);

/// A transaction, numbered in chain order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionNumber(pub u64);

/// A block, numbered from 0 at the first that is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlockIndex(pub u32);

/// The chain's own coin.
pub const NATIVE: AssetNumber = AssetNumber(0);

/// A movement with numbers for names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number.
    pub number: EventNumber,
    /// Its block.
    pub block: BlockIndex,
    /// Its transaction; none for rewards and withdrawals.
    pub transaction: Option<TransactionNumber>,
    /// Where in the transaction or block.
    pub place: Place,
    /// What sort.
    pub kind: Kind,
    /// What was paid.
    pub asset: AssetNumber,
    /// Who paid; none where the amount came into being.
    pub from: Option<AccountNumber>,
    /// Who was paid; none where the amount ceased to be.
    pub to: Option<AccountNumber>,
    /// How much.
    pub amount: u128,
}

/// Most accounts, assets and blocks: the last number stands for nobody.
pub const LEDGER_IDS_MAX: u32 = u32::MAX - 1;
/// All ledgers of consecutive blocks of one chain.
#[derive(Clone, Debug)]
pub struct Ledgers {
    chain: AccountChain,
    blocks: Vec<BlockRow>,
    transactions: Vec<TransactionRow>,
    by_hash: HashMap<Hash256, u64>,
    accounts: Vec<Account>,
    /// The event by which an account showed itself to be a contract; `u64::MAX` while it has not.
    contract_since: Vec<u64>,
    account_numbers: HashMap<Account, u32>,
    assets: Vec<Asset>,
    asset_numbers: HashMap<Asset, u32>,
    columns: Columns,
    gaps: Vec<(BlockIndex, Gap)>,
    /// Events by account and asset, in order.
    postings: BTreeMap<(u32, u32), Vec<u64>>,
}

impl Ledgers {
    /// No blocks yet; the first that is appended may have any number.
    pub fn new(chain: AccountChain) -> Ledgers {
        Ledgers {
            chain,
            blocks: Vec::new(),
            transactions: Vec::new(),
            by_hash: HashMap::new(),
            accounts: Vec::new(),
            contract_since: Vec::new(),
            account_numbers: HashMap::new(),
            assets: vec![Asset::Native],
            asset_numbers: HashMap::from([(Asset::Native, 0)]),
            columns: Columns::default(),
            gaps: Vec::new(),
            postings: BTreeMap::new(),
        }
    }

    /// Appends the next block, whole or not at all.
    pub fn append(&mut self, block: &AccountBlock) -> Result<(), LedgerError> {
        self.check(block)?;
        let index = BlockIndex(self.blocks.len() as u32);
        let start = self.counts();
        self.blocks.push(BlockRow {
            number: block.number,
            hash: block.hash,
            parent: block.parent,
            time: block.time,
            start,
        });
        for transaction in &block.transactions {
            let sender = self.number_of(transaction.sender);
            self.by_hash.insert(transaction.hash, self.transactions.len() as u64);
            self.transactions.push(TransactionRow {
                hash: transaction.hash,
                block: index,
                sender,
                outcome: transaction.outcome,
            });
        }
        for movement in &block.movements {
            self.append_movement(movement, start.transactions);
        }
        self.gaps.extend(block.gaps.iter().map(|gap| (index, gap.clone())));
        Ok(())
    }

    /// Takes away the newest blocks until block `number` is the newest; says how many went. A
    /// number below the first block takes all away.
    pub fn rollback_to(&mut self, number: u64) -> u32 {
        let keep = self.blocks.partition_point(|block| block.number <= number);
        let Some(first) = self.blocks.get(keep) else { return 0 };
        let (start, gone) = (first.start, (self.blocks.len() - keep) as u32);
        self.blocks.truncate(keep);
        for row in start.events..self.event_count() {
            for account in self.columns.sides(row) {
                self.unpost(row, account);
            }
        }
        self.columns.truncate(start.events);
        for row in self.transactions.drain(start.transactions as usize..) {
            self.by_hash.remove(&row.hash);
        }
        for account in self.accounts.drain(start.accounts as usize..) {
            self.account_numbers.remove(&account);
        }
        for asset in self.assets.drain(start.assets as usize..) {
            self.asset_numbers.remove(&asset);
        }
        self.contract_since.truncate(start.accounts as usize);
        for since in self.contract_since.iter_mut().filter(|since| **since >= start.events) {
            *since = u64::MAX;
        }
        self.gaps.truncate(start.gaps as usize);
        gone
    }

    /// Whose rules hold.
    pub fn chain(&self) -> AccountChain {
        self.chain
    }

    /// The blocks here, oldest first.
    pub fn blocks(&self) -> &[BlockRow] {
        &self.blocks
    }

    /// The newest block.
    pub fn tip(&self) -> Option<&BlockRow> {
        self.blocks.last()
    }

    /// A block's row.
    pub fn block(&self, block: BlockIndex) -> &BlockRow {
        &self.blocks[block.0 as usize]
    }

    /// The first block here with this number or a higher one.
    pub fn block_from(&self, number: u64) -> Option<BlockIndex> {
        let index = self.blocks.partition_point(|block| block.number < number);
        (index < self.blocks.len()).then_some(BlockIndex(index as u32))
    }

    /// A block's events.
    pub fn events_of_block(&self, block: BlockIndex) -> Range<u64> {
        let end = self.blocks.get(block.0 as usize + 1);
        let end = end.map_or(self.event_count(), |next| next.start.events);
        self.blocks[block.0 as usize].start.events..end
    }

    /// How many events there are.
    pub fn event_count(&self) -> u64 {
        self.columns.from.len() as u64
    }

    /// How many transactions there are.
    pub fn transaction_count(&self) -> u64 {
        self.transactions.len() as u64
    }

    /// How many accounts there are.
    pub fn account_count(&self) -> u32 {
        self.accounts.len() as u32
    }

    /// How many assets there are.
    pub fn asset_count(&self) -> u32 {
        self.assets.len() as u32
    }

    /// An event.
    pub fn event(&self, number: EventNumber) -> Event {
        let row = number.0 as usize;
        let columns = &self.columns;
        let somebody = |id: u32| (id != NOBODY).then_some(AccountNumber(id));
        let transaction = columns.transaction[row];
        let transaction = (transaction != u64::MAX).then_some(TransactionNumber(transaction));
        Event {
            number,
            block: self.block_of(number),
            transaction,
            place: columns.place[row],
            kind: columns.kind[row],
            asset: AssetNumber(columns.asset[row]),
            from: somebody(columns.from[row]),
            to: somebody(columns.to[row]),
            amount: columns.amount(number.0),
        }
    }

    /// A transaction's events, in order.
    pub fn events_of(&self, transaction: TransactionNumber) -> Range<u64> {
        // Events of no transaction end each block, so the column ascends within a block only.
        let block = self.events_of_block(self.transaction(transaction).block);
        let rows = &self.columns.transaction[block.start as usize..block.end as usize];
        let first = rows.partition_point(|row| *row < transaction.0);
        let count = rows[first..].partition_point(|row| *row == transaction.0);
        block.start + first as u64..block.start + (first + count) as u64
    }

    /// A transaction's row.
    pub fn transaction(&self, transaction: TransactionNumber) -> &TransactionRow {
        &self.transactions[transaction.0 as usize]
    }

    /// The transaction of that hash.
    pub fn transaction_number(&self, hash: &Hash256) -> Option<TransactionNumber> {
        self.by_hash.get(hash).copied().map(TransactionNumber)
    }

    /// An account's bytes.
    pub fn account(&self, account: AccountNumber) -> Account {
        self.accounts[account.0 as usize]
    }

    /// An account as its chain writes it.
    pub fn account_text(&self, account: AccountNumber) -> String {
        self.chain.text(self.account(account))
    }

    /// The number of an account that occurs here.
    pub fn account_number(&self, account: Account) -> Option<AccountNumber> {
        self.account_numbers.get(&account).copied().map(AccountNumber)
    }

    /// Whether something here shows the account to be a contract: it paid out within somebody
    /// else's transaction, or is the contract of a token. Silence shows nothing.
    pub fn is_contract(&self, account: AccountNumber) -> bool {
        self.is_contract_before(account, EventNumber(u64::MAX))
    }

    /// The same as far as the events before one show it, so that newer blocks change no answer.
    pub fn is_contract_before(&self, account: AccountNumber, event: EventNumber) -> bool {
        self.contract_since[account.0 as usize] < event.0
    }

    /// An asset.
    pub fn asset(&self, asset: AssetNumber) -> Asset {
        self.assets[asset.0 as usize]
    }

    /// The number of an asset that occurs here.
    pub fn asset_number(&self, asset: Asset) -> Option<AssetNumber> {
        self.asset_numbers.get(&asset).copied().map(AssetNumber)
    }

    /// What came to and went from an account in one asset, in order. A payment to oneself is there
    /// once.
    pub fn postings(&self, asset: AssetNumber, account: AccountNumber) -> &[u64] {
        self.postings.get(&(account.0, asset.0)).map_or(&[], Vec::as_slice)
    }

    /// How many pairs of asset and account have events.
    pub fn ledger_count(&self) -> usize {
        self.postings.len()
    }

    /// Every pair of asset and account that has events, by number.
    pub fn pairs(&self) -> impl Iterator<Item = (AssetNumber, AccountNumber)> + '_ {
        self.postings.keys().map(|(account, asset)| (AssetNumber(*asset), AccountNumber(*account)))
    }

    /// Every asset that an account has events in, with those events in order.
    pub fn ledgers_of(
        &self,
        account: AccountNumber,
    ) -> impl Iterator<Item = (AssetNumber, &[u64])> + '_ {
        let own = self.postings.range((account.0, 0)..=(account.0, u32::MAX));
        own.map(|((_, asset), rows)| (AssetNumber(*asset), rows.as_slice()))
    }

    /// What happened and is not among the events, by block.
    pub fn gaps(&self) -> &[(BlockIndex, Gap)] {
        &self.gaps
    }

    /// How often each reason for leaving something out occurs.
    pub fn gap_counts(&self) -> BTreeMap<GapReason, u64> {
        let mut counts = BTreeMap::new();
        for (_, gap) in &self.gaps {
            *counts.entry(gap.reason).or_insert(0) += 1;
        }
        counts
    }

    fn block_of(&self, event: EventNumber) -> BlockIndex {
        let after = self.blocks.partition_point(|block| block.start.events <= event.0);
        BlockIndex(after as u32 - 1)
    }

    fn counts(&self) -> Counts {
        Counts {
            events: self.event_count(),
            transactions: self.transactions.len() as u64,
            accounts: self.accounts.len() as u32,
            assets: self.assets.len() as u32,
            gaps: self.gaps.len() as u64,
        }
    }

    fn check(&self, block: &AccountBlock) -> Result<(), LedgerError> {
        let number = block.number;
        if block.chain != self.chain {
            let (found, expected) = (block.chain, self.chain);
            return Err(LedgerError::OtherChain { number, found, expected });
        }
        if let Some(tip) = self.tip() {
            if tip.number.checked_add(1) != Some(number) {
                return Err(LedgerError::NotNext { tip: tip.number, found: number });
            }
            if tip.hash != block.parent {
                let (parent, tip) = (block.parent, tip.hash);
                return Err(LedgerError::Reorganised { number, parent, tip });
            }
        }
        // Each movement names at most two accounts and one asset, each transaction one account.
        let (rows, senders) = (block.movements.len(), block.transactions.len());
        let full = |have: usize, more: usize| have + more > LEDGER_IDS_MAX as usize;
        let what = match () {
            () if full(self.accounts.len(), 2 * rows + senders) => "accounts",
            () if full(self.assets.len(), rows) => "assets",
            () if full(self.blocks.len(), 1) => "blocks",
            () => return Ok(()),
        };
        Err(LedgerError::TooMany { number, what })
    }

    fn append_movement(&mut self, movement: &Movement, first_transaction: u64) {
        let row = self.event_count();
        let asset = self.asset_id(movement.asset);
        let from = movement.from.map_or(NOBODY, |account| self.number_of(account).0);
        let to = movement.to.map_or(NOBODY, |account| self.number_of(account).0);
        let columns = &mut self.columns;
        columns.from.push(from);
        columns.to.push(to);
        columns.asset.push(asset);
        columns.amount.push(match u64::try_from(movement.amount) {
            Ok(amount) if amount != WIDE => amount,
            _ => {
                columns.wide.insert(row, movement.amount);
                WIDE
            }
        });
        let transaction = movement.transaction.map(|index| first_transaction + u64::from(index));
        columns.transaction.push(transaction.unwrap_or(u64::MAX));
        columns.place.push(movement.place);
        columns.kind.push(movement.kind);
        for account in columns.sides(row) {
            self.postings.entry((account, asset)).or_default().push(row);
        }
        self.learn_contracts(movement, row, from);
    }

    fn learn_contracts(&mut self, movement: &Movement, row: u64, from: u32) {
        if matches!(movement.kind, Kind::Internal | Kind::SelfDestruct) && from != NOBODY {
            let since = &mut self.contract_since[from as usize];
            *since = row.min(*since);
        }
        let (Asset::Token(contract) | Asset::Item { contract, .. }) = movement.asset else {
            return;
        };
        // A token's contract need not have paid or been paid itself, and then has no number.
        if let Some(number) = self.account_numbers.get(&contract) {
            let since = &mut self.contract_since[*number as usize];
            *since = row.min(*since);
        }
    }

    fn number_of(&mut self, account: Account) -> AccountNumber {
        let next = self.accounts.len() as u32;
        let number = *self.account_numbers.entry(account).or_insert(next);
        if number == next {
            self.accounts.push(account);
            let known = self.asset_numbers.contains_key(&Asset::Token(account));
            let since = if known { self.event_count() } else { u64::MAX };
            self.contract_since.push(since);
        }
        AccountNumber(number)
    }

    fn asset_id(&mut self, asset: Asset) -> u32 {
        let next = self.assets.len() as u32;
        let number = *self.asset_numbers.entry(asset).or_insert(next);
        if number == next {
            self.assets.push(asset);
        }
        number
    }

    fn unpost(&mut self, row: u64, account: u32) {
        let key = (account, self.columns.asset[row as usize]);
        let Some(list) = self.postings.get_mut(&key) else { return };
        list.truncate(list.partition_point(|event| *event < row));
        if list.is_empty() {
            self.postings.remove(&key);
        }
    }
}
