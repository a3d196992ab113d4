//! Inputs to the readers of crates `chain` and `trace`. Each function takes any bytes and must not
//! panic; what was read must make sense to the next step.

use chain::block::{NamedBytes, decode_file};
use chain::{ChainView, Network, TxNumber, undo};
use trace::{Parameters, Policy, Source};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("chain_block", block), ("trace_exhibit", exhibit)];

/// A block file, and behind the last of its marks an undo file. On regtest every second header
/// meets the target, so changed blocks get past the proof of work.
pub fn block(input: &[u8]) {
    const MARK: &[u8] = b"UNDO";
    let cut = input.windows(MARK.len()).rposition(|bytes| bytes == MARK);
    let (block, coins) = match cut {
        Some(cut) => (&input[..cut], &input[cut + MARK.len()..]),
        None => (input, &[][..]),
    };
    let file = NamedBytes { name: "block", bytes: block };
    let Ok(mut blocks) = decode_file(file, Network::Regtest) else { return };
    if undo::attach(&mut blocks, NamedBytes { name: "undo", bytes: coins }, Network::Regtest)
        .is_ok()
    {
        assert!(blocks.iter().any(|block| block.undo.is_some()));
    }
    let Ok(view) = ChainView::from_blocks(blocks) else { return };
    let source = Source { txid: view.txid(TxNumber(0)), vout: None };
    for policy in Policy::ALL {
        let trace = trace::run(&view, &Parameters::new(source, policy)).expect("it is in view");
        let bytes = trace::exhibit(&trace);
        assert_eq!(trace::replay(&bytes, &view), Ok(trace::Replay::Same));
    }
}

/// An exhibit is replayed without its blocks: an error, whatever it says.
pub fn exhibit(input: &[u8]) {
    if let Ok(parameters) = trace::exhibit::recorded_parameters(input) {
        let source = parameters.source.to_string();
        assert_eq!(source.parse(), Ok(parameters.source));
    }
}
