//! The SQL of a catalog: named parameters become numbered ones, and a search is one `select`.
//!
//! Knows no database and no value: it reads SQL just far enough to tell text, names and comments
//! from parameters. It is the first of two walls. The second is the database itself, which runs
//! every search read-only (see `source`); a query that this file misjudges still cannot write.

use crate::selector::SelectorKind;

/// Longest SQL text of one catalog entry, in bytes.
pub const SQL_BYTES_MAX: usize = 64 * 1024;
/// Most different parameters in one statement.
pub const SQL_PARAMETER_COUNT_MAX: usize = 32;

/// Which rules of spelling apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// PostgreSQL: nested comments, `E'..'`, `$tag$..$tag$`, `::`.
    Postgres,
    /// SQLite: `[name]` and `` `name` ``; `?`, `@x` and `$x` would be parameters.
    Sqlite,
}

/// What a statement is for, which decides its verbs and parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A search: one ordered `select` over selectors and a time range.
    Search,
    /// The deposit address lookup: one `select` over `:addresses`.
    Lookup,
    /// The lookup of accounts' languages: one `select` over `:accounts`.
    Languages,
    /// A statement of an effect.
    Effect,
    /// The query that confirms an effect: one `select` over the effect's facts.
    Confirm,
}

/// A named parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parameter {
    /// The value of a selector of that kind; null when this run is about another kind.
    Selector(SelectorKind),
    /// `:from` and `:until`: UTC text with microseconds, `2021-10-01T00:00:00.000000Z`.
    From,
    /// See [`Parameter::From`].
    Until,
    /// `:from_unix_s` and `:until_unix_s`: whole seconds since 1970.
    FromUnixSeconds,
    /// See [`Parameter::FromUnixSeconds`].
    UntilUnixSeconds,
    /// `:port`: the port of an `ip_port` selector, whose address is `:ip_port`.
    Port,
    /// `:seen_from` and `:seen_until`: the interval of an `ip_port` selector, as `:from`.
    SeenFrom,
    /// See [`Parameter::SeenFrom`].
    SeenUntil,
    /// `:seen_from_unix_s` and `:seen_until_unix_s`: the same in whole seconds since 1970.
    SeenFromUnixSeconds,
    /// See [`Parameter::SeenFromUnixSeconds`].
    SeenUntilUnixSeconds,
    /// `:addresses`: a JSON array of addresses.
    Addresses,
    /// `:accounts`: a JSON array of account ids.
    Accounts,
    /// `:effect_id`: UUID as text.
    EffectId,
    /// `:account`: whom the effect is about.
    EffectAccount,
    /// `:asset`: ticker or name of the asset; null for effects without one.
    EffectAsset,
    /// `:amount`: smallest units as a whole number; null means all.
    EffectAmount,
    /// `:until` of an effect: when it lapses, as UTC text; null means no end.
    EffectUntil,
    /// `:releases`: id of the earlier effect that this one undoes.
    EffectReleases,
    /// `:notice`: what the user is told; null for effects without it.
    EffectNotice,
}

impl Parameter {
    /// The parameter of that name for that purpose.
    fn of(name: &str, purpose: Purpose) -> Option<Self> {
        match purpose {
            Purpose::Search => match name {
                "from" => Some(Self::From),
                "until" => Some(Self::Until),
                "from_unix_s" => Some(Self::FromUnixSeconds),
                "until_unix_s" => Some(Self::UntilUnixSeconds),
                "port" => Some(Self::Port),
                "seen_from" => Some(Self::SeenFrom),
                "seen_until" => Some(Self::SeenUntil),
                "seen_from_unix_s" => Some(Self::SeenFromUnixSeconds),
                "seen_until_unix_s" => Some(Self::SeenUntilUnixSeconds),
                _ => name.parse().ok().map(Self::Selector),
            },
            Purpose::Lookup => (name == "addresses").then_some(Self::Addresses),
            Purpose::Languages => (name == "accounts").then_some(Self::Accounts),
            Purpose::Effect | Purpose::Confirm => match name {
                "effect_id" => Some(Self::EffectId),
                "account" => Some(Self::EffectAccount),
                "asset" => Some(Self::EffectAsset),
                "amount" => Some(Self::EffectAmount),
                "until" => Some(Self::EffectUntil),
                "releases" => Some(Self::EffectReleases),
                "notice" => Some(Self::EffectNotice),
                _ => None,
            },
        }
    }
}

/// A checked statement: the text as the catalog has it, and the text that the database gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    text: String,
    numbered: String,
    parameters: Vec<Parameter>,
}

impl Statement {
    /// Reads one statement.
    ///
    /// # Errors
    /// What is wrong, and the line inside `text` (from 0).
    pub fn read(text: &str, dialect: Dialect, purpose: Purpose) -> Result<Self, SqlError> {
        let text = text.trim_end();
        if text.len() > SQL_BYTES_MAX {
            return Err(SqlError { line: 0, why: SqlWhy::TooLong });
        }
        let tokens = tokens(text, dialect)?;
        check_verbs(&tokens, text, purpose)?;
        number(text, &tokens, purpose)
    }

    /// The text as it stands in the catalog; what an exhibit shows and digests.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The same with `$1`, `$2` .. in place of the names.
    pub fn numbered(&self) -> &str {
        &self.numbered
    }

    /// Which parameter stands behind `$1`, `$2` ..
    pub fn parameters(&self) -> &[Parameter] {
        &self.parameters
    }
}

/// What is wrong with a statement.
#[derive(Debug, PartialEq, Eq)]
pub struct SqlError {
    /// Line inside the SQL text, from 0.
    pub line: usize,
    /// What it is.
    pub why: SqlWhy,
}

/// What can be wrong with a statement.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum SqlWhy {
    /// Too long.
    #[error("the SQL is longer than {SQL_BYTES_MAX} bytes")]
    TooLong,
    /// A quote or comment without end.
    #[error("{0} is opened here and never closed")]
    Unclosed(&'static str),
    /// A NUL byte.
    #[error("the SQL holds a NUL character")]
    Nul,
    /// More than one statement.
    #[error("only one statement is allowed; something follows the `;`")]
    Several,
    /// A parameter style that is not ours.
    #[error("`{0}` is not a parameter here; use named ones such as :account_id")]
    ForeignParameter(String),
    /// A name that is no parameter for this purpose.
    #[error("there is no parameter `:{0}` here; see docs/formats/catalog.md for the names")]
    UnknownParameter(String),
    /// Too many parameters.
    #[error("more than {SQL_PARAMETER_COUNT_MAX} parameters")]
    ManyParameters,
    /// No statement at all.
    #[error("there is no SQL")]
    Empty,
    /// Not a query.
    #[error("a search must be one `select` or `with .. select`; found `{0}`")]
    NotSelect(String),
    /// A writing part inside a query.
    #[error("a search cannot write: `{0}` is not allowed in it")]
    Writes(String),
    /// A verb that no effect needs.
    #[error(
        "an effect's statement starts with insert, update, delete, merge, replace, select, with \
         or call; found `{0}`"
    )]
    NotEffect(String),
    /// Rows without an order have no stable numbers.
    #[error("the outermost select needs `order by`, so that rows keep their numbers")]
    NoOrder,
}

/// A piece of SQL that matters here. Text, quoted names and comments are passed over.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Word(String),
    Parameter(String),
    Open,
    Close,
    Semicolon,
    Other,
}

#[derive(Debug)]
struct Token {
    piece: Piece,
    start: usize,
    end: usize,
}

fn tokens(text: &str, dialect: Dialect) -> Result<Vec<Token>, SqlError> {
    let bytes = text.as_bytes();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let start = at;
        if let Some(end) = skipped(text, at, dialect)? {
            // A text or quoted name is a piece (it may stand where a verb would), blanks are not.
            let is_blank = bytes[at].is_ascii_whitespace() || matches!(bytes[at], b'-' | b'/');
            at = end;
            if !is_blank {
                tokens.push(Token { piece: Piece::Other, start, end });
            }
            continue;
        }
        let piece = match bytes[at] {
            0 => return Err(error(text, at, SqlWhy::Nul)),
            b'(' => Piece::Open,
            b')' => Piece::Close,
            b';' => Piece::Semicolon,
            b':' if bytes.get(at + 1) == Some(&b':') => {
                at += 1;
                Piece::Other
            }
            b':' if bytes.get(at + 1).is_some_and(|b| is_word_start(*b)) => {
                at = word_end(bytes, at + 1);
                let name = text[start + 1..at].to_owned();
                tokens.push(Token { piece: Piece::Parameter(name), start, end: at });
                continue;
            }
            b'$' => return Err(foreign(text, at)),
            b'?' | b'@' if dialect == Dialect::Sqlite => return Err(foreign(text, at)),
            byte if is_word_start(byte) => {
                at = word_end(bytes, at);
                let word = text[start..at].to_lowercase();
                tokens.push(Token { piece: Piece::Word(word), start, end: at });
                continue;
            }
            byte if byte.is_ascii_digit() => {
                // `1e5`, `0x1f` and `1_000` must not leave a stray word behind.
                at = word_end(bytes, at);
                tokens.push(Token { piece: Piece::Other, start, end: at });
                continue;
            }
            _ => Piece::Other,
        };
        at += 1;
        tokens.push(Token { piece, start, end: at });
    }
    Ok(tokens)
}

/// The end of a blank, comment, text or quoted name that starts at `at`; nothing if none does.
fn skipped(text: &str, at: usize, dialect: Dialect) -> Result<Option<usize>, SqlError> {
    let bytes = text.as_bytes();
    let next = bytes.get(at + 1).copied();
    let postgres = dialect == Dialect::Postgres;
    let unclosed = |what| error(text, at, SqlWhy::Unclosed(what));
    let end = match bytes[at] {
        byte if byte.is_ascii_whitespace() => Some(at + 1),
        b'-' if next == Some(b'-') => {
            Some(text[at..].find('\n').map_or(text.len(), |length| at + length))
        }
        b'/' if next == Some(b'*') => {
            Some(comment_end(bytes, at, postgres).ok_or_else(|| unclosed("a comment"))?)
        }
        b'\'' => {
            // PostgreSQL's E'..' escapes with a backslash; a plain text does not.
            let escapes = postgres
                && at > 0
                && matches!(bytes[at - 1], b'e' | b'E')
                && (at == 1 || !is_word_part(bytes[at - 2]));
            Some(quote_end(bytes, at, b'\'', escapes).ok_or_else(|| unclosed("a text"))?)
        }
        b'"' => Some(quote_end(bytes, at, b'"', false).ok_or_else(|| unclosed("a name"))?),
        b'`' if !postgres => {
            Some(quote_end(bytes, at, b'`', false).ok_or_else(|| unclosed("a name"))?)
        }
        b'[' if !postgres => {
            let length = text[at..].find(']').ok_or_else(|| unclosed("a name"))?;
            Some(at + length + 1)
        }
        b'$' if postgres => match dollar_tag(text, at) {
            Some(tag) => {
                let body = at + tag.len();
                let length = text[body..].find(tag).ok_or_else(|| unclosed("a dollar text"))?;
                Some(body + length + tag.len())
            }
            None => None,
        },
        _ => None,
    };
    Ok(end)
}

fn quote_end(bytes: &[u8], start: usize, quote: u8, escapes: bool) -> Option<usize> {
    let mut at = start + 1;
    while at < bytes.len() {
        if escapes && bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return Some(at + 1);
        }
    }
    None
}

fn comment_end(bytes: &[u8], start: usize, nests: bool) -> Option<usize> {
    let mut depth = 1_u32;
    let mut at = start + 2;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'*', Some(b'/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return Some(at);
                }
            }
            (b'/', Some(b'*')) if nests => {
                depth += 1;
                at += 2;
            }
            _ => at += 1,
        }
    }
    None
}

/// `$$` or `$tag$` at `at`.
fn dollar_tag(text: &str, at: usize) -> Option<&str> {
    let rest = &text[at + 1..];
    let length = rest.find('$')?;
    let tag = &rest.as_bytes()[..length];
    let is_tag = tag.first().is_none_or(|b| is_word_start(*b))
        && tag.iter().all(|b| is_word_part(*b) && *b != b'$');
    is_tag.then(|| &text[at..at + length + 2])
}

fn check_verbs(tokens: &[Token], text: &str, purpose: Purpose) -> Result<(), SqlError> {
    let Some(first) = tokens.first() else {
        return Err(SqlError { line: 0, why: SqlWhy::Empty });
    };
    for pair in tokens.windows(2) {
        if pair[0].piece == Piece::Semicolon {
            return Err(error(text, pair[1].start, SqlWhy::Several));
        }
    }
    let verb = text[first.start..first.end].to_lowercase();
    if purpose == Purpose::Effect {
        const EFFECT_VERBS: [&str; 8] =
            ["insert", "update", "delete", "merge", "replace", "select", "with", "call"];
        if !EFFECT_VERBS.contains(&verb.as_str()) {
            return Err(error(text, first.start, SqlWhy::NotEffect(verb)));
        }
        return Ok(());
    }
    if !["select", "with"].contains(&verb.as_str()) {
        return Err(error(text, first.start, SqlWhy::NotSelect(verb)));
    }
    check_query(tokens, text, purpose)
}

/// A query may neither write in a `with` part nor end in another verb than `select`.
fn check_query(tokens: &[Token], text: &str, purpose: Purpose) -> Result<(), SqlError> {
    const WRITERS: [&str; 4] = ["insert", "update", "delete", "merge"];
    let mut depth = 0_u32;
    let (mut has_select, mut has_order) = (false, false);
    for (index, token) in tokens.iter().enumerate() {
        let opens = index > 0 && tokens[index - 1].piece == Piece::Open;
        match &token.piece {
            Piece::Open => depth += 1,
            Piece::Close => depth = depth.saturating_sub(1),
            Piece::Word(word) => {
                let writes = WRITERS.contains(&word.as_str()) && (opens || !has_select);
                if (writes && (depth == 0 || opens)) || word == "into" {
                    return Err(error(text, token.start, SqlWhy::Writes(word.clone())));
                }
                if depth == 0 {
                    has_select |= word == "select";
                    has_order |= word == "order";
                }
            }
            _ => {}
        }
    }
    if !has_select {
        return Err(SqlError { line: 0, why: SqlWhy::NotSelect("with".to_owned()) });
    }
    if purpose == Purpose::Search && !has_order {
        return Err(SqlError { line: 0, why: SqlWhy::NoOrder });
    }
    Ok(())
}

fn number(text: &str, tokens: &[Token], purpose: Purpose) -> Result<Statement, SqlError> {
    let mut parameters: Vec<Parameter> = Vec::new();
    let mut numbered = String::with_capacity(text.len());
    let mut copied = 0;
    for token in tokens {
        match &token.piece {
            Piece::Parameter(name) => {
                let parameter = Parameter::of(name, purpose).ok_or_else(|| {
                    error(text, token.start, SqlWhy::UnknownParameter(name.clone()))
                })?;
                let index = parameters.iter().position(|known| *known == parameter);
                let index = index.unwrap_or_else(|| {
                    parameters.push(parameter);
                    parameters.len() - 1
                });
                numbered.push_str(&text[copied..token.start]);
                // `x$1` would be one name to both engines.
                numbered.push_str(&format!(" ${}", index + 1));
                copied = token.end;
            }
            Piece::Semicolon => {
                numbered.push_str(&text[copied..token.start]);
                copied = token.end;
            }
            _ => {}
        }
    }
    numbered.push_str(&text[copied..]);
    if parameters.len() > SQL_PARAMETER_COUNT_MAX {
        return Err(SqlError { line: 0, why: SqlWhy::ManyParameters });
    }
    Ok(Statement { text: text.trim_start_matches('\n').to_owned(), numbered, parameters })
}

fn foreign(text: &str, at: usize) -> SqlError {
    let end = word_end(text.as_bytes(), at + 1);
    error(text, at, SqlWhy::ForeignParameter(text[at..end].to_owned()))
}

fn error(text: &str, at: usize, why: SqlWhy) -> SqlError {
    let line = text.as_bytes()[..at].iter().filter(|byte| **byte == b'\n').count();
    SqlError { line, why }
}

fn word_end(bytes: &[u8], start: usize) -> usize {
    bytes[start..].iter().position(|b| !is_word_part(*b)).map_or(bytes.len(), |n| start + n)
}

/// Letters, `_`, and every byte of a character beyond ASCII, as both engines have it.
fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80
}

fn is_word_part(byte: u8) -> bool {
    is_word_start(byte) || byte.is_ascii_digit() || byte == b'$'
}

#[cfg(test)]
mod tests;
