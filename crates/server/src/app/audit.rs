//! The read audit's hourly digest: one leaf says how many reads of case data an hour saw.
//!
//! Who read what stays in the store's own table; the digest pins it, so that a read cannot be
//! forgotten later without the log showing it.

use anyhow::Context as _;
use desk::policy::{Action, Actor, Facts, permit_read};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use store::{Append, ExpectedSeq, NewEvent};
use uuid::Uuid;

use super::Node;
use crate::error::Error;

/// The stream of the log in which the digests stand.
pub const STREAM: Uuid = Uuid::from_u128(0x636f_6d69_7479_4172_8561_6461_7564_6974);
/// Setting that says up to when reads were digested.
pub(super) const DIGESTED_UNTIL: &str = "read_audit_digested_until";
/// Hours that one call catches up on, after a long stand-still.
const HOURS_CAUGHT_UP_MAX: usize = 48;

/// The event of one hour.
#[derive(Serialize)]
struct ReadsDigested {
    kind: &'static str,
    from: Timestamp,
    until: Timestamp,
    count: u64,
    sha256: String,
}

impl Node {
    /// Who read which case data, newest first; of one person or one request where they are named.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to read the audit.
    pub async fn reads(
        &self,
        actor: &Actor,
        before: Option<u64>,
        who: Option<Uuid>,
        request: Option<Uuid>,
        rows_max: usize,
    ) -> Result<Vec<store::ReadRow>, Error> {
        permit_read(actor, Action::ReadAudit, &Facts::default()).ok_or(Error::Hidden)?;
        Ok(self.store.reader().reads(before, who, request, rows_max).await?)
    }

    /// Appends the digest of every hour that has ended since the last call. An hour without reads
    /// has one as well: it says that there were none.
    ///
    /// # Errors
    /// When the store cannot be read or takes no acts; the next call goes on where this one ended.
    pub async fn digest_reads(&self) -> Result<(), Error> {
        let hour = SignedDuration::from_hours(1);
        let this_hour = start_of_hour(self.now());
        let known = self.store.reader().setting(DIGESTED_UNTIL).await?;
        let mut from = match known {
            Some(text) => text.parse().context("the read audit's setting is no time")?,
            None => this_hour,
        };
        if from == this_hour {
            // The first call of a new store only notes where the first hour begins.
            self.store.put_setting(DIGESTED_UNTIL, &from.to_string()).await?;
            return Ok(());
        }
        for _ in 0..HOURS_CAUGHT_UP_MAX {
            let until = from.checked_add(hour).context("the read audit's time")?;
            if until > this_hour {
                break;
            }
            let digest = self.store.reader().read_audit_digest(from..until).await?;
            let event = ReadsDigested {
                kind: "reads_digested",
                from,
                until,
                count: digest.count,
                sha256: digest.sha256.to_string(),
            };
            let event_json = serde_json::to_string(&event).context("read audit event")?;
            let event = NewEvent::new(event_json, None);
            self.store.append(Append::events(STREAM, ExpectedSeq::Any, vec![event])).await?;
            self.store.put_setting(DIGESTED_UNTIL, &until.to_string()).await?;
            from = until;
        }
        Ok(())
    }
}

fn start_of_hour(at: Timestamp) -> Timestamp {
    let seconds = at.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(3_600)).unwrap_or(at)
}
