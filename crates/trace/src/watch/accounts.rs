//! Lots of accounts: what left the source, as FIFO tells units apart. Knows no clock.
//!
//! What is told of a block never changes by newer blocks: an account counts as a contract from
//! where it showed itself to be one.

use chain::account::Ledgers;

use crate::account::{
    AccountParameters, AccountPolicy, AccountSource, AccountTraceError, Step, StepFate,
    follow_as_seen,
};

/// Everything that a watched source's money did, in chain order. The payments of a transaction that
/// is watched are where the lots begin, and are told only where they ended at once.
///
/// # Errors
/// As [`crate::account::follow`]. A source that is not there yet is no error: it did nothing.
pub fn moves(
    ledgers: &Ledgers,
    parameters: &AccountParameters,
) -> Result<Vec<Step>, AccountTraceError> {
    let fifo = AccountParameters { policy: AccountPolicy::Fifo, ..parameters.clone() };
    let flow = match follow_as_seen(ledgers, &fifo) {
        Ok(flow) => flow,
        Err(
            AccountTraceError::NoTransaction(_)
            | AccountTraceError::NoAsset(_)
            | AccountTraceError::NoPayment(_),
        ) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let of_transaction = matches!(fifo.source, AccountSource::Transaction(_));
    let begins = |step: &Step| of_transaction && step.hop == 0 && step.fate == StepFate::Followed;
    Ok(flow.steps.into_iter().filter(|step| !begins(step)).collect())
}
