//! Receipts: the leaf with which an act upon a request came into the log, and what proves it.
//!
//! Knows no page. Whoever holds one can check, without the company, that the log has had the act
//! since that leaf (docs/formats/receipt.md).

use desk::ids::{ActorId, RequestId};
use desk::policy::{Action, Actor};
use desk::request::Event;
use evidence::signed::{ProvenEntry, ProvenRecord};
use ledger::LeafIndex;

use super::{Node, deliver};
use crate::error::Error;
use crate::payload::CONNECTION;

/// The acts of a request that a receipt is given for, by the word of their record, and whose they
/// are: what an officer sends or says, and the deletion that nobody asked for.
#[must_use]
pub const fn receipted(event: &Event) -> Option<(&'static str, Option<ActorId>)> {
    Some(match event {
        Event::Received { by, .. } => ("received", Some(*by)),
        Event::InformationProvided { by, .. } => ("information_provided", Some(*by)),
        Event::Withdrawn { by, .. } => ("withdrawn", Some(*by)),
        Event::Extended { by, .. } => ("extended", Some(*by)),
        Event::Linked { by, .. } => ("linked", Some(*by)),
        Event::Acknowledged { by, .. } => ("acknowledged", Some(*by)),
        Event::DeletionConfirmed { by, .. } => ("deletion_confirmed", Some(*by)),
        Event::CopyDeleted { .. } => ("copy_deleted", None),
        Event::Lapsed { .. } => ("lapsed", None),
        _ => return None,
    })
}

impl Node {
    /// The receipt of an act of a request, as `docs/formats/receipt.md` has it; of the filing when
    /// no leaf is named. It holds what the act held; the caller asks for a fresh proof of the
    /// person first. After an erasure, and where the record is not the reader's own, it holds the
    /// entry of the leaf alone.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever may not see the request, or for a leaf that is no such act.
    pub async fn receipt(
        &self,
        actor: &Actor,
        id: RequestId,
        leaf: Option<LeafIndex>,
    ) -> Result<String, Error> {
        self.read_permit(actor, Action::ReadStatus, id).await?;
        let case = self.case(id).await?;
        let mut acts = case.leaves.iter().zip(&case.history).zip(1_u64..);
        let wanted = |own: LeafIndex, event: &Event| {
            leaf.is_none_or(|leaf| leaf == own) && receipted(event).is_some()
        };
        let ((own, (_, event)), seq) =
            acts.find(|((own, (_, event)), _)| wanted(**own, event)).ok_or(Error::Hidden)?;
        let (kind, by) = receipted(event).ok_or(Error::Hidden)?;
        let proof = deliver::proof(self, *own).await?;
        let record = self.store.reader().record(*own).await?;
        if let Some(record) = record.filter(|it| self.is_own_record(actor, by, &it.json)) {
            let proven = ProvenRecord { record: record.json, salt: record.salt, proof };
            return Ok(proven.receipt_json());
        }
        let entry = self.store.reader().entry(*own).await?.ok_or(Error::Hidden)?;
        let entry =
            ProvenEntry { request: id.0, seq, kind: kind.to_owned(), entry: entry.0, proof };
        Ok(entry.receipt_json())
    }

    /// Whether a record may be given to somebody whole: what a key of his own agency did, or nobody
    /// did. What staff wrote with an act is theirs, and so is the address of a connection, which
    /// earlier releases kept beside the filing.
    fn is_own_record(&self, actor: &Actor, by: Option<ActorId>, record: &str) -> bool {
        let directory = self.directory();
        let is_theirs = match by {
            None => true,
            Some(ActorId::Key(key)) => {
                let agency = actor.agency.and_then(|agency| directory.agency(agency));
                agency.is_some_and(|agency| directory.keys_of(agency).any(|own| own == key))
            }
            Some(ActorId::Staff(_) | ActorId::Partner(_) | ActorId::System) => false,
        };
        let record = serde_json::from_str::<serde_json::Value>(record).unwrap_or_default();
        is_theirs && record["payload"].get(CONNECTION).is_none()
    }
}
