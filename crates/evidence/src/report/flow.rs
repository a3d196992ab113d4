//! Where things stand on pages. Knows measures and page breaks, not what the words mean nor how
//! a PDF is written. Positions are points from the page's top left corner.

use super::faces::{Face, Line};

/// A4, in points.
pub const PAGE_WIDTH: f32 = 595.28;
/// A4, in points.
pub const PAGE_HEIGHT: f32 = 841.89;
/// Left and right margin: twelve units of the grid.
pub const MARGIN: f32 = 62.0;
/// Width of the text.
pub const MEASURE: f32 = PAGE_WIDTH - 2.0 * MARGIN;
/// Where text starts below the running head.
pub const TOP: f32 = 88.0;
/// Where text ends above the running foot.
pub const BOTTOM: f32 = PAGE_HEIGHT - 84.0;

/// Pages of one report; what would follow is left out and said so.
pub const PAGES_COUNT_MAX: usize = 2_000;

/// Grey steps of ink. One ink, no colour: it will be copied and faxed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ink {
    /// Text.
    Full,
    /// Labels and running heads.
    Quiet,
    /// Hairlines.
    Hair,
}

/// What an element of the document is, for readers that cannot see (PDF/A-3a).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The whole.
    Document,
    /// A heading of level 1 to 3.
    Heading(u8),
    /// A paragraph.
    Paragraph,
    /// A query.
    Code,
    /// A table.
    Table,
    /// A row.
    Row,
    /// A head cell of a column.
    ColumnHead,
    /// A head cell of a row: the label of a fact.
    RowHead,
    /// A cell.
    Cell,
}

/// An element of the document's structure.
#[derive(Debug)]
pub struct Element {
    /// What it is.
    pub kind: Kind,
    /// The heading's text.
    pub title: Option<String>,
    /// Inner elements, by index.
    pub children: Vec<usize>,
}

/// Something drawn on a page.
#[derive(Debug)]
pub enum Mark {
    /// A line of text with its baseline's start. No element: running matter.
    Text {
        /// Left end of the baseline.
        x: f32,
        /// Height of the baseline.
        y: f32,
        /// The line.
        line: Line,
        /// Ink.
        ink: Ink,
        /// The element it belongs to.
        element: Option<usize>,
    },
    /// A filled rectangle: rules are thin ones.
    Block {
        /// Left.
        x: f32,
        /// Top.
        y: f32,
        /// Width.
        width: f32,
        /// Height.
        height: f32,
        /// Ink.
        ink: Ink,
    },
}

/// An entry of the outline.
#[derive(Debug)]
pub struct Bookmark {
    /// Its text.
    pub text: String,
    /// Page index.
    pub page: usize,
    /// Height on that page.
    pub y: f32,
}

/// Pages in the making.
pub struct Flow {
    /// Marks of each page.
    pub pages: Vec<Vec<Mark>>,
    /// Structure; the first is the document.
    pub elements: Vec<Element>,
    /// Outline.
    pub bookmarks: Vec<Bookmark>,
    y: f32,
    parents: Vec<usize>,
}

/// A paragraph's dress.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Face.
    pub face: Face,
    /// Size in points.
    pub size: f32,
    /// From baseline to baseline.
    pub leading: f32,
    /// Ink.
    pub ink: Ink,
}

impl Style {
    /// A style in full ink.
    pub const fn new(face: Face, size: f32, leading: f32) -> Self {
        Self { face, size, leading, ink: Ink::Full }
    }

    /// The same in another ink.
    pub const fn ink(self, ink: Ink) -> Self {
        Self { ink, ..self }
    }
}

impl Flow {
    /// One empty page.
    pub fn new() -> Self {
        let root = Element { kind: Kind::Document, title: None, children: Vec::new() };
        Self {
            pages: vec![Vec::new()],
            elements: vec![root],
            bookmarks: Vec::new(),
            y: TOP,
            parents: vec![0],
        }
    }

    /// Current height.
    pub fn y(&self) -> f32 {
        self.y
    }

    /// Leaves space, unless at the top of a page.
    pub fn space(&mut self, height: f32) {
        if self.y > TOP {
            self.y += height;
        }
    }

    /// Moves down in any case.
    pub fn down(&mut self, height: f32) {
        self.y += height;
    }

    /// Whether `height` more fits on this page.
    pub fn fits(&self, height: f32) -> bool {
        self.y + height <= BOTTOM
    }

    /// Starts a page unless `height` fits; true if it did.
    pub fn need(&mut self, height: f32) -> bool {
        let turn = !self.fits(height) && self.y > TOP;
        if turn {
            self.turn();
        }
        turn
    }

    /// Starts a page.
    pub fn turn(&mut self) {
        self.pages.push(Vec::new());
        self.y = TOP;
    }

    /// Whether no page may be added.
    pub fn is_full(&self) -> bool {
        self.pages.len() >= PAGES_COUNT_MAX
    }

    /// Opens an element; everything up to [`Flow::close`] is inside.
    pub fn open(&mut self, kind: Kind) -> usize {
        let index = self.elements.len();
        self.elements.push(Element { kind, title: None, children: Vec::new() });
        let parent = self.parents.last().copied().unwrap_or(0);
        self.elements[parent].children.push(index);
        self.parents.push(index);
        index
    }

    /// Closes the innermost element.
    pub fn close(&mut self) {
        self.parents.pop();
    }

    /// Puts lines one below the other from `y` on, without moving; right-aligned to `x + width`
    /// when asked.
    pub fn put(&mut self, at: Place, lines: Vec<Line>, style: Style, element: Option<usize>) {
        let mut y = at.y + style.size * 0.78 + (style.leading - style.size) * 0.5;
        for line in lines {
            let x = match at.side {
                Side::Left => at.x,
                Side::Right => at.x + at.width - line.width,
            };
            let mark = Mark::Text { x, y, line, ink: style.ink, element };
            if let Some(page) = self.pages.last_mut() {
                page.push(mark);
            }
            y += style.leading;
        }
    }

    /// A rule across `width`.
    pub fn rule(&mut self, x: f32, y: f32, width: f32, weight: f32, ink: Ink) {
        self.block(x, y, width, weight, ink);
    }

    /// A filled rectangle.
    pub fn block(&mut self, x: f32, y: f32, width: f32, height: f32, ink: Ink) {
        if let Some(page) = self.pages.last_mut() {
            page.push(Mark::Block { x, y, width, height, ink });
        }
    }

    /// A heading, kept with what follows.
    pub fn heading(&mut self, level: u8, text: &str, style: Style, keep: f32) {
        let lines = style.face.lines(text, style.size, MEASURE);
        let height = lines.len() as f32 * style.leading;
        self.need(height + keep);
        let element = self.open(Kind::Heading(level));
        self.elements[element].title = Some(text.to_owned());
        self.close();
        let page = self.pages.len() - 1;
        self.bookmarks.push(Bookmark { text: text.to_owned(), page, y: self.y });
        self.put(Place::left(MARGIN, self.y), lines, style, Some(element));
        self.y += height;
    }

    /// A paragraph, broken over pages between lines, never leaving one line alone.
    pub fn paragraph(&mut self, kind: Kind, text: &str, style: Style, indent: f32) {
        let mut lines = style.face.lines(text, style.size, MEASURE - indent);
        let element = self.open(kind);
        self.close();
        while !lines.is_empty() && !self.is_full() {
            let mut room = ((BOTTOM - self.y) / style.leading).max(0.0) as usize;
            if room < lines.len() && lines.len() - room == 1 {
                room = room.saturating_sub(1);
            }
            if room < lines.len().min(2) {
                self.turn();
                continue;
            }
            let rest = lines.split_off(room.min(lines.len()));
            let height = lines.len() as f32 * style.leading;
            self.put(Place::left(MARGIN + indent, self.y), lines, style, Some(element));
            self.y += height;
            lines = rest;
        }
    }
}

/// Where lines are put.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Left.
    pub x: f32,
    /// Top.
    pub y: f32,
    /// Width, for the right side.
    pub width: f32,
    /// Side.
    pub side: Side,
}

/// To which side lines are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Flush left.
    Left,
    /// Flush right, for amounts.
    Right,
}

impl Place {
    /// Flush left.
    pub fn left(x: f32, y: f32) -> Self {
        Self { x, y, width: 0.0, side: Side::Left }
    }
}
