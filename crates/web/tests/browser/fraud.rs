//! A stolen key is frozen and freed, a decoy is named, and nobody outside notices.

use desk::ids::KeyId;
use desk::policy::Role;
use serde_json::json;

use crate::house::{DECOY, House, Who};
use crate::support::browser::Wanted;
use crate::walks::{review, sign};

/// Fills in what a form of a key asks for, and pushes its button.
async fn key_form(house: &House, form: &str, key: KeyId, words: &str) {
    let script = "const [form, key, words] = arguments;
        const own = [...document.querySelectorAll(`form[action$='/${form}']`)]
            .find((one) => one.querySelector('input[name=key]').value === key);
        own.querySelector('input[name=words]').value = words;
        own.querySelector('button').click();";
    house.browser.look(script, json!([form, key.to_string(), words])).await;
}

async fn quarantine(house: &mut House, who: Who, request: &str) {
    house.sit_down(who).await;
    house.go(&format!("/requests/{request}")).await;
    house.browser.follow("Quarantine").await;
    house.browser.wait_for_text("Quarantine: Harbour Police").await;
}

#[tokio::test]
async fn a_stolen_key_is_frozen_and_freed_by_another_and_a_decoy_is_told_to_staff_alone() {
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    house.first_administrator("Rut Okafor").await;
    let vera = house.staff("Vera Lind", &[Role::Verifier]).await;
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    let agency = house.agency("Harbour Police", "generic").await;
    let by = house.staff_id("Vera Lind");
    let (nils, key) = house.officer(agency, "Nils Brandt", by).await;
    house.sit_down(nils).await;
    review(&house, &["disclose", "subscriber"], &[]).await;
    let id = sign(&house).await;
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");

    // The reasons stand on the request's page.
    house.sit_down(vera).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.wait_for_text("Signs of fraud").await;
    house.browser.wait_for_text("no request by this key among the agency’s 0 earlier ones").await;
    house.look("request-signs").await;

    // A verifier freezes the key; the open session is over.
    quarantine(&mut house, vera, &id).await;
    house.look("quarantine").await;
    key_form(&house, "freeze", key, "").await;
    house.browser.wait_for_text("Say why; it stays on the record").await;
    house.look("quarantine-mistake").await;
    key_form(&house, "freeze", key, "the duty desk knows nothing of it").await;
    house.browser.wait_for_text("Frozen").await;
    house.browser.wait_for_text("the duty desk knows nothing of it").await;
    assert_eq!(house.browser.count("form[action$='/free']").await, 0, "no right of a verifier");
    house.stand_up().await;
    house.browser.add_cookie(cookie).await;
    house.go("/portal").await;
    house.browser.wait_for_path("/login?back=%2Fportal").await;

    // Counsel frees it, with a reason.
    quarantine(&mut house, cora, &id).await;
    key_form(&house, "free", key, "called the unit: it was a false alarm").await;
    let free = "document.readyState === 'complete' \
                && !document.querySelector(\"form[action$='/free']\")";
    house.browser.wait_for("a free key", free).await;
    assert!(!house.node.directory().is_marked(key));

    // The key names a decoy. Its holder sees what every officer sees.
    house.sit_down(nils).await;
    let bait = format!("account_id,{DECOY}");
    review(&house, &["disclose", "subscriber"], &[("selectors", bait.as_str())]).await;
    let trap = sign(&house).await;
    let page = house.browser.page_text().await.to_lowercase();
    for word in ["decoy", "fraud", "watched", "held"] {
        assert!(!page.contains(word), "{word}: {page}");
    }
    house.sit_down(cora).await;
    house.go(&format!("/requests/{trap}")).await;
    house.until("Watched: a decoy was named").await;
    house.browser.wait_for_text("1 of its selectors are decoys").await;
    house.browser.wait_for_text("100 of 100 points").await;
    house.look("request-decoy").await;
    house.go(&format!("/agencies/{agency}/quarantine")).await;
    house.look("quarantine-watched").await;
    // The officer is still let in.
    house.sit_down(nils).await;
    house.browser.wait_for_path("/portal").await;

    // What emergencies owe, and what other desks say.
    house.sit_down(cora).await;
    house.go("/queue?state=urgent").await;
    house.browser.follow("Owed after emergencies").await;
    house.browser.wait_for_text("Unvalidated: the order did not follow in time").await;
    house.look("emergencies").await;
    house.browser.follow("Fraud marks").await;
    house.browser.wait_for_text("One key is marked").await;
    house.look("marks").await;
    house.browser.fill("Signed document", "no note").await;
    house.browser.fill("Key that you trust for it", "no key").await;
    house.browser.push("Take them in").await;
    house.browser.wait_for("a mistake", "document.querySelector('#mistakes')").await;
    house.look("marks-mistake").await;
    house.close().await;
}
