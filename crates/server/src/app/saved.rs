//! Views of the queue that people keep under a name. Knows no page; a view is the question of an
//! address, and holds no words that were looked for, so no personal data.

use desk::policy::{Action, Actor, Facts, permit_read};
use serde::{Deserialize, Serialize};

use super::Node;
use crate::error::Error;
use crate::view::actor_uuid;
use crate::wrong::Wrong;

/// Views that one person keeps.
pub const VIEWS_MAX: usize = 20;
/// Characters of a view's name.
pub const NAME_CHARACTERS_MAX: usize = 60;
/// Bytes of a view's question.
pub const QUERY_BYTES_MAX: usize = 512;

/// A view that somebody kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedView {
    /// Its name, once for each person.
    pub name: String,
    /// The question of the queue's address: `state=urgent&kind=freeze`.
    pub query: String,
}

impl Node {
    /// The views that somebody kept, by name.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to list requests.
    pub async fn saved_views(&self, actor: &Actor) -> Result<Vec<SavedView>, Error> {
        permit_read(actor, Action::ListRequests, &Facts::default()).ok_or(Error::Hidden)?;
        let kept = self.store.reader().setting(&setting(actor)).await?;
        // A list of another release is no reason to keep somebody from the queue.
        Ok(kept.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default())
    }

    /// Keeps a view; one of the same name is replaced.
    ///
    /// # Errors
    /// [`Error::Input`] for a name or question that is empty or too long, or one view too many.
    pub async fn save_view(&self, actor: &Actor, view: SavedView) -> Result<(), Error> {
        let mut views = self.saved_views(actor).await?;
        let name = view.name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME_CHARACTERS_MAX {
            let most = NAME_CHARACTERS_MAX;
            return Err(Error::wrong("name", Wrong::ViewName { most }));
        }
        if view.query.is_empty() || view.query.len() > QUERY_BYTES_MAX {
            return Err(Error::wrong("query", Wrong::ViewOfNothing));
        }
        views.retain(|known| known.name != name);
        if views.len() >= VIEWS_MAX {
            return Err(Error::wrong("name", Wrong::ViewsTooMany { most: VIEWS_MAX }));
        }
        views.push(SavedView { name, query: view.query });
        views.sort_by(|a, b| a.name.cmp(&b.name));
        self.keep_views(actor, &views).await
    }

    /// Takes a view away; nothing happens when there is none of that name.
    ///
    /// # Errors
    /// [`Error::Hidden`] without the right to list requests.
    pub async fn remove_view(&self, actor: &Actor, name: &str) -> Result<(), Error> {
        let mut views = self.saved_views(actor).await?;
        views.retain(|known| known.name != name);
        self.keep_views(actor, &views).await
    }

    async fn keep_views(&self, actor: &Actor, views: &[SavedView]) -> Result<(), Error> {
        let text = serde_json::to_string(views).map_err(|error| Error::Internal(error.into()))?;
        self.store.put_setting(&setting(actor), &text).await?;
        Ok(())
    }
}

fn setting(actor: &Actor) -> String {
    format!("queue_views/{}", actor_uuid(actor.id))
}
