//! A trace in the words of the exhibit. Knows no rules: it only says what was found.

use super::{FORMAT, FORMAT_VERSION, wire};
use crate::account::{
    AccountFlow, AccountParameters, AccountPolicy, AccountSource, AccountTotals, AccountTrace,
    Contracts, Step, StepFate,
};
use crate::exhibit::about_tags;
use crate::poisoning::Exclude;
use crate::{ENGINE_VERSION, swap};
use chain::account::{AccountNumber, EventNumber, Ledgers, Place, TransactionNumber};
use sha2::{Digest as _, Sha256};

/// Bait listed; all is counted in the sums.
pub const BAIT_ROWS_MAX: usize = 10_000;

pub(super) fn engine() -> wire::Engine {
    wire::Engine { name: "comity".to_owned(), version: ENGINE_VERSION.to_owned() }
}

pub(super) fn write(trace: &AccountTrace<'_>) -> wire::Exhibit {
    let (ledgers, flow) = (trace.ledgers, &trace.flow);
    wire::Exhibit {
        format: FORMAT,
        version: FORMAT_VERSION,
        engine: engine(),
        chain: ledgers.chain().to_string(),
        unit: ledgers.chain().unit(),
        parameters: parameters(ledgers, &trace.parameters),
        stop_rule: stop_rule(&trace.parameters),
        inputs: inputs(ledgers, trace.parameters.limits.block_last),
        totals: totals(&flow.totals),
        capped: flow.capped,
        events_read: flow.events_read,
        held: held(ledgers, flow),
        reached: reached(trace),
        contracts: contracts(trace),
        bait: bait(trace),
        sensitivity: trace.comparison.iter().map(sensitivity).collect(),
        steps: flow.steps.iter().map(|one| step(ledgers, one)).collect(),
        assumptions: assumptions(trace),
    }
}

/// What a trace rests on: the hashes of all blocks up to the last that it may read.
pub(super) fn inputs(ledgers: &Ledgers, block_last: Option<u64>) -> wire::Inputs {
    let last = block_last.unwrap_or(u64::MAX);
    let mut digest = Sha256::new();
    let (mut count, mut first, mut newest) = (0, None, None);
    for block in ledgers.blocks().iter().take_while(|block| block.number <= last) {
        digest.update(block.number.to_be_bytes());
        digest.update(block.hash.0);
        count += 1;
        first = first.or(Some(block));
        newest = Some(block);
    }
    let block = |row: Option<&chain::account::ledger::BlockRow>| wire::Block {
        number: row.map_or(0, |row| row.number),
        hash: row.map_or(String::new(), |row| ledgers.chain().hash_text(row.hash)),
    };
    let mut gaps = std::collections::BTreeMap::new();
    for (index, gap) in ledgers.gaps() {
        if ledgers.block(*index).number <= last {
            *gaps.entry(gap.reason).or_insert(0u64) += 1;
        }
    }
    let gap = |(reason, count): (chain::account::GapReason, u64)| wire::Gap {
        reason: reason.to_string(),
        count,
    };
    wire::Inputs {
        block_first: block(first),
        block_last: block(newest),
        block_count: count,
        blocks_sha256: hex::encode(digest.finalize()),
        gaps: gaps.into_iter().map(gap).collect(),
    }
}

fn parameters(ledgers: &Ledgers, parameters: &AccountParameters) -> wire::Parameters {
    let (chain, limits) = (ledgers.chain(), &parameters.limits);
    let newest = ledgers.tip().map_or(0, |tip| tip.number);
    wire::Parameters {
        source: match parameters.source {
            AccountSource::Transaction(hash) => {
                wire::Source::Transaction { hash: chain.hash_text(hash) }
            }
            AccountSource::Account { account, block_first, block_last } => {
                let account = chain.text(account);
                wire::Source::Account { account, block_first, block_last }
            }
        },
        asset: parameters.asset.text(chain),
        policy: parameters.policy.to_string(),
        legal_name: parameters.policy.legal_name().to_owned(),
        contracts: parameters.contracts.name().to_owned(),
        hops_max: limits.hops_max,
        amount_min: limits.amount_min.to_string(),
        share_min_ppb: limits.share_min_ppb,
        events_max: limits.events_max,
        // Newer blocks must not change a replay.
        block_last: limits.block_last.map_or(newest, |last| last.min(newest)),
        poisoning: wire::Poisoning {
            exclude: parameters.poisoning.exclude.name().to_owned(),
            prefix_characters_min: parameters.poisoning.prefix_characters_min,
            suffix_characters_min: parameters.poisoning.suffix_characters_min,
            window_seconds: parameters.poisoning.window_seconds,
            dust_divisor: parameters.poisoning.dust_divisor,
        },
        tags: parameters
            .tags
            .iter()
            .map(|(address, tag)| wire::Tag {
                address: address.clone(),
                label: tag.label.clone(),
                source: tag.source.clone(),
                fiction: tag.fiction,
            })
            .collect(),
        attribution: parameters.attribution.clone(),
    }
}

fn stop_rule(parameters: &AccountParameters) -> String {
    let limits = &parameters.limits;
    let contracts = match parameters.contracts {
        Contracts::Stop => "Stops at contracts, except one-to-one wrapping",
        Contracts::Follow => "Follows contracts like any account",
    };
    format!(
        "{contracts}; stops at tagged accounts, after {} payments from the source, below {} units \
         of taint or {} parts per billion of a payment, and after {} events.",
        limits.hops_max, limits.amount_min, limits.share_min_ppb, limits.events_max
    )
}

fn totals(totals: &AccountTotals) -> wire::Totals {
    wire::Totals {
        source: totals.source.to_string(),
        added_by_poison: totals.added_by_poison.to_string(),
        held: totals.held.to_string(),
        reached: totals.reached.to_string(),
        contracts: totals.contracts.to_string(),
        limited: totals.limited.to_string(),
        bait: totals.bait.to_string(),
        fees: totals.fees.to_string(),
        destroyed: totals.destroyed.to_string(),
        unattributed: totals.unattributed.to_string(),
    }
}

fn held(ledgers: &Ledgers, flow: &AccountFlow) -> Vec<wire::Held> {
    let held = |one: &crate::account::Held| wire::Held {
        account: ledgers.account_text(one.account),
        asset: ledgers.asset(one.asset).text(ledgers.chain()),
        balance: one.balance.to_string(),
        taint: one.taint.to_string(),
        unattributed: one.unattributed.to_string(),
        hop: one.hop,
    };
    flow.held.iter().map(held).collect()
}

/// The steps with a fate, by their place in the list from 0, and whom they pay.
fn ends<'a>(
    trace: &'a AccountTrace<'_>,
    fate: StepFate,
) -> impl Iterator<Item = (u64, &'a Step, AccountNumber)> {
    let steps = trace.flow.steps.iter().enumerate().filter(move |(_, step)| step.fate == fate);
    steps.filter_map(|(index, step)| {
        trace.ledgers.event(step.event).to.map(|to| (index as u64, step, to))
    })
}

fn reached(trace: &AccountTrace<'_>) -> Vec<wire::Reached> {
    let mut rows = Vec::new();
    for (index, step, payee) in ends(trace, StepFate::Reached) {
        let account = trace.ledgers.account_text(payee);
        let Some(tag) = trace.parameters.tags.get(&account) else { continue };
        rows.push(wire::Reached {
            step: index,
            account,
            label: tag.label.clone(),
            tag_source: tag.source.clone(),
            fiction: tag.fiction,
            taint: step.taint.to_string(),
        });
    }
    rows
}

fn contracts(trace: &AccountTrace<'_>) -> Vec<wire::Contract> {
    let ledgers = trace.ledgers;
    let candidate = |one: swap::SwapCandidate| {
        let event = ledgers.event(one.received);
        let component =
            |one: &swap::Component| wire::Component { seen: one.name, adds_ppm: one.adds_ppm };
        wire::Candidate {
            place: place(event.place),
            account: event.to.map_or(String::new(), |to| ledgers.account_text(to)),
            asset: ledgers.asset(event.asset).text(ledgers.chain()),
            amount: event.amount.to_string(),
            score_ppm: one.score_ppm,
            components: one.components.iter().map(component).collect(),
        }
    };
    ends(trace, StepFate::Contract)
        .map(|(index, step, payee)| wire::Contract {
            step: index,
            account: ledgers.account_text(payee),
            taint: step.taint.to_string(),
            swap_candidates: swap::candidates(ledgers, &ledgers.event(step.event))
                .into_iter()
                .map(candidate)
                .collect(),
        })
        .collect()
}

fn bait(trace: &AccountTrace<'_>) -> Vec<wire::Bait> {
    let ledgers = trace.ledgers;
    let row = |(number, bait): &(EventNumber, crate::poisoning::Bait)| {
        let event = ledgers.event(*number);
        let relies_on = ledgers.event(bait.earlier).transaction;
        wire::Bait {
            transaction: hash(ledgers, event.transaction),
            place: place(event.place),
            sort: bait.sort.name(),
            excluded: trace.parameters.poisoning.excludes(bait),
            look_alike: ledgers.account_text(bait.look_alike),
            imitated: ledgers.account_text(bait.imitated),
            relies_on_transaction: hash(ledgers, relies_on),
            prefix_characters: bait.prefix_characters,
            suffix_characters: bait.suffix_characters,
        }
    };
    trace.flow.bait.iter().take(BAIT_ROWS_MAX).map(row).collect()
}

fn sensitivity(flow: &AccountFlow) -> wire::Sensitivity {
    wire::Sensitivity {
        policy: flow.policy.to_string(),
        legal_name: flow.policy.legal_name().to_owned(),
        steps: flow.steps.len() as u64,
        capped: flow.capped,
        totals: totals(&flow.totals),
    }
}

fn step(ledgers: &Ledgers, step: &Step) -> wire::Step {
    let event = ledgers.event(step.event);
    let block = ledgers.block(event.block);
    let text = |account: Option<AccountNumber>| account.map(|one| ledgers.account_text(one));
    let signer = event.transaction.map(|number| ledgers.transaction(number).sender);
    wire::Step {
        block: block.number,
        time: block.time,
        transaction: hash(ledgers, event.transaction),
        signer: text(signer),
        place: place(event.place),
        kind: event.kind.name(),
        asset: ledgers.asset(event.asset).text(ledgers.chain()),
        from: text(event.from),
        to: text(event.to),
        amount: event.amount.to_string(),
        taint: step.taint.to_string(),
        unattributed: step.unattributed.to_string(),
        hop: step.hop,
        fate: step.fate.name(),
    }
}

fn hash(ledgers: &Ledgers, transaction: Option<TransactionNumber>) -> Option<String> {
    transaction.map(|number| ledgers.chain().hash_text(ledgers.transaction(number).hash))
}

pub(crate) fn place(place: Place) -> String {
    match place {
        Place::Fee => "fee".to_owned(),
        Place::Call(number) => format!("call {number}"),
        Place::Log(number) => format!("log {number}"),
        Place::Block(number) => format!("block entry {number}"),
    }
}

/// What a reader must grant, in plain words. Only sentences that bear on this trace are printed.
fn assumptions(trace: &AccountTrace<'_>) -> Vec<String> {
    let flow = &trace.flow;
    let rule = match trace.parameters.policy {
        AccountPolicy::Poison => {
            "Poison: an account that holds any tainted money is tainted whole until it is empty, \
             so amounts are an upper bound and may exceed what the source paid."
        }
        AccountPolicy::Haircut => {
            "Haircut: a payment carries floor(amount x taint / balance) of taint; the remainder \
             stays with the payer."
        }
        AccountPolicy::Fifo => {
            "First in, first out: what came to an account first leaves it first."
        }
        AccountPolicy::Lifo => "Last in, first out: what came to an account last leaves it first.",
        AccountPolicy::LowestBalance => {
            "Lowest intermediate balance: an account's own money is spent first, and tainted money \
             once spent does not come back with later deposits."
        }
    };
    let mut said = vec![
        "Taint follows entries of ledgers. It says nothing about who holds a key or who uses a \
         contract."
            .to_owned(),
        rule.to_owned(),
        "Blocks, receipts and traces are those that a node told; their hashes are in the inputs."
            .to_owned(),
        "A token's payments are what its contract logged; a contract may log what it likes."
            .to_owned(),
        "A fee takes its part of the payer's money and is not followed.".to_owned(),
    ];
    let mut say = |holds: bool, sentence: &str| {
        if holds {
            said.push(sentence.to_owned());
        }
    };
    let has = |fate: fn(&StepFate) -> bool| flow.steps.iter().any(|step| fate(&step.fate));
    say(
        flow.totals.unattributed > 0,
        "Accounts that paid more than had come to them had something before the first block here, \
         or the token changes balances by itself; the difference is an opening lot that nobody \
         attributes.",
    );
    say(
        has(|fate| *fate == StepFate::Contract),
        "The trace ends at contracts. What came back in the same transaction is listed as \
         candidates with scores; none is followed, and a score is no probability.",
    );
    say(
        has(|fate| matches!(fate, StepFate::Wrapped(_))),
        "Wrapped coin is the same money as the coin it stands for, one to one.",
    );
    say(
        !flow.bait.is_empty() && trace.parameters.poisoning.exclude == Exclude::Yes,
        "Payments that imitate an earlier payee's address and pay nothing, dust or another token \
         are bait and not followed. Two addresses may look alike by chance.",
    );
    say(
        flow.capped,
        "The walk ended at its limit of events; what accounts held then is counted as held.",
    );
    say(
        !inputs(trace.ledgers, trace.parameters.limits.block_last).gaps.is_empty(),
        "Some of what happened in these blocks is not known; the inputs count it by reason.",
    );
    said.extend(about_tags(&trace.parameters.tags, trace.parameters.attribution.as_deref()));
    said
}
