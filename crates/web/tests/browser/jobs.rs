//! Work that failed for good: an administrator looks at it with the keyboard alone.

use store::{Append, ExpectedSeq, NewJob};
use uuid::Uuid;

use crate::house::House;
use crate::support::browser::{Key, Wanted};

/// A job that cannot be done: nobody can read what it is.
async fn hopeless(house: &House) -> u64 {
    let mut act = Append::events(Uuid::nil(), ExpectedSeq::Any, Vec::new());
    act.jobs = vec![NewJob {
        kind: "notify".to_owned(),
        key: None,
        stream: Uuid::from_u128(4711),
        body: "{}".to_owned(),
        run_at: None,
        attempts_max: 1,
    }];
    house.node.store.append(act).await.expect("stored");
    let mut changed = house.node.store.jobs_changed();
    loop {
        let dead = house.node.store.reader().dead_jobs(&["notify"], None, 9).await.expect("read");
        if let Some(job) = dead.last() {
            return job.id.0;
        }
        let limit = std::time::Duration::from_secs(30);
        let waited = tokio::time::timeout(limit, changed.changed()).await;
        waited.expect("it dies").expect("the store is open");
    }
}

#[tokio::test]
async fn failed_work_is_tried_again_and_given_up_by_keyboard() {
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    house.first_administrator("Rut Okafor").await;
    house.browser.follow("Failed work").await;
    house.browser.wait_for_text("Nothing waits for you.").await;
    house.look("jobs-empty").await;
    let job = hopeless(&house).await;
    house.browser.reload().await;
    house.browser.wait_for_text("Find out who is told of an act").await;
    house.browser.wait_for_text("One job has failed for good.").await;
    house.look("jobs").await;

    let again = format!("Try again: job {job}");
    house.browser.tab_to("button", &again).await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for_text("It is tried again from the start.").await;
    // It cannot be done, so it comes back.
    house.until("Find out who is told of an act").await;
    house.browser.tab_to("button", &again).await;
    house.browser.press(Key::Tab).await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for_text("Nobody is told of this act.").await;
    house.look("jobs-give-up").await;
    house.browser.tab_to("button", &format!("Give up for good: job {job}")).await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for_text("The log says that you decided so.").await;
    house.browser.wait_for_text("No job has failed for good.").await;
    house.close().await;
}
