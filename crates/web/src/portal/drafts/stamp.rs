//! Which of two forms of one draft was typed later, in whatever order they arrive
//! (docs/decisions/214). Knows no store.

use serde::{Deserialize, Serialize};

use crate::order_form::OrderForm;

/// Which page a form was typed on, and what was kept when that page was made. What is kept has the
/// stamp of the form that it came with, so that nothing older is written over it, in whatever order
/// forms arrive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// How often the draft had been kept.
    pub revision: u64,
    /// A name of the page that is used once; the pages of two windows have two.
    pub page: String,
    /// How often the page had sent its form.
    pub turn: u64,
}

/// Whether somebody pressed a button or a script keeps what was typed so far.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::portal) enum Keeping {
    Saved,
    Typed,
}

impl Stamp {
    /// The stamp of a form that was sent.
    pub(super) fn of(typed: &OrderForm) -> Self {
        let number = |text: &str| text.parse().unwrap_or(0);
        let (revision, turn) = (number(&typed.revision), number(&typed.turn));
        Self { revision, page: typed.page.clone(), turn }
    }

    /// Whether the form was typed after what is kept: on a page that was made of it, or later on
    /// the same page.
    pub(super) fn follows(&self, kept: &Stamp, keeping: Keeping) -> bool {
        let is_later = match keeping {
            Keeping::Typed => self.turn > kept.turn,
            // Pushed twice, or on a page without scripts.
            Keeping::Saved => self.turn >= kept.turn,
        };
        let is_same_page = !self.page.is_empty() && self.page == kept.page;
        self.revision == kept.revision || (is_same_page && is_later)
    }

    /// The same, once it is kept.
    pub(super) fn kept(&self) -> Self {
        Self { revision: self.revision + 1, ..self.clone() }
    }
}
