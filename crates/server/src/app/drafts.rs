//! Drafts of officers: kept in the store, readable with the node's key only, each of one officer.
//!
//! Knows no form: what is kept is bytes with their files. A draft has no event and no leaf. It goes
//! when it is sent, when its officer's key is stopped, and when nobody touched it for
//! [`DRAFT_DAYS_MAX`] days.

use std::collections::VecDeque;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use desk::ids::KeyId;
use desk::policy::Actor;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::Node;
use crate::directory::Change;
use crate::error::Error;

/// A draft that nobody touched for so long is gone, in days.
pub const DRAFT_DAYS_MAX: i64 = 14;
/// Drafts of one officer.
pub const DRAFTS_EACH_MAX: usize = 20;
/// Bytes of the files of one draft.
pub const DRAFT_FILES_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Bytes of what was typed into one draft.
pub const DRAFT_FORM_BYTES_MAX: usize = 1024 * 1024 + 512 * 1024;
/// Bytes of all drafts of one officer, encrypted.
pub const DRAFTS_EACH_BYTES_MAX: u64 = 96 * 1024 * 1024;
/// Bytes of all drafts together, encrypted.
pub const DRAFTS_BYTES_MAX: u64 = 4 * 1024 * 1024 * 1024;

/// Names of drafts that were sent or given up, remembered so that what is still on its way to them
/// does not bring them back.
const GONE_NAMES_MAX: usize = 4_096;

/// The key that opens drafts, and whose turn it is to keep one.
pub(super) struct DraftKey {
    key: RandomizedNonceKey,
    /// Held from the look at what is kept until something is: nobody gets past a limit, or writes
    /// over what he has not seen, by asking twice at once. One process has the store.
    turn: tokio::sync::Mutex<Gone>,
}

/// The names that went last. What was on its way when the process ended is not on its way any more,
/// so that memory is enough.
#[derive(Default)]
struct Gone(VecDeque<String>);

impl Gone {
    fn note(&mut self, name: &str) {
        if self.0.len() == GONE_NAMES_MAX {
            self.0.pop_front();
        }
        self.0.push_back(name.to_owned());
    }

    fn has(&self, name: &str) -> bool {
        self.0.iter().any(|gone| gone == name)
    }
}

/// What a draft was when it was read: another value once anything of it is kept anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    form: Vec<u8>,
    files: Vec<u8>,
}

impl Seen {
    /// By the nonces, which are used once.
    fn of(form: &[u8], files_begin: &[u8]) -> Self {
        let nonce = |bytes: &[u8]| bytes.iter().copied().take(NONCE_LEN).collect();
        Self { form: nonce(form), files: nonce(files_begin) }
    }
}

/// What became of a form that was to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormKept {
    /// It is kept under this name.
    Kept(String),
    /// It is not kept: something else was, or the draft went, after it was read.
    Overtaken,
}

/// A draft, opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenDraft {
    /// Its name.
    pub name: String,
    /// When somebody touched it last.
    pub touched_at: Timestamp,
    /// What was typed.
    pub form: Vec<u8>,
    /// Its files, as whoever kept it packed them.
    pub files: Vec<u8>,
    /// Which state of it this is.
    pub seen: Seen,
}

/// A draft of a list, opened without its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedDraft {
    /// Its name.
    pub name: String,
    /// When somebody touched it last.
    pub touched_at: Timestamp,
    /// When it goes if nobody touches it again.
    pub until: Timestamp,
    /// What was typed.
    pub form: Vec<u8>,
}

/// Which half of a draft bytes are; the one is never taken for the other.
#[derive(Clone, Copy)]
enum Half {
    Form,
    Files,
}

impl DraftKey {
    pub(super) fn new(key: [u8; 32]) -> Self {
        // AES-256 takes every key of 32 bytes.
        #[expect(clippy::expect_used, reason = "the length is the type's")]
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).expect("a key of 32 bytes");
        Self { key, turn: tokio::sync::Mutex::default() }
    }

    /// Nonce, ciphertext and tag. What is sealed opens under this name and owner only.
    fn seal(&self, name: &str, owner: Uuid, half: Half, plain: &[u8]) -> Result<Vec<u8>, Error> {
        let mut bytes = plain.to_vec();
        let sealed = self.key.seal_in_place_append_tag(aad(name, owner, half), &mut bytes);
        let nonce =
            sealed.map_err(|_| Error::Internal(anyhow::anyhow!("a draft was not sealed")))?;
        let mut whole = nonce.as_ref().to_vec();
        whole.append(&mut bytes);
        Ok(whole)
    }

    /// The plain bytes; nothing when they are another name's or owner's, changed, or of another
    /// key.
    fn open(&self, name: &str, owner: Uuid, half: Half, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut bytes = bytes.to_vec();
        let plain = self.key.open_in_place(nonce, aad(name, owner, half), &mut bytes).ok()?.len();
        bytes.truncate(plain);
        Some(bytes)
    }
}

/// What is authenticated beside the bytes. The name has hexadecimal digits only, so no two inputs
/// share their bytes.
fn aad(name: &str, owner: Uuid, half: Half) -> Aad<Vec<u8>> {
    let half = match half {
        Half::Form => "form",
        Half::Files => "files",
    };
    Aad::from(format!("comity draft v1\0{name}\0{owner}\0{half}").into_bytes())
}

impl Node {
    /// A draft of this officer; nothing when there is none, when it is too old, or when the node's
    /// key is no longer the one it was kept under.
    ///
    /// # Errors
    /// [`Error::Hidden`] for whoever is no officer, or when the store fails.
    pub async fn draft(&self, actor: &Actor, name: &str) -> Result<Option<OpenDraft>, Error> {
        let owner = self.draft_owner(actor)?;
        let Some(kept) = self.store.reader().draft(name, owner).await? else { return Ok(None) };
        if kept.touched_at < self.drafts_kept_since() {
            return Ok(None);
        }
        let seen = Seen::of(&kept.form, &kept.files);
        let form = self.drafts.open(name, owner, Half::Form, &kept.form);
        let files = self.drafts.open(name, owner, Half::Files, &kept.files);
        Ok(form.zip(files).map(|(form, files)| OpenDraft {
            name: kept.name,
            touched_at: kept.touched_at,
            form,
            files,
            seen,
        }))
    }

    /// The drafts of this officer, the one touched last on top.
    ///
    /// # Errors
    /// As [`Node::draft`].
    pub async fn drafts(&self, actor: &Actor) -> Result<Vec<ListedDraft>, Error> {
        let owner = self.draft_owner(actor)?;
        let (since, days) = (self.drafts_kept_since(), days());
        let kept = self.store.reader().drafts_of(owner).await?.into_iter();
        let kept = kept.filter(|info| info.touched_at >= since);
        let open = kept.filter_map(|info| {
            Some(ListedDraft {
                form: self.drafts.open(&info.name, owner, Half::Form, &info.form)?,
                until: info.touched_at.checked_add(days).ok()?,
                touched_at: info.touched_at,
                name: info.name,
            })
        });
        Ok(open.collect())
    }

    /// Keeps a draft, under the name that the form was given or a new one; returns the name. A name
    /// that is another officer's, or none at all, gets another.
    ///
    /// # Errors
    /// [`Error::Input`] with too many drafts, [`Error::TooLarge`] when it is, [`Error::Busy`] when
    /// all drafts together are.
    pub async fn keep_draft(
        &self,
        actor: &Actor,
        name: Option<&str>,
        form: &[u8],
        files: &[u8],
    ) -> Result<String, Error> {
        let owner = self.draft_owner(actor)?;
        if files.len() > DRAFT_FILES_BYTES_MAX {
            return Err(Error::TooLarge { max: DRAFT_FILES_BYTES_MAX });
        }
        if form.len() > DRAFT_FORM_BYTES_MAX {
            return Err(Error::TooLarge { max: DRAFT_FORM_BYTES_MAX });
        }
        let turn = self.drafts.turn.lock().await;
        self.store.remove_drafts_before(self.drafts_kept_since()).await?;
        let own = self.store.reader().drafts_of(owner).await?;
        // What somebody saves is kept, and under another name than what he has sent meanwhile.
        let name = name.filter(|name| !turn.has(name));
        self.draft_has_room(&own, name, (form.len() + files.len()) as u64).await?;
        self.put_draft_whole(actor, owner, name, (form, files)).await
    }

    /// Keeps what was typed into a draft whose files stay as they are. It is written over what was
    /// seen when the draft was read, or kept first where there was none of this name; over nothing
    /// else, and not where the draft was sent or given up.
    ///
    /// # Errors
    /// As [`Node::keep_draft`].
    pub async fn keep_draft_form(
        &self,
        actor: &Actor,
        name: &str,
        form: &[u8],
        seen: Option<&Seen>,
    ) -> Result<FormKept, Error> {
        let owner = self.draft_owner(actor)?;
        if form.len() > DRAFT_FORM_BYTES_MAX {
            return Err(Error::TooLarge { max: DRAFT_FORM_BYTES_MAX });
        }
        let turn = self.drafts.turn.lock().await;
        let since = self.drafts_kept_since();
        self.store.remove_drafts_before(since).await?;
        let own = self.store.reader().drafts_of(owner).await?;
        let known = own.iter().find(|info| info.name == name);
        let now_there = known.map(|info| Seen::of(&info.form, &info.files_begin));
        if now_there.as_ref() != seen || turn.has(name) {
            return Ok(FormKept::Overtaken);
        }
        let files_bytes = known.map_or(0, |info| info.bytes.saturating_sub(info.form.len() as u64));
        self.draft_has_room(&own, Some(name), form.len() as u64 + files_bytes).await?;
        if known.is_none() {
            let kept = self.put_draft_whole(actor, owner, Some(name), (form, &[])).await?;
            return Ok(FormKept::Kept(kept));
        }
        let sealed = self.drafts.seal(name, owner, Half::Form, form)?;
        let times = (since, self.now());
        if !self.store.put_draft_form(name, owner, times, sealed).await? {
            return Ok(FormKept::Overtaken);
        }
        Ok(FormKept::Kept(name.to_owned()))
    }

    /// Whether so many bytes more may be kept under a name, beside the owner's other drafts.
    async fn draft_has_room(
        &self,
        own: &[store::DraftInfo],
        name: Option<&str>,
        coming: u64,
    ) -> Result<(), Error> {
        let all = self.store.reader().drafts_bytes().await?;
        let own: Vec<(&str, u64)> =
            own.iter().map(|info| (info.name.as_str(), info.bytes)).collect();
        has_room(&own, all, name, coming)
    }

    /// Writes a draft under its name, or under another one where that is taken; returns the name.
    async fn put_draft_whole(
        &self,
        actor: &Actor,
        owner: Uuid,
        name: Option<&str>,
        (form, files): (&[u8], &[u8]),
    ) -> Result<String, Error> {
        let sealed = |name: String| {
            Ok::<_, Error>(store::Draft {
                owner,
                touched_at: self.now(),
                form: self.drafts.seal(&name, owner, Half::Form, form)?,
                files: self.drafts.seal(&name, owner, Half::Files, files)?,
                name,
            })
        };
        let mut name = match name.filter(|name| is_draft_name(name)) {
            Some(name) => name.to_owned(),
            None => new_draft_name()?,
        };
        if !self.store.put_draft(sealed(name.clone())?).await? {
            name = new_draft_name()?;
            self.store.put_draft(sealed(name.clone())?).await?;
        }
        // Stopped in the meantime: nothing of theirs stays.
        if self.draft_owner(actor).is_err() {
            self.store.remove_drafts_of(owner).await?;
            return Err(Error::Hidden);
        }
        Ok(name)
    }

    /// Takes a draft away that was sent or given up; says whether this officer had it.
    ///
    /// # Errors
    /// As [`Node::draft`].
    pub async fn forget_draft(&self, actor: &Actor, name: &str) -> Result<bool, Error> {
        let owner = self.draft_owner(actor)?;
        let mut turn = self.drafts.turn.lock().await;
        let was_there = self.store.remove_draft(name, owner).await?;
        if was_there {
            turn.note(name);
        }
        Ok(was_there)
    }

    /// Takes away what nobody touched for too long, and what stopped officers left.
    pub(crate) async fn drop_old_drafts(&self) {
        let dropped = async {
            let mut count = self.store.remove_drafts_before(self.drafts_kept_since()).await?;
            for owner in self.store.reader().draft_owners().await? {
                if self.is_stopped(KeyId(owner)) {
                    count += self.store.remove_drafts_of(owner).await?;
                }
            }
            Ok::<_, Error>(count)
        };
        match dropped.await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "Drafts were dropped"),
            Err(error) => tracing::warn!("Old drafts could not be dropped: {error}"),
        }
    }

    /// After a change of the directory: whoever was stopped has no drafts. A failure is made good
    /// by [`Node::drop_old_drafts`]; until then nobody can open them.
    pub(super) async fn drop_drafts_of_stopped(&self, change: &Change) {
        let directory = self.directory();
        let stopped: Vec<KeyId> = match change {
            Change::OfficerStopped { officer, .. } => vec![*officer],
            Change::AgencyStopped { agency, .. } => directory
                .officers()
                .filter(|officer| officer.agency == *agency)
                .map(|officer| officer.id)
                .collect(),
            _ => return,
        };
        for key in stopped {
            if let Err(error) = self.store.remove_drafts_of(key.0).await {
                tracing::warn!("Drafts of a stopped key wait for the hourly look: {error}");
            }
        }
    }

    fn draft_owner(&self, actor: &Actor) -> Result<Uuid, Error> {
        let (_, key, _) = self.officer(actor)?;
        if self.is_stopped(key) {
            return Err(Error::Hidden);
        }
        Ok(key.0)
    }

    fn is_stopped(&self, key: KeyId) -> bool {
        let directory = self.directory();
        let officer = directory.officer(key);
        let agency = officer.and_then(|officer| directory.agency(officer.agency));
        officer.is_none_or(|officer| officer.is_stopped)
            || agency.is_none_or(|agency| agency.is_stopped)
    }

    fn drafts_kept_since(&self) -> Timestamp {
        self.now().checked_sub(days()).unwrap_or(Timestamp::MIN)
    }
}

/// Whether so many bytes may be kept under a name, beside the other drafts of its owner (name and
/// bytes of each) and within those of all (`all`, the owner's among them).
fn has_room(own: &[(&str, u64)], all: u64, name: Option<&str>, coming: u64) -> Result<(), Error> {
    let others = || own.iter().filter(|(other, _)| Some(*other) != name);
    if others().count() >= DRAFTS_EACH_MAX {
        let why = format!("{DRAFTS_EACH_MAX} drafts of yours are kept already");
        return Err(Error::input("draft", why, "send or delete one of them first"));
    }
    let others_bytes = others().map(|(_, bytes)| bytes).sum::<u64>();
    if others_bytes + coming > DRAFTS_EACH_BYTES_MAX {
        let why = format!("your drafts would be larger than {DRAFTS_EACH_BYTES_MAX} bytes");
        return Err(Error::input("files", why, "send or delete a draft with files first"));
    }
    // What is kept under the name now makes room for what comes.
    let own_bytes = own.iter().map(|(_, bytes)| bytes).sum::<u64>();
    if all.saturating_sub(own_bytes - others_bytes) + coming > DRAFTS_BYTES_MAX {
        return Err(Error::Busy);
    }
    Ok(())
}

/// A name for a draft that nobody can guess.
///
/// # Errors
/// When the system has no random bytes.
pub fn new_draft_name() -> Result<String, Error> {
    Ok(hex::encode(crate::random_bytes::<16>()?))
}

fn is_draft_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn days() -> SignedDuration {
    SignedDuration::from_hours(DRAFT_DAYS_MAX * 24)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// So many, so large, and so much of all officers together; what it replaces makes room.
    #[test]
    fn a_draft_has_room_beside_the_others() {
        let say = |own: &[(&str, u64)], all, name, coming| match has_room(own, all, name, coming) {
            Ok(()) => "room".to_owned(),
            Err(Error::Input { place, .. }) => place,
            Err(error) => format!("{error:?}"),
        };
        let names: Vec<String> = (0..DRAFTS_EACH_MAX).map(|number| number.to_string()).collect();
        let many: Vec<(&str, u64)> = names.iter().map(|name| (name.as_str(), 1)).collect();
        assert_eq!(say(&many, 20, None, 1), "draft");
        assert_eq!(say(&many, 20, Some("new"), 1), "draft");
        assert_eq!(say(&many, 20, Some("7"), 1), "room", "it takes its own place");
        assert_eq!(say(&many[1..], 19, None, 1), "room");
        let each = DRAFTS_EACH_BYTES_MAX;
        let large = [("a", each / 2), ("b", each / 2)];
        assert_eq!(say(&large, each, None, 0), "room");
        assert_eq!(say(&large, each, None, 1), "files");
        assert_eq!(say(&large, each, Some("b"), each / 2), "room");
        assert_eq!(say(&large, each, Some("b"), each / 2 + 1), "files");
        let all = DRAFTS_BYTES_MAX;
        assert_eq!(say(&[], all - 7, None, 7), "room");
        assert_eq!(say(&[], all - 7, None, 8), "Busy");
        assert_eq!(say(&[("a", 5)], all, Some("a"), 5), "room");
        assert_eq!(say(&[("a", 5)], all, Some("a"), 6), "Busy");
    }

    #[test]
    fn the_names_that_went_last_are_remembered() {
        let mut gone = Gone::default();
        for number in 0..=GONE_NAMES_MAX {
            gone.note(&number.to_string());
        }
        assert_eq!((gone.has("0"), gone.has("1"), gone.has("x")), (false, true, false));
    }

    #[test]
    fn a_sealed_draft_opens_under_its_own_name_owner_half_and_key_only() {
        let (key, other) = (DraftKey::new([7; 32]), DraftKey::new([8; 32]));
        let (ana, ben) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let sealed = key.seal("aa", ana, Half::Form, b"whom we ask about").expect("sealed");
        assert!(!sealed.windows(4).any(|part| part == b"whom"));
        let open =
            |key: &DraftKey, name, owner, half, bytes: &[u8]| key.open(name, owner, half, bytes);
        let plain = open(&key, "aa", ana, Half::Form, &sealed);
        assert_eq!(plain.as_deref(), Some(b"whom we ask about".as_slice()));
        assert_eq!(open(&key, "ab", ana, Half::Form, &sealed), None);
        assert_eq!(open(&key, "aa", ben, Half::Form, &sealed), None);
        assert_eq!(open(&key, "aa", ana, Half::Files, &sealed), None);
        assert_eq!(open(&other, "aa", ana, Half::Form, &sealed), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 1;
            assert_eq!(open(&key, "aa", ana, Half::Form, &changed), None, "byte {place}");
            assert_eq!(open(&key, "aa", ana, Half::Form, &sealed[..place]), None);
        }
        let again = key.seal("aa", ana, Half::Form, b"whom we ask about").expect("sealed");
        assert_ne!(again, sealed, "no nonce is used twice");
    }
}
