//! What every page has around its content: who looks, in which language, the secret of its forms.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use desk::ids::ActorId;
use desk::policy::{Action, Actor, Facts, Role, permit};
use jiff::Timestamp;

use crate::problem::Problem;
use crate::session::Session;
use crate::site::Site;
use crate::words::Words;

/// Somebody who is logged in.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// As the policy knows this person.
    pub actor: Actor,
    /// Name.
    pub name: String,
    /// The session.
    pub session: Session,
    /// The network at the other end, for the security log.
    pub source: String,
}

/// The frame of one page.
#[derive(Clone)]
pub struct Frame {
    /// The language.
    pub words: &'static Words,
    /// Who looks; none at the door.
    pub viewer: Option<Viewer>,
    /// Path of this page, with its query.
    pub path: String,
    /// The company.
    pub company: String,
    /// What is made up here, if this node says that something is.
    pub fiction: Option<String>,
    /// Now.
    pub now: Timestamp,
}

/// One link of the navigation.
pub struct Link {
    /// Where.
    pub href: &'static str,
    /// Key of its words.
    pub key: &'static str,
    /// True for the room this page is in.
    pub is_here: bool,
}

/// The rooms, and the actions of which one opens each.
const ROOMS: [(&str, &str, &[Action]); 13] = [
    ("/portal", "nav-portal", &[Action::Receive]),
    ("/queue", "nav-queue", &[Action::ReadCase]),
    ("/queue?state=urgent", "nav-emergencies", &[Action::ListRequests]),
    ("/search", "nav-search", &[Action::SearchRequests]),
    ("/intake", "nav-intake", &[Action::Receive]),
    ("/money", "nav-money", &[Action::FollowMoney]),
    ("/people", "nav-people", &[Action::ManageStaff]),
    ("/agencies", "nav-agencies", &[Action::AdmitOfficer, Action::ManageAgencies]),
    ("/audit", "nav-audit", &[Action::ReadAudit]),
    ("/security", "nav-security", &[Action::ReadSecurity]),
    ("/jobs", "nav-jobs", &[Action::ManageJobs, Action::ManageCaseJobs]),
    ("/marks", "nav-marks", &[Action::ShareMarks]),
    ("/reports", "nav-reports", &[Action::ReadReports]),
];

impl Frame {
    /// A sentence of this page's language.
    #[must_use]
    pub fn say(&self, key: &str) -> String {
        self.words.say(key)
    }

    /// A sentence with one blank.
    #[must_use]
    pub fn say1(&self, key: &str, name: &str, value: impl ToString) -> String {
        self.words.say_with(key, &[(name, &value.to_string())])
    }

    /// Who did something: a name, or that the desk did it by itself.
    #[must_use]
    pub fn who(&self, directory: &server::directory::Directory, actor: ActorId) -> String {
        match actor {
            ActorId::System => self.say("who-system"),
            other => directory.name(other),
        }
    }

    /// The language's code, for `<html lang>`.
    #[must_use]
    pub fn language(&self) -> &'static str {
        self.words.code
    }

    /// The secret of this session's forms; empty at the door.
    #[must_use]
    pub fn form_secret(&self) -> &str {
        self.viewer.as_ref().map_or("", |viewer| &viewer.session.form_secret)
    }

    /// The address of a file that the pages load; it changes with the file, so that it may be
    /// kept for ever.
    #[must_use]
    pub fn asset(&self, name: &str) -> String {
        crate::site::asset_address(name)
    }

    /// The rooms that this viewer may enter.
    #[must_use]
    pub fn links(&self) -> Vec<Link> {
        // Both file requests: officers in the portal, staff at intake. The queue is the staff's.
        let other: &[&str] =
            if self.is_officer() { &["/intake", "/queue?state=urgent"] } else { &["/portal"] };
        // The longest address that fits: the emergencies are a part of the queue.
        let fits = ROOMS.iter().map(|(href, ..)| href).filter(|href| self.path.starts_with(**href));
        let here = fits.max_by_key(|href| href.len());
        let rooms = ROOMS
            .iter()
            .filter(|(href, ..)| !other.contains(href))
            .filter(|(_, _, actions)| actions.iter().any(|action| self.may(*action)));
        rooms.map(|(href, key, _)| Link { href, key, is_here: here == Some(href) }).collect()
    }

    /// Whether the viewer may do something that concerns no single request.
    #[must_use]
    pub fn may(&self, action: Action) -> bool {
        self.viewer
            .as_ref()
            .is_some_and(|viewer| permit(&viewer.actor, action, &Facts::default()).is_some())
    }

    /// Where this viewer begins.
    #[must_use]
    pub fn home(&self) -> &'static str {
        match self.links().first().map(|link| link.href) {
            // Whoever can be given work begins with the own.
            Some("/queue") if self.works_on_cases() => "/queue?who=me",
            Some(room) => room,
            None => "/",
        }
    }

    /// Whether requests can be given to the viewer.
    fn works_on_cases(&self) -> bool {
        let facts = Facts { has_emergency: true, ..Facts::default() };
        let actor = self.viewer.as_ref().map(|viewer| &viewer.actor);
        actor.is_some_and(|actor| permit(actor, Action::Assign, &facts).is_some())
    }

    /// True for an officer, false for staff.
    #[must_use]
    pub fn is_officer(&self) -> bool {
        let roles = self.viewer.as_ref().map(|viewer| &viewer.actor.roles);
        roles.is_some_and(|roles| {
            roles.contains(&Role::Officer) || roles.contains(&Role::AgencySupervisor)
        })
    }

    /// A moment as pages write it: UTC, which a script replaces by the reader's zone and leaves
    /// UTC where the pointer rests.
    #[must_use]
    pub fn moment(&self, at: &Timestamp) -> String {
        self.words.moment(at)
    }

    /// The same for machines.
    #[must_use]
    pub fn machine_moment(&self, at: &Timestamp) -> String {
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// Words for a word of the desk: `stage-received`, or the word itself where there are none.
    #[must_use]
    pub fn term(&self, family: &str, word: &str) -> String {
        self.words.term(family, word)
    }
}

impl FromRequestParts<Arc<Site>> for Frame {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<Site>) -> Result<Self, Problem> {
        // The layer `site::enter` made it for every request.
        parts.extensions.get::<Self>().cloned().ok_or_else(Problem::hidden)
    }
}

/// A page for people who are logged in; others are sent to the door and come back.
pub struct SignedIn {
    /// The frame.
    pub frame: Frame,
    /// Who.
    pub viewer: Viewer,
}

impl SignedIn {
    /// As the policy knows this person.
    #[must_use]
    pub const fn actor(&self) -> &Actor {
        &self.viewer.actor
    }

    /// A permit's shadow: whether the page may be shown at all.
    ///
    /// # Errors
    /// A page that says there is nothing here.
    pub fn allowed(&self, action: Action) -> Result<(), Problem> {
        if self.frame.may(action) { Ok(()) } else { Err(Problem::hidden()) }
    }

    /// The id on the record.
    #[must_use]
    pub const fn id(&self) -> ActorId {
        self.viewer.actor.id
    }
}

impl FromRequestParts<Arc<Site>> for SignedIn {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, site: &Arc<Site>) -> Result<Self, Problem> {
        let frame = Frame::from_request_parts(parts, site).await?;
        let Some(viewer) = frame.viewer.clone() else {
            return Err(Problem::to_the_door(&parts.method, &frame.path));
        };
        let whose = viewer.actor.id.to_string();
        site.take(crate::rate::PAGES, &whose)?;
        Ok(Self { frame, viewer })
    }
}
