//! The faces of the report and the lines set in them. Knows letters and widths, not pages.
//!
//! Three families, all under the SIL Open Font License (fonts/OFL.txt) and without reserved
//! names: Literata for reading, Inter with tabular figures for tables, JetBrains Mono for digests
//! and queries. Latin, Greek and Cyrillic; a letter outside of these is printed by its Unicode
//! number, because PDF/A allows no letter that the file cannot draw.

use std::borrow::Cow;
use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use krilla::text::{Font, GlyphId, KrillaGlyph};
use parley::fontique::{Blob, Collection, CollectionOptions, SourceCache};
use parley::layout::Alignment;
use parley::style::{FontFamily, FontFamilyName, FontWeight, OverflowWrap, StyleProperty};
use parley::{FontContext, Layout, LayoutContext};

/// A face of the report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Face {
    /// Literata: statement and titles.
    Text,
    /// Literata SemiBold: headings.
    Heading,
    /// Inter: tables and facts.
    Sans,
    /// Inter SemiBold: table heads and labels.
    Strong,
    /// JetBrains Mono: digests, queries, paths.
    Mono,
}

/// One set line: glyphs in visual order, and the text they stand for.
#[derive(Clone, Debug)]
pub struct Line {
    /// The text.
    pub text: String,
    /// The glyphs; their text ranges point into `text`.
    pub glyphs: Vec<KrillaGlyph>,
    /// Face of all glyphs.
    pub face: Face,
    /// Size in points.
    pub size: f32,
    /// Width in points.
    pub width: f32,
}

struct FaceData {
    bytes: &'static [u8],
    family: &'static str,
    weight: f32,
}

const FACES: [FaceData; 5] = [
    FaceData {
        bytes: include_bytes!("../../fonts/literata-regular.ttf"),
        family: "Literata",
        weight: 400.0,
    },
    FaceData {
        bytes: include_bytes!("../../fonts/literata-semibold.ttf"),
        family: "Literata",
        weight: 600.0,
    },
    FaceData {
        bytes: include_bytes!("../../fonts/inter-regular.ttf"),
        family: "Inter",
        weight: 400.0,
    },
    FaceData {
        bytes: include_bytes!("../../fonts/inter-semibold.ttf"),
        family: "Inter",
        weight: 600.0,
    },
    FaceData {
        bytes: include_bytes!("../../fonts/jetbrains-mono-regular.ttf"),
        family: "JetBrains Mono",
        weight: 400.0,
    },
];

/// Fonts parsed once for the life of the program.
static FONTS: LazyLock<Vec<Option<Font>>> =
    LazyLock::new(|| FACES.iter().map(|face| Font::new(face.bytes.to_vec().into(), 0)).collect());

/// Glyph and advance (in ems) of each printable ASCII letter, per face: tables are mostly that,
/// and looking up is a hundred times faster than shaping.
static ASCII: LazyLock<Vec<Vec<(u32, f32)>>> = LazyLock::new(|| {
    let faces = [Face::Text, Face::Heading, Face::Sans, Face::Strong, Face::Mono];
    faces.into_iter().map(ascii_glyphs).collect()
});

/// Which characters all faces can draw: the intersection of their cmap tables, combining marks
/// left out.
static COVERED: &[std::ops::RangeInclusive<char>] = &[
    '\u{20}'..='\u{7e}',
    '\u{a0}'..='\u{ac}',
    '\u{ae}'..='\u{131}',
    '\u{134}'..='\u{148}',
    '\u{14a}'..='\u{17e}',
    '\u{192}'..='\u{192}',
    '\u{1a0}'..='\u{1a1}',
    '\u{1af}'..='\u{1b0}',
    '\u{218}'..='\u{21b}',
    '\u{259}'..='\u{259}',
    '\u{2bc}'..='\u{2bc}',
    '\u{2c6}'..='\u{2c7}',
    '\u{2c9}'..='\u{2c9}',
    '\u{2d8}'..='\u{2dd}',
    '\u{384}'..='\u{38a}',
    '\u{38c}'..='\u{38c}',
    '\u{38e}'..='\u{3a1}',
    '\u{3a3}'..='\u{3ce}',
    '\u{401}'..='\u{40c}',
    '\u{40e}'..='\u{44f}',
    '\u{451}'..='\u{45c}',
    '\u{45e}'..='\u{45f}',
    '\u{490}'..='\u{491}',
    '\u{1e80}'..='\u{1e85}',
    '\u{1e9e}'..='\u{1e9e}',
    '\u{1ea0}'..='\u{1ef9}',
    '\u{2010}'..='\u{2010}',
    '\u{2013}'..='\u{2014}',
    '\u{2018}'..='\u{201a}',
    '\u{201c}'..='\u{201e}',
    '\u{2020}'..='\u{2022}',
    '\u{2026}'..='\u{2026}',
    '\u{2030}'..='\u{2030}',
    '\u{2032}'..='\u{2033}',
    '\u{2039}'..='\u{203a}',
    '\u{20ac}'..='\u{20ac}',
    '\u{2116}'..='\u{2116}',
    '\u{2122}'..='\u{2122}',
    '\u{2190}'..='\u{2193}',
    '\u{2212}'..='\u{2212}',
    '\u{2248}'..='\u{2248}',
    '\u{2260}'..='\u{2260}',
    '\u{2264}'..='\u{2265}',
    '\u{25a0}'..='\u{25a0}',
];

struct Setter {
    fonts: FontContext,
    layouts: LayoutContext<()>,
}

thread_local! {
    static SETTER: RefCell<Setter> = RefCell::new(Setter::new());
}

impl Face {
    /// The font for drawing; none only if a built-in font were damaged.
    pub fn font(self) -> Option<&'static Font> {
        FONTS[self as usize].as_ref()
    }

    /// Width of one line of text, in points, without breaking it.
    pub fn width(self, text: &str, size: f32) -> f32 {
        match ascii(text) {
            Some(bytes) => bytes.map(|byte| self.advance(byte)).sum::<f32>() * size,
            None => self.lines(text, size, f32::MAX).iter().map(|line| line.width).sum(),
        }
    }

    /// Breaks and sets one paragraph. Long words break where they must.
    pub fn lines(self, text: &str, size: f32, width: f32) -> Vec<Line> {
        let text = drawable(text);
        let mut lines = Vec::new();
        SETTER.with_borrow_mut(|setter| {
            for paragraph in text.split('\n') {
                setter.paragraph(self, paragraph, size, width, &mut lines);
            }
        });
        lines
    }

    /// As [`Face::lines`] for a table cell: no kerning, letters looked up when all are ASCII.
    pub fn cell(self, text: &str, size: f32, width: f32) -> Vec<Line> {
        if ascii(text).is_none() {
            return self.lines(text, size, width);
        }
        let mut lines = Vec::new();
        let mut rest = text;
        loop {
            let end = self.break_at(rest, width / size);
            lines.push(self.ascii_line(rest[..end].trim_end(), size));
            rest = rest[end..].trim_start_matches(' ');
            if rest.is_empty() {
                return lines;
            }
        }
    }

    /// Where the line that starts `text` ends: after a space, or after one of `-/:.,_` in a long
    /// word, or wherever the measure is full.
    fn break_at(self, text: &str, measure_ems: f32) -> usize {
        let mut width = 0.0;
        let mut space = None;
        let mut joint = None;
        for (index, byte) in text.bytes().enumerate() {
            width += self.advance(byte);
            if width > measure_ems + 0.001 && byte != b' ' {
                let lean = |at: &usize| *at * 3 > index;
                return space.or(joint.filter(lean)).unwrap_or(index).max(1);
            }
            match byte {
                b' ' => space = Some(index + 1),
                b'-' | b'/' | b':' | b'.' | b',' | b'_' | b'@' => joint = Some(index + 1),
                _ => {}
            }
        }
        text.len()
    }

    fn ascii_line(self, text: &str, size: f32) -> Line {
        let table = &ASCII[self as usize];
        let mut width = 0.0;
        let glyph = |(index, byte): (usize, u8)| {
            let (id, advance) = table[usize::from(byte - b' ')];
            width += advance * size;
            let range = index..index + 1;
            KrillaGlyph::new(GlyphId::new(id), advance, 0.0, 0.0, 0.0, range, None)
        };
        let glyphs = text.bytes().enumerate().map(glyph).collect();
        Line { text: text.to_owned(), glyphs, face: self, size, width }
    }

    fn advance(self, byte: u8) -> f32 {
        ASCII[self as usize][usize::from(byte - b' ')].1
    }
}

impl Setter {
    fn new() -> Self {
        let options = CollectionOptions { shared: false, system_fonts: false };
        let mut collection = Collection::new(options);
        for face in &FACES {
            collection.register_fonts(Blob::new(Arc::new(face.bytes)), None);
        }
        let fonts = FontContext { collection, source_cache: SourceCache::default() };
        Self { fonts, layouts: LayoutContext::new() }
    }

    fn paragraph(&mut self, face: Face, text: &str, size: f32, width: f32, lines: &mut Vec<Line>) {
        if text.trim().is_empty() {
            let text = String::new();
            lines.push(Line { text, glyphs: Vec::new(), face, size, width: 0.0 });
            return;
        }
        let data = &FACES[face as usize];
        let mut builder = self.layouts.ranged_builder(&mut self.fonts, text, 1.0, false);
        let family = FontFamilyName::Named(Cow::Borrowed(data.family));
        builder.push_default(StyleProperty::FontFamily(FontFamily::Single(family)));
        builder.push_default(StyleProperty::FontWeight(FontWeight::new(data.weight)));
        builder.push_default(StyleProperty::FontSize(size));
        builder.push_default(StyleProperty::OverflowWrap(OverflowWrap::Anywhere));
        let mut layout: Layout<()> = builder.build(text);
        layout.break_all_lines((width < f32::MAX).then_some(width));
        layout.align(Alignment::Start, Default::default());
        for line in layout.lines() {
            let range = line.text_range();
            let Some(part) = text.get(range.clone()) else { continue };
            lines.push(read_line(&line, part, range.start, face, size));
        }
    }
}

/// Copies the glyphs of one line out of the layout, text ranges counted from the line's start.
fn read_line(line: &parley::Line<'_, ()>, text: &str, start: usize, face: Face, size: f32) -> Line {
    let mut glyphs: Vec<KrillaGlyph> = Vec::new();
    let mut width = 0.0;
    for run in line.runs() {
        for cluster in run.visual_clusters() {
            let range = cluster.text_range();
            let within = |at: usize| at.saturating_sub(start).min(text.len());
            let range = within(range.start)..within(range.end);
            if cluster.is_ligature_continuation() {
                if let Some(glyph) = glyphs.last_mut() {
                    glyph.text_range.end = range.end;
                }
                continue;
            }
            for glyph in cluster.glyphs() {
                let id = GlyphId::new(glyph.id);
                let (x, y) = (glyph.x / size, glyph.y / size);
                let advance = glyph.advance / size;
                glyphs.push(KrillaGlyph::new(id, advance, x, y, 0.0, range.clone(), None));
                width += glyph.advance;
            }
        }
    }
    Line { text: text.to_owned(), glyphs, face, size, width }
}

/// Letters that the faces have stay; the others become `[U+4E2D]`, invisible ones too.
pub fn drawable(text: &str) -> Cow<'_, str> {
    let covered = |letter: char| letter == '\n' || COVERED.iter().any(|r| r.contains(&letter));
    if text.chars().all(covered) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for letter in text.chars() {
        match letter {
            '\t' => out.push(' '),
            '\r' => {}
            _ if covered(letter) => out.push(letter),
            _ => out.push_str(&format!("[U+{:04X}]", letter as u32)),
        }
    }
    Cow::Owned(out)
}

fn ascii(text: &str) -> Option<std::str::Bytes<'_>> {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte)).then(|| text.bytes())
}

fn ascii_glyphs(face: Face) -> Vec<(u32, f32)> {
    let glyph = |byte: u8| {
        let text = char::from(byte).to_string();
        let lines = face.lines(&format!("{text}x"), 100.0, f32::MAX);
        let glyph = lines.first().and_then(|line| line.glyphs.first());
        glyph.map_or((0, 0.5), |glyph| (glyph.glyph_id.to_u32(), glyph.x_advance))
    };
    (b' '..=b'~').map(glyph).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_face_has_every_letter_that_is_called_covered() {
        let letters: String = COVERED.iter().cloned().flatten().collect();
        for face in [Face::Text, Face::Heading, Face::Sans, Face::Strong, Face::Mono] {
            for letter in letters.chars().filter(|letter| !letter.is_whitespace()) {
                let lines = face.lines(&format!("{letter}"), 10.0, f32::MAX);
                let glyphs: Vec<_> = lines.iter().flat_map(|line| &line.glyphs).collect();
                let drawn = !glyphs.is_empty() && glyphs.iter().all(|g| g.glyph_id.to_u32() != 0);
                assert!(drawn, "{face:?} lacks {letter} (U+{:04X})", letter as u32);
            }
        }
    }

    #[test]
    fn letters_outside_are_printed_by_number() {
        assert_eq!(drawable("a\u{4e2d}b\tc\u{202e}"), "a[U+4E2D]b c[U+202E]");
        assert!(matches!(drawable("Łódź, Αθήνα, Київ"), Cow::Borrowed(_)));
    }

    #[test]
    fn looked_up_letters_are_as_wide_as_shaped_ones_and_figures_align() {
        let text = "0123456789";
        let wide = Face::Sans.width("1111111111", 10.0);
        assert!((Face::Sans.width(text, 10.0) - wide).abs() < 0.01);
        let shaped: f32 = Face::Sans.lines(text, 10.0, f32::MAX).iter().map(|l| l.width).sum();
        assert!((shaped - wide).abs() < 0.01, "{shaped} {wide}");
    }

    #[test]
    fn long_words_break_within_the_measure() {
        for text in ["bc1q".repeat(30), "a".repeat(500), "one two three four five".into()] {
            for line in Face::Mono.cell(&text, 8.0, 60.0) {
                assert!(line.width <= 60.1, "{} is {} wide", line.text, line.width);
            }
        }
    }
}
