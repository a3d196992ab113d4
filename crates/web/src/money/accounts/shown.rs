//! What the page shows of a trace over accounts, in rows.
//!
//! Knows no rule: it only says what the trace says. Amounts of a chain's own coin are in whole
//! coins; of all else in smallest units, because blocks do not say how many make a whole.

use chain::account::{AccountNumber, AssetNumber, Event, EventNumber};
use trace::account::{AccountFlow, AccountTrace, Step, StepFate};
use trace::layout::amount_in_words;
use trace::poisoning::BaitSort;
use trace::swap;

use super::super::sheet::{Column, Rows, Sheet, View};
use super::question::Typed;

/// Candidates shown for one payment to a contract; the exhibit has them all.
const CANDIDATES_SHOWN_MAX: usize = 5;

/// The sums of a rule, as headings of columns.
pub const SUMS: [&str; 9] = [
    "sum-source",
    "sum-reached",
    "sum-held",
    "sum-contracts",
    "sum-limited",
    "sum-bait",
    "sum-fees",
    "sum-destroyed",
    "sum-opening",
];

/// A payment at which the money came to rest.
pub struct End {
    /// Payments from the source.
    pub hop: u32,
    /// How much of it, for sorting.
    taint: u128,
    /// The same in words.
    pub tainted: String,
    /// The whole payment.
    pub paid: String,
    /// In which asset.
    pub asset: String,
    /// To whom.
    pub account: String,
    /// Who that is said to be.
    pub label: Option<String>,
    /// Key of the words for what became of it.
    pub fate_key: &'static str,
    /// In which transaction.
    pub transaction: String,
    /// Its piece of the picture.
    pub piece: String,
}

/// What somebody holds at the end.
pub struct HeldRow {
    /// Payments from the source.
    pub hop: u32,
    /// The account.
    pub account: String,
    /// In which asset.
    pub asset: String,
    /// The tainted lot.
    pub tainted: String,
    /// What is not tainted.
    pub clean: String,
    /// What was paid beyond what had come in.
    pub opening: String,
    /// Its piece of the picture.
    pub piece: String,
}

/// A payment that carried taint.
pub struct Passed {
    /// Payments from the source.
    pub hop: u32,
    /// The block.
    pub block: u64,
    /// In which transaction.
    pub transaction: String,
    /// Who paid.
    pub from: String,
    /// Whom.
    pub to: String,
    /// In which asset.
    pub asset: String,
    /// How much of it is tainted.
    pub tainted: String,
    /// How much the payer was not known to have; none where all was.
    pub opening: Option<String>,
    /// Key of the words for what became of it.
    pub fate_key: &'static str,
}

/// A contract at which the trace ended, and what may have come back.
pub struct ContractRow {
    /// Payments from the source.
    pub hop: u32,
    /// The contract.
    pub account: String,
    /// How much taint.
    pub tainted: String,
    /// In which transaction.
    pub transaction: String,
    /// Ranked candidates.
    pub candidates: Vec<CandidateRow>,
    /// Candidates that are not shown.
    pub left_out: usize,
}

/// Something that may have come back.
pub struct CandidateRow {
    /// Score in points: hundredths of what one certain sign would be worth.
    pub points: u32,
    /// How much.
    pub amount: String,
    /// In which asset.
    pub asset: String,
    /// To whom.
    pub account: String,
    /// Keys of the words for what speaks for it, with the points that each adds.
    pub components: Vec<(&'static str, u32)>,
}

/// A payment that looks like bait.
pub struct BaitRow {
    /// In which transaction.
    pub transaction: String,
    /// Key of the words for its sort.
    pub sort_key: &'static str,
    /// The account that imitates.
    pub look_alike: String,
    /// The account that is imitated.
    pub imitated: String,
    /// Whether it was left out of the flow.
    pub is_excluded: bool,
}

/// All that the page shows of a trace.
pub struct Shown {
    /// Where payments ended.
    pub ends: Rows<End>,
    /// Who holds what.
    pub held: Rows<HeldRow>,
    /// The way.
    pub passed: Rows<Passed>,
    /// Contracts.
    pub contracts: Rows<ContractRow>,
    /// Bait.
    pub bait: Rows<BaitRow>,
    /// First and last block read.
    pub blocks: (u64, u64),
    /// Things in them that are not known.
    pub gaps: u64,
    /// Whether the limit of events ended the walk.
    pub is_capped: bool,
    /// What every page of a trace shows.
    pub sheet: Sheet,
}

/// Says what a trace says.
pub fn tell(traced: &AccountTrace<'_>, typed: &Typed, view: &View) -> Shown {
    let say = Say { traced };
    let flow = &traced.flow;
    let is_end = |step: &&Step| !matches!(step.fate, StepFate::Followed | StepFate::Wrapped(_));
    let mut ends: Vec<End> = flow.steps.iter().filter(is_end).map(|step| say.end(step)).collect();
    let (column, way) = view.order();
    match column {
        "taint" => ends.sort_by_key(|end| end.taint),
        "account" => ends.sort_by(|a, b| a.account.cmp(&b.account)),
        _ => ends.sort_by_key(|end| end.hop),
    }
    if way == "down" {
        ends.reverse();
    }
    let at_contract = flow.steps.iter().filter(|step| step.fate == StepFate::Contract);
    let bait = flow.bait.iter().map(|(number, bait)| say.bait(*number, bait));
    let asked = Typed { as_of: String::new(), ..typed.clone() }.asked();
    let mut sheet = Sheet::new(asked, view, &trace::account::exhibit(traced));
    let inputs = &sheet.exhibit["inputs"];
    let block = |which: &str| inputs[which]["number"].as_u64().unwrap_or_default();
    let blocks = (block("block_first"), block("block_last"));
    let gaps = inputs["gaps"].as_array().into_iter().flatten();
    let gaps = gaps.filter_map(|gap| gap["count"].as_u64()).sum();
    // What is taken along is of the same blocks, however many have come since.
    sheet.exact = Typed { as_of: blocks.1.to_string(), ..typed.clone() }.asked();
    sheet.columns = traced.comparison.iter().map(|flow| say.column(flow, &sheet)).collect();
    sheet.drawn = trace::layout::account_board(traced, &view.open_layers()).pieces.len();
    Shown {
        ends: sheet.rows("ends", ends),
        held: sheet.rows("held", flow.held.iter().map(|held| say.held(held)).collect()),
        passed: sheet.rows("way", flow.steps.iter().map(|step| say.passed(step)).collect()),
        contracts: sheet.rows("contracts", at_contract.map(|step| say.contract(step)).collect()),
        bait: sheet.rows("bait", bait.collect()),
        blocks,
        gaps,
        is_capped: flow.capped,
        sheet,
    }
}

struct Say<'t, 'l> {
    traced: &'t AccountTrace<'l>,
}

impl Say<'_, '_> {
    fn end(&self, step: &Step) -> End {
        let event = self.event(step);
        let account = self.account(event.to);
        let tag = self.traced.parameters.tags.get(&account);
        let place = event.to.or(event.from).map_or(0, |one| one.0);
        End {
            hop: step.hop,
            taint: step.taint,
            tainted: self.amount(event.asset, step.taint),
            paid: self.amount(event.asset, event.amount),
            asset: self.asset(event.asset),
            label: tag.filter(|_| step.fate == StepFate::Reached).map(|tag| tag.label.clone()),
            account,
            fate_key: fate_key(step.fate),
            transaction: self.transaction(&event),
            piece: format!("end-{}-{}-{place}-{}", step.fate.name(), event.asset.0, step.hop),
        }
    }

    fn held(&self, held: &trace::account::Held) -> HeldRow {
        let amount = |amount| self.amount(held.asset, amount);
        HeldRow {
            hop: held.hop,
            account: self.account(Some(held.account)),
            asset: self.asset(held.asset),
            tainted: amount(held.taint),
            clean: amount(held.balance - held.taint),
            opening: amount(held.unattributed),
            piece: format!("account-{}-{}-{}", held.asset.0, held.account.0, held.hop),
        }
    }

    fn column(&self, flow: &AccountFlow, sheet: &Sheet) -> Column {
        let totals = &flow.totals;
        let sums = [
            totals.source + totals.added_by_poison,
            totals.reached,
            totals.held,
            totals.contracts,
            totals.limited,
            totals.bait,
            totals.fees,
            totals.destroyed,
            totals.unattributed,
        ];
        let (chain, asset) = (self.traced.ledgers.chain(), self.traced.parameters.asset);
        let sums = sums.iter().map(|sum| amount_in_words(chain, asset, *sum)).collect();
        let chosen = self.traced.parameters.policy.name();
        sheet.column(flow.policy.name(), chosen, sums, flow.steps.len())
    }

    fn passed(&self, step: &Step) -> Passed {
        let event = self.event(step);
        let opening = (step.unattributed > 0).then_some(step.unattributed);
        Passed {
            hop: step.hop,
            block: self.traced.ledgers.block(event.block).number,
            transaction: self.transaction(&event),
            from: self.account(event.from),
            to: self.account(event.to),
            asset: self.asset(event.asset),
            tainted: self.amount(event.asset, step.taint),
            opening: opening.map(|amount| self.amount(event.asset, amount)),
            fate_key: fate_key(step.fate),
        }
    }

    fn contract(&self, step: &Step) -> ContractRow {
        let event = self.event(step);
        let mut candidates = swap::candidates(self.traced.ledgers, &event);
        let left_out = candidates.len().saturating_sub(CANDIDATES_SHOWN_MAX);
        candidates.truncate(CANDIDATES_SHOWN_MAX);
        ContractRow {
            hop: step.hop,
            account: self.account(event.to),
            tainted: self.amount(event.asset, step.taint),
            transaction: self.transaction(&event),
            candidates: candidates.iter().map(|one| self.candidate(one)).collect(),
            left_out,
        }
    }

    fn candidate(&self, candidate: &swap::SwapCandidate) -> CandidateRow {
        let event = self.traced.ledgers.event(candidate.received);
        let components = candidate.components.iter();
        CandidateRow {
            points: points(candidate.score_ppm),
            amount: self.amount(event.asset, event.amount),
            asset: self.asset(event.asset),
            account: self.account(event.to),
            components: components
                .map(|one| (component_key(one.name), points(one.adds_ppm)))
                .collect(),
        }
    }

    fn bait(&self, number: EventNumber, bait: &trace::poisoning::Bait) -> BaitRow {
        BaitRow {
            transaction: self.transaction(&self.traced.ledgers.event(number)),
            sort_key: match bait.sort {
                BaitSort::ZeroValue => "bait-zero-value",
                BaitSort::Dust => "bait-dust",
                BaitSort::Counterfeit => "bait-counterfeit",
                BaitSort::Paid => "bait-paid",
            },
            look_alike: self.account(Some(bait.look_alike)),
            imitated: self.account(Some(bait.imitated)),
            is_excluded: self.traced.parameters.poisoning.excludes(bait),
        }
    }

    fn event(&self, step: &Step) -> Event {
        self.traced.ledgers.event(step.event)
    }

    fn account(&self, account: Option<AccountNumber>) -> String {
        account.map_or_else(String::new, |account| self.traced.ledgers.account_text(account))
    }

    fn asset(&self, asset: AssetNumber) -> String {
        self.traced.ledgers.asset(asset).text(self.traced.ledgers.chain())
    }

    fn amount(&self, asset: AssetNumber, amount: u128) -> String {
        let ledgers = self.traced.ledgers;
        amount_in_words(ledgers.chain(), ledgers.asset(asset), amount)
    }

    fn transaction(&self, event: &Event) -> String {
        let ledgers = self.traced.ledgers;
        let hash = event.transaction.map(|number| ledgers.transaction(number).hash);
        hash.map_or_else(String::new, |hash| ledgers.chain().hash_text(hash))
    }
}

const fn points(ppm: u32) -> u32 {
    ppm / 10_000
}

const fn fate_key(fate: StepFate) -> &'static str {
    match fate {
        StepFate::Followed => "paid-followed",
        StepFate::Reached => "paid-reached",
        StepFate::Contract => "paid-contract",
        StepFate::HopsMax => "paid-too-far",
        StepFate::AmountMin => "paid-too-little",
        StepFate::ShareMin => "paid-small-part",
        StepFate::Bait => "paid-bait",
        StepFate::Destroyed => "paid-destroyed",
        StepFate::Wrapped(_) => "paid-wrapped",
    }
}

/// The words for a part of a score.
fn component_key(name: &str) -> &'static str {
    match name {
        "came to the payer" => "swap-to-payer",
        "came to the signer" => "swap-to-signer",
        "came from whom it was given to" => "swap-from-payee",
        "came from a contract" => "swap-from-contract",
        "nothing else came back" => "swap-only",
        _ => "swap-other",
    }
}
