//! Strict DER, read where it lies. Knows nothing of certificates or signatures: only tags,
//! lengths and the order of sets (ITU-T X.690 sections 8, 10 and 11).
//!
//! Every value keeps the offset of its first byte, so that an error can say where. Nothing is
//! copied. Forms that BER allows and DER forbids (indefinite or padded lengths, high tag numbers,
//! non-minimal integers, BOOLEAN other than 00/FF) are errors: two spellings of one signature
//! would let somebody alter a package unnoticed.

/// How deep one value may sit inside another; CMS with certificates needs about 14.
pub const DEPTH_MAX: usize = 32;

/// What is wrong with the bytes, and at which offset.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: {what}")]
pub struct DerError {
    /// Offset from the start of the outermost value.
    pub offset: usize,
    /// The rule broken, in words.
    pub what: String,
}

/// One tag-length-value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Value<'a> {
    /// The identifier octet.
    pub tag: u8,
    /// The contents octets.
    pub content: &'a [u8],
    /// Identifier, length and contents.
    pub whole: &'a [u8],
    /// Where `whole` starts in the outermost bytes.
    pub offset: usize,
}

/// A position in a run of values.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    rest: &'a [u8],
    offset: usize,
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OID: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Reads exactly one value and checks everything inside it.
///
/// # Errors
/// Any departure from DER, or bytes after the value.
pub fn only<'a>(bytes: &'a [u8], name: &str) -> Result<Value<'a>, DerError> {
    let mut reader = Reader::new(bytes);
    let value = reader.value(name)?;
    reader.end(name)?;
    check_inside(value, 0)?;
    Ok(value)
}

impl<'a> Reader<'a> {
    /// Over a whole file.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, offset: 0 }
    }

    /// Nothing left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next tag, without taking the value.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next value, whatever its tag; `name` is what the standard calls it.
    ///
    /// # Errors
    /// A length that is cut short, padded, indefinite or too long; a high tag number.
    pub fn value(&mut self, name: &str) -> Result<Value<'a>, DerError> {
        let [tag, first, ..] = *self.rest else {
            return Err(self.wrong(format!("{name} is missing or cut short")));
        };
        if tag & 0x1f == 0x1f {
            return Err(self.wrong(format!("{name} has a high tag number")));
        }
        let (head, length) = self.length(name, first)?;
        let end = head.checked_add(length).filter(|end| *end <= self.rest.len());
        let Some(end) = end else {
            return Err(self.wrong(format!("{name} is longer than what holds it")));
        };
        let value = Value {
            tag,
            content: &self.rest[head..end],
            whole: &self.rest[..end],
            offset: self.offset,
        };
        self.rest = &self.rest[end..];
        self.offset += end;
        Ok(value)
    }

    /// The next value, which must have this tag.
    ///
    /// # Errors
    /// As [`Reader::value`], or another tag.
    pub fn take(&mut self, tag: u8, name: &str) -> Result<Value<'a>, DerError> {
        match self.peek() {
            Some(found) if found != tag => {
                Err(self.wrong(format!("{name} has tag {found:#04x}, not {tag:#04x}")))
            }
            _ => self.value(name),
        }
    }

    /// The next value if it has this tag.
    ///
    /// # Errors
    /// As [`Reader::value`].
    pub fn optional(&mut self, tag: u8, name: &str) -> Result<Option<Value<'a>>, DerError> {
        if self.peek() == Some(tag) { self.value(name).map(Some) } else { Ok(None) }
    }

    /// Nothing may follow.
    ///
    /// # Errors
    /// Something does.
    pub fn end(&self, name: &str) -> Result<(), DerError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.wrong(format!("{} bytes too many in {name}", self.rest.len())))
    }

    fn length(&self, name: &str, first: u8) -> Result<(usize, usize), DerError> {
        if first < 0x80 {
            return Ok((2, usize::from(first)));
        }
        let count = usize::from(first & 0x7f);
        if count == 0 {
            return Err(self.wrong(format!("{name} has an indefinite length")));
        }
        let octets = self.rest.get(2..2 + count).filter(|_| count <= 4);
        let Some(octets) = octets else {
            return Err(self.wrong(format!("{name} has a length that cannot be read")));
        };
        let length = octets.iter().fold(0usize, |sum, octet| sum << 8 | usize::from(*octet));
        if octets[0] == 0 || length < 0x80 {
            return Err(self.wrong(format!("{name} has a length in more bytes than needed")));
        }
        Ok((2 + count, length))
    }

    fn wrong(&self, what: String) -> DerError {
        DerError { offset: self.offset, what }
    }
}

impl<'a> Value<'a> {
    /// A reader over the contents.
    pub fn inside(&self) -> Reader<'a> {
        let head = self.whole.len() - self.content.len();
        Reader { rest: self.content, offset: self.offset + head }
    }

    /// An error at this value.
    pub fn wrong(&self, what: impl Into<String>) -> DerError {
        DerError { offset: self.offset, what: what.into() }
    }

    /// The members of a SET OF, which DER wants in ascending order of their encodings.
    ///
    /// # Errors
    /// Members out of order or twice (X.690 11.6).
    pub fn set_members(&self, name: &str) -> Result<Vec<Value<'a>>, DerError> {
        let members = self.members(name)?;
        for pair in members.windows(2) {
            if pair[0].whole >= pair[1].whole {
                return Err(pair[1].wrong(format!("the set {name} is out of order")));
            }
        }
        Ok(members)
    }

    /// The members in the order given.
    ///
    /// # Errors
    /// As [`Reader::value`].
    pub fn members(&self, name: &str) -> Result<Vec<Value<'a>>, DerError> {
        let mut reader = self.inside();
        let mut members = Vec::new();
        while !reader.is_empty() {
            members.push(reader.value(name)?);
        }
        Ok(members)
    }

    /// The octets of a BIT STRING that is a whole number of octets.
    ///
    /// # Errors
    /// Unused bits, or no octet that counts them.
    pub fn bit_string_octets(&self, name: &str) -> Result<&'a [u8], DerError> {
        match self.content {
            [0, octets @ ..] => Ok(octets),
            _ => Err(self.wrong(format!("{name} is not whole octets"))),
        }
    }

    /// A small non-negative INTEGER.
    ///
    /// # Errors
    /// Negative, or above 2^31.
    pub fn small_integer(&self, name: &str) -> Result<u32, DerError> {
        let big = self.content.len() > 4 || self.content.first().is_none_or(|b| b & 0x80 != 0);
        if big {
            return Err(self.wrong(format!("{name} is not a small number")));
        }
        Ok(self.content.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet)))
    }
}

/// Object identifier contents as dotted text, for messages.
pub fn dotted(content: &[u8]) -> String {
    let mut arcs = Vec::new();
    let mut arc = 0u64;
    for octet in content {
        arc = arc.wrapping_shl(7) | u64::from(octet & 0x7f);
        if octet & 0x80 == 0 {
            if arcs.is_empty() {
                let top = (arc / 40).min(2);
                arcs.push(top.to_string());
                arc -= top * 40;
            }
            arcs.push(arc.to_string());
            arc = 0;
        }
    }
    arcs.join(".")
}

fn check_inside(value: Value<'_>, depth: usize) -> Result<(), DerError> {
    if depth > DEPTH_MAX {
        return Err(value.wrong("values are nested too deeply"));
    }
    check_primitive(&value)?;
    if value.tag & 0x20 != 0 {
        let mut reader = value.inside();
        while !reader.is_empty() {
            check_inside(reader.value("an element")?, depth + 1)?;
        }
    }
    Ok(())
}

fn check_primitive(value: &Value<'_>) -> Result<(), DerError> {
    let content = value.content;
    let wrong = match value.tag {
        BOOLEAN => !matches!(content, [0] | [0xff]),
        INTEGER => match content {
            [] => true,
            [0, next, ..] => next & 0x80 == 0,
            [0xff, next, ..] => next & 0x80 != 0,
            _ => false,
        },
        BIT_STRING => match content {
            [unused, .., last] => *unused > 7 || last & ((1u16 << unused) - 1) as u8 != 0,
            [unused] => *unused != 0,
            [] => true,
        },
        OID => content.last().is_none_or(|last| last & 0x80 != 0) || padded_arc(content),
        UTC_TIME | GENERALIZED_TIME => content.last() != Some(&b'Z'),
        0x05 => !content.is_empty(),
        // Constructed strings are BER only.
        0x23 | 0x24 | 0x2c | 0x33 | 0x36 | 0x37 | 0x38 => true,
        _ => false,
    };
    if wrong { Err(value.wrong("a value is not in its one DER form")) } else { Ok(()) }
}

fn padded_arc(content: &[u8]) -> bool {
    content.first() == Some(&0x80) || content.windows(2).any(|w| w[0] & 0x80 == 0 && w[1] == 0x80)
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};

    fn check(hexadecimal: &str, expected: Expect) {
        let bytes = hex::decode(hexadecimal.replace(' ', "")).expect("test input is hex");
        let said = match only(&bytes, "value") {
            Ok(value) => format!("tag {:02x}, {} bytes", value.tag, value.content.len()),
            Err(error) => error.to_string(),
        };
        expected.assert_eq(&said);
    }

    #[test]
    fn only_one_spelling_is_read() {
        check("30 03 02 01 05", expect!["tag 30, 3 bytes"]);
        check(
            "30 81 03 02 01 05",
            expect!["at byte 0: value has a length in more bytes than needed"],
        );
        check("30 80 02 01 05 00 00", expect!["at byte 0: value has an indefinite length"]);
        check("30 04 02 02 00 05", expect!["at byte 2: a value is not in its one DER form"]);
        check("30 03 01 01 01", expect!["at byte 2: a value is not in its one DER form"]);
        check("30 03 02 01 05 00", expect!["at byte 5: 1 bytes too many in value"]);
        check("30 05 02 01 05", expect!["at byte 0: value is longer than what holds it"]);
        check("30 04 06 02 80 01", expect!["at byte 2: a value is not in its one DER form"]);
        check("24 03 04 01 00", expect!["at byte 0: a value is not in its one DER form"]);
    }

    #[test]
    fn identifiers_print_dotted() {
        let content = hex::decode("2a864886f70d010702").expect("hex");
        expect!["1.2.840.113549.1.7.2"].assert_eq(&dotted(&content));
    }
}
