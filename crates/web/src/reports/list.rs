//! The reports made, and the form for one more.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use desk::ids::Country;
use desk::policy::Action;
use desk::transparency::Period;
use jiff::civil::Date;
use serde::Deserialize;
use server::app::report::Made;

use crate::form::{Mistakes, Posted};
use crate::frame::{Frame, SignedIn};
use crate::problem::{Problem, html};
use crate::rate::REPORTS;
use crate::site::Site;

#[derive(Template)]
#[template(path = "reports/list.html")]
struct ListPage {
    frame: Frame,
    reports: Vec<Made>,
    public: bool,
    may_make: bool,
    mistakes: Mistakes,
    typed: MakeForm,
}

/// A report that is wanted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct MakeForm {
    from: String,
    to: String,
    countries: String,
}

/// All reports.
///
/// # Errors
/// For whoever may not read them.
pub async fn list(State(site): State<Arc<Site>>, by: SignedIn) -> Result<Response, Problem> {
    by.allowed(Action::ReadReports)?;
    page(&site, by, Mistakes::default(), MakeForm::default()).await
}

async fn page(
    site: &Site,
    by: SignedIn,
    mistakes: Mistakes,
    typed: MakeForm,
) -> Result<Response, Problem> {
    let reports = site.node.reports(by.actor()).await?;
    let may_make = by.frame.may(Action::MakeReport);
    let public = site.node.config.transparency.public;
    html(&ListPage { frame: by.frame, reports, public, may_make, mistakes, typed })
}

/// Makes a report and shows it.
///
/// # Errors
/// For whoever may not make one, and for whoever makes them too often.
pub async fn make(
    State(site): State<Arc<Site>>,
    posted: Posted<MakeForm>,
) -> Result<Response, Problem> {
    let (by, typed) = (posted.by, posted.fields);
    by.allowed(Action::MakeReport)?;
    let mut mistakes = Mistakes::default();
    let today = by.frame.now.to_zoned(jiff::tz::TimeZone::UTC).date();
    let mut day = |field: &str, text: &str| {
        let day: Option<Date> = text.trim().parse().ok();
        if day.is_none() {
            mistakes.add(field, by.frame.say("reports-day-wrong"));
        }
        day
    };
    let (from, to) = (day("from", &typed.from), day("to", &typed.to));
    let period = from.zip(to).and_then(|(from, to)| Period::new(from, to));
    if from.is_some() && to.is_some() && period.is_none() {
        mistakes.add("to", by.frame.say("reports-ends-before"));
    }
    if to.is_some_and(|to| to >= today) {
        mistakes.add("to", by.frame.say("reports-not-over"));
    }
    let countries = countries(&typed.countries);
    if countries.is_none() {
        mistakes.add("countries", by.frame.say("reports-country-wrong"));
    }
    let (Some(period), Some(countries), true) = (period, countries, mistakes.is_empty()) else {
        return page(&site, by, mistakes, typed).await;
    };
    let countries = (!countries.is_empty()).then_some(countries);
    if let Some(earlier) =
        site.node.report_in_the_way(by.actor(), period, countries.clone()).await?
    {
        let (from, to) = (earlier.recorded.from.to_string(), earlier.recorded.to.to_string());
        let why = by.frame.words.say_with("reports-in-the-way", &[("from", &from), ("to", &to)]);
        mistakes.add("from", why);
        return page(&site, by, mistakes, typed).await;
    }
    site.take(REPORTS, &by.id().to_string())?;
    let made = site.node.make_report(by.actor(), period, countries).await?;
    Ok(Redirect::to(&format!("/reports/{}", made.recorded.json_sha256)).into_response())
}

fn countries(text: &str) -> Option<BTreeSet<Country>> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    words.map(|word| Country::parse(&word.to_uppercase())).collect()
}
