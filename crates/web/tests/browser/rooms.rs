//! Rooms besides the main story: following money, an emergency with its third person, an order that
//! came by post.

use desk::policy::Role;
use serde_json::json;

use crate::house::{House, Who};
use crate::support::browser::{Script, Wanted};
use crate::walks::{review, sign, with_officer};

/// The transaction of block 702861 from which the made-up case follows money.
pub const STOLEN: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

#[tokio::test]
async fn money_is_followed_in_tables_first_and_in_a_picture_that_opens() {
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    house.first_administrator("Rut Okafor").await;
    let bo = house.staff("Bo Ander", &[Role::Analyst]).await;
    house.sit_down(bo).await;
    let browser = &house.browser;
    browser.follow("Money").await;
    house.look("money-empty").await;
    browser.fill("Transaction or output", "38019c2f").await;
    browser.push("Follow").await;
    browser.wait_for_text("That is no transaction").await;
    browser.fill("Transaction or output", STOLEN).await;
    browser.push("Follow").await;
    browser.wait_for_text("Where the money came to rest").await;
    browser.wait_for("the picture", "document.getElementById('graph').dataset.pieces > 0").await;
    house.look("money").await;

    // Five rules side by side, and under each every satoshi is somewhere.
    let sums = "return [...document.querySelectorAll('table')[1].tBodies[0].rows].map((row) =>
        [...row.cells].slice(2, 8).map((cell) => Math.round(Number(cell.innerText) * 1e8)))";
    let sums = browser.look(sums, json!([])).await;
    let rows: Vec<Vec<i64>> = serde_json::from_value(sums).expect("numbers");
    assert_eq!(rows.len(), 5);
    for row in &rows {
        let (source, came_out) = (row[0], row[1..].iter().sum::<i64>());
        assert!(source > 0 && came_out >= source, "{row:?}");
    }
    // All but poison conserve exactly.
    let conserved = rows.iter().filter(|row| row[1..].iter().sum::<i64>() == row[0]).count();
    assert!(conserved >= 4, "{rows:?}");

    // The picture has at most 500 pieces; one that counts others opens them.
    let pieces = "return Number(document.getElementById('graph').dataset.pieces)";
    let drawn = browser.look(pieces, json!([])).await.as_u64().expect("a number");
    assert!((2..=500).contains(&drawn), "{drawn} pieces");

    // Tables sort by link, and the exhibit that is taken along is the replayable one.
    browser.follow("Hop").await;
    browser.wait_for_text("Where the money came to rest").await;
    let exhibit = browser.role("link", "Exhibit (JSON)").await.attribute("href").await;
    let script = format!(
        "const done = arguments[arguments.length - 1];
         fetch({exhibit:?}).then((r) => r.json()).then(done, (error) => done(String(error)))"
    );
    let exhibit = browser.look_later(&script).await;
    assert_eq!(exhibit["parameters"]["policy"], "haircut", "{exhibit}");
    house.close().await;
}

/// The same page over a store that `comity chain` keeps: what is taken along replays on it.
#[tokio::test]
async fn money_is_followed_through_a_chain_store() {
    let keep = crate::support::exchange::keep_blocks_in_a_store;
    let Some(mut house) = House::open_with(Wanted::default(), keep).await else { return };
    house.first_administrator("Rut Okafor").await;
    let bo = house.staff("Bo Ander", &[Role::Analyst]).await;
    house.sit_down(bo).await;
    let browser = &house.browser;
    browser.follow("Money").await;
    browser.fill("Transaction or output", STOLEN).await;
    browser.push("Follow").await;
    browser.wait_for_text("Where the money came to rest").await;
    browser.wait_for("the picture", "document.getElementById('graph').dataset.pieces > 1").await;
    house.look("money-store").await;
    let taken = |name: &'static str| async move {
        let file = browser.role("link", name).await.attribute("href").await;
        let script = format!(
            "const done = arguments[arguments.length - 1];
             fetch({file:?}).then((r) => r.text()).then(done, (error) => done(String(error)))"
        );
        browser.look_later(&script).await.as_str().expect("text").to_owned()
    };
    let store = chain::ChainStore::open(&house.dir.path().join("chain")).expect("a store");
    let exhibit = taken("Exhibit (JSON)").await;
    assert_eq!(trace::replay(exhibit.as_bytes(), &store), Ok(trace::Replay::Same));
    let table = taken("Table (CSV)").await;
    assert!(table.starts_with("row,hop,block,height,time,txid,vout,"), "{table}");
    house.close().await;
}

#[tokio::test]
async fn money_is_followed_without_scripts() {
    let wanted = Wanted { script: Script::Off, ..Wanted::default() };
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    house.first_administrator("Rut Okafor").await;
    let bo = house.staff("Bo Ander", &[Role::Analyst]).await;
    house.sit_down(bo).await;
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");
    let Some(plain) = crate::support::browser::Browser::open(wanted).await else { return };
    plain.go(&format!("{}/login", house.site)).await;
    plain.add_cookie(cookie).await;
    plain.go(&format!("{}/money?from={STOLEN}", house.site)).await;
    plain.wait_for_text("The picture needs JavaScript").await;
    assert!(plain.count("table tbody tr").await > 5, "the tables say it all");
    plain.close().await;
    house.close().await;
}

/// The steps from proof of the sender to an assembled package, by one person on call.
async fn answer(house: &House, page: &str) {
    let browser = &house.browser;
    house.go(page).await;
    if browser.count("input[value=start_identity_check]").await > 0 {
        browser.push("Take up who sent it").await;
    }
    browser.field("How the sender was proven").await.choose("Passkey of the officer").await;
    browser.push("The sender is proven").await;
    if browser.count("input[value=accept_legal]").await > 0 {
        browser.push("Accept in law").await;
    }
    browser.follow("Search the records").await;
    browser.push("Put it on the record").await;
    browser.wait_for_path(page).await;
    browser.fill("One sentence for the authority", "What identifies the person at risk").await;
    browser.push("Assemble the package").await;
    browser.wait_for_text("waits for approval").await;
}

#[tokio::test]
async fn an_emergency_takes_two_people_and_a_third_looks_back() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let olga = house.staff("Olga Wirth", &[Role::OnCall]).await;
    let omar = house.staff("Omar Said", &[Role::OnCall]).await;
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    house.sit_down(nils).await;
    let emergency =
        [("instrument", "emergency_request"), ("issuer", "police"), ("emergency", "person")];
    review(&house, &["disclose", "subscriber"], &emergency).await;
    house.browser.wait_for_text("this would be accepted").await;
    let id = sign(&house).await;
    let page = format!("/requests/{id}");
    house.sit_down(olga).await;
    house.browser.wait_for_text("Emergency").await;
    answer(&house, &page).await;
    assert_eq!(house.browser.count("input[value=approve]").await, 0, "still two people");
    house.sit_down(omar).await;
    house.go(&page).await;
    house.approve().await;
    house.until("delivered").await;
    house.browser.wait_for_text("review by a third person").await;
    assert_eq!(house.browser.count("input[value=review_emergency]").await, 0, "not by one of them");
    house.look("request-emergency").await;
    third_person(&mut house, cora, &page).await;
    house.close().await;
}

async fn third_person(house: &mut House, cora: Who, page: &str) {
    house.sit_down(cora).await;
    house.go(page).await;
    house.browser.field("Yes").await.click().await;
    house.browser.push("Record the review").await;
    house.browser.wait_for_text("emergency reviewed").await;
    assert_eq!(house.browser.count("input[value=review_emergency]").await, 0, "once");
}

#[tokio::test]
async fn an_order_from_the_post_waits_for_a_recorded_call() {
    let Some((mut house, vera, _)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let ines = house.staff("Ines Roy", &[Role::Intake]).await;
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    house.sit_down(ines).await;
    house.browser.wait_for_path("/intake").await;
    house.look("intake").await;
    house.browser.push("File it").await;
    house.browser.wait_for_text("There is something to correct").await;
    let fill = "for (const [name, value] of arguments[0])
            document.querySelector(`[name=${name}]`).value = value;
        for (const value of ['disclose', 'subscriber'])
            document.querySelector(`input[value=${value}]`).checked = true;
        const agencies = document.getElementById('agency');
        agencies.value = [...agencies.options].find((o) => o.label === 'Harbour Police').value;";
    let paper = json!([
        ["selectors", "account_id,LX-004711"],
        ["instrument", "production_order"],
        ["issuer", "judge"],
        ["issued_on", "2021-10-04"],
        ["reference", "HP 2021/119"],
    ]);
    house.browser.look(fill, json!([paper])).await;
    house.browser.field("The order itself").await.upload(&[&house.order_pdf()]).await;
    house.browser.push("File it").await;
    // Intake files and does not read on: whoever works on cases does.
    house.browser.wait_for("an answer", "location.pathname !== '/intake'").await;
    let page = house.browser.path().await;
    house.sit_down(cora).await;
    house.go(&page).await;
    house.browser.wait_for_text("Nothing has proven the sender yet").await;
    assert_eq!(house.browser.count("input[value=accept_legal]").await, 0, "no call, no review");
    house.sit_down(vera).await;
    house.go(&page).await;
    house.browser.push("Take up who sent it").await;
    let method = house.browser.field("How the sender was proven").await;
    method.choose("Recorded call to a number of our directory").await;
    house.browser.fill("Note of the call", "+65 6391 0000, duty desk, confirmed").await;
    house.browser.push("The sender is proven").await;
    house.browser.wait_for_text("Recorded call to a number of our directory · Vera Lind").await;
    house.sit_down(cora).await;
    house.go(&page).await;
    house.browser.push("Accept in law").await;
    house.browser.wait_for_text("accepted in law").await;
    house.close().await;
}
