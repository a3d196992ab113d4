//! Tables: column widths, wrapped cells, heads repeated on every page. Knows rows of text, not
//! what they are about.

use super::faces::{Face, Line};
use super::flow::{Flow, Ink, Kind, MARGIN, MEASURE, Place, Side, Style};

/// A column of a printed table.
#[derive(Clone, Debug)]
pub struct GridColumn {
    /// The head.
    pub head: String,
    /// Side to which cells are set: right for amounts and counts.
    pub side: Side,
    /// Mono for digests and addresses.
    pub face: Face,
}

/// A cell: its text; none prints a dash in quiet ink.
pub type GridCell = Option<String>;

/// A table being printed row by row.
pub struct Grid<'f> {
    flow: &'f mut Flow,
    columns: Vec<GridColumn>,
    widths: Vec<f32>,
    sizes: Sizes,
    table: usize,
}

#[derive(Clone, Copy)]
struct Sizes {
    cell: f32,
    leading: f32,
}

const GUTTER: f32 = 9.0;
const PAD: f32 = 3.0;
const NORMAL: Sizes = Sizes { cell: 7.6, leading: 10.2 };
const SMALL: Sizes = Sizes { cell: 6.4, leading: 8.8 };
/// The narrowest column that is still read.
const COLUMN_WIDTH_MIN: f32 = 30.0;
/// Lines of one cell that are printed; the data files have the rest.
pub const CELL_LINES_MAX: usize = 40;

/// Whether a table of these columns can be printed as one, or must be turned into pairs.
pub fn fits(columns: &[GridColumn]) -> bool {
    let gutters = GUTTER * (columns.len().saturating_sub(1)) as f32;
    columns.len() as f32 * COLUMN_WIDTH_MIN + gutters <= MEASURE
}

impl<'f> Grid<'f> {
    /// Starts a table; `sample` are the rows by which columns are measured.
    pub fn new(flow: &'f mut Flow, columns: Vec<GridColumn>, sample: &[Vec<GridCell>]) -> Self {
        let wanted = |sizes: Sizes| -> Vec<f32> {
            columns.iter().enumerate().map(|(i, c)| natural(c, i, sample, sizes)).collect()
        };
        let gutters = GUTTER * (columns.len().saturating_sub(1)) as f32;
        let normal = wanted(NORMAL);
        let tight = normal.iter().sum::<f32>() + gutters > MEASURE * 1.15;
        let sizes = if tight { SMALL } else { NORMAL };
        let natural = if tight { wanted(SMALL) } else { normal };
        let widths = share(&natural, MEASURE - gutters, &columns);
        let table = flow.open(Kind::Table);
        let mut grid = Self { flow, columns, widths, sizes, table };
        grid.flow.need(sizes.leading * 5.0);
        grid.head(true);
        grid
    }

    /// Prints one row; starts a page with the head again when it does not fit.
    pub fn row(&mut self, cells: &[GridCell]) {
        if self.flow.is_full() {
            return;
        }
        let mut set: Vec<Vec<Line>> = Vec::with_capacity(cells.len());
        for ((cell, column), width) in cells.iter().zip(&self.columns).zip(&self.widths) {
            let text = cell.as_deref().unwrap_or("-");
            let mut lines = column.face.cell(text, self.size(column.face), *width);
            lines.truncate(CELL_LINES_MAX);
            set.push(lines);
        }
        let count = set.iter().map(Vec::len).max().unwrap_or(1).max(1);
        let height = count as f32 * self.sizes.leading + 2.0 * PAD;
        if self.flow.need(height) {
            self.head(false);
        }
        self.flow.open(Kind::Row);
        let top = self.flow.y() + PAD;
        let mut x = MARGIN;
        for (index, lines) in set.into_iter().enumerate() {
            let column = &self.columns[index];
            let ink = if cells[index].is_some() { Ink::Full } else { Ink::Quiet };
            let style = Style::new(column.face, self.size(column.face), self.sizes.leading);
            let place = Place { x, y: top, width: self.widths[index], side: column.side };
            let cell = self.flow.open(Kind::Cell);
            self.flow.close();
            self.flow.put(place, lines, style.ink(ink), Some(cell));
            x += self.widths[index] + GUTTER;
        }
        self.flow.close();
        self.flow.down(height);
        let y = self.flow.y();
        self.flow.rule(MARGIN, y, MEASURE, 0.3, Ink::Hair);
    }

    /// Ends the table.
    pub fn finish(self) {
        let y = self.flow.y();
        self.flow.rule(MARGIN, y, MEASURE, 0.6, Ink::Full);
        self.flow.down(2.0);
        self.flow.close();
    }

    /// Columns whose text is a little wider than letters of the other faces.
    fn size(&self, face: Face) -> f32 {
        if face == Face::Mono { self.sizes.cell * 0.93 } else { self.sizes.cell }
    }

    /// The head; only the first is part of the structure, repeats are running matter.
    fn head(&mut self, first: bool) {
        let style = Style::new(Face::Strong, self.sizes.cell * 0.95, self.sizes.leading);
        let mut set = Vec::with_capacity(self.columns.len());
        for (column, width) in self.columns.iter().zip(&self.widths) {
            set.push(style.face.cell(&column.head, style.size, *width));
        }
        let count = set.iter().map(Vec::len).max().unwrap_or(1);
        let height = count as f32 * style.leading + 2.0 * PAD;
        let y = self.flow.y();
        self.flow.rule(MARGIN, y, MEASURE, 0.6, Ink::Full);
        if first {
            self.flow.open(Kind::Row);
        }
        let mut x = MARGIN;
        for (index, lines) in set.into_iter().enumerate() {
            let element = first.then(|| {
                let element = self.flow.open(Kind::ColumnHead);
                self.flow.close();
                element
            });
            // Heads stand on one baseline at the bottom.
            let drop = (count - lines.len()) as f32 * style.leading;
            let side = self.columns[index].side;
            let place = Place { x, y: y + PAD + drop, width: self.widths[index], side };
            self.flow.put(place, lines, style, element);
            x += self.widths[index] + GUTTER;
        }
        if first {
            self.flow.close();
        }
        self.flow.down(height);
        let y = self.flow.y();
        self.flow.rule(MARGIN, y, MEASURE, 0.6, Ink::Full);
        debug_assert!(self.table < self.flow.elements.len());
    }
}

/// Width that a column would like: its longest sampled cell and its head, within reason.
fn natural(column: &GridColumn, index: usize, sample: &[Vec<GridCell>], sizes: Sizes) -> f32 {
    let head = longest_word(Face::Strong, &column.head, sizes.cell);
    let cells = sample.iter().filter_map(|row| row.get(index)?.as_deref());
    let widest = cells.map(|text| width_of(column.face, text, sizes.cell)).fold(0.0, f32::max);
    widest.max(head).clamp(COLUMN_WIDTH_MIN * 0.6, MEASURE)
}

fn width_of(face: Face, text: &str, size: f32) -> f32 {
    // Long texts will wrap in any case; measuring all of them costs and changes nothing.
    let end = text.char_indices().nth(160).map_or(text.len(), |(at, _)| at);
    text[..end].lines().map(|line| face.width(line, size)).fold(0.0, f32::max) + 0.5
}

fn longest_word(face: Face, text: &str, size: f32) -> f32 {
    text.split(' ').map(|word| face.width(word, size)).fold(0.0, f32::max) + 0.5
}

/// Shares the measure: columns narrower than a fair share keep their width, the others divide
/// what is left by what they want. All of it is used, so that tables align with the text.
fn share(natural: &[f32], measure: f32, columns: &[GridColumn]) -> Vec<f32> {
    let total: f32 = natural.iter().sum();
    if total <= measure {
        // Figures stay close to what they count; text takes the room.
        let grows = |column: &GridColumn| column.side == Side::Left;
        let count = columns.iter().filter(|column| grows(column)).count();
        let more = (measure - total) / count.max(1) as f32;
        let width = |(width, column): (&f32, &GridColumn)| {
            if grows(column) { width + more } else { *width }
        };
        return natural.iter().zip(columns).map(width).collect();
    }
    let mut fixed = vec![false; natural.len()];
    loop {
        let used: f32 = natural.iter().zip(&fixed).filter(|(_, f)| **f).map(|(w, _)| *w).sum();
        let open = fixed.iter().filter(|fixed| !**fixed).count().max(1) as f32;
        let fair = (measure - used) / open;
        let next = natural.iter().zip(&fixed).position(|(w, fixed)| !fixed && *w <= fair);
        match next {
            Some(index) => fixed[index] = true,
            None => {
                let weight = |width: f32| width.sqrt();
                let open = natural.iter().zip(&fixed).filter(|(_, f)| !**f);
                let sum: f32 = open.map(|(w, _)| weight(*w)).sum();
                return natural
                    .iter()
                    .zip(&fixed)
                    .map(|(w, f)| if *f { *w } else { (measure - used) * weight(*w) / sum })
                    .collect();
            }
        }
    }
}
