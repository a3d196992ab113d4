//! Which request was sent anew after which. Knows no page.
//!
//! The new one names the old one in its payload, and the old one is linked to the new by a word of
//! that payload: nothing is written to a request that has ended, and an erasure of the new one
//! takes the link along.

use desk::ids::RequestId;
use store::Question;
use uuid::Uuid;

use super::Node;
use super::case::Case;
use crate::error::Error;
use crate::wrong::Wrong;

/// Requests sent anew after one of them that are named, the newest first.
pub const SENT_ANEW_MAX: usize = 10;

/// What a request is linked to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Anew {
    /// The request that this one was sent anew after.
    pub after: Option<RequestId>,
    /// Those that were sent anew after this one, the newest first.
    pub sent_anew: Vec<RequestId>,
}

impl Node {
    /// What a request is linked to. Whoever asks has noted the read of the request; both are the
    /// same agency's.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn anew(&self, case: &Case) -> Result<Anew, Error> {
        let after = case.received.as_ref().and_then(|received| received.after);
        let question = Question::parse(&word(case.id.0))
            .map_err(|error| Error::wrong("words", Wrong::from(error)))?;
        let found = self.store.reader().find(&question, None, SENT_ANEW_MAX).await?;
        let mut sent_anew = Vec::new();
        for found in found.rows {
            let id = RequestId(found.stream);
            let other = self.case(id).await?;
            // Anybody may type a word; only the payload's own member makes a link.
            let names = other.received.as_ref().and_then(|received| received.after);
            if names == Some(case.id.0) && other.request.agency == case.request.agency {
                sent_anew.push(id);
            }
        }
        Ok(Anew { after: after.map(RequestId), sent_anew })
    }
}

/// The word by which a request is found that was sent anew after this one.
pub(super) fn word(after: Uuid) -> String {
    format!("anew{}", after.simple())
}
