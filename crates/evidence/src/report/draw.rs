//! Pages into PDF/A-3a, level A: tagged, with fonts and attachments inside. Knows krilla; knows
//! nothing of what is on the pages.
//!
//! krilla checks the standard's rules while it writes and refuses the file otherwise; that is its
//! own claim (`docs/formats/verify.md` says who checked what). Same pages, same bytes: the file's
//! ids are digests of its content, its dates those given.

use std::num::NonZeroU16;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use krilla::Document;
use krilla::color::luma;
use krilla::configure::{Archival, ConfigurationBuilder, PdfVersion};
use krilla::destination::XyzDestination;
use krilla::embed::{AssociationKind, EmbeddedFile, MimeType};
use krilla::geom::{PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata, TextDirection};
use krilla::num::NormalizedF32;
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::Fill;
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, Node, SpanTag, TableHeaderScope, Tag, TagGroup,
    TagTree,
};

use super::ReportError;
use super::flow::{Element, Flow, Ink, Kind, Mark, PAGE_HEIGHT, PAGE_WIDTH};

/// What the file says of itself.
pub struct About {
    /// Title.
    pub title: String,
    /// Author: the company.
    pub author: String,
    /// Software.
    pub creator: String,
    /// One line.
    pub description: String,
    /// Name of the package.
    pub id: String,
    /// Creation date.
    pub made_at: Timestamp,
}

/// A file inside the PDF.
pub struct Attachment {
    /// Its name.
    pub name: String,
    /// Media type.
    pub media_type: &'static str,
    /// One line.
    pub description: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

/// Writes the file.
///
/// # Errors
/// A date outside of PDF's range, a damaged built-in font, or a rule of PDF/A-3a broken.
pub fn pdf(flow: Flow, about: About, attachments: Vec<Attachment>) -> Result<Vec<u8>, ReportError> {
    let date = pdf_date(about.made_at)?;
    let configuration = ConfigurationBuilder::new()
        .with_version(PdfVersion::Pdf17)
        .with_archival_validator(Archival::A3_A)
        .finish()
        .map_err(|error| ReportError::Pdf(format!("{error:?}")))?;
    let settings = krilla::SerializeSettings {
        configuration,
        enable_tagging: true,
        ..krilla::SerializeSettings::default()
    };
    let mut document = Document::new_with(settings);
    let mut leaves: Vec<Vec<Identifier>> = flow.elements.iter().map(|_| Vec::new()).collect();
    for marks in &flow.pages {
        draw_page(&mut document, marks, &mut leaves)?;
    }
    let mut outline = Outline::new();
    for bookmark in flow.bookmarks {
        let at = XyzDestination::new(bookmark.page, Point::from_xy(0.0, bookmark.y));
        outline.push_child(OutlineNode::new(bookmark.text, at));
    }
    document.set_outline(outline);
    document.set_tag_tree(tag_tree(&flow.elements, &leaves));
    for attachment in attachments {
        attach(&mut document, attachment, date)?;
    }
    let metadata = Metadata::new()
        .title(about.title)
        .authors(vec![about.author])
        .creator(about.creator.clone())
        .producer(about.creator)
        .description(about.description)
        .document_id(about.id)
        .language("en".into())
        .text_direction(TextDirection::LeftToRight)
        .creation_date(date);
    document.set_metadata(metadata);
    document.finish().map_err(|error| ReportError::Pdf(format!("{error:?}")))
}

fn draw_page(
    document: &mut Document,
    marks: &[Mark],
    leaves: &mut [Vec<Identifier>],
) -> Result<(), ReportError> {
    let settings = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)
        .ok_or_else(|| ReportError::Pdf("the page size is not one".into()))?;
    let mut page = document.start_page_with(settings);
    let mut surface = page.surface();
    let mut open: Option<Option<usize>> = None;
    for mark in marks {
        let owner = match mark {
            Mark::Text { element, .. } => *element,
            Mark::Block { .. } => None,
        };
        if open != Some(owner) {
            if open.is_some() {
                surface.end_tagged();
            }
            let tag = match owner {
                Some(_) => ContentTag::Span(SpanTag::empty()),
                None => ContentTag::Artifact(Artifact::with_kind(ArtifactType::PaginationOther)),
            };
            let identifier = surface.start_tagged(tag);
            if let Some(element) = owner {
                leaves[element].push(identifier);
            }
            open = Some(owner);
        }
        draw_mark(&mut surface, mark)?;
    }
    if open.is_some() {
        surface.end_tagged();
    }
    surface.finish();
    page.finish();
    Ok(())
}

fn draw_mark(surface: &mut Surface<'_>, mark: &Mark) -> Result<(), ReportError> {
    match mark {
        Mark::Text { x, y, line, ink, .. } => {
            if line.glyphs.is_empty() {
                return Ok(());
            }
            let font = line.face.font();
            let font = font.ok_or_else(|| ReportError::Pdf("a built-in font is damaged".into()))?;
            surface.set_fill(Some(fill(*ink)));
            let start = Point::from_xy(*x, *y);
            surface.draw_glyphs(start, &line.glyphs, font.clone(), &line.text, line.size, false);
        }
        Mark::Block { x, y, width, height, ink } => {
            let mut builder = PathBuilder::new();
            if let Some(rect) = Rect::from_xywh(*x, *y, *width, *height) {
                builder.push_rect(rect);
            }
            if let Some(path) = builder.finish() {
                surface.set_fill(Some(fill(*ink)));
                surface.draw_path(&path);
            }
        }
    }
    Ok(())
}

fn fill(ink: Ink) -> Fill {
    let lightness = match ink {
        Ink::Full => 0x16,
        Ink::Quiet => 0x66,
        Ink::Hair => 0xc4,
    };
    Fill {
        paint: luma::Color::new(lightness).into(),
        opacity: NormalizedF32::ONE,
        rule: Default::default(),
    }
}

fn tag_tree(elements: &[Element], leaves: &[Vec<Identifier>]) -> TagTree {
    let mut tree = TagTree::new().with_lang(Some("en".into()));
    for child in &elements[0].children {
        tree.push(group(*child, elements, leaves));
    }
    tree
}

fn group(index: usize, elements: &[Element], leaves: &[Vec<Identifier>]) -> TagGroup {
    let element = &elements[index];
    let mut group = match element.kind {
        Kind::Document => TagGroup::new(Tag::Section),
        Kind::Heading(level) => {
            let level = NonZeroU16::new(u16::from(level)).unwrap_or(NonZeroU16::MIN);
            TagGroup::new(Tag::Hn(level, element.title.clone()))
        }
        Kind::Paragraph => TagGroup::new(Tag::P),
        Kind::Code => TagGroup::new(Tag::Code),
        Kind::Table => TagGroup::new(Tag::Table),
        Kind::Row => TagGroup::new(Tag::TR),
        Kind::ColumnHead => TagGroup::new(Tag::TH(TableHeaderScope::Column)),
        Kind::RowHead => TagGroup::new(Tag::TH(TableHeaderScope::Row)),
        Kind::Cell => TagGroup::new(Tag::TD),
    };
    for leaf in &leaves[index] {
        group.push(Node::Leaf(*leaf));
    }
    for child in &element.children {
        group.push(self::group(*child, elements, leaves));
    }
    group
}

fn attach(
    document: &mut Document,
    attachment: Attachment,
    date: DateTime,
) -> Result<(), ReportError> {
    let name = attachment.name.clone();
    let file = EmbeddedFile {
        path: attachment.name,
        mime_type: MimeType::new(attachment.media_type),
        description: Some(attachment.description),
        association_kind: AssociationKind::Data,
        data: attachment.bytes.into(),
        modification_date: Some(date),
        compress: None,
        location: None,
    };
    document.embed_file(file).ok_or(ReportError::Attachment { name })
}

fn pdf_date(at: Timestamp) -> Result<DateTime, ReportError> {
    let civil = at.to_zoned(TimeZone::UTC).datetime();
    let year = u16::try_from(civil.year()).map_err(|_| ReportError::Date(at))?;
    let part = |value: i8| value.unsigned_abs();
    Ok(DateTime::new(year)
        .month(part(civil.month()))
        .day(part(civil.day()))
        .hour(part(civil.hour()))
        .minute(part(civil.minute()))
        .second(part(civil.second()))
        .utc_offset_hour(0)
        .utc_offset_minute(0))
}
