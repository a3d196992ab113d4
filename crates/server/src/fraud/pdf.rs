//! What wrote a PDF: the program that its metadata names, and the fonts it is set in.
//!
//! Reads no document: no table of references, no page, no picture. It walks once over the bytes,
//! takes the values of a few keys (ISO 32000-1, 14.3.3 and 9.6 to 9.8) where they stand, and
//! inflates object streams (7.5.7) up to a limit. A PDF is whatever its sender made it, so nothing
//! here is believed: what was found is compared with earlier orders, and what cannot be read is not
//! found. Encrypted documents say nothing.

use std::collections::BTreeSet;
use std::io::Read as _;

/// Object streams that are inflated.
const STREAMS_MAX: usize = 200;
/// Bytes of all of them together.
const INFLATED_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Values of one kind that are kept.
const VALUES_MAX: usize = 64;
/// Longest value, in bytes.
const VALUE_BYTES_MAX: usize = 256;
/// A stream's dictionary is looked for so far before its data.
const DICTIONARY_BYTES_MAX: usize = 2_048;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Makers {
    /// The program that wrote it and the one it was written in, in letters alone: versions change.
    pub programs: BTreeSet<String>,
    /// Families of fonts.
    pub fonts: BTreeSet<String>,
}

/// Looks at a file; whatever does not begin as a PDF says nothing.
#[must_use]
pub fn look(bytes: &[u8]) -> Makers {
    let mut makers = Makers::default();
    if !bytes.starts_with(b"%PDF-") || find(bytes, b"/Encrypt").is_some() {
        return makers;
    }
    let (mut rest, mut streams, mut left) = (bytes, 0, INFLATED_BYTES_MAX);
    while let Some(at) = find(rest, b"stream") {
        let (plain, data) = (&rest[..at], &rest[at + b"stream".len()..]);
        makers.take(plain);
        let end = find(data, b"endstream").unwrap_or(data.len());
        let tail = &plain[plain.len().saturating_sub(DICTIONARY_BYTES_MAX)..];
        let dictionary = rfind(tail, b"obj").map_or(tail, |begin| &tail[begin..]);
        let has = |word: &[u8]| find(dictionary, word).is_some();
        if has(b"/ObjStm") && has(b"/FlateDecode") && streams < STREAMS_MAX {
            streams += 1;
            let data = data[..end].trim_ascii_start();
            let mut inflated = Vec::new();
            let inflater = flate2::read::ZlibDecoder::new(data);
            // What was inflated before a defect is still text.
            let _ = inflater.take(left as u64).read_to_end(&mut inflated);
            left -= inflated.len().min(left);
            makers.take(&inflated);
        } else if has(b"/Metadata") && !has(b"/Filter") {
            makers.take_xmp(&data[..end]);
        }
        rest = data.get(end + b"endstream".len()..).unwrap_or_default();
    }
    makers.take(rest);
    makers
}

impl Makers {
    /// Values of the keys that matter, wherever they stand.
    fn take(&mut self, text: &[u8]) {
        let mut rest = text;
        while let Some(at) = rest.iter().position(|byte| *byte == b'/') {
            rest = &rest[at + 1..];
            if let Some(value) = value_of(rest, b"Producer").or_else(|| value_of(rest, b"Creator"))
            {
                keep(&mut self.programs, letters(&value));
            } else if let Some(font) =
                value_of(rest, b"BaseFont").or_else(|| value_of(rest, b"FontName"))
            {
                keep(&mut self.fonts, family(&font));
            }
        }
    }

    /// The same of an XMP packet (ISO 16684-1), which is XML.
    fn take_xmp(&mut self, text: &[u8]) {
        for tag in [&b"<pdf:Producer>"[..], b"<xmp:CreatorTool>"] {
            let Some(at) = find(text, tag) else { continue };
            let value = &text[at + tag.len()..];
            let value = &value[..value.len().min(VALUE_BYTES_MAX)];
            let end = value.iter().position(|byte| *byte == b'<').unwrap_or(value.len());
            keep(&mut self.programs, letters(&String::from_utf8_lossy(&value[..end])));
        }
    }
}

fn keep(values: &mut BTreeSet<String>, value: String) {
    if !value.is_empty() && values.len() < VALUES_MAX {
        values.insert(value);
    }
}

/// The value after a key: a name, or a string in either form.
fn value_of(text: &[u8], key: &[u8]) -> Option<String> {
    let after = text.strip_prefix(key)?;
    let value = after.trim_ascii_start();
    let ends_key = value.len() < after.len() || matches!(after.first(), Some(b'(' | b'<' | b'/'));
    match value.first().filter(|_| ends_key)? {
        b'/' => {
            let name = &value[1..];
            let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"/()<>[]{}%".contains(byte);
            let end = name.iter().position(is_end).unwrap_or(name.len());
            Some(String::from_utf8_lossy(&name[..end.min(VALUE_BYTES_MAX)]).into_owned())
        }
        b'(' => Some(text_of(&literal(&value[1..]))),
        b'<' if value.get(1) != Some(&b'<') => Some(text_of(&hexadecimal(&value[1..]))),
        _ => None,
    }
}

/// A literal string up to its closing bracket (7.3.4.2).
fn literal(text: &[u8]) -> Vec<u8> {
    let (mut value, mut depth, mut bytes) = (Vec::new(), 0u32, text.iter().copied().peekable());
    while let Some(byte) = bytes.next() {
        match byte {
            b'(' => depth += 1,
            b')' if depth == 0 => break,
            b')' => depth -= 1,
            b'\\' => {
                let Some(escaped) = bytes.next() else { break };
                let mut octal = u32::from(escaped.wrapping_sub(b'0'));
                if octal < 8 {
                    for _ in 0..2 {
                        let digit = bytes.peek().map(|next| u32::from(next.wrapping_sub(b'0')));
                        let Some(digit) = digit.filter(|digit| *digit < 8) else { break };
                        bytes.next();
                        octal = octal * 8 + digit;
                    }
                    value.push((octal & 0xff) as u8);
                    continue;
                }
                match escaped {
                    b'n' | b'r' | b't' | b'b' | b'f' => value.push(b' '),
                    b'\r' | b'\n' => {}
                    other => value.push(other),
                }
                continue;
            }
            _ => {}
        }
        value.push(byte);
        if value.len() >= VALUE_BYTES_MAX {
            break;
        }
    }
    value
}

fn hexadecimal(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().copied().take(VALUE_BYTES_MAX * 2).take_while(|byte| *byte != b'>');
    let digits: Vec<u8> =
        digits.filter_map(|byte| char::from(byte).to_digit(16)).map(|d| d as u8).collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair.get(1).copied().unwrap_or(0)).collect()
}

/// A text string (7.9.2.2): UTF-16 with its mark, else one byte for each sign.
fn text_of(bytes: &[u8]) -> String {
    match bytes.strip_prefix(b"\xfe\xff") {
        Some(units) => {
            let (units, _) = units.as_chunks::<2>();
            let units: Vec<u16> = units.iter().map(|unit| u16::from_be_bytes(*unit)).collect();
            String::from_utf16_lossy(&units)
        }
        None => bytes.iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// The words of a program's name: letters alone, so that a new version is no new program.
fn letters(text: &str) -> String {
    let words = text.split(|sign: char| !sign.is_alphabetic());
    let words: Vec<String> =
        words.filter(|word| word.chars().count() > 1).map(str::to_lowercase).collect();
    words.join(" ")
}

/// `ABCDEF+Arial-BoldMT` is of `arial`.
fn family(font: &str) -> String {
    let name = match font.split_once('+') {
        Some((subset, name)) if subset.len() == 6 => name,
        _ => font,
    };
    name.split(['-', ',']).next().unwrap_or_default().to_lowercase()
}

fn find(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::find(text, word)
}

fn rfind(text: &[u8], word: &[u8]) -> Option<usize> {
    memchr::memmem::rfind(text, word)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn told(bytes: &[u8]) -> String {
        let Makers { programs, fonts } = look(bytes);
        let join = |values: BTreeSet<String>| values.into_iter().collect::<Vec<_>>().join(", ");
        format!("{} | {}", join(programs), join(fonts))
    }

    #[test]
    fn the_program_and_the_fonts_are_found_where_they_stand() {
        let plain = b"%PDF-1.4\n1 0 obj\n<</Producer(iText\\256 5.5.13 \\(AGPL\\))/Creator <FEFF0057006F00720064>>>\n\
            endobj 2 0 obj <</Type/Font/BaseFont/ABCDEF+Arial-BoldMT/FontDescriptor 3 0 R>> endobj\n\
            3 0 obj <</Type /FontDescriptor /FontName /Times,Bold >> endobj trailer <</Info 1 0 R>>";
        assert_eq!(told(plain), "itext agpl, word | arial, times");
        assert_eq!(told(b"%PDF-1.4 /Producer 3 0 R /ProducerX(no) /Creator"), " | ");
        assert_eq!(told(b"no PDF /Producer (Word)"), " | ");
        assert_eq!(told(b"%PDF-1.7 /Producer (Word) trailer <</Encrypt 9 0 R>>"), " | ");
    }

    fn packed(contents: &[u8], dictionary: &str) -> Vec<u8> {
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        zlib.write_all(contents).expect("in memory");
        let mut pdf = format!("%PDF-1.5\n7 0 obj {dictionary} stream\r\n").into_bytes();
        pdf.extend(zlib.finish().expect("in memory"));
        pdf.extend(b"\nendstream endobj");
        pdf
    }

    #[test]
    fn object_streams_are_inflated_and_pages_are_not() {
        let inner = b"1 0 <</Producer (LibreOffice 7.4) >> <</BaseFont/Carlito>>";
        let objects = "<</Type/ObjStm/N 2/First 8/Filter/FlateDecode>>";
        assert_eq!(told(&packed(inner, objects)), "libreoffice | carlito");
        assert_eq!(told(&packed(inner, "<</Filter/FlateDecode>>")), " | ");
        let xmp = b"%PDF-1.7 5 0 obj<</Type/Metadata/Subtype/XML>>stream\n<pdf:Producer>Acrobat \
            Distiller 9</pdf:Producer>\nendstream";
        assert_eq!(told(xmp), "acrobat distiller | ");
    }

    #[test]
    fn a_bomb_goes_off_up_to_its_limit() {
        let mut inner = vec![b' '; 4 * INFLATED_BYTES_MAX];
        inner.extend(b"/Producer (Beyond)");
        assert_eq!(told(&packed(&inner, "<</Type/ObjStm/Filter/FlateDecode>>")), " | ");
    }

    #[test]
    fn a_font_that_is_named_often_counts_once() {
        let fonts = "<</BaseFont /AAAAAA+Inter>>".repeat(VALUES_MAX * 2);
        assert_eq!(look(format!("%PDF-1.7 {fonts}").as_bytes()).fonts.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_bytes_panic(
            more in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..400),
            at in 0usize..400,
        ) {
            let dictionary = "<</Type/ObjStm/Filter/FlateDecode>>";
            let mut bytes = packed(b"/Producer (A) /BaseFont /B", dictionary);
            bytes.extend(more);
            let at = at % bytes.len();
            bytes[at] = bytes[at].wrapping_add(1);
            let _ = look(&bytes);
            bytes.truncate(at);
            let _ = look(&bytes);
        }
    }
}
