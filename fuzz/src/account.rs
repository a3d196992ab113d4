//! Inputs to the readers of chains of accounts. Each function takes any bytes and must not panic;
//! what was read must go through ledgers, log, trace and exhibit unchanged.

use chain::account::log::{Entry, LogWriter, recover};
use chain::account::{AccountBlock, EventNumber, Ledgers};
use chain::evm::{EvmAnswers, EvmRules, Receipts, Traces, UnknownOutcome};
use chain::tron::TronAnswers;
use trace::account::{AccountParameters, AccountPolicy, AccountSource};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[
    ("account_evm", evm),
    ("account_tron", tron),
    ("account_log", log),
    ("account_exhibit", exhibit),
];

/// Stands between the answers of one input.
const MARK: &[u8] = b"\n--\n";

/// A block, receipts, flat traces, nested traces; each may be left out.
pub fn evm(input: &[u8]) {
    let [block, receipts, flat, nested] = parts(input);
    let rules = EvmRules { unknown_outcome: UnknownOutcome::AssumeSuccess, ..EvmRules::of(31_337) };
    let receipts = [
        receipts.map_or(Receipts::Absent, Receipts::Receipts),
        receipts.map_or(Receipts::Absent, Receipts::Logs),
    ];
    let traces = [
        Traces::Absent,
        flat.map_or(Traces::Absent, Traces::Flat),
        nested.map_or(Traces::Absent, Traces::Nested),
    ];
    for receipts in receipts {
        for traces in traces {
            let answers = EvmAnswers { block: block.unwrap_or(&[]), receipts, traces };
            if let Ok(block) = chain::evm::decode(answers, &rules) {
                go_through(&block);
            }
        }
    }
}

/// A block and its infos.
pub fn tron(input: &[u8]) {
    let [block, infos, ..] = parts(input);
    for infos in [None, infos] {
        let answers = TronAnswers { block: block.unwrap_or(&[]), infos };
        if let Ok(block) = chain::tron::decode(answers) {
            go_through(&block);
        }
    }
}

/// A log file.
pub fn log(input: &[u8]) {
    if let Ok(found) = recover(input) {
        assert!(found.whole_bytes <= input.len());
        let again = recover(&input[..found.whole_bytes]).expect("its whole entries are a log");
        assert_eq!(again.ledgers.event_count(), found.ledgers.event_count());
    }
}

/// An exhibit is replayed without its blocks: an error, whatever it says.
pub fn exhibit(input: &[u8]) {
    if let Ok((chain, _)) = trace::account::exhibit::recorded_parameters(input) {
        let ledgers = Ledgers::new(chain);
        assert!(trace::account::replay(input, &ledgers).is_err());
    }
}

/// Through log, ledgers, every trace and its replay.
fn go_through(block: &AccountBlock) {
    let (mut writer, mut bytes) = LogWriter::begin(block.chain);
    bytes.extend(writer.entry(&Entry::Block(block.clone())));
    let ledgers = recover(&bytes).expect("it was just written").ledgers;
    assert_eq!(ledgers.event_count(), block.movements.len() as u64);
    let events = (0..ledgers.event_count()).map(|row| ledgers.event(EventNumber(row)));
    let Some(event) = events.into_iter().find(|event| event.transaction.is_some()) else { return };
    let transaction = event.transaction.map(|number| ledgers.transaction(number).hash);
    let Some(hash) = transaction else { return };
    for policy in AccountPolicy::ALL {
        let source = AccountSource::Transaction(hash);
        let parameters = AccountParameters::new(source, ledgers.asset(event.asset), policy);
        let Ok(trace) = trace::account::run(&ledgers, &parameters) else { return };
        let bytes = trace::account::exhibit(&trace);
        assert_eq!(trace::account::replay(&bytes, &ledgers), Ok(trace::Replay::Same));
    }
}

fn parts(input: &[u8]) -> [Option<&[u8]>; 4] {
    let mut parts = [None; 4];
    let mut rest = input;
    for part in &mut parts {
        let cut = rest.windows(MARK.len()).position(|bytes| bytes == MARK);
        let (own, next) = match cut {
            Some(cut) => (&rest[..cut], &rest[cut + MARK.len()..]),
            None => (rest, &[][..]),
        };
        *part = (!own.is_empty()).then_some(own);
        rest = next;
    }
    parts
}
