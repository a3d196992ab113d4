//! What officers write and have not signed yet. In memory only: it has no place in the log, and a
//! restart costs the officer the typing.
//!
//! Knows no page. A draft belongs to one officer; nobody else finds it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use desk::ids::ActorId;
use jiff::{SignedDuration, Timestamp};
use server::app::intake::{OfficerAct, ToSign};
use server::error::Error;

use crate::form::File;
use crate::order_form::OrderForm;

/// A draft that nobody touched for so long is gone, in minutes.
pub const DRAFT_MINUTES_MAX: i64 = 60;
/// Drafts of one officer; the one touched longest ago makes room.
pub const DRAFTS_EACH_MAX: usize = 5;
/// Bytes of the files of one draft.
pub const DRAFT_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of the files of all drafts.
pub const DRAFTS_BYTES_MAX: usize = 512 * 1024 * 1024;

/// One draft.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Whose.
    pub owner: ActorId,
    /// The form, for a new request.
    pub typed: OrderForm,
    /// Files so far.
    pub files: Vec<File>,
    /// The act, once it can be read.
    pub act: Option<OfficerAct>,
    /// What was shown to be signed.
    pub to_sign: Option<ToSign>,
    /// When somebody touched it last.
    pub touched_at: Timestamp,
}

impl Draft {
    /// An empty one.
    #[must_use]
    pub fn of(owner: ActorId, now: Timestamp) -> Self {
        let typed = OrderForm::default();
        Self { owner, typed, files: Vec::new(), act: None, to_sign: None, touched_at: now }
    }

    fn bytes(&self) -> usize {
        self.files.iter().map(|file| file.bytes.len()).sum()
    }

    fn is_old(&self, now: Timestamp) -> bool {
        now.duration_since(self.touched_at) >= SignedDuration::from_mins(DRAFT_MINUTES_MAX)
    }
}

/// All drafts, by name.
#[derive(Default)]
pub struct Drafts(Mutex<HashMap<String, Draft>>);

impl Drafts {
    /// A draft of this officer.
    #[must_use]
    pub fn get(&self, name: &str, owner: ActorId, now: Timestamp) -> Option<Draft> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(name).filter(|draft| draft.owner == owner && !draft.is_old(now)).cloned()
    }

    /// Keeps a draft, under its name or a new one; returns the name.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when its files are; [`Error::Busy`] when all drafts together are.
    pub fn keep(
        &self,
        name: Option<&str>,
        mut draft: Draft,
        now: Timestamp,
    ) -> Result<String, Error> {
        if draft.bytes() > DRAFT_BYTES_MAX {
            return Err(Error::TooLarge { max: DRAFT_BYTES_MAX });
        }
        draft.touched_at = now;
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, known| !known.is_old(now));
        let own = |known: &Draft| known.owner == draft.owner;
        let name = match name.filter(|name| all.get(*name).is_some_and(own)) {
            Some(name) => name.to_owned(),
            None => hex::encode(server::random_bytes::<16>()?),
        };
        all.remove(&name);
        while all.values().filter(|known| own(known)).count() >= DRAFTS_EACH_MAX {
            let oldest = all.iter().filter(|(_, known)| own(known));
            let oldest = oldest.min_by_key(|(_, known)| known.touched_at);
            let Some(oldest) = oldest.map(|(name, _)| name.clone()) else { break };
            all.remove(&oldest);
        }
        let held: usize = all.values().map(Draft::bytes).sum();
        if held + draft.bytes() > DRAFTS_BYTES_MAX {
            return Err(Error::Busy);
        }
        all.insert(name.clone(), draft);
        Ok(name)
    }

    /// Forgets a draft that was signed.
    pub fn forget(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }
}

#[cfg(test)]
mod tests {
    use desk::ids::KeyId;
    use uuid::Uuid;

    use super::*;

    const ANA: ActorId = ActorId::Key(KeyId(Uuid::from_u128(1)));
    const BEN: ActorId = ActorId::Key(KeyId(Uuid::from_u128(2)));

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
    }

    fn with_file(owner: ActorId, bytes: usize) -> Draft {
        let file = File {
            field: "files".into(),
            name: "order.pdf".into(),
            media_type: "application/pdf".into(),
            bytes: vec![0; bytes],
        };
        Draft { files: vec![file], ..Draft::of(owner, at(0)) }
    }

    #[test]
    fn a_draft_is_its_writer_s_alone_and_is_gone_after_an_hour() {
        let drafts = Drafts::default();
        let name = drafts.keep(None, Draft::of(ANA, at(0)), at(0)).expect("kept");
        assert!(drafts.get(&name, ANA, at(59)).is_some());
        assert!(drafts.get(&name, BEN, at(0)).is_none(), "somebody else's");
        assert!(drafts.get(&name, ANA, at(60)).is_none(), "an hour old");
        let taken = drafts.keep(Some(&name), Draft::of(BEN, at(1)), at(1)).expect("kept");
        assert_ne!(taken, name, "nobody writes over another's draft");
        assert!(drafts.get(&name, ANA, at(1)).is_some());
    }

    #[test]
    fn drafts_do_not_fill_memory() {
        let drafts = Drafts::default();
        let names: Vec<String> = (0..=DRAFTS_EACH_MAX as i64)
            .map(|minute| drafts.keep(None, Draft::of(ANA, at(minute)), at(minute)).expect("kept"))
            .collect();
        assert!(drafts.get(&names[0], ANA, at(6)).is_none(), "the oldest made room");
        assert!(drafts.get(&names[1], ANA, at(6)).is_some());
        let large = drafts.keep(None, with_file(BEN, DRAFT_BYTES_MAX + 1), at(6));
        assert!(matches!(large, Err(Error::TooLarge { max: DRAFT_BYTES_MAX })));
        let mut refused = 0;
        for officer in 0..30 {
            let owner = ActorId::Key(KeyId(Uuid::from_u128(100 + officer)));
            let kept = drafts.keep(None, with_file(owner, DRAFT_BYTES_MAX), at(6));
            refused += usize::from(matches!(kept, Err(Error::Busy)));
        }
        assert_eq!(refused, 30 - DRAFTS_BYTES_MAX / DRAFT_BYTES_MAX);
    }
}
