//! One pass from bytes to a JSON tree, and typed reading of that tree. Knows nothing of HI-1.
//!
//! The tree borrows from the message, so that the base64 of a document is not copied twice. A
//! member that appears twice is refused: two readers of one message must not see two meanings.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::error::{Defect, Fault};
use super::limits::{JSON_DEPTH_MAX, JSON_MEMBERS_MAX, JSON_NODES_MAX, MESSAGE_BYTES_MAX};

/// A JSON value whose texts point into the message where they hold no escapes.
#[derive(Debug, PartialEq)]
pub(super) enum Node<'a> {
    Null,
    Boolean(bool),
    /// A whole number from 0; the schemas of HI-1 have no other.
    Integer(u64),
    /// A number that no member of HI-1 can hold: negative, fractional or too large.
    OtherNumber,
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

/// Reads a message as JSON within the named limits.
pub(super) fn read(raw: &[u8]) -> Result<Node<'_>, Defect> {
    if raw.len() > MESSAGE_BYTES_MAX {
        return Err(Defect::TooLarge { bytes: raw.len() });
    }
    let text = std::str::from_utf8(raw)
        .map_err(|error| Defect::NotUtf8 { offset: error.valid_up_to() })?;
    check_shape(raw)?;
    serde_json::from_str(text).map_err(|error| {
        let (line, column) = (error.line(), error.column());
        let words = error.to_string();
        let place = format!(" at line {line} column {column}");
        let reason = words.strip_suffix(&place).unwrap_or(&words).to_owned();
        Defect::NotJson { line, column, reason }
    })
}

/// Bounds depth and number of values before anything is built from them.
fn check_shape(raw: &[u8]) -> Result<(), Defect> {
    let (mut depth, mut nodes, mut offset) = (0_usize, 1_usize, 0_usize);
    while offset < raw.len() {
        match raw[offset] {
            b'"' => offset = end_of_text(raw, offset + 1),
            b'{' | b'[' => {
                depth += 1;
                nodes += 1;
                if depth > JSON_DEPTH_MAX {
                    return Err(Defect::TooDeep { offset });
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            b',' => nodes += 1,
            _ => {}
        }
        if nodes > JSON_NODES_MAX {
            return Err(Defect::TooManyValues { offset });
        }
        offset += 1;
    }
    Ok(())
}

/// The offset of the quotation mark that ends a text, or of the end of the message.
fn end_of_text(raw: &[u8], mut offset: usize) -> usize {
    while offset < raw.len() {
        match raw[offset] {
            b'"' => return offset,
            b'\\' => offset += 2,
            _ => offset += 1,
        }
    }
    raw.len()
}

/// The place of a value in the message; becomes text only when an error needs it.
#[derive(Clone, Copy)]
pub(super) enum At<'p> {
    Root,
    Member(&'p At<'p>, &'p str),
    Item(&'p At<'p>, usize),
}

impl fmt::Display for At<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::Root => out.write_str("$"),
            At::Member(parent, name) => write!(out, "{parent}.{name}"),
            At::Item(parent, index) => write!(out, "{parent}[{index}]"),
        }
    }
}

impl At<'_> {
    pub(super) fn fault(&self, problem: impl Into<String>) -> Fault {
        Fault { path: self.to_string(), problem: problem.into() }
    }
}

/// The members of one JSON object, all of them expected ones.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n, 'a, 'p> {
    members: &'n [(Cow<'a, str>, Node<'a>)],
    at: &'p At<'p>,
}

impl<'n, 'a, 'p> Fields<'n, 'a, 'p> {
    /// Opens an object that may have only the members of `known`.
    pub(super) fn open(node: &'n Node<'a>, at: &'p At<'p>, known: &[&str]) -> Result<Self, Fault> {
        let fields = Self::open_any(node, at)?;
        for (name, _) in fields.members {
            if !known.contains(&name.as_ref()) {
                let known = known.join(", ");
                let problem = format!("is not known here; remove it (known: {known})");
                return Err(At::Member(at, &shown(name)).fault(problem));
            }
        }
        Ok(fields)
    }

    /// Opens an object whose members the caller checks.
    pub(super) fn open_any(node: &'n Node<'a>, at: &'p At<'p>) -> Result<Self, Fault> {
        match node {
            Node::Object(members) => Ok(Self { members, at }),
            other => Err(at.fault(format!("is {}, give an object", other.kind()))),
        }
    }

    pub(super) fn at(&self) -> &'p At<'p> {
        self.at
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &'n str> {
        self.members.iter().map(|(name, _)| name.as_ref())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'n Node<'a>> {
        self.members.iter().find(|(member, _)| member == name).map(|(_, node)| node)
    }

    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node<'a>, &At<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        self.get(name).map(|node| read(node, &At::Member(self.at, name))).transpose()
    }

    pub(super) fn required<T>(
        &self,
        name: &str,
        read: impl FnOnce(&'n Node<'a>, &At<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        match self.get(name) {
            Some(node) => read(node, &At::Member(self.at, name)),
            None => Err(self.at.fault(format!("has no {name}; add it"))),
        }
    }

    /// A list of at most `max` entries; absent means empty.
    pub(super) fn list<T>(
        &self,
        name: &str,
        max: usize,
        read: impl Fn(&'n Node<'a>, &At<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let items = self.optional(name, |node, at| list(node, at, max, &read))?;
        Ok(items.unwrap_or_default())
    }

    /// HI-1 wraps lists: `{"Flags": {"Flag": [..]}}`. Absent means empty.
    pub(super) fn wrapped_list<T>(
        &self,
        (outer, inner): (&str, &str),
        max: usize,
        read: impl Fn(&'n Node<'a>, &At<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let items = self.optional(outer, |node, at| {
            Fields::open(node, at, &[inner])?.list(inner, max, &read)
        })?;
        Ok(items.unwrap_or_default())
    }
}

/// Reads each entry of a list.
pub(super) fn list<'n, 'a, T>(
    node: &'n Node<'a>,
    at: &At<'_>,
    max: usize,
    read: impl Fn(&'n Node<'a>, &At<'_>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let Node::List(items) = node else {
        return Err(at.fault(format!("is {}, give a list", node.kind())));
    };
    if items.len() > max {
        let problem = format!("has {} entries; the limit is {max}, split the message", items.len());
        return Err(at.fault(problem));
    }
    items.iter().enumerate().map(|(index, item)| read(item, &At::Item(at, index))).collect()
}

/// Any text, however long.
pub(super) fn text<'n>(node: &'n Node<'_>, at: &At<'_>) -> Result<&'n str, Fault> {
    match node {
        Node::Text(text) => Ok(text),
        other => Err(at.fault(format!("is {}, give a text", other.kind()))),
    }
}

pub(super) fn integer(node: &Node<'_>, at: &At<'_>) -> Result<u64, Fault> {
    match node {
        Node::Integer(number) => Ok(*number),
        Node::OtherNumber => Err(at.fault("is out of range; give a whole number from 0")),
        other => Err(at.fault(format!("is {}, give a whole number from 0", other.kind()))),
    }
}

pub(super) fn boolean(node: &Node<'_>, at: &At<'_>) -> Result<bool, Fault> {
    match node {
        Node::Boolean(value) => Ok(*value),
        other => Err(at.fault(format!("is {}, give true or false", other.kind()))),
    }
}

/// Text from outside as it may stand in an error: short and without control characters.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 60;
    let mut shown: String = text
        .chars()
        .take(SHOWN_CHARACTERS_MAX)
        .map(|character| if character.is_control() { '\u{fffd}' } else { character })
        .collect();
    if text.chars().nth(SHOWN_CHARACTERS_MAX).is_some() {
        shown.push('\u{2026}');
    }
    shown
}

impl Node<'_> {
    fn kind(&self) -> &'static str {
        match self {
            Node::Null => "null",
            Node::Boolean(_) => "true or false",
            Node::Integer(_) | Node::OtherNumber => "a number",
            Node::Text(_) => "a text",
            Node::List(_) => "a list",
            Node::Object(_) => "an object",
        }
    }

    /// The same value on its own; a number that HI-1 does not have becomes null.
    pub(super) fn to_value(&self) -> serde_json::Value {
        match self {
            Node::Null | Node::OtherNumber => serde_json::Value::Null,
            Node::Boolean(value) => (*value).into(),
            Node::Integer(value) => (*value).into(),
            Node::Text(value) => value.as_ref().into(),
            Node::List(items) => items.iter().map(Node::to_value).collect(),
            Node::Object(members) => serde_json::Value::Object(
                members.iter().map(|(name, node)| (name.to_string(), node.to_value())).collect(),
            ),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Node<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Node::Boolean(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
        Ok(Node::Integer(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
        Ok(u64::try_from(value).map_or(Node::OtherNumber, Node::Integer))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Node::OtherNumber)
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = access.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Node<'de>)> = Vec::new();
        while let Some(Name(name)) = access.next_key()? {
            if members.iter().any(|(known, _)| *known == name) {
                let name = shown(&name);
                return Err(A::Error::custom(format!("the member {name:?} appears twice")));
            }
            if members.len() == JSON_MEMBERS_MAX {
                let words = format!("an object has more than {JSON_MEMBERS_MAX} members");
                return Err(A::Error::custom(words));
            }
            members.push((name, access.next_value()?));
        }
        Ok(Node::Object(members))
    }
}

/// A member's name; `Cow` alone would always be copied.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match deserializer.deserialize_str(NodeVisitor)? {
            Node::Text(name) => Ok(Name(name)),
            _ => Err(D::Error::custom("a member's name is not a text")),
        }
    }
}
