//! The queue as a team works it: found by words, given to somebody, kept as a view; and who read
//! what, and where one is logged in.

use desk::policy::Role;

use crate::support::browser::Wanted;
use crate::walks::{review, sign, with_officer};

#[tokio::test]
async fn work_is_found_given_and_kept_as_a_view_and_every_read_is_seen() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let bo = house.staff("Bo Ander", &[Role::Analyst]).await;
    let aud = house.staff("Aud Berg", &[Role::Auditor]).await;
    house.sit_down(nils).await;
    review(&house, &["disclose", "subscriber"], &[]).await;
    house.browser.wait_for_text("this would be accepted").await;
    let id = sign(&house).await;

    house.sit_down(bo).await;
    let browser = &house.browser;
    browser.follow("Search").await;
    browser.wait_for_text("This page will show the requests").await;
    house.look("search-empty").await;
    browser.fill("Words", "*").await;
    browser.push("Search").await;
    browser.wait_for_text("There is something to correct").await;
    house.look("search-mistake").await;
    browser.fill("Words", "nothing-like-it").await;
    browser.push("Search").await;
    browser.wait_for_text("No request has all of these words").await;
    browser.fill("Words", &crate::house::ACCOUNT.to_lowercase()).await;
    browser.push("Search").await;
    browser.wait_for_text(&id).await;
    house.look("search").await;
    assert!(!browser.url().await.contains("LX"), "words stand in no address");

    // Given to Bo, and the view of what is Bo's is kept.
    browser.follow("Queue").await;
    browser.field(&format!("Choose {id}")).await.click().await;
    browser.field("Give the chosen ones to").await.choose("Bo Ander").await;
    browser.push("Give").await;
    browser.wait_for_text("Bo Ander").await;
    browser.field("Who works on it").await.choose("me").await;
    browser.push("Show").await;
    browser.wait_for_text(&id).await;
    browser.push("Keep this view").await;
    browser.wait_for_text("The view’s name is empty").await;
    house.look("queue-mistake").await;
    browser.fill("Name of this view", "What is mine").await;
    browser.push("Keep this view").await;
    let view =
        "[...document.querySelectorAll('nav a')].some((a) => a.innerText === 'What is mine')";
    browser.wait_for("the view", view).await;
    house.look("queue-views").await;
    browser.follow("Queue").await;
    browser.field("Who works on it").await.choose("nobody yet").await;
    browser.push("Show").await;
    browser.wait_for_text("Nothing here").await;
    browser.follow("What is mine").await;
    browser.wait_for_text(&id).await;
    browser.push("Take away “What is mine”").await;
    browser.wait_for("no view", &format!("document.body && !{view}")).await;

    // Where Bo is logged in.
    browser.follow("Bo Ander (Where you are logged in)").await;
    browser.wait_for_text("this one").await;
    house.look("sessions").await;

    house.sit_down(aud).await;
    let browser = &house.browser;
    browser.follow("Reads").await;
    browser.wait_for_text("searched by words").await;
    house.look("audit").await;
    let page = browser.page_text().await;
    assert!(!page.contains("LX-"), "the audit does not say for what");
    house.close().await;
}
