//! Keys in a token (PKCS#11): found by their URI, never read, asked to sign. Knows no seal and no
//! log.
//!
//! A token may be slow, and may be away for a while: a thread of its own talks with it, callers
//! wait [`SIGN_WAIT_MAX`], and after a failure the thread logs in anew before it signs again. What
//! a module does with the memory of this process nobody here can tell: its maker is trusted.

mod session;
mod uri;

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub use session::{Kind, Public};
use session::{Opened, Tried};
pub use uri::{ObjectUri, TokenNames, UriError};
use zeroize::Zeroizing;

use super::KeyError;

/// A signature that takes longer has failed.
pub const SIGN_WAIT_MAX: Duration = Duration::from_secs(10);
/// Signatures that wait for one token; one more is refused.
const ASKS_MAX: usize = 64;

/// Tells the PIN; asked each time it is needed, so that one that was changed counts.
pub type Pin = Arc<dyn Fn() -> Result<Zeroizing<String>, String> + Send + Sync>;

/// Where a key lies.
#[derive(Clone)]
pub struct Place {
    /// The maker's PKCS#11 module.
    pub module: PathBuf,
    /// Which key in which token.
    pub object: ObjectUri,
    /// Opens the token.
    pub pin: Pin,
}

/// Why a token does not do what it is asked.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The library cannot be used.
    #[error("{} cannot be used as a PKCS#11 module: {why}", path.display())]
    Module {
        /// Which file.
        path: PathBuf,
        /// What the system or the module said.
        why: String,
    },
    /// No token, or more than one, is named so.
    #[error(
        "{found} tokens are named so; there are: {there}. Is it plugged in, and its network up?"
    )]
    Token {
        /// How many.
        found: usize,
        /// Labels and serial numbers of those that are there.
        there: String,
    },
    /// The PIN cannot be had.
    #[error("the PIN: {0}")]
    Pin(String),
    /// It is the wrong one.
    #[error(
        "the token refused the PIN. It is not tried a second time, since a few wrong ones lock a \
         token: put the right one into its file"
    )]
    PinRefused,
    /// A wrong one would lock the token.
    #[error("the token locks at the next wrong PIN, or is locked: log in by hand first")]
    LastTry,
    /// No key, or more than one, is named so.
    #[error("{found} {what} are named so in the token; `comity key make` makes a pair")]
    Object {
        /// How many.
        found: usize,
        /// Private or public keys.
        what: &'static str,
    },
    /// There is one already.
    #[error("the token already has a key that is named so; keys are never overwritten")]
    Exists,
    /// It cannot be used for that.
    #[error("{0}")]
    Kind(String),
    /// Its secret can be had from the token.
    #[error(
        "the secret can be read out of the token (CKA_SENSITIVE is not set): make the key in the \
         token, with `comity key make` or the maker's own program"
    )]
    Readable,
    /// The module failed.
    #[error("{doing}: {why}")]
    Failed {
        /// What was being done.
        doing: &'static str,
        /// What the module said.
        why: String,
    },
    /// It took too long.
    #[error("the token gave no answer within {} seconds", SIGN_WAIT_MAX.as_secs())]
    Silent,
    /// Too many wait already.
    #[error("{ASKS_MAX} signatures wait for the token already")]
    Busy,
}

/// A private key in a token, by what may be known of it.
pub struct TokenKey {
    public: Public,
    uri: ObjectUri,
    /// None once it is dropped.
    asks: Option<SyncSender<Ask>>,
    /// Nothing ever comes; it ends when the thread has left the module.
    ended: Mutex<Receiver<()>>,
}

struct Ask {
    message: Vec<u8>,
    answer: SyncSender<Result<Vec<u8>, TokenError>>,
}

impl TokenKey {
    /// Logs in to the token and finds the key.
    ///
    /// # Errors
    /// When the module cannot be loaded, token or key are not there or not unique, the PIN is
    /// refused, the key is of no kind that is used here, or its secret can be read.
    pub fn open(place: Place) -> Result<Self, KeyError> {
        let mut tried = Tried::default();
        let opened = Opened::open(&place, &mut tried);
        let opened = opened.map_err(|source| at(&place.object, source))?;
        let (public, uri) = (opened.public.clone(), place.object.clone());
        let (asks, asked) = mpsc::sync_channel(ASKS_MAX);
        let (ends, ended) = mpsc::channel();
        let thread = std::thread::Builder::new().name("token".to_owned());
        let spawned = thread.spawn(move || {
            answer_all(&place, opened, tried, &asked);
            session::release(&place.module);
            drop(ends);
        });
        spawned.map_err(|error| {
            let (doing, why) = ("starting a thread", error.to_string());
            at(&uri, TokenError::Failed { doing, why })
        })?;
        Ok(Self { public, uri, asks: Some(asks), ended: Mutex::new(ended) })
    }

    /// Makes a pair in the token that cannot leave it, and opens it.
    ///
    /// # Errors
    /// As [`TokenKey::open`]; and when a key that is named so is there already.
    pub fn make(place: Place, kind: Kind) -> Result<Self, KeyError> {
        let made = session::make(&place, kind);
        made.map_err(|source| at(&place.object, source))?;
        Self::open(place)
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> &Public {
        &self.public
    }

    /// Why this key is not used.
    pub(super) fn refused(&self, why: String) -> KeyError {
        at(&self.uri, TokenError::Kind(why))
    }

    /// Signs a message: ECDSA in its ASN.1 form, RSA PKCS#1 v1.5, both with SHA-256; or Ed25519.
    /// Blocks for at most [`SIGN_WAIT_MAX`].
    ///
    /// # Errors
    /// When the token did not sign.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let (answer, answered) = mpsc::sync_channel(1);
        let ask = Ask { message: message.to_owned(), answer };
        let signed = match self.asks.as_ref().map(|asks| asks.try_send(ask)) {
            Some(Ok(())) => answered.recv_timeout(SIGN_WAIT_MAX).unwrap_or(Err(TokenError::Silent)),
            _ => Err(TokenError::Busy),
        };
        signed.map_err(|source| at(&self.uri, source))
    }
}

impl Drop for TokenKey {
    /// Waits until the thread has left the module: one that is within it while the process ends,
    /// and the module's own memory with it, brings the process down.
    fn drop(&mut self) {
        self.asks = None;
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(SIGN_WAIT_MAX);
    }
}

fn at(uri: &ObjectUri, source: TokenError) -> KeyError {
    KeyError::Token { uri: uri.to_string(), source: Box::new(source) }
}

/// Signs what is asked until nobody can ask any more.
fn answer_all(place: &Place, opened: Opened, mut tried: Tried, asked: &Receiver<Ask>) {
    let (public, mut start) = (opened.public.clone(), opened.start());
    let mut open = Some(opened);
    while let Ok(ask) = asked.recv() {
        let mut signed = match &open {
            Some(opened) => opened.sign(&ask.message),
            None => Err(TokenError::Silent),
        };
        if signed.is_err() {
            // Sessions end when a token was away.
            open = None;
            signed = open_again(place, &mut tried, &mut start).and_then(|again| {
                if again.public != public {
                    let why = "the token has another key of that name now; start the node anew";
                    return Err(TokenError::Kind(why.to_owned()));
                }
                let signed = again.sign(&ask.message);
                open = Some(again);
                signed
            });
        }
        // Whoever asked may have given up.
        let _ = ask.answer.send(signed);
    }
}

/// Opens a key again; if need be the module is started anew for it.
fn open_again(place: &Place, tried: &mut Tried, start: &mut u64) -> Result<Opened, TokenError> {
    let opened = match Opened::open(place, tried) {
        Err(TokenError::Token { .. } | TokenError::Failed { .. }) => {
            *start = session::start_anew(&place.module, *start)?;
            Opened::open(place, tried)?
        }
        done => done?,
    };
    *start = opened.start();
    Ok(opened)
}
