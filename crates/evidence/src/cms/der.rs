//! Distinguished Encoding Rules (X.690 section 10), writing only: tag, shortest length, value.
//! Knows no ASN.1 type; it can write nothing that is not DER as long as the values are.

/// BOOLEAN TRUE.
pub(crate) const TRUE: &[u8] = &[0x01, 1, 0xff];
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const UTC_TIME: u8 = 0x17;
pub(crate) const GENERALIZED_TIME: u8 = 0x18;
pub(crate) const SEQUENCE: u8 = 0x30;
pub(crate) const SET: u8 = 0x31;

/// A context-specific tag of a constructed value.
pub(crate) const fn context(number: u8) -> u8 {
    0xa0 | number
}

/// A context-specific tag of a primitive value.
pub(crate) const fn context_primitive(number: u8) -> u8 {
    0x80 | number
}

/// One value: `tag`, the length of all `parts`, the parts.
pub(crate) fn value(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let mut out = Vec::with_capacity(length + 10);
    push_header(&mut out, tag, length as u64);
    parts.iter().for_each(|part| out.extend_from_slice(part));
    out
}

/// SEQUENCE.
pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    value(SEQUENCE, parts)
}

/// The members of a SET OF under `tag`, sorted by their encodings (X.690 section 11.6).
pub(crate) fn set_of(tag: u8, mut members: Vec<Vec<u8>>) -> Vec<u8> {
    members.sort();
    let parts: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
    value(tag, &parts)
}

/// A non-negative INTEGER from its big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let bytes = &bytes[start..];
    let zero: &[u8] = if bytes.first().is_none_or(|byte| *byte >= 0x80) { &[0] } else { &[] };
    value(0x02, &[zero, bytes])
}

/// Tag and length of a value whose `length` bytes follow.
pub(crate) fn push_header(out: &mut Vec<u8>, tag: u8, length: u64) {
    out.push(tag);
    if length < 0x80 {
        out.push(length as u8);
        return;
    }
    let bytes = length.to_be_bytes();
    let start = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    out.push(0x80 | (bytes.len() - start) as u8);
    out.extend_from_slice(&bytes[start..]);
}

/// Bytes that [`push_header`] takes for this length.
pub(crate) fn header_bytes(length: u64) -> u64 {
    let mut header = Vec::with_capacity(10);
    push_header(&mut header, 0, length);
    header.len() as u64
}
