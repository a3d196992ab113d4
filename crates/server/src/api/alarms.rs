//! Alarms: the same as on the page *Security*, for programs that watch.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use desk::policy::{Action, Facts, permit, permit_read};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::api::{At, Body, Caller};
use crate::app::Node;
use crate::app::security::Alarm;
use crate::error::Error;

/// An alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmShown {
    /// Its id.
    pub alarm: Uuid,
    /// Why it was raised: `many_reads`, `failed_log_ins`...
    pub rule: String,
    /// Whom it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Uuid>,
    /// The network it is about, 24 bits of an address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// How often within the hour.
    pub count: u64,
    /// Start of the hour, or when it began.
    #[schema(value_type = String)]
    pub from: Timestamp,
    /// When it was raised.
    #[schema(value_type = String)]
    pub raised_at: Timestamp,
    /// Who looked into it; absent while it is open.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<AcknowledgedShown>,
}

/// That somebody looked into an alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AcknowledgedShown {
    /// Who.
    pub by: String,
    /// When.
    #[schema(value_type = String)]
    pub at: Timestamp,
    /// What it was.
    pub note: String,
}

/// The alarms.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmList {
    /// How many of these are open.
    pub open: usize,
    /// Open ones first, then the newest; at most 200.
    pub alarms: Vec<AlarmShown>,
}

/// What an alarm was.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlarmNote {
    /// In a few words.
    pub note: String,
}

/// The alarms, open ones first.
#[utoipa::path(
    get, path = "/api/v1/alarms", tag = "alarms",
    responses((status = 200, body = AlarmList), (status = 404, description = "Not for this caller"))
)]
pub async fn list(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
) -> Result<Json<AlarmList>, Error> {
    permit_read(&actor, Action::ReadSecurity, &Facts::default()).ok_or(Error::Hidden)?;
    let alarms = node.alarms(&actor).await?;
    let open = alarms.iter().filter(|alarm| alarm.acknowledged.is_none()).count();
    Ok(Json(AlarmList { open, alarms: alarms.into_iter().map(shown).collect() }))
}

/// Puts on the record what an alarm was. Nobody does so for an alarm about the same person.
#[utoipa::path(
    post, path = "/api/v1/alarms/{alarm}/acknowledge", tag = "alarms", request_body = AlarmNote,
    params(("alarm" = Uuid, Path, description = "Id of the alarm")),
    responses((status = 204, description = "It is on the record"),
              (status = 400, description = "Nothing is said, or the alarm is about the caller"),
              (status = 404, description = "Not for this caller, or no such open alarm"))
)]
pub async fn acknowledge(
    State(node): State<Arc<Node>>,
    Caller(actor): Caller,
    alarm: Result<At<Uuid>, Error>,
    body: Body<AlarmNote>,
) -> Result<StatusCode, Error> {
    // Rights first: whoever has none learns nothing of the shape of a body.
    permit(&actor, Action::AcknowledgeAlarm, &Facts::default()).ok_or(Error::Hidden)?;
    let Ok(At(alarm)) = alarm else { return Err(Error::Hidden) };
    let AlarmNote { note } = body.read()?;
    node.acknowledge_alarm(&actor, alarm, &note).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn shown(alarm: Alarm) -> AlarmShown {
    AlarmShown {
        alarm: alarm.id,
        rule: alarm.cause.rule.as_str().to_owned(),
        who: alarm.cause.who,
        network: alarm.cause.source,
        count: alarm.cause.count,
        from: alarm.cause.from,
        raised_at: alarm.raised_at,
        acknowledged: alarm.acknowledged.map(|done| AcknowledgedShown {
            by: done.by.to_string(),
            at: done.at,
            note: done.note,
        }),
    }
}
