//! An alarm: an administrator sees it, and puts on the record what it was, with the keyboard alone.

use server::security::Kind;

use crate::house::House;
use crate::support::browser::{Key, Wanted};

#[tokio::test]
async fn an_alarm_is_put_on_the_record_by_keyboard() {
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    house.first_administrator("Rut Okafor").await;
    house.browser.follow("Security").await;
    house.browser.wait_for_text("No alarm was raised.").await;
    house.browser.wait_for_text("enrolled a passkey").await;
    house.look("security-empty").await;
    for _ in 0..house.node.config.alarm.failed_log_ins {
        house.node.notice(Kind::LogInFailed, None, "203.0.113.0/24", "POST /login");
    }
    assert_eq!(house.node.look_for_alarms().await.expect("looked"), 1);
    house.browser.reload().await;
    house.browser.wait_for_text("Many log-ins failed from one network").await;
    house.look("security").await;
    house.browser.tab_to("textbox", "What was it?").await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for_text("an alarm is not put away without a word").await;
    house.look("security-mistake").await;
    house.browser.fill("What was it?", "A test of the door, agreed with the auditor").await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for_text("It is on the record, with your name and the time.").await;
    house.browser.wait_for_text("A test of the door, agreed with the auditor").await;
    house.browser.go(&format!("{}/sessions", house.site)).await;
    house.browser.wait_for_text("What was noticed of you").await;
    house.look("sessions-noticed").await;
    house.close().await;
}
