//! Which logs and witnesses a verifier trusts, and how many of them must agree (C2SP tlog-policy).
//! Knows nothing of entries or proofs, and does not fetch anything: URLs are kept as words.
//!
//! ```text
//! log log.example/desk+e8b7186e+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4
//! witness w1 witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X
//! group two-of-three 2 w1 w2 w3
//! quorum w1
//! ```

mod parse;

pub use parse::{PolicyError, PolicyFault};

use std::fmt;

use crate::checkpoint::SignedCheckpoint;
use crate::note::{KeyName, NoteVerifyError, PosixSeconds, VerifierKey};

/// Longest policy file that is read, in bytes.
pub const POLICY_BYTES_MAX: usize = 256 * 1024;
/// Most logs of one policy; tlog-policy asks for at least 32.
pub const POLICY_LOGS_MAX: usize = 256;
/// Most witnesses of one policy; tlog-policy asks for at least 32.
pub const POLICY_WITNESSES_MAX: usize = 256;
/// Most groups of one policy; tlog-policy asks for at least 32.
pub const POLICY_GROUPS_MAX: usize = 256;

/// A trust policy. Printed in the form it is read from, without comments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    logs: Vec<Log>,
    members: Vec<Member>,
    quorum: Quorum,
}

/// A log that is trusted; its key's name is its origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The log's key.
    pub key: VerifierKey,
    /// Where it is reached, if said. Its meaning is the application's.
    pub url: Option<Word>,
}

/// A witness that may cosign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// Its name inside this policy file; means nothing outside.
    pub name: Word,
    /// Its key.
    pub key: VerifierKey,
    /// Its submission prefix, if said.
    pub url: Option<Word>,
}

/// A word of a policy file: bytes without spaces or control characters. They are opaque
/// (tlog-policy, "Character set"), and UTF-8 only by custom.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Word(Vec<u8>);

/// A witness or a group, in the order of definition: a group speaks of earlier members only.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Member {
    Witness(Box<Witness>),
    Group { name: Word, threshold: usize, members: Vec<usize> },
}

/// Who must have cosigned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Quorum {
    None,
    Member(usize),
}

/// What a checkpoint that satisfies a policy was signed by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Satisfied {
    /// Name of the log, which is the checkpoint's origin.
    pub log: KeyName,
    /// The known witnesses that cosigned, and when; more than the quorum asks for may be here.
    pub cosigned: Vec<Cosigned>,
}

/// One witness that cosigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosigned {
    /// Its name inside the policy file.
    pub name: Word,
    /// Name of its key.
    pub key: KeyName,
    /// The time it gave. Not judged here: a verifier without a clock cannot.
    pub at: PosixSeconds,
}

/// Why a checkpoint does not satisfy a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyRefusal {
    /// No log of the policy has this origin.
    #[error("the policy knows no log named {0:?}")]
    UnknownLog(String),
    /// The log is known, but none of its keys signed.
    #[error("the checkpoint is not signed by a key of log {0}")]
    NotSigned(KeyName),
    /// A line by a known log or witness is not theirs.
    #[error(transparent)]
    Signature(#[from] NoteVerifyError),
    /// Too few witnesses cosigned.
    #[error("quorum {quorum} is not reached: cosigned by {}", words(.cosigned))]
    Quorum {
        /// The name behind `quorum`.
        quorum: Word,
        /// The known witnesses that did cosign.
        cosigned: Vec<Word>,
    },
}

impl Policy {
    /// A policy of one log and no witnesses.
    pub fn of_log(key: VerifierKey) -> Result<Policy, PolicyError> {
        Policy::parse(format!("log {key}\nquorum none\n").as_bytes())
    }

    /// Reads a policy file. An error tells its line.
    pub fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
        parse::parse(bytes)
    }

    /// The logs, in the order of the file.
    pub fn logs(&self) -> &[Log] {
        &self.logs
    }

    /// The witnesses, in the order of the file.
    pub fn witnesses(&self) -> impl Iterator<Item = &Witness> + Clone {
        self.members.iter().filter_map(|member| match member {
            Member::Witness(witness) => Some(&**witness),
            Member::Group { .. } => None,
        })
    }

    /// Whether witnesses are asked for at all.
    pub fn needs_witnesses(&self) -> bool {
        self.quorum != Quorum::None
    }

    /// Checks that a listed log signed the checkpoint under its own origin and that the quorum
    /// cosigned it. A line by a listed key that does not verify refuses the whole checkpoint.
    pub fn satisfied(&self, checkpoint: &SignedCheckpoint) -> Result<Satisfied, PolicyRefusal> {
        let origin = checkpoint.checkpoint().origin();
        let log_keys =
            self.logs.iter().map(|log| &log.key).filter(|key| key.name().as_str() == origin);
        let Some(log) = log_keys.clone().next().map(|key| key.name().clone()) else {
            return Err(PolicyRefusal::UnknownLog(origin.chars().take(ORIGIN_SHOWN_MAX).collect()));
        };
        if checkpoint.note().verify_known(log_keys)?.is_empty() {
            return Err(PolicyRefusal::NotSigned(log));
        }
        let verified =
            checkpoint.note().verify_known(self.witnesses().map(|witness| &witness.key))?;
        let cosigned: Vec<Cosigned> = self
            .witnesses()
            .filter_map(|witness| {
                let line = verified.iter().find(|line| *line.key == witness.key)?;
                let (name, key) = (witness.name.clone(), witness.key.name().clone());
                Some(Cosigned { name, key, at: line.at? })
            })
            .collect();
        match self.quorum {
            Quorum::Member(index) if !self.witnessed(index, &cosigned) => {
                Err(PolicyRefusal::Quorum {
                    quorum: self.members[index].name().clone(),
                    cosigned: cosigned.into_iter().map(|cosigned| cosigned.name).collect(),
                })
            }
            Quorum::Member(_) | Quorum::None => Ok(Satisfied { log, cosigned }),
        }
    }

    /// Whether the member at `index` cosigned. Goes forward through the definitions, so it needs
    /// no recursion however deep groups are nested.
    fn witnessed(&self, index: usize, cosigned: &[Cosigned]) -> bool {
        let mut answers: Vec<bool> = Vec::with_capacity(index + 1);
        for member in &self.members[..=index] {
            let answer = match member {
                Member::Witness(witness) => cosigned.iter().any(|by| by.name == witness.name),
                Member::Group { threshold, members, .. } => {
                    members.iter().filter(|&&earlier| answers[earlier]).count() >= *threshold
                }
            };
            answers.push(answer);
        }
        answers[index]
    }
}

/// Longest part of an unknown origin that an error shows, in characters.
const ORIGIN_SHOWN_MAX: usize = 128;

impl Member {
    fn name(&self) -> &Word {
        match self {
            Member::Witness(witness) => &witness.name,
            Member::Group { name, .. } => name,
        }
    }
}

impl Word {
    /// The bytes as they stand in the file.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

fn words(names: &[Word]) -> String {
    if names.is_empty() {
        return "no known witness".to_owned();
    }
    names.iter().map(Word::to_string).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Word({self})")
    }
}

impl Policy {
    /// The file's bytes; reading them gives this policy again.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut file = Vec::new();
        let mut line = |words: &[&[u8]]| {
            file.extend_from_slice(&words.join(&b' '));
            file.push(b'\n');
        };
        for log in &self.logs {
            let key = log.key.to_string();
            let mut words: Vec<&[u8]> = vec![b"log", key.as_bytes()];
            words.extend(log.url.as_ref().map(Word::as_bytes));
            line(&words);
        }
        for member in &self.members {
            match member {
                Member::Witness(witness) => {
                    let Witness { name, key, url } = &**witness;
                    let key = key.to_string();
                    let mut words: Vec<&[u8]> = vec![b"witness", name.as_bytes(), key.as_bytes()];
                    words.extend(url.as_ref().map(Word::as_bytes));
                    line(&words);
                }
                Member::Group { name, threshold, members } => {
                    let threshold = threshold.to_string();
                    let mut words: Vec<&[u8]> =
                        vec![b"group", name.as_bytes(), threshold.as_bytes()];
                    words
                        .extend(members.iter().map(|&index| self.members[index].name().as_bytes()));
                    line(&words);
                }
            }
        }
        match self.quorum {
            Quorum::None => line(&[b"quorum", b"none"]),
            Quorum::Member(index) => line(&[b"quorum", self.members[index].name().as_bytes()]),
        }
        file
    }
}
