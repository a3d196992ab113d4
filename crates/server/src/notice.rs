//! Who is told to look, and when. Knows no case: nothing that is sent says more than "look".
//!
//! What is told follows from events on the record. An act that somebody may want to know of gets
//! one job (`notify`) in its own transaction; that job looks up who is meant *now*, in our own
//! directory, and makes one job for each mail and each webhook. A running clock of ours gets a job
//! (`warn`) that wakes at 50, 80 and 95 percent of its time.
//!
//! | event | told |
//! |---|---|
//! | `received` | verifiers |
//! | `information_provided`, a message by the agency | whose turn it is |
//! | `assembled` | approvers, not whoever assembled it |
//! | `package_returned`, `effect_failed` | analysts |
//! | a clock at 50 and 80 percent | whose turn it is |
//! | a clock at 95 percent, `clock_breached` | whose turn it is, and counsel |
//! | any of these in an emergency | also everybody on call, at once |
//! | `information_requested`, `refused`, `legal_accepted`, `held`, `hold_ended` | the sender |
//! | `delivered`, `deletion_requested`, `expired`, `lapsed` | the sender |
//! | `frozen`, `unfrozen`, a message by staff | the sender |
//! | `assigned` to somebody | that person |
//! | a job of the node is dead | administrators; for a job of a case also analysts and counsel |
//!
//! Changes of somebody's access, what runs out, and alarms are told by [`access`].
//!
//! The sender is the officer whose key sent the request; machines that send by HI-1 get no mail.
//! A practice request never calls anybody at once. Nobody is told of what he did himself.

mod access;
mod fan;

use desk::clock::Party;
use desk::ids::{ActorId, AskNumber, StaffId};
use desk::policy::Role;
use desk::request::{Event, Request, Stage};
use serde::{Deserialize, Serialize};

pub use access::{address_for, make_reminders, remind, tell_of_new_place};
pub(crate) use access::{alarm_jobs, jobs_of_change};
pub use fan::{address_of, notify, tell_of_dead_job, warn};

use crate::config::Config;
use crate::directory::Directory;
use crate::mail::Mailer;
use crate::webhook::Endpoint;

/// The event that no request has on its record: one of our clocks has used up much of its time.
pub const CLOCK_WARNING: &str = "clock_warning";
/// The event that machines may want to hear of although it is no request's: an alarm was raised.
pub const ALARM_RAISED: &str = "alarm_raised";
/// From this share of a clock's time on, in percent, counsel is told as well.
const COUNSEL_FROM_PERCENT: u8 = 95;
/// Kinds of event that people may be told of, or that start a clock.
const TOLD: [&str; 21] = [
    "received",
    "information_provided",
    "message_posted",
    "assembled",
    "package_returned",
    "effect_failed",
    "clock_breached",
    "clock_started",
    "clock_resumed",
    "information_requested",
    "refused",
    "legal_accepted",
    "held",
    "hold_ended",
    "delivered",
    "deletion_requested",
    "expired",
    "lapsed",
    "frozen",
    "unfrozen",
    "assigned",
];

/// Roles of staff that are called.
const CALLED: [Role; 6] = [
    Role::Verifier,
    Role::Counsel,
    Role::Analyst,
    Role::Approver,
    Role::OnCall,
    Role::Administrator,
];

/// How much it presses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Urgency {
    /// About the person's own access, not about any work.
    Access,
    /// With others of the same minute.
    Ordinary,
    /// At once.
    Now,
}

/// Who is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// The officer whose key sent the request.
    Sender,
    /// Everybody on the staff with this role.
    Staff(Role),
    /// One member of staff.
    Person(StaffId),
}

/// One reason to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Call {
    /// Who.
    pub audience: Audience,
    /// How soon.
    pub urgency: Urgency,
}

/// Everything through which this node tells people and machines.
pub struct Notices {
    /// The mail server.
    pub mail: Option<Mailer>,
    /// Machines.
    pub webhooks: Vec<Endpoint>,
}

impl Notices {
    /// Opens what the configuration names; nothing is sent yet.
    ///
    /// # Errors
    /// Naming the setting or the file that is wrong.
    pub fn open(config: &Config) -> anyhow::Result<Self> {
        let mail = config.mail.as_ref().map(|mail| Mailer::open(config, mail)).transpose()?;
        let webhooks = config.webhook.iter().map(|webhook| Endpoint::open(config, webhook));
        Ok(Self { mail, webhooks: webhooks.collect::<Result<_, _>>()? })
    }

    /// True when there is nobody to tell anything through.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.mail.is_none() && self.webhooks.is_empty()
    }

    /// Whether what is told would arrive; otherwise what is worth knowing about it.
    ///
    /// # Errors
    /// What keeps mails from being sent.
    pub async fn check(&self, directory: &Directory) -> Result<Vec<String>, String> {
        let Some(mail) = &self.mail else { return Ok(Vec::new()) };
        mail.check().await?;
        let reached = |role: &Role| {
            directory.staff().any(|person| person.roles.contains(role) && person.email.is_some())
        };
        let missing = CALLED.into_iter().filter(|role| !reached(role));
        let line = |role| format!("no {role} has a mail address: nobody is told when it is time");
        Ok(missing.map(line).collect())
    }

    /// True when somebody may want to know of an event, by the JSON text of its record.
    #[must_use]
    pub fn concerns(&self, event_json: &str) -> bool {
        let kind = kind_of(event_json);
        let starts_clock = matches!(kind, "clock_started" | "clock_resumed");
        let wanted = |word| self.webhooks.iter().any(|endpoint| endpoint.wants(word));
        (self.mail.is_some() && TOLD.contains(&kind))
            || wanted(kind)
            || (starts_clock && wanted(CLOCK_WARNING))
    }
}

/// The kind of an event, which every record begins with (docs/formats/record.md).
pub(crate) fn kind_of(event_json: &str) -> &str {
    let rest = event_json.strip_prefix("{\"kind\":\"").unwrap_or_default();
    rest.split('"').next().unwrap_or_default()
}

/// Who is called to look because of an event, in a request as it stands now; and whose own doing
/// it was, who is not told.
#[must_use]
pub fn calls(event: &Event, request: &Request) -> (Vec<Call>, Option<ActorId>) {
    let staff = |roles: &[Role], by| (staff_calls(roles, request), by);
    let sender = vec![Call { audience: Audience::Sender, urgency: Urgency::Ordinary }];
    match event {
        Event::Received { by, .. } => staff(&[Role::Verifier], Some(*by)),
        Event::InformationProvided { ask, by, .. } => {
            staff(&[turn_of(request, Some(*ask))], Some(*by))
        }
        Event::MessagePosted { ask, by } if !by.is_staff() => {
            staff(&[turn_of(request, *ask)], Some(*by))
        }
        Event::Assembled { by, .. } => staff(&[Role::Approver], Some(*by)),
        Event::PackageReturned { by, .. } => staff(&[Role::Analyst], Some(*by)),
        Event::EffectFailed { by, .. } => staff(&[Role::Analyst], Some(*by)),
        Event::ClockBreached { ask, clock, .. } if is_ours(request, *ask, clock) => {
            staff(&[turn_of(request, Some(*ask)), Role::Counsel], None)
        }
        Event::InformationRequested { by, .. }
        | Event::Refused { by, .. }
        | Event::LegalAccepted { by, .. }
        | Event::Held { by, .. }
        | Event::HoldEnded { by, .. }
        | Event::Delivered { by, .. }
        | Event::MessagePosted { by, .. } => (sender, Some(*by)),
        // Given to nobody: nobody has more to do.
        Event::Assigned { to: Some(person), by } => {
            let urgency = if is_urgent(request) { Urgency::Now } else { Urgency::Ordinary };
            (vec![Call { audience: Audience::Person(*person), urgency }], Some(*by))
        }
        Event::DeletionRequested { .. }
        | Event::Expired { .. }
        | Event::Lapsed { .. }
        | Event::Frozen { .. }
        | Event::Unfrozen { .. } => (sender, None),
        _ => (Vec::new(), None),
    }
}

/// Who is called when one of our clocks has used up this share of its time, in percent.
#[must_use]
pub fn warning_calls(request: &Request, ask: AskNumber, percent: u8) -> Vec<Call> {
    let turn = turn_of(request, Some(ask));
    let with_counsel = percent >= COUNSEL_FROM_PERCENT;
    let roles: &[Role] = if with_counsel { &[turn, Role::Counsel] } else { &[turn] };
    staff_calls(roles, request)
}

fn staff_calls(roles: &[Role], request: &Request) -> Vec<Call> {
    let on_call = is_urgent(request)
        .then_some(Call { audience: Audience::Staff(Role::OnCall), urgency: Urgency::Now });
    let ordinary = roles
        .iter()
        .map(|role| Call { audience: Audience::Staff(*role), urgency: Urgency::Ordinary });
    ordinary.chain(on_call).collect()
}

/// An emergency that is no practice.
fn is_urgent(request: &Request) -> bool {
    let order = request.order.as_ref();
    order.is_some_and(|order| order.has_emergency() && !order.is_test)
}

/// Whose turn it is with an ask, or with the first ask that is still open.
fn turn_of(request: &Request, ask: Option<AskNumber>) -> Role {
    let named = ask.and_then(|number| request.ask(number));
    let open = || request.asks.iter().find(|ask| !ask.stage.is_final());
    named.or_else(open).map_or(Role::Counsel, |ask| turn(&ask.stage))
}

/// Who goes on from a state.
fn turn(stage: &Stage) -> Role {
    match stage {
        Stage::Received | Stage::IdentityCheck => Role::Verifier,
        Stage::Accepted | Stage::Searching | Stage::Freezing | Stage::Unfreezing => Role::Analyst,
        Stage::Assembled => Role::Approver,
        Stage::NeedsInformation { back } | Stage::OnHold { back, .. } => turn(back),
        _ => Role::Counsel,
    }
}

/// True for a clock that runs against the company itself.
fn is_ours(request: &Request, ask: AskNumber, name: &desk::clock::ClockName) -> bool {
    let clocks = request.ask(ask).map(|ask| ask.clocks.as_slice()).unwrap_or_default();
    let known = clocks.iter().rev().find(|clock| clock.start.name == *name);
    known.is_some_and(|clock| clock.start.whose == Party::Provider)
}
