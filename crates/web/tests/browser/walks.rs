//! Shorter walks: what goes wrong, what is taken back, who is kept out; by keyboard, in German,
//! without scripts, on a telephone, in the dark.

use std::path::Path;

use desk::policy::Role;
use jiff::SignedDuration;
use serde_json::json;

use crate::house::{ACCOUNT, House, Who};
use crate::support::browser::{Browser, Key, Scheme, Script, Wanted};

/// The account of the stories, as it is written in the form.
const SELECTOR: &str = "account_id,LX-004711";

/// A house with an agency, its officer, and a verifier.
pub async fn with_officer(wanted: Wanted, regime: &str) -> Option<(House, Who, Who)> {
    with_officer_in(wanted, regime, |_| {}).await
}

/// The same, with something changed in the node's folder before it starts.
pub async fn with_officer_in(
    wanted: Wanted,
    regime: &str,
    change: impl FnOnce(&Path),
) -> Option<(House, Who, Who)> {
    let mut house = House::open_with(wanted, change).await?;
    let button =
        if wanted.language == "de" { "Dieses Gerät eintragen" } else { "Enrol this device" };
    house.button = button;
    house.first_administrator("Rut Okafor").await;
    let vera = house.staff("Vera Lind", &[Role::Verifier]).await;
    let agency = house.agency("Harbour Police", regime).await;
    let by = house.staff_id("Vera Lind");
    let (nils, _) = house.officer(agency, "Nils Brandt", by).await;
    Some((house, vera, nils))
}

/// Opens the form of an order, fills it in at once, as a program would, and goes to the review page.
pub async fn review(house: &House, asks: &[&str], more: &[(&str, &str)]) {
    house.go("/portal/new").await;
    review_here(house, asks, more).await;
}

/// The same on the form that is open.
async fn review_here(house: &House, asks: &[&str], more: &[(&str, &str)]) {
    let script = "const [asks, more] = arguments;
        for (const ask of asks) document.querySelector(`input[value=${ask}]`).checked = true;
        for (const [name, value] of more) document.querySelector(`[name=${name}]`).value = value;";
    let paper = [
        ("selectors", SELECTOR),
        ("instrument", "production_order"),
        ("issuer", "judge"),
        ("issued_on", "2021-10-04"),
        ("reference", "HP 2021/118"),
        ("legal_basis", "Criminal Procedure Act, s. 22"),
    ];
    let all: Vec<(&str, &str)> = paper.iter().chain(more).copied().collect();
    house.browser.look(script, json!([asks, all])).await;
    house.browser.find("#files").await.upload(&[&house.order_pdf()]).await;
    house.browser.push("Review and sign").await;
    house.browser.wait_for_text("Review and sign your request").await;
}

/// Signs what the review page shows; the id of the request.
pub async fn sign(house: &House) -> String {
    house.browser.push("Sign and send").await;
    house.browser.wait_for("a request", "location.pathname.startsWith('/portal/requests/')").await;
    let path = house.browser.path().await;
    path.rsplit('/').next().expect("an id").to_owned()
}

/// A verifier says how the sender was proven.
pub async fn prove(house: &mut House, vera: Who, id: &str) {
    house.sit_down(vera).await;
    house.go(&format!("/requests/{id}")).await;
    // A preservation has begun with that question by itself.
    if house.browser.count("input[value=start_identity_check]").await > 0 {
        house.browser.push("Take up who sent it").await;
    }
    house.browser.field("How the sender was proven").await.choose("Passkey of the officer").await;
    house.browser.push("The sender is proven").await;
    house.browser.wait_for_text("Passkey of the officer · Vera Lind").await;
}

/// An officer files a request for a subscriber, and a verifier says how the sender was proven.
pub async fn filed_and_proven(house: &mut House, vera: Who, nils: Who) -> String {
    house.sit_down(nils).await;
    review(house, &["disclose", "subscriber"], &[]).await;
    let id = sign(house).await;
    prove(house, vera, &id).await;
    id
}

#[tokio::test]
async fn a_refused_request_is_corrected_and_sent_anew() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    let id = filed_and_proven(&mut house, vera, nils).await;
    house.sit_down(cora).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.find("details > summary").await.click().await;
    house.browser.look("document.getElementById('code-1').value = 'over_broad'", json!([])).await;
    house
        .browser
        .look(
            "document.getElementById('refusal-1').value = 'Name the days that you need'",
            json!([]),
        )
        .await;
    house.browser.push("Refuse").await;
    house.browser.wait_for_text("refused").await;
    house.sit_down(nils).await;
    house.go(&format!("/portal/requests/{id}")).await;
    house.browser.wait_for_text("Name the days that you need").await;
    house.look("portal-refused").await;
    house.browser.push("Correct it and send it anew").await;
    house.browser.wait_for("the form", "document.querySelector('form[data-live]')").await;
    house.look("portal-again").await;
    let typed = house.browser.field("Whom or what it is about").await.value().await;
    assert_eq!(typed, format!("account_id,{ACCOUNT}"), "nothing is typed twice");
    house.browser.fill("First day", "2021-09-01").await;
    house.browser.fill("Last day", "2021-10-31").await;
    house.browser.find("#files").await.upload(&[&house.order_pdf()]).await;
    house.browser.push("Review and sign").await;
    house.browser.wait_for_text("Before and after").await;
    house.browser.wait_for_text("2021-09-01 00:00 UTC – 2021-11-01 00:00 UTC").await;
    let anew = sign(&house).await;
    assert_ne!(anew, id);
    house.browser.wait_for_text("Sent anew after").await;
    house.look("portal-sent-anew").await;
    house.browser.follow(&id).await;
    house.browser.wait_for_text("Sent anew as").await;
    house.browser.follow(&anew).await;
    house.browser.wait_for_path(&format!("/portal/requests/{anew}")).await;
    house.sit_down(cora).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.wait_for_text("Sent anew as").await;
    house.browser.follow(&anew).await;
    house.browser.wait_for_text("Sent anew after").await;
    house.close().await;
}

#[tokio::test]
async fn what_is_kept_is_kept_longer_then_taken_back() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    let letter = [("instrument", "preservation_letter"), ("issuer", "police")];
    review(&house, &["preserve", "subscriber"], &letter).await;
    let id = sign(&house).await;
    house.until("Keep records kept").await;
    let longer = "input[value=extend]";
    assert_eq!(house.browser.count(longer).await, 0, "not before the sender is proven");
    prove(&mut house, vera, &id).await;
    house.sit_down(nils).await;
    house.go(&format!("/portal/requests/{id}")).await;
    house.browser.push("Keep the records longer").await;
    house.browser.wait_for_text("Keep longer: review and sign").await;
    house.look("portal-extend").await;
    sign(&house).await;
    house.until("Keep records kept longer").await;
    house
        .browser
        .look("document.getElementById('withdraw-1').value = 'the case is closed'", json!([]))
        .await;
    house.browser.push("Take this ask back").await;
    house.browser.wait_for_text("Take back: review and sign").await;
    house.browser.wait_for_text("the case is closed").await;
    assert_eq!(sign(&house).await, id);
    house.until("Keep records taken back").await;
    house.close().await;
}

#[tokio::test]
async fn a_stolen_session_sends_nothing_and_sees_nobody() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    review(&house, &["disclose", "subscriber"], &[]).await;
    let id = sign(&house).await;
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");
    assert_eq!(cookie["httpOnly"], true);
    assert_eq!(cookie["secure"], true);
    // The thief has the cookie and no passkey.
    house.stand_up().await;
    house.browser.add_cookie(cookie).await;
    review(&house, &["disclose", "subscriber"], &[]).await;
    let send = "document.querySelector('form[data-passkey]').removeAttribute('data-passkey');
        document.querySelector('form input[name=passkey]').value = arguments[0];
        [...document.querySelectorAll('button')].find((b) => b.innerText === 'Sign and send').click()";
    house.browser.look(send, json!(["{}"])).await;
    house.browser.wait_for_text("The passkey was not accepted").await;
    house.go(&format!("/portal/requests/{id}")).await;
    let page = house.browser.page_text().await;
    assert!(page.contains("Hand over records"), "{page}");
    assert!(!page.contains(ACCOUNT), "about whom it is, a session does not tell: {page}");
    let before = house.node.store.checkpoint().size.0;
    let send = send.replace("Sign and send", "Receipt of the log");
    house.browser.look(&send, json!(["{}"])).await;
    house.browser.wait_for_text("The passkey was not accepted").await;
    assert_eq!(house.node.store.checkpoint().size.0, before, "nothing came into the log");
    house.close().await;
}

#[tokio::test]
async fn a_kill_switch_binds_an_open_session_at_once() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    house.browser.wait_for_path("/portal").await;
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");
    house.sit_down(vera).await;
    house.browser.follow("Agencies").await;
    house.browser.follow("Harbour Police").await;
    house.browser.follow("Nils Brandt").await;
    house.browser.push("Stop this key").await;
    house.browser.wait_for_text("Let this key act again").await;
    house.look("officer-stopped").await;
    house.stand_up().await;
    house.browser.add_cookie(cookie.clone()).await;
    house.go("/portal").await;
    house.browser.wait_for_path("/login?back=%2Fportal").await;
    house.sit_down(vera).await;
    house.go("/agencies").await;
    house.browser.follow("Harbour Police").await;
    house.browser.follow("Nils Brandt").await;
    house.browser.push("Let this key act again").await;
    house.browser.wait_for_text("Stop this key").await;
    // Ninety days on, the agency has not said again that this is its officer.
    house.clock.forward(SignedDuration::from_hours(24 * 91));
    house.go("/login").await;
    house.try_to_sit_down(nils).await;
    house.browser.wait_for_text("The passkey was not accepted").await;
    house.close().await;
}

#[tokio::test]
async fn an_officer_gets_through_by_keyboard_alone_and_in_german() {
    let wanted = Wanted { language: "de", ..Wanted::default() };
    let Some((mut house, _, nils)) = with_officer(wanted, "generic").await else { return };
    house.sit_down_by_keyboard(nils, "Passkey verwenden").await;
    house.browser.wait_for_path("/portal").await;
    let browser = &house.browser;
    assert_eq!(browser.find("html").await.attribute("lang").await, "de");
    browser.tab_to("link", "Neues Ersuchen").await;
    browser.press(Key::Enter).await;
    browser.wait_for_path("/portal/new").await;
    house.look("portal-new-de").await;
    tick(browser, "Aufzeichnungen herausgeben").await;
    tick(browser, "Wer der Nutzer ist").await;
    browser.tab_to("textbox", "Um wen oder was es geht").await;
    browser.type_keys(SELECTOR).await;
    choose(browser, "Art des Schriftstücks", "Herausgabeanordnung").await;
    choose(browser, "Erlassen von", "Richterin oder Richter").await;
    browser.tab_to("textbox", "Datum des Schriftstücks").await;
    browser.type_keys("2021-10-04").await;
    browser.tab_to("textbox", "Ihr Aktenzeichen").await;
    browser.type_keys("HP 2021/118").await;
    browser.find("#files").await.upload(&[&house.order_pdf()]).await;
    browser.tab_to("button", "Prüfen und unterschreiben").await;
    browser.press(Key::Enter).await;
    browser.wait_for_text("Ersuchen prüfen und unterschreiben").await;
    house.look("portal-sign-de").await;
    browser.tab_to("button", "Unterschreiben und senden").await;
    browser.press(Key::Enter).await;
    browser.wait_for("a request", "location.pathname.startsWith('/portal/requests/')").await;
    house.look("portal-request-de").await;
    house.close().await;
}

/// Ticks a box by keyboard; its name begins so.
async fn tick(browser: &Browser, label: &str) {
    for _ in 0..60 {
        browser.press(Key::Tab).await;
        let focus = browser.focus().await;
        if focus.role == "checkbox" && focus.name.starts_with(label) {
            browser.press(Key::Space).await;
            return;
        }
    }
    panic!("Tab leads to no box that is called {label:?}");
}

/// Chooses from a list by keyboard: typing its beginning, as everywhere.
async fn choose(browser: &Browser, label: &str, option: &str) {
    browser.tab_to("combobox", label).await;
    browser.type_keys(option).await;
    let chosen =
        "const list = document.activeElement; return list.options[list.selectedIndex].text";
    assert_eq!(browser.look(chosen, json!([])).await, option);
}

#[tokio::test]
async fn pages_work_without_scripts_on_a_telephone_and_in_the_dark() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    house.browser.resize(320, 640).await;
    house.browser.scheme(Scheme::Dark).await;
    for page in ["/portal", "/portal/new"] {
        house.go(page).await;
        house.look(&format!("dark-{}", page.replace('/', "-"))).await;
        let wide = "return document.documentElement.scrollWidth <= innerWidth";
        assert_eq!(house.browser.look(wide, json!([])).await, true, "{page} reflows at 320 pixels");
    }
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");
    let wanted = Wanted { script: Script::Off, ..Wanted::default() };
    let Some(plain) = Browser::open(wanted).await else { return };
    plain.go(&format!("{}/login", house.site)).await;
    assert!(plain.page_text().await.contains("Passkeys need JavaScript"));
    plain.add_cookie(cookie).await;
    plain.go(&format!("{}/portal/new", house.site)).await;
    plain.field("Sort of paper").await.choose("production order").await;
    plain.field("Issued by").await.choose("police").await;
    plain.fill("Date on the paper", "2021-10-04").await;
    plain.fill("Your reference", "HP 2021/118").await;
    plain.fill("Whom or what it is about", SELECTOR).await;
    for value in ["disclose", "subscriber"] {
        plain.find(&format!("input[value={value}]")).await.click().await;
    }
    plain.push("Check now").await;
    plain.wait_for_text("Choose the file of the order").await;
    plain.find("#files").await.upload(&[&house.order_pdf()]).await;
    plain.push("Check now").await;
    plain.wait_for_text("the rules say no").await;
    plain.field("Validated by").await.choose("judge").await;
    plain.push("Check now").await;
    plain.wait_for_text("this would be accepted").await;
    plain.push("Review and sign").await;
    plain.wait_for_text("Review and sign your request").await;
    plain.close().await;
    house.close().await;
}

#[tokio::test]
async fn practice_says_so_everywhere() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    house.go("/portal/new").await;
    house.browser.look("document.getElementById('practice').checked = true", json!([])).await;
    let tag = "Practice: made up";
    review_here(&house, &["disclose", "subscriber"], &[]).await;
    house.browser.wait_for_text(tag).await;
    let id = sign(&house).await;
    house.browser.wait_for_text(tag).await;
    house.browser.follow("Requests").await;
    house.browser.wait_for_text(tag).await;
    house.sit_down(vera).await;
    house.browser.follow("All").await;
    house.browser.wait_for_text(tag).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.wait_for_text(tag).await;
    house.close().await;
}
