//! Officers' own rooms: drafts that wait, corrections of every fact, receipts of every act, a search
//! in the own agency's requests.

use desk::policy::Role;
use evidence::verify::check_receipt;
use serde_json::json;

use crate::house::{ACCOUNT, House};
use crate::support::browser::{Browser, Key, Script, Wanted};
use crate::walks::{filed_and_proven, sign, with_officer};

/// What the officer of these stories types before anything else.
const REFERENCE: &str = "HP 2021/119";

#[tokio::test]
async fn a_draft_outlives_a_restart_and_opens_for_its_officer_s_passkey_alone() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    house.browser.wait_for_text("You have no drafts").await;
    house.go("/portal/new").await;
    house.browser.fill("Your reference", REFERENCE).await;
    house.browser.fill("Whom or what it is about", "account_id,LX-004711").await;
    house.browser.find("#files").await.upload(&[&house.order_pdf()]).await;
    house.browser.push("Save for later").await;
    house.browser.wait_for_text("It waits 14 days for you").await;
    house.look("portal-saved").await;
    house.restart().await;
    house.sit_down(nils).await;
    house.browser.wait_for_text(REFERENCE).await;
    house.look("portal-drafts").await;
    // Another session sees that there is one, never about whom.
    let page = house.browser.page_text().await;
    assert!(!page.contains(ACCOUNT), "{page}");
    let link = "return document.querySelector('#drafts form').getAttribute('action')";
    let open = house.browser.look(link, json!([])).await;
    let open = open.as_str().expect("an address").to_owned();
    let draft = open.strip_suffix("/open").expect("the address of a draft").to_owned();
    for page in [format!("{draft}/edit"), draft.clone()] {
        house.go(&page).await;
        house.browser.wait_for_path("/portal").await;
        assert!(!house.browser.page_text().await.contains(ACCOUNT), "{page}");
    }
    house.browser.tab_to("button", &format!("Open with passkey: {REFERENCE}")).await;
    house.browser.press(Key::Enter).await;
    house.browser.wait_for("the form", "document.querySelector('form[data-live]')").await;
    let typed = house.browser.field("Whom or what it is about").await.value().await;
    assert_eq!(typed, format!("account_id,{ACCOUNT}"));
    house.browser.wait_for_text("Take out order.pdf").await;
    // Nothing of it can be read in the store.
    let bytes = everything(house.dir.path());
    for word in [REFERENCE, "a made-up order"] {
        let found = bytes.windows(word.len()).any(|part| part == word.as_bytes());
        assert!(!found, "{word:?} stands in the store");
    }
    // What was given to sign is prepared again, from the draft.
    for value in ["disclose", "subscriber"] {
        house.browser.find(&format!("input[value={value}]")).await.click().await;
    }
    house.browser.field("Sort of paper").await.choose("production order").await;
    house.browser.field("Issued by").await.choose("judge").await;
    house.browser.fill("Date on the paper", "2021-10-04").await;
    house.browser.push("Review and sign").await;
    house.browser.wait_for_text("Review and sign your request").await;
    sign(&house).await;
    house.go("/portal").await;
    house.browser.wait_for_text("You have no drafts").await;
    house.close().await;
}

/// Every byte of the store's files.
fn everything(dir: &std::path::Path) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut open = vec![dir.join("data")];
    for name in ["desk.sqlite", "desk.sqlite-wal"] {
        bytes.extend(std::fs::read(dir.join(name)).unwrap_or_default());
    }
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the test") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                bytes.extend(std::fs::read(path).unwrap_or_default());
            }
        }
    }
    assert!(!bytes.is_empty(), "the store is read");
    bytes
}

#[tokio::test]
async fn a_draft_is_kept_and_gone_on_with_without_scripts() {
    let Some((mut house, _, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    house.sit_down(nils).await;
    let cookie = house.browser.cookie("__Host-comity").await.expect("a session");
    let wanted = Wanted { script: Script::Off, ..Wanted::default() };
    let Some(plain) = Browser::open(wanted).await else { return };
    plain.go(&format!("{}/login", house.site)).await;
    plain.add_cookie(cookie).await;
    plain.go(&format!("{}/portal/new", house.site)).await;
    plain.fill("Your reference", REFERENCE).await;
    plain.push("Save for later").await;
    plain.wait_for_text("It waits 14 days for you").await;
    plain.go(&format!("{}/portal", house.site)).await;
    plain.follow(&format!("Go on with {REFERENCE}")).await;
    assert_eq!(plain.field("Your reference").await.value().await, REFERENCE);
    plain.go(&format!("{}/portal", house.site)).await;
    plain.push(&format!("Delete the draft {REFERENCE}")).await;
    plain.wait_for_text("You have no drafts").await;
    plain.go(&format!("{}/portal/search", house.site)).await;
    plain.fill("Words", "nothing").await;
    plain.push("Search").await;
    plain.wait_for_text("No request of your agency has all of these words").await;
    plain.close().await;
    house.close().await;
}

#[tokio::test]
async fn a_question_is_answered_by_correcting_every_fact_and_both_versions_stay() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    let id = filed_and_proven(&mut house, vera, nils).await;
    house.sit_down(cora).await;
    let ask = desk::request::Command::RequestInformation {
        ask: desk::ids::AskNumber(1),
        codes: vec![desk::request::RefusalCode::WrongIdentifier],
    };
    let request = desk::ids::RequestId(id.parse().expect("an id"));
    let by = house.node.directory().person(house.staff_id("Cora Quist"), house.clock.now());
    let said = server::payload::Said { text: "no such account".to_owned() };
    let act = server::app::Act::new(request, ask).with(&said).expect("an act");
    house.node.act(&by.expect("counsel"), act).await.expect("asked");
    house.sit_down(nils).await;
    house.go(&format!("/portal/requests/{id}")).await;
    house.look("portal-question").await;
    house.browser.push("Answer and correct").await;
    house.browser.wait_for_text("Answer the desk and correct your request").await;
    house.look("portal-correct").await;
    assert_eq!(house.browser.count("input[name='asks[]']").await, 0, "what is asked stays");
    house.browser.push("Review and sign").await;
    house.browser.wait_for_text("Say in a few words what you answer").await;
    house.browser.fill("Your answer", "a clerk mistyped it").await;
    house.browser.fill("Your reference", "HP 2021/118-2").await;
    house.browser.fill("Legal basis", "Criminal Procedure Act, s. 23").await;
    house.browser.field("Issued by").await.choose("court").await;
    house.browser.fill("Date on the paper", "2021-10-05").await;
    house.browser.fill("Highest sentence", "60").await;
    house.browser.fill("First day", "2021-09-01").await;
    house.browser.fill("Last day", "2021-09-30").await;
    house.browser.find("input[value=transaction]").await.click().await;
    house
        .browser
        .fill("Whom or what it is about", "192.0.2.7:50386 2021-09-30T12:00:00+02:00")
        .await;
    house.browser.push("Review and sign").await;
    house.browser.wait_for_text("Before and after").await;
    for changed in ["HP 2021/118-2", "s. 23", "court", "2021-10-05", "60", "2021-09-30T10:00:00Z"] {
        house.browser.wait_for_text(changed).await;
    }
    house.look("portal-correct-review").await;
    assert_eq!(sign(&house).await, id);
    house.browser.wait_for_text("Corrections").await;
    let page = house.browser.page_text().await;
    assert!(page.contains("HP 2021/118-2") && page.contains("court"), "{page}");
    assert!(!page.contains("192.0.2.7"), "about whom it is, a session does not tell: {page}");
    house.look("portal-corrected").await;
    receipts(&house, &id).await;
    found(&house, &id).await;
    house.sit_down(cora).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.wait_for_text("192.0.2.7:50386").await;
    house.look("request-corrected").await;
    house.close().await;
}

/// Filing and correction each have a receipt that holds offline.
async fn receipts(house: &House, id: &str) {
    let policy = std::fs::read(house.dir.path().join("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    let leaves = "return [...document.querySelectorAll('#receipts input[name=leaf]')]
        .map((leaf) => leaf.value)";
    let leaves = house.browser.look(leaves, json!([])).await;
    let leaves: Vec<String> = serde_json::from_value(leaves).expect("numbers");
    assert_eq!(leaves.len(), 2, "filing and correction");
    for (leaf, act) in leaves.iter().zip(["received", "information_provided"]) {
        house.browser.tab_to("button", &format!("Receipt of the log, leaf {leaf}")).await;
        house.browser.press(Key::Enter).await;
        let text = house.downloaded(&format!("receipt-{id}-{leaf}.json")).await;
        let receipt = check_receipt(&text, "receipt", Some(&policy)).expect("it holds");
        assert_eq!((receipt.request.as_str(), receipt.act.as_str()), (id, act));
    }
}

/// The authority took its request back by telephone, and counsel noted it: the officer's receipt
/// proves that the log has it, and holds none of counsel's words.
#[tokio::test]
async fn what_staff_noted_has_a_receipt_by_hashes_alone() {
    let Some((mut house, vera, nils)) = with_officer(Wanted::default(), "generic").await else {
        return;
    };
    let cora = house.staff("Cora Quist", &[Role::Counsel]).await;
    let id = filed_and_proven(&mut house, vera, nils).await;
    house.sit_down(cora).await;
    let request = desk::ids::RequestId(id.parse().expect("an id"));
    let by = house.node.directory().person(house.staff_id("Cora Quist"), house.clock.now());
    let said = server::payload::Said { text: "she rang, and sounded unsure".to_owned() };
    let withdraw = desk::request::Command::Withdraw { ask: desk::ids::AskNumber(1) };
    let act = server::app::Act::new(request, withdraw).with(&said).expect("an act");
    house.node.act(&by.expect("counsel"), act).await.expect("noted");
    house.sit_down(nils).await;
    house.go(&format!("/portal/requests/{id}")).await;
    let leaves = "return [...document.querySelectorAll('#receipts input[name=leaf]')]
        .map((leaf) => leaf.value)";
    let leaves: Vec<String> =
        serde_json::from_value(house.browser.look(leaves, json!([])).await).expect("numbers");
    assert_eq!(leaves.len(), 2, "filing and taking back");
    let policy = std::fs::read(house.dir.path().join("keys/policy.txt")).expect("a policy");
    let policy = ledger::policy::Policy::parse(&policy).expect("a policy");
    for (leaf, act, is_whole) in [(&leaves[0], "received", true), (&leaves[1], "withdrawn", false)]
    {
        house.browser.tab_to("button", &format!("Receipt of the log, leaf {leaf}")).await;
        house.browser.press(Key::Enter).await;
        let text = house.downloaded(&format!("receipt-{id}-{leaf}.json")).await;
        let receipt = check_receipt(&text, "receipt", Some(&policy)).expect("it holds");
        assert_eq!((receipt.request.as_str(), receipt.act.as_str()), (id.as_str(), act));
        assert_eq!(receipt.is_derived, is_whole, "{act}");
        assert!(!String::from_utf8_lossy(&text).contains("unsure"));
    }
    house.close().await;
}

/// The officer finds the request by a word of the correction and by the selector.
async fn found(house: &House, id: &str) {
    house.go("/portal/search").await;
    house.look("portal-search").await;
    for words in ["2021/118-2", "192.0.2.7:50386 2021-09-30T10:00:00Z"] {
        house.browser.fill("Words", words).await;
        house.browser.push("Search").await;
        house.browser.wait_for_text(id).await;
        assert_eq!(house.browser.path().await, "/portal/search", "no words in addresses");
    }
    house.look("portal-found").await;
    house.browser.fill("Words", id).await;
    house.browser.push("Search").await;
    house.browser.wait_for_path(&format!("/portal/requests/{id}")).await;
}
