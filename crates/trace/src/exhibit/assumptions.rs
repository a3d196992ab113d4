//! What a reader must grant, in plain words. Only sentences that bear on this trace are printed.

use super::wire;
use crate::attribution::Attribution;
use crate::{FeeRule, Policy, StopReason, Tags, Trace};
use chain::Utxo;

/// The assumptions of a trace, in a fixed order.
pub(super) fn assumptions<C: Utxo>(trace: &Trace<'_, C>, inputs: &wire::Inputs) -> Vec<String> {
    let blocks = &inputs.blocks;
    let mut said = vec![
        "Taint follows transactions only. It says nothing about who holds a key: spending an \
         output, paying an address and owning either are different facts."
            .to_owned(),
        "An output called unspent is one that no transaction in the blocks given spends; it may be \
         spent in a block that was not given."
            .to_owned(),
        rule(trace.parameters.policy).to_owned(),
    ];
    let mut say = |holds: bool, sentence: &str| {
        if holds {
            said.push(sentence.to_owned());
        }
    };
    say(
        trace.parameters.fees == FeeRule::Coinbase,
        "Fees enter the coinbase of their block after the subsidy, in the order of transactions.",
    );
    say(
        trace.parameters.fees == FeeRule::Stop,
        "Money paid as a fee is not followed to the miner.",
    );
    say(
        blocks.iter().any(|block| block.undo_sha256.is_some()),
        "Values of outputs that were created outside the blocks given come from the undo files \
         named. A block's hash does not prove them; they were checked against the counts and sums \
         of the block only.",
    );
    say(
        blocks.iter().any(|block| block.file_sha256.is_some()),
        "Each block's transactions match the Merkle root in its header and the header meets its \
         own proof-of-work target. That the block is part of the best chain was not checked.",
    );
    say(
        inputs.segments.is_empty() && inputs.block_count > blocks.len() as u64,
        "Transactions were read from a table: no block hash, Merkle root or proof of work was \
         checked, and the table's digest is all that fixes them.",
    );
    say(
        !inputs.segments.is_empty(),
        "The chain was read from a store of columns whose segments are named by digest; when it \
         was imported, each block's transactions matched the Merkle root in its header and the \
         header met its own proof-of-work target. Only blocks that hold transactions of this \
         trace are listed, and the last one the store had; whoever has those blocks and the \
         outputs they spend can check every step.",
    );
    say(
        trace.flow.stops.iter().any(|stop| matches!(stop.reason, StopReason::UnknownInputs(_))),
        "Where the value of an input is not known, the trace stops and names the transaction; \
         nothing is guessed.",
    );
    said.extend(about_tags(&trace.parameters.tags, trace.parameters.attribution.as_deref()));
    said
}

/// The policy's rule in one sentence.
fn rule(policy: Policy) -> &'static str {
    match policy {
        Policy::Poison => {
            "Poison: whatever touches tainted money is tainted whole, so amounts \
                               are an upper bound and may exceed what the source held."
        }
        Policy::Haircut => {
            "Haircut: tainted money mixes evenly with clean money. Shares are \
                                rounded down to whole satoshis and the left-over satoshis go one \
                                each to the largest remainders, ties to the lower index, the fee \
                                last."
        }
        Policy::Fifo => {
            "First in, first out: the inputs of a transaction are a queue of \
                             satoshis in input order from which outputs take in output order; the \
                             fee takes what is left."
        }
        Policy::Lifo => {
            "Last in, first out: the queue of first in, first out, read from its \
                             end: outputs take the last satoshi of the last input first; the fee \
                             takes what is left."
        }
        Policy::Tiho => {
            "Taint in, highest out: the largest output takes the taint first, ties \
                             to the lower index; the fee takes what no output could."
        }
    }
}

/// What tags rest on.
pub(crate) fn about_tags(tags: &Tags, attribution: Option<&Attribution>) -> Vec<String> {
    let mut said = Vec::new();
    let mut say = |holds: bool, sentence: &str| {
        if holds {
            said.push(sentence.to_owned());
        }
    };
    say(!tags.is_empty(), "A tag is a statement of its source, not a fact of the chain.");
    say(
        attribution.is_some(),
        "Tags come from the packs named by digest. Only tagged addresses that the money came to \
         are listed; no other tag bears on this trace. The trace ends where a tag names a service \
         that pools the money of many, and goes on through addresses of one owner, whoever that \
         is.",
    );
    say(
        attribution.is_some_and(|tags| tags.as_of.is_some()),
        "The tags are those in force on the day named; what was said, published or ended later \
         does not count, and tags without a day are left out.",
    );
    say(
        attribution.is_some_and(|tags| tags.addresses.iter().any(|a| a.standing == "contested")),
        "Of an address called contested, several actors are named and nobody has decided; every \
         statement is shown.",
    );
    say(
        tags.values().any(|tag| tag.fiction),
        "Tags marked as fiction are made up for an example: those addresses are real and have \
         nothing to do with the names given.",
    );
    said
}
