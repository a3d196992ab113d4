//! Transparency reports: made, shown with charts, taken along, checked by a stranger.

use desk::policy::Role;
use evidence::verify::{ReportFiles, check_report};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use serde_json::json;

use crate::house::House;
use crate::support::browser::Wanted;
use crate::support::exchange::file_orders;

/// A house in which orders came in yesterday; that day.
async fn house() -> Option<(House, String)> {
    house_with("").await
}

/// The same with more in its comity.toml.
async fn house_with(more: &'static str) -> Option<(House, String)> {
    let mut house = House::open_with(Wanted::default(), move |dir| {
        let path = dir.join("comity.toml");
        let text = std::fs::read_to_string(&path).expect("a configuration");
        std::fs::write(path, format!("{text}\n{more}")).expect("written");
    })
    .await?;
    house.first_administrator("Rut Okafor").await;
    let day = house.clock.now().to_zoned(TimeZone::UTC).date();
    file_orders(&house.node, &[("DE", 7), ("FR", 6), ("MT", 2), ("CY", 2), ("IE", 5)]).await;
    house.clock.forward(SignedDuration::from_hours(24));
    Some((house, day.to_string()))
}

#[tokio::test]
async fn a_report_is_made_shown_and_taken_along() {
    let Some((mut house, day)) = house().await else { return };
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    house.sit_down(cora).await;
    house.browser.follow("Reports").await;
    house.browser.wait_for_text("will stand here").await;
    house.look("reports-empty").await;

    house.browser.fill("First day", "yesterday").await;
    house.browser.fill("Last day", "2099-01-01").await;
    house.browser.fill("Authorities of", "Germany").await;
    house.browser.push("Make the report").await;
    house.browser.wait_for_text("There is something to correct").await;
    house.browser.wait_for_text("The period is not over").await;
    house.look("reports-mistakes").await;

    house.browser.fill("First day", &day).await;
    house.browser.fill("Last day", &day).await;
    house.browser.fill("Authorities of", "").await;
    house.browser.push("Make the report").await;
    let shown = "/^\\/reports\\/[0-9a-f]{64}$/.test(location.pathname)";
    house.browser.wait_for("the report", shown).await;
    house.browser.wait_for_text("Orders for records").await;
    house.look("report").await;
    assert_eq!(house.browser.count("svg.chart[role=img] > title").await, 2);
    // Malta and Cyprus sent two each; with Ireland's five they are told.
    let page = house.browser.page_text().await;
    assert!(page.contains("others") && !page.contains("MT"), "{page}");

    let name = format!("transparency-{day}--{day}");
    for button in ["JSON", "CSV", "Proof", "Page"] {
        house.browser.follow(button).await;
    }
    let json = house.downloaded(&format!("{name}.json")).await;
    let csv = house.downloaded(&format!("{name}.csv")).await;
    let proof = house.downloaded(&format!("{name}.proof.json")).await;
    let policy = std::fs::read(house.dir.path().join("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let files =
        ReportFiles { json: ("json", &json), csv: Some(("csv", &csv)), proof: ("proof", &proof) };
    let checked = check_report(&files, Some(&policy)).expect("it holds");
    assert_eq!((checked.from.as_str(), checked.to.as_str()), (day.as_str(), day.as_str()));

    // The page stands alone: nothing is loaded, and axe finds nothing there either.
    house.downloaded(&format!("{name}.html")).await;
    let path = house.dir.path().join("downloads").join(format!("{name}.html"));
    house.browser.go(&format!("file://{}", path.display())).await;
    house.browser.wait_for_text("they are what was signed and logged").await;
    assert_eq!(house.browser.axe().await, Vec::<String>::new(), "axe on the page alone");
    assert_eq!(house.browser.count("script, link, img").await, 0);
    house.close().await;
}

/// Two people publish; then anybody reads it without a log-in.
#[tokio::test]
async fn a_report_is_published_by_two_and_read_by_anybody() {
    let Some((mut house, day)) = house_with("[transparency]\npublic = true\n").await else {
        return;
    };
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    let dag = house.staff("Dag Moe", &[Role::Counsel]).await;
    house.stand_up().await;
    house.go("/login").await;
    house.browser.follow("Transparency reports").await;
    house.browser.wait_for_text("will stand here").await;
    house.look("public-empty").await;

    house.sit_down(cora).await;
    house.go("/reports").await;
    house.browser.fill("First day", &day).await;
    house.browser.fill("Last day", &day).await;
    house.browser.push("Make the report").await;
    house.browser.wait_for_text("Propose to publish it").await;
    house.look("report-to-publish").await;
    house.browser.push("Propose to publish it").await;
    house.browser.wait_for_text("proposed for publication").await;
    let own = house.browser.count("input[name=step][value=publish]").await;
    assert_eq!(own, 0, "another person publishes it");
    // Another report over the same day is refused, beside its field, when any time has passed.
    house.clock.forward(SignedDuration::from_mins(1));
    house.go("/reports").await;
    house.browser.fill("First day", &day).await;
    house.browser.fill("Last day", &day).await;
    house.browser.push("Make the report").await;
    house.browser.wait_for_text("counts some of the same requests").await;
    house.look("reports-in-the-way").await;

    house.sit_down(dag).await;
    house.go("/reports").await;
    house.browser.find("tbody th a").await.click().await;
    house.browser.wait_for_text("Publish it").await;
    house.browser.push("Publish it").await;
    let done = "[...document.querySelectorAll('dd')].some((dd) => dd.innerText === 'published')";
    house.browser.wait_for("the report to be published", done).await;
    house.stand_up().await;
    house.go("/transparency").await;
    // The page may be kept for five minutes, and was seen empty.
    house.browser.look("location.reload()", json!([])).await;
    house.browser.find("main li a").await.click().await;
    house.browser.wait_for_text("Orders for records").await;
    house.look("public-report").await;
    assert_eq!(house.browser.count("header nav, form").await, 0, "nobody is logged in");
    assert_eq!(house.browser.count("svg.chart[role=img] > title").await, 2);
    house.close().await;
}

#[tokio::test]
async fn an_auditor_reads_reports_and_makes_none() {
    let Some((mut house, day)) = house().await else { return };
    let aud = house.staff("Aud Lie", &[Role::Auditor]).await;
    let rut = house.staff_id("Rut Okafor");
    let rut = house.node.directory().person(rut, house.clock.now()).expect("known");
    let day = day.parse().expect("a day");
    let period = desk::transparency::Period::new(day, day).expect("a day");
    let made = house.node.make_report(&rut, period, None).await.expect("recorded");
    house.sit_down(aud).await;
    house.go("/reports").await;
    house.look("reports").await;
    assert_eq!(house.browser.count("form[action='/reports']").await, 0);
    house.browser.find("tbody th a").await.click().await;
    house.browser.wait_for_text(&made.recorded.json_sha256).await;
    house.close().await;
}
