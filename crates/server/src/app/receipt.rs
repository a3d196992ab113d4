//! The receipt of a request: the leaf with which it came into the log, and what proves it.
//!
//! Knows no page. Whoever holds it can check, without the company, that the log has had the request
//! since that leaf (docs/formats/receipt.md).

use desk::ids::RequestId;
use desk::policy::{Action, Actor};
use evidence::signed::ProvenRecord;

use super::{Node, deliver};
use crate::error::Error;

impl Node {
    /// The receipt, as `docs/formats/receipt.md` has it. It holds what was filed; the caller asks
    /// for a fresh proof of the person first.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever may not see the request, or when its payload was erased.
    pub async fn receipt(&self, actor: &Actor, id: RequestId) -> Result<String, Error> {
        self.read_permit(actor, Action::ReadStatus, id).await?;
        let case = self.case(id).await?;
        let leaf = *case.leaves.first().ok_or(Error::Hidden)?;
        let record = self.store.reader().record(leaf).await?.ok_or(Error::Hidden)?;
        let proof = deliver::proof(self, leaf).await?;
        Ok(ProvenRecord { record: record.json, salt: record.salt, proof }.receipt_json())
    }
}
