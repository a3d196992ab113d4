//! Reads a policy file line by line. Knows nothing of checkpoints.

use super::{
    Log, Member, POLICY_BYTES_MAX, POLICY_GROUPS_MAX, POLICY_LOGS_MAX, POLICY_WITNESSES_MAX,
    Policy, Quorum, Witness, Word,
};
use crate::note::{KeyError, KeyKind, VerifierKey};
use crate::text::decimal;

/// What is wrong with a policy file, and on which line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {fault}")]
pub struct PolicyError {
    /// Line number from 1.
    pub line: usize,
    /// What is wrong there.
    pub fault: PolicyFault,
}

/// What can be wrong with a line of a policy file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PolicyFault {
    /// The file is too long to be read.
    #[error("the file has more than {POLICY_BYTES_MAX} bytes")]
    TooLong,
    /// A byte that policy files may not hold.
    #[error("byte {0:#04x} is not allowed; of the control characters only tab and line feed are")]
    Control(u8),
    /// The last line does not end.
    #[error("the line does not end in a line feed")]
    NotEnded,
    /// The first word is none that we know.
    #[error("a line begins with log, witness, group, quorum or #, not {0}")]
    Keyword(Word),
    /// Too few or too many words.
    #[error("expected: {0}")]
    Form(&'static str),
    /// The key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A witness key where a log key belongs, or the reverse.
    #[error("a log needs a key of type 0x01 and a witness one of type 0x04")]
    KeyKind,
    /// The same public key twice among the logs, or twice among the witnesses.
    #[error("this public key is listed already")]
    DuplicateKey,
    /// A name is defined twice, or is `none`.
    #[error("the name {0} is taken")]
    NameTaken(Word),
    /// A name is used before it is defined, or never defined.
    #[error("no witness or group named {0} is defined above")]
    NameUnknown(Word),
    /// A name is a member of two groups, or twice of one.
    #[error("{0} is a group member already; each name may be one only once")]
    MemberTwice(Word),
    /// The threshold is not all, any, or 1 to the number of members.
    #[error("the threshold must be all, any, or a number from 1 to the number of members")]
    Threshold,
    /// More logs, witnesses or groups than are read.
    #[error("more than {0} lines of this kind")]
    TooMany(usize),
    /// A second quorum line.
    #[error("there is a quorum line already")]
    QuorumTwice,
    /// No quorum line at all.
    #[error("the file ends without a quorum line")]
    QuorumMissing,
}

pub(super) fn parse(bytes: &[u8]) -> Result<Policy, PolicyError> {
    if bytes.len() > POLICY_BYTES_MAX {
        return Err(PolicyError { line: 1, fault: PolicyFault::TooLong });
    }
    let mut reader = Reader::default();
    let mut number = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        number += 1;
        reader.line(line).map_err(|fault| PolicyError { line: number, fault })?;
    }
    match reader.quorum {
        Some(quorum) => Ok(Policy { logs: reader.logs, members: reader.members, quorum }),
        None => Err(PolicyError { line: number + 1, fault: PolicyFault::QuorumMissing }),
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<Log>,
    members: Vec<Member>,
    /// For each member, whether it is in a group.
    grouped: Vec<bool>,
    quorum: Option<Quorum>,
}

impl Reader {
    fn line(&mut self, line: &[u8]) -> Result<(), PolicyFault> {
        let line = line.strip_suffix(b"\n").ok_or(PolicyFault::NotEnded)?;
        if let Some(&byte) =
            line.iter().find(|&&byte| (byte < b' ' && byte != b'\t') || byte == 0x7f)
        {
            return Err(PolicyFault::Control(byte));
        }
        let words: Vec<&[u8]> = line
            .split(|&byte| byte == b' ' || byte == b'\t')
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            [] => Ok(()),
            [first, ..] if first.starts_with(b"#") => Ok(()),
            [b"log", rest @ ..] => self.log(rest),
            [b"witness", rest @ ..] => self.witness(rest),
            [b"group", rest @ ..] => self.group(rest),
            [b"quorum", rest @ ..] => self.quorum(rest),
            [other, ..] => Err(PolicyFault::Keyword(word(other))),
        }
    }

    fn log(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (key, url) = match words {
            [key] => (key, None),
            [key, url] => (key, Some(word(url))),
            _ => return Err(PolicyFault::Form("log <vkey> [<url>]")),
        };
        let key = vkey(key, KeyKind::Log)?;
        let known = self.logs.iter().any(|log| log.key.public_key() == key.public_key());
        if known {
            return Err(PolicyFault::DuplicateKey);
        }
        check_count(self.logs.len(), POLICY_LOGS_MAX)?;
        self.logs.push(Log { key, url });
        Ok(())
    }

    fn witness(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let (name, key, url) = match words {
            [name, key] => (name, key, None),
            [name, key, url] => (name, key, Some(word(url))),
            _ => return Err(PolicyFault::Form("witness <name> <vkey> [<url>]")),
        };
        let key = vkey(key, KeyKind::Witness)?;
        let mut witnesses = self.members.iter().filter_map(|member| match member {
            Member::Witness(witness) => Some(witness),
            Member::Group { .. } => None,
        });
        if witnesses.clone().any(|witness| witness.key.public_key() == key.public_key()) {
            return Err(PolicyFault::DuplicateKey);
        }
        check_count(witnesses.by_ref().count(), POLICY_WITNESSES_MAX)?;
        let name = self.new_name(name)?;
        self.define(Member::Witness(Box::new(Witness { name, key, url })));
        Ok(())
    }

    fn group(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name, threshold, names @ ..] = words else {
            return Err(PolicyFault::Form("group <name> all|any|<number> <member>..."));
        };
        if names.is_empty() {
            return Err(PolicyFault::Form("group <name> all|any|<number> <member>..."));
        }
        let groups = self.members.iter().filter(|member| matches!(member, Member::Group { .. }));
        check_count(groups.count(), POLICY_GROUPS_MAX)?;
        let name = self.new_name(name)?;
        let threshold = match *threshold {
            b"all" => names.len(),
            b"any" => 1,
            number => std::str::from_utf8(number)
                .ok()
                .and_then(|text| decimal(text, names.len() as u64))
                .filter(|&number| number >= 1)
                .ok_or(PolicyFault::Threshold)? as usize,
        };
        let mut members = Vec::new();
        for member in names {
            let index = self.find(member)?;
            if std::mem::replace(&mut self.grouped[index], true) {
                return Err(PolicyFault::MemberTwice(word(member)));
            }
            members.push(index);
        }
        self.define(Member::Group { name, threshold, members });
        Ok(())
    }

    fn quorum(&mut self, words: &[&[u8]]) -> Result<(), PolicyFault> {
        let [name] = words else { return Err(PolicyFault::Form("quorum <name>|none")) };
        if self.quorum.is_some() {
            return Err(PolicyFault::QuorumTwice);
        }
        let quorum = if *name == b"none" { Quorum::None } else { Quorum::Member(self.find(name)?) };
        self.quorum = Some(quorum);
        Ok(())
    }

    fn define(&mut self, member: Member) {
        self.members.push(member);
        self.grouped.push(false);
    }

    fn find(&self, name: &[u8]) -> Result<usize, PolicyFault> {
        self.members
            .iter()
            .position(|member| member.name().as_bytes() == name)
            .ok_or_else(|| PolicyFault::NameUnknown(word(name)))
    }

    fn new_name(&self, name: &[u8]) -> Result<Word, PolicyFault> {
        if name == b"none" || self.find(name).is_ok() {
            return Err(PolicyFault::NameTaken(word(name)));
        }
        Ok(word(name))
    }
}

fn word(bytes: &[u8]) -> Word {
    Word(bytes.to_vec())
}

fn vkey(text: &[u8], kind: KeyKind) -> Result<VerifierKey, PolicyFault> {
    let key = VerifierKey::parse(&String::from_utf8_lossy(text))?;
    if key.kind() == kind { Ok(key) } else { Err(PolicyFault::KeyKind) }
}

fn check_count(count: usize, max: usize) -> Result<(), PolicyFault> {
    if count < max { Ok(()) } else { Err(PolicyFault::TooMany(max)) }
}
