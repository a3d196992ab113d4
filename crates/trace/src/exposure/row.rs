//! Amounts by category in as few bytes as they need: most are small, and there is a row for each
//! exposed output and address, so that memory is what limits a pass. Knows no chain.
//!
//! A row is a list of numbers in bytes of seven bits, the lowest first, the high bit for more to
//! come: twice the amount where the category is one above the one before it (or the first of all),
//! else that plus one and then how many categories lie between. So rows with many categories need
//! no byte for them.

use super::{Amounts, Category};
use chain::Satoshi;

/// Amounts by category, ascending, none of them 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(Box<[u8]>);

impl Row {
    /// The row of these amounts, categories ascending; amounts of 0 are left out. `buffer` is
    /// memory, nothing else.
    pub(super) fn of(amounts: impl Iterator<Item = (Category, u64)>, buffer: &mut Vec<u8>) -> Row {
        buffer.clear();
        let mut next = 0;
        for (Category(category), amount) in amounts.filter(|(_, amount)| *amount > 0) {
            let between = category - next;
            push(buffer, amount << 1 | u64::from(between > 0));
            if between > 0 {
                push(buffer, between.into());
            }
            // Nothing follows the last category there can be.
            next = category.saturating_add(1);
        }
        Row(buffer.as_slice().into())
    }

    /// Whether there is no amount.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The amounts, categories ascending.
    pub(super) fn amounts(&self) -> impl Iterator<Item = (Category, u64)> {
        let mut bytes = self.0.iter();
        let mut next = 0;
        std::iter::from_fn(move || {
            let word = pull(&mut bytes)?;
            if word & 1 == 1 {
                next += pull(&mut bytes).unwrap_or(0) as u16;
            }
            let category = Category(next);
            next = next.saturating_add(1);
            Some((category, word >> 1))
        })
    }

    /// The same as a list.
    pub(super) fn to_amounts(&self) -> Amounts {
        self.amounts().map(|(category, amount)| (category, Satoshi(amount))).collect()
    }

    /// Amounts of two rows, put together category by category; what is not there counts as 0.
    pub(super) fn with(&self, other: &Row, put: fn(u64, u64) -> u64, buffer: &mut Vec<u8>) -> Row {
        let (mut ours, mut others) = (self.amounts().peekable(), other.amounts().peekable());
        let both = std::iter::from_fn(|| {
            let first = |side: Option<&(Category, u64)>| side.map(|(category, _)| *category);
            let (one, two) = (first(ours.peek()), first(others.peek()));
            let category = one.into_iter().chain(two).min()?;
            let amount = ours.next_if(|(of, _)| *of == category).map_or(0, |(_, amount)| amount);
            let other = others.next_if(|(of, _)| *of == category).map_or(0, |(_, amount)| amount);
            Some((category, put(amount, other)))
        });
        Row::of(both, buffer)
    }
}

fn push(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn pull<'a>(bytes: &mut impl Iterator<Item = &'a u8>) -> Option<u64> {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes.next()?;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
        shift += 7;
    }
}

/// Rows by a dense number, most of them empty; memory for those that are near one that is not.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows(Vec<Vec<Row>>);

/// Rows that get memory together.
const PAGE_ROWS: usize = 64;

impl Rows {
    /// A row; none where it was never written.
    pub(super) fn get(&self, number: u32) -> Option<&Row> {
        self.0.get(number as usize / PAGE_ROWS)?.get(number as usize % PAGE_ROWS)
    }

    /// A row to be written.
    pub(super) fn at(&mut self, number: u32) -> &mut Row {
        let page = number as usize / PAGE_ROWS;
        if page >= self.0.len() {
            self.0.resize(page + 1, Vec::new());
        }
        let rows = &mut self.0[page];
        if rows.is_empty() {
            rows.resize(PAGE_ROWS, Row::default());
        }
        &mut rows[number as usize % PAGE_ROWS]
    }
}

/// Sums by category over several rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    by_category: Vec<u64>,
    /// Categories with a sum above 0.
    some: Vec<Category>,
}

impl Sums {
    /// Adds a row.
    pub(super) fn add(&mut self, row: &Row) {
        for (category, amount) in row.amounts() {
            let place = usize::from(category.0);
            if place >= self.by_category.len() {
                self.by_category.resize(place + 1, 0);
            }
            if self.by_category[place] == 0 {
                self.some.push(category);
            }
            self.by_category[place] += amount;
        }
    }

    /// Moves the sums to `sums`, categories ascending; nothing is left here.
    pub(super) fn take(&mut self, sums: &mut Vec<(Category, u64)>) {
        sums.clear();
        self.some.sort_unstable();
        let by_category = &mut self.by_category;
        let mut take =
            |category: Category| std::mem::take(&mut by_category[usize::from(category.0)]);
        sums.extend(self.some.drain(..).map(move |category| (category, take(category))));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn amounts() -> impl Strategy<Value = BTreeMap<u16, u64>> {
        let category = prop_oneof![0u16..20, any::<u16>(), Just(u16::MAX)];
        let amount = (1u64..1 << 52, 0u32..52).prop_map(|(amount, shift)| (amount >> shift).max(1));
        prop::collection::btree_map(category, amount, 0..12)
    }

    fn row(amounts: &BTreeMap<u16, u64>) -> Row {
        Row::of(amounts.iter().map(|(of, amount)| (Category(*of), *amount)), &mut Vec::new())
    }

    fn list(row: &Row) -> BTreeMap<u16, u64> {
        row.amounts().map(|(category, amount)| (category.0, amount)).collect()
    }

    proptest! {
        #[test]
        fn rows_say_what_was_put_in_and_add_up(one in amounts(), two in amounts()) {
            prop_assert_eq!(&list(&row(&one)), &one);
            let mut sum = one.clone();
            two.iter().for_each(|(of, amount)| *sum.entry(*of).or_default() += amount);
            let whole = row(&one).with(&row(&two), |a, b| a + b, &mut Vec::new());
            prop_assert_eq!(&list(&whole), &sum);
            let back = whole.with(&row(&two), |a, b| a - b, &mut Vec::new());
            prop_assert_eq!(&back, &row(&one));
            let (mut sums, mut taken) = (Sums::default(), Vec::new());
            sums.add(&row(&one));
            sums.add(&row(&two));
            sums.take(&mut taken);
            let taken: BTreeMap<u16, u64> = taken.iter().map(|(of, sum)| (of.0, *sum)).collect();
            prop_assert_eq!(taken, sum);
        }
    }

    #[test]
    fn many_small_amounts_take_a_byte_each() {
        let amounts = (0..16).map(|category| (category, 50)).collect();
        assert_eq!(row(&amounts).0.len(), 16);
    }
}
