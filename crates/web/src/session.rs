//! Sessions: who sits in front of the screen, for how long, and the secret of their forms.
//!
//! Knows no page. Sessions live in memory: they are short, one process serves a store, and a
//! restart that logs everybody out costs a touch of a passkey (docs/decisions/160). Of the secret
//! in the cookie only the SHA-256 is kept, so a core dump opens no session.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use desk::ids::ActorId;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

/// A session that nobody used for so long is over, in minutes (OWASP ASVS 4.0.3, 3.3.2).
pub const IDLE_MINUTES_MAX: i64 = 15;
/// No session lives longer, in minutes.
pub const LIFE_MINUTES_MAX: i64 = 8 * 60;
/// Sessions at once; the one used longest ago makes room.
pub const SESSIONS_MAX: usize = 10_000;
/// Bytes of the digest that are a session's public name.
const NAME_BYTES: usize = 8;
/// Sessions of one person at once.
pub const SESSIONS_EACH_MAX: usize = 8;

/// One session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its public name: the start of the secret's digest, from which nobody finds the secret.
    pub name: String,
    /// Who.
    pub holder: ActorId,
    /// By which passkey: the SHA-256 of its credential's id.
    pub credential_sha256: String,
    /// Secret of this session's forms.
    pub form_secret: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was last used.
    pub used_at: Timestamp,
}

impl Session {
    /// Whether a form was made for this session; takes the same time for every answer.
    #[must_use]
    pub fn has_form_secret(&self, given: &str) -> bool {
        self.form_secret.as_bytes().ct_eq(given.as_bytes()).into()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        let older = |since: Timestamp, minutes: i64| {
            now.duration_since(since) >= SignedDuration::from_mins(minutes)
        };
        older(self.used_at, IDLE_MINUTES_MAX) || older(self.began_at, LIFE_MINUTES_MAX)
    }
}

/// All sessions.
#[derive(Default)]
pub struct Sessions {
    by_digest: Mutex<HashMap<[u8; 32], Session>>,
}

impl Sessions {
    /// Begins a session; returns the secret for the cookie.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn begin(
        &self,
        holder: ActorId,
        credential_sha256: String,
        now: Timestamp,
    ) -> Result<String, server::error::Error> {
        let secret = hex::encode(server::random_bytes::<32>()?);
        let form_secret = hex::encode(server::random_bytes::<32>()?);
        let key = digest(&secret);
        let name = hex::encode(&key[..NAME_BYTES]);
        let session =
            Session { name, holder, credential_sha256, form_secret, began_at: now, used_at: now };
        let mut all = self.lock();
        all.retain(|_, session| !session.is_over(now));
        while all.values().filter(|known| known.holder == holder).count() >= SESSIONS_EACH_MAX {
            remove_oldest(&mut all, |known| known.holder == holder);
        }
        if all.len() >= SESSIONS_MAX {
            remove_oldest(&mut all, |_| true);
        }
        all.insert(key, session);
        Ok(secret)
    }

    /// The session of a cookie's secret, which counts as used now; `None` when it is over.
    #[must_use]
    pub fn find(&self, secret: &str, now: Timestamp) -> Option<Session> {
        let mut all = self.lock();
        let key = digest(secret);
        let session = all.get_mut(&key)?;
        if session.is_over(now) {
            all.remove(&key);
            return None;
        }
        session.used_at = session.used_at.max(now);
        Some(session.clone())
    }

    /// The sessions of one person that are not over, the newest first.
    #[must_use]
    pub fn of(&self, holder: ActorId, now: Timestamp) -> Vec<Session> {
        let all = self.lock();
        let own = all.values().filter(|known| known.holder == holder && !known.is_over(now));
        let mut own: Vec<Session> = own.cloned().collect();
        own.sort_by(|a, b| (b.began_at, &b.name).cmp(&(a.began_at, &a.name)));
        own
    }

    /// Ends one session of a person, by its public name.
    pub fn end_named(&self, holder: ActorId, name: &str) {
        self.lock().retain(|_, session| session.holder != holder || session.name != name);
    }

    /// Ends a session.
    pub fn end(&self, secret: &str) {
        self.lock().remove(&digest(secret));
    }

    /// Ends every session that was begun with a passkey.
    pub fn end_of_passkey(&self, credential_sha256: &str) {
        self.lock().retain(|_, session| session.credential_sha256 != credential_sha256);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<[u8; 32], Session>> {
        // Whoever panicked held the lock between two whole values.
        self.by_digest.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn remove_oldest(all: &mut HashMap<[u8; 32], Session>, is_meant: impl Fn(&Session) -> bool) {
    let meant = all.iter().filter(|(_, session)| is_meant(session));
    if let Some(key) = meant.min_by_key(|(_, session)| session.used_at).map(|(key, _)| *key) {
        all.remove(&key);
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use desk::ids::StaffId;
    use uuid::Uuid;

    use super::*;

    const BO: ActorId = ActorId::Staff(StaffId(Uuid::from_u128(1)));

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + minutes * 60).expect("a time")
    }

    #[test]
    fn a_session_ends_when_idle_and_in_any_case_after_its_life() {
        let sessions = Sessions::default();
        let secret = sessions.begin(BO, "k".into(), at(0)).expect("random bytes");
        assert!(sessions.find(&secret, at(14)).is_some());
        assert!(sessions.find(&secret, at(28)).is_some(), "used 14 minutes ago");
        assert!(sessions.find(&secret, at(43)).is_none(), "unused for 15 minutes");
        assert!(sessions.find(&secret, at(28)).is_none(), "over is over");
        let secret = sessions.begin(BO, "k".into(), at(0)).expect("random bytes");
        for minutes in (10..LIFE_MINUTES_MAX).step_by(10) {
            assert!(sessions.find(&secret, at(minutes)).is_some(), "at {minutes}");
        }
        assert!(sessions.find(&secret, at(LIFE_MINUTES_MAX)).is_none(), "its life is over");
    }

    #[test]
    fn a_stranger_s_secret_an_ended_one_and_a_removed_passkey_s_open_nothing() {
        let sessions = Sessions::default();
        let secret = sessions.begin(BO, "k".into(), at(0)).expect("random bytes");
        assert!(sessions.find("", at(0)).is_none());
        assert!(sessions.find(&secret[1..], at(0)).is_none());
        sessions.end(&secret);
        assert!(sessions.find(&secret, at(0)).is_none());
        let secret = sessions.begin(BO, "k".into(), at(0)).expect("random bytes");
        sessions.end_of_passkey("other");
        assert!(sessions.find(&secret, at(0)).is_some());
        sessions.end_of_passkey("k");
        assert!(sessions.find(&secret, at(0)).is_none());
    }

    #[test]
    fn a_person_sees_and_ends_the_own_sessions_alone() {
        let sessions = Sessions::default();
        let ana = ActorId::Staff(StaffId(Uuid::from_u128(2)));
        let begin = |who, minute| sessions.begin(who, "k".into(), at(minute)).expect("bytes");
        let (first, second, other) = (begin(BO, 0), begin(BO, 1), begin(ana, 2));
        let own = sessions.of(BO, at(3));
        assert_eq!(own.len(), 2);
        assert!(own[0].began_at > own[1].began_at);
        sessions.end_named(ana, &own[1].name);
        assert!(sessions.find(&first, at(3)).is_some(), "it is not hers to end");
        sessions.end_named(BO, &own[1].name);
        assert!(sessions.find(&first, at(3)).is_none());
        assert!(sessions.find(&second, at(3)).is_some() && sessions.find(&other, at(3)).is_some());
        assert!(sessions.of(BO, at(60)).is_empty(), "what is over is not shown");
    }

    #[test]
    fn one_person_has_so_many_sessions_and_the_oldest_makes_room() {
        let sessions = Sessions::default();
        let begin = |minute| sessions.begin(BO, "k".into(), at(minute)).expect("random bytes");
        let first = begin(0);
        let others: Vec<_> = (1..=SESSIONS_EACH_MAX as i64).map(begin).collect();
        assert!(sessions.find(&first, at(9)).is_none());
        assert!(others.iter().all(|secret| sessions.find(secret, at(9)).is_some()));
    }

    #[test]
    fn a_form_of_another_session_is_not_this_session_s() {
        let sessions = Sessions::default();
        let (one, two) = (
            sessions.begin(BO, "k".into(), at(0)).expect("random bytes"),
            sessions.begin(BO, "k".into(), at(0)).expect("random bytes"),
        );
        let one = sessions.find(&one, at(0)).expect("a session");
        let two = sessions.find(&two, at(0)).expect("a session");
        assert!(one.has_form_secret(&one.form_secret));
        assert!(!one.has_form_secret(&two.form_secret));
        assert!(!one.has_form_secret(""));
    }
}
