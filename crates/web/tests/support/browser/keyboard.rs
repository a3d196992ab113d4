//! The keyboard alone: keys, and which element has the focus.

use serde_json::{Value, json};

use super::{Browser, Element};

/// Steps with Tab before a test gives up.
const TABS_MAX: usize = 200;

/// A key that is no character. Code points: W3C WebDriver, section 17.4.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// To the next element.
    Tab,
    /// To the one before: Shift and Tab.
    BackTab,
    /// Follows, sends.
    Enter,
    /// Ticks, presses.
    Space,
    /// Leaves.
    Escape,
    /// Up.
    ArrowUp,
    /// Down.
    ArrowDown,
    /// Left.
    ArrowLeft,
    /// Right.
    ArrowRight,
    /// A character.
    Character(char),
}

impl Key {
    const SHIFT: char = '\u{E008}';

    const fn code(self) -> char {
        match self {
            Self::Tab | Self::BackTab => '\u{E004}',
            Self::Enter => '\u{E007}',
            Self::Space => ' ',
            Self::Escape => '\u{E00C}',
            Self::ArrowLeft => '\u{E012}',
            Self::ArrowUp => '\u{E013}',
            Self::ArrowRight => '\u{E014}',
            Self::ArrowDown => '\u{E015}',
            Self::Character(character) => character,
        }
    }
}

/// What has the focus, as assistive technology says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Focus {
    /// Its role.
    pub role: String,
    /// Its name.
    pub name: String,
}

impl Browser {
    /// Presses a key and lets it go.
    pub async fn press(&self, key: Key) {
        let mut strokes = vec![("keyDown", key.code()), ("keyUp", key.code())];
        if key == Key::BackTab {
            strokes.insert(0, ("keyDown", Key::SHIFT));
            strokes.push(("keyUp", Key::SHIFT));
        }
        self.strokes(&strokes).await;
    }

    /// Types into whatever has the focus.
    pub async fn type_keys(&self, text: &str) {
        let strokes = text.chars().flat_map(|key| [("keyDown", key), ("keyUp", key)]);
        self.strokes(&strokes.collect::<Vec<_>>()).await;
    }

    /// The element that has the focus.
    pub async fn focused(&self) -> Element {
        let value = self.look("return document.activeElement || document.body", json!([])).await;
        Element::of(&self.session, &value).expect("a page has a focus")
    }

    /// What has the focus.
    pub async fn focus(&self) -> Focus {
        let element = self.focused().await;
        Focus { role: element.role().await, name: element.name().await }
    }

    /// Presses Tab until the element of this role and name has the focus.
    pub async fn tab_to(&self, role: &str, name: &str) {
        let mut passed: Vec<String> = Vec::new();
        for _ in 0..TABS_MAX {
            self.press(Key::Tab).await;
            let focus = self.focus().await;
            if focus.role == role && focus.name == name {
                return;
            }
            passed.push(format!("{} {:?}", focus.role, focus.name));
        }
        passed.truncate(40);
        let passed = passed.join(", ");
        self.fail(&format!("Tab does not lead to the {role} {name:?}; it passes {passed}")).await
    }

    async fn strokes(&self, strokes: &[(&str, char)]) {
        let strokes: Vec<Value> = strokes
            .iter()
            .map(|(kind, key)| json!({ "type": kind, "value": key.to_string() }))
            .collect();
        let keyboard = json!({ "type": "key", "id": "keyboard", "actions": strokes });
        self.must("/actions", json!({ "actions": [keyboard] })).await;
    }
}
