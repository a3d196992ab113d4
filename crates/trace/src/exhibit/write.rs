//! A trace to the exhibit's fields.

use super::wire;
use crate::taint::Lot;
use crate::{
    ENGINE_VERSION, Fate, Flow, Hop, HopInput, HopOutput, Origin, Parameters, Policy, Stop,
    StopReason, Totals, Trace,
};
use chain::{BlockNumber, OutPoint, OutputNumber, SegmentFacts, TxNumber, Utxo};
use std::collections::{BTreeMap, BTreeSet};

/// Outputs in the comparison of policies; the rest is counted.
pub const SENSITIVITY_ROWS_MAX: usize = 1_000;
/// Unknown inputs that one boundary lists; the rest is counted.
pub const UNKNOWN_INPUTS_MAX: usize = 100;

/// All fields, on these inputs.
pub(super) fn write<C: Utxo>(trace: &Trace<'_, C>, inputs: wire::Inputs) -> wire::Exhibit {
    let ends = |fates: &[Fate]| ends(trace, fates);
    wire::Exhibit {
        format: super::FORMAT,
        version: super::FORMAT_VERSION,
        engine: engine(),
        network: trace.view.network().to_string(),
        parameters: parameters(&trace.parameters),
        stop_rule: stop_rule(&trace.parameters),
        totals: totals(&trace.flow.totals),
        reached: ends(&[Fate::Reached]),
        unspent: ends(&[Fate::Unspent, Fate::Unspendable]),
        limited: ends(&[Fate::BelowAmount, Fate::BelowShare]),
        boundaries: trace.flow.stops.iter().map(|stop| boundary(trace, stop)).collect(),
        sensitivity: sensitivity(trace),
        hops: trace.flow.hops.iter().map(|hop| write_hop(trace, hop)).collect(),
        assumptions: super::assumptions::assumptions(trace, &inputs),
        inputs,
    }
}

pub(super) fn engine() -> wire::Engine {
    wire::Engine { name: "comity trace".to_owned(), version: ENGINE_VERSION.to_owned() }
}

fn parameters(parameters: &Parameters) -> wire::Parameters {
    let tags = parameters.tags.iter().map(|(address, tag)| wire_tag(address, tag)).collect();
    wire::Parameters {
        source: wire::Source {
            txid: parameters.source.txid.to_string(),
            vout: parameters.source.vout,
        },
        policy: parameters.policy.to_string(),
        legal_name: parameters.policy.legal_name().to_owned(),
        fees: parameters.fees.name().to_owned(),
        hops_max: parameters.limits.hops_max,
        amount_min: parameters.limits.amount_min.to_string(),
        share_min_ppb: parameters.limits.share_min_ppb,
        transactions_max: parameters.limits.transactions_max,
        tags,
        attribution: parameters.attribution.clone(),
    }
}

fn wire_tag(address: &str, tag: &crate::Tag) -> wire::Tag {
    wire::Tag {
        address: address.to_owned(),
        label: tag.label.clone(),
        source: tag.source.clone(),
        fiction: tag.fiction,
    }
}

fn stop_rule(parameters: &Parameters) -> String {
    let limits = parameters.limits;
    let fees = match parameters.fees {
        crate::FeeRule::Stop => "the trace ends at fees",
        crate::FeeRule::Coinbase => "fees are followed into the block's coinbase",
    };
    format!(
        "Forward from the source through every spend in the blocks given. The trace ends at \
         outputs that nothing in those blocks spends, at the {} tagged addresses, at outputs with \
         less than {} satoshis of taint or a tainted share below {} parts per billion, at \
         transactions more than {} hops from the source, after {} transactions, and at any \
         transaction of which the value of an input is not known; {fees}.",
        parameters.tags.len(),
        limits.amount_min,
        limits.share_min_ppb,
        limits.hops_max,
        limits.transactions_max,
    )
}

/// What the trace rests on. Of a chain read from files, every file once, in the order of digests,
/// and every block whose hash is known, in chain order. Of a store, its segments, the blocks that
/// hold transactions of the trace under any policy, and the last block, as of which it speaks.
/// `names` gives files the names that an earlier exhibit gave them, by digest.
pub(super) fn inputs<C: Utxo>(
    trace: &Trace<'_, C>,
    names: &BTreeMap<String, String>,
) -> wire::Inputs {
    let chain = trace.view;
    let count = chain.block_count();
    let segments = chain.segments();
    let numbers: BTreeSet<BlockNumber> = if segments.is_empty() {
        (0..count).map(BlockNumber).collect()
    } else {
        let last = count.checked_sub(1).map(BlockNumber);
        entered(trace).map(|number| chain.block_of(number)).chain(last).collect()
    };
    let mut files = BTreeMap::new();
    let mut blocks = Vec::new();
    for number in numbers {
        let facts = chain.files_of(number);
        if let Some(facts) = facts {
            for file in std::iter::once(&facts.file).chain(&facts.undo) {
                files.entry(file.sha256).or_insert(&file.name);
            }
        }
        let Some(hash) = chain.block_hash(number) else { continue };
        blocks.push(wire::Block {
            hash: hash.to_string(),
            height: chain.height(number).map(|height| height.0),
            file_sha256: facts.map(|facts| facts.file.sha256.to_string()),
            undo_sha256: facts.and_then(|f| f.undo.as_ref()).map(|file| file.sha256.to_string()),
        });
    }
    let file = |(sha256, name): (chain::FileDigest, &String)| {
        let sha256 = sha256.to_string();
        wire::File { name: names.get(&sha256).unwrap_or(name).clone(), sha256 }
    };
    let segment = |segment: SegmentFacts| wire::Segment {
        name: segment.name,
        sha256: segment.sha256.to_string(),
    };
    wire::Inputs {
        files: files.into_iter().map(file).collect(),
        blocks,
        block_count: u64::from(count),
        segments: segments.into_iter().map(segment).collect(),
    }
}

/// Transactions of the trace under any policy, entered or not.
fn entered<C>(trace: &Trace<'_, C>) -> impl Iterator<Item = TxNumber> {
    trace.comparison.iter().flat_map(|flow| {
        let hops = flow.hops.iter().map(|hop| hop.transaction);
        hops.chain(flow.stops.iter().map(|stop| stop.transaction))
    })
}

fn totals(totals: &Totals) -> wire::Totals {
    wire::Totals {
        source: totals.source.to_string(),
        added_by_poison: totals.added.to_string(),
        reached: totals.reached.to_string(),
        unspent: totals.unspent.to_string(),
        limited: totals.limited.to_string(),
        boundary: totals.boundary.to_string(),
        fees: totals.fees.to_string(),
    }
}

fn txid<C: Utxo>(trace: &Trace<'_, C>, transaction: TxNumber) -> String {
    trace.view.txid(transaction).to_string()
}

fn ends<C: Utxo>(trace: &Trace<'_, C>, fates: &[Fate]) -> Vec<wire::End> {
    let mut ends = Vec::new();
    for hop in &trace.flow.hops {
        for output in hop.outputs.iter().filter(|output| fates.contains(&output.fate)) {
            let tagged = output.address.as_ref().and_then(|address| {
                trace.parameters.tags.get(address).map(|tag| wire_tag(address, tag))
            });
            ends.push(wire::End {
                hop: hop.hop,
                txid: txid(trace, hop.transaction),
                vout: output.vout,
                value: output.lot.value.to_string(),
                taint: output.lot.taint.to_string(),
                script_type: output.script_type.name(),
                address: output.address.clone(),
                fate: output.fate.name(),
                spent_by: output.spent_by.map(|spender| txid(trace, spender)),
                tag: tagged,
            });
        }
    }
    ends
}

fn boundary<C: Utxo>(trace: &Trace<'_, C>, stop: &Stop) -> wire::Boundary {
    let (unknown, unknown_count) = match &stop.reason {
        StopReason::UnknownInputs(points) => (&points[..], points.len()),
        StopReason::UnknownFees { count } => (&[][..], *count as usize),
        StopReason::Claim | StopReason::Hops | StopReason::Transactions => (&[][..], 0),
    };
    let block = trace.view.block_of(stop.transaction);
    let taint: u64 = stop.inputs.iter().map(|input| input.lot.taint.0).sum();
    wire::Boundary {
        hop: stop.hop,
        txid: txid(trace, stop.transaction),
        block: trace.view.block_hash(block).map(|hash| hash.to_string()),
        height: trace.view.height(block).map(|height| height.0),
        reason: stop.reason.name().to_owned(),
        taint: taint.to_string(),
        inputs: stop.inputs.iter().map(write_input).collect(),
        unknown_inputs: unknown.iter().take(UNKNOWN_INPUTS_MAX).map(OutPoint::to_string).collect(),
        unknown_count: unknown_count as u64,
    }
}

fn write_hop<C: Utxo>(trace: &Trace<'_, C>, hop: &Hop) -> wire::Hop {
    let block = trace.view.block_of(hop.transaction);
    wire::Hop {
        hop: hop.hop,
        txid: txid(trace, hop.transaction),
        block: trace.view.block_hash(block).map(|hash| hash.to_string()),
        height: trace.view.height(block).map(|height| height.0),
        position: hop.transaction.0 - trace.view.transactions_of(block).start,
        inputs: hop.inputs.iter().map(write_input).collect(),
        outputs: hop.outputs.iter().map(|output| write_output(trace, output)).collect(),
        fee: hop.fee.as_ref().map(|fee| fee.value.to_string()),
        fee_taint: hop.fee.as_ref().map(|fee| fee.taint.to_string()),
    }
}

fn write_input(input: &HopInput) -> wire::Input {
    let from = match input.origin {
        Origin::Output(point) => point.to_string(),
        Origin::Subsidy => "subsidy".to_owned(),
        Origin::Fee(txid) => format!("fee of {txid}"),
    };
    wire::Input {
        from,
        value: input.lot.value.to_string(),
        taint: input.lot.taint.to_string(),
        ranges: ranges(&input.lot),
    }
}

fn write_output<C: Utxo>(trace: &Trace<'_, C>, output: &HopOutput) -> wire::Output {
    wire::Output {
        vout: output.vout,
        value: output.lot.value.to_string(),
        taint: output.lot.taint.to_string(),
        ranges: ranges(&output.lot),
        script_type: output.script_type.name(),
        address: output.address.clone(),
        fate: output.fate.name(),
        spent_by: output.spent_by.map(|spender| txid(trace, spender)),
    }
}

fn ranges(lot: &Lot) -> Vec<[String; 2]> {
    lot.ranges.iter().map(|range| [range.start.to_string(), range.length.to_string()]).collect()
}

/// Every output at which some policy's trace ends, tagged ones first, with its taint under all.
fn sensitivity<C: Utxo>(trace: &Trace<'_, C>) -> wire::Sensitivity {
    let policies = trace.comparison.iter().map(policy_column).collect();
    let mut taints: BTreeMap<(TxNumber, u32), [u64; Policy::ALL.len()]> = BTreeMap::new();
    let mut ends: BTreeSet<(bool, TxNumber, u32)> = BTreeSet::new();
    for (column, flow) in trace.comparison.iter().enumerate() {
        for hop in &flow.hops {
            for output in &hop.outputs {
                let key = (hop.transaction, output.vout);
                taints.entry(key).or_default()[column] = output.lot.taint.0;
                if !matches!(output.fate, Fate::Clean | Fate::Followed) {
                    ends.insert((output.fate != Fate::Reached, key.0, key.1));
                }
            }
        }
    }
    let left_out = ends.len().saturating_sub(SENSITIVITY_ROWS_MAX);
    let rows = ends.into_iter().take(SENSITIVITY_ROWS_MAX);
    let outputs = rows.map(|(_, tx, vout)| sensitivity_row(trace, tx, vout, taints[&(tx, vout)]));
    wire::Sensitivity { policies, outputs: outputs.collect(), outputs_left_out: left_out as u64 }
}

fn policy_column(flow: &Flow) -> wire::PolicyColumn {
    wire::PolicyColumn {
        policy: flow.policy.to_string(),
        legal_name: flow.policy.legal_name().to_owned(),
        fees: flow.fees.name().to_owned(),
        transactions: flow.hops.len() as u64,
        totals: totals(&flow.totals),
    }
}

fn sensitivity_row<C: Utxo>(
    trace: &Trace<'_, C>,
    transaction: TxNumber,
    vout: u32,
    taints: [u64; Policy::ALL.len()],
) -> wire::SensitivityRow {
    const {
        assert!(matches!(
            Policy::ALL,
            [Policy::Poison, Policy::Haircut, Policy::Fifo, Policy::Lifo, Policy::Tiho]
        ));
    }
    let [poison, haircut, fifo, lifo, tiho] = taints.map(|taint| taint.to_string());
    let output = OutputNumber(trace.view.outputs_of(transaction).start + u64::from(vout));
    let address = trace.view.address_of(output).and_then(|a| trace.view.address_text(a));
    let tag = address.as_ref().and_then(|address| trace.parameters.tags.get(address));
    wire::SensitivityRow {
        txid: txid(trace, transaction),
        vout,
        label: tag.map(|tag| tag.label.clone()),
        address,
        value: trace.view.value(output).to_string(),
        poison,
        haircut,
        fifo,
        lifo,
        tiho,
    }
}
