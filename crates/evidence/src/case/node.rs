//! JSON-LD nodes written straight into a text: no tree of values is built, because the graph is
//! made for every package. Knows nothing of CASE but the forms of its literals.

use std::fmt::{Display, Write as _};

use super::push_json_text;

/// An object with `@id` and `@type`, open until [`Node::end`].
#[must_use = "a node is open until its end"]
pub(super) struct Node<'t> {
    text: &'t mut String,
}

/// An array, open until [`List::end`].
#[must_use = "a list is open until its end"]
pub(super) struct List<'t> {
    text: &'t mut String,
}

impl<'t> Node<'t> {
    /// Opens a node at the end of `text`.
    pub(super) fn begin(text: &'t mut String, id: &str, kind: &str) -> Self {
        text.push_str("{\"@id\":");
        push_json_text(text, id);
        text.push_str(",\"@type\":");
        push_json_text(text, kind);
        Self { text }
    }

    pub(super) fn text(&mut self, key: &str, value: &str) -> &mut Self {
        self.key(key);
        push_json_text(self.text, value);
        self
    }

    pub(super) fn boolean(&mut self, key: &str, value: bool) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{value}");
        self
    }

    pub(super) fn integer(&mut self, key: &str, value: u64) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{value}");
        self
    }

    pub(super) fn time(&mut self, key: &str, value: &jiff::Timestamp) -> &mut Self {
        self.key(key);
        let _ = write!(self.text, "{{\"@type\":\"xsd:dateTime\",\"@value\":\"{value}\"}}");
        self
    }

    pub(super) fn link(&mut self, key: &str, id: &str) -> &mut Self {
        self.key(key);
        push_link(self.text, id);
        self
    }

    pub(super) fn links(&mut self, key: &str, ids: &[String]) -> &mut Self {
        self.key(key);
        self.text.push('[');
        for (index, id) in ids.iter().enumerate() {
            if index > 0 {
                self.text.push(',');
            }
            push_link(self.text, id);
        }
        self.text.push(']');
        self
    }

    /// Method and value of a `uco-types:Hash`.
    pub(super) fn hash(&mut self, method: &str, digest: &impl Display) -> &mut Self {
        self.text("uco-types:hashMethod", method);
        self.key("uco-types:hashValue");
        let _ = write!(self.text, "{{\"@type\":\"xsd:hexBinary\",\"@value\":\"{digest}\"}}");
        self
    }

    /// The facets of this node.
    pub(super) fn facets(&mut self) -> List<'_> {
        self.list("uco-core:hasFacet")
    }

    pub(super) fn list(&mut self, key: &str) -> List<'_> {
        self.key(key);
        self.text.push('[');
        List { text: self.text }
    }

    pub(super) fn end(&mut self) {
        self.text.push('}');
    }

    fn key(&mut self, key: &str) {
        self.text.push(',');
        push_json_text(self.text, key);
        self.text.push(':');
    }
}

impl List<'_> {
    pub(super) fn node(&mut self, id: &str, kind: &str) -> Node<'_> {
        if !self.text.ends_with('[') {
            self.text.push(',');
        }
        Node::begin(self.text, id, kind)
    }

    pub(super) fn end(self) {
        self.text.push(']');
    }
}

fn push_link(text: &mut String, id: &str) {
    text.push_str("{\"@id\":");
    push_json_text(text, id);
    text.push('}');
}
