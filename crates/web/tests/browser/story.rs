//! The whole story in a real browser, from the console's link to the opened evidence: enrol an
//! agency and its first officer under supervision, file an order, see whether it will be accepted,
//! work it to delivery with the right colleagues, open and verify the package.

use evidence::verify::{Anchors, CheckOutcome, Report, Subject, check_receipt, verify};
use serde_json::json;

use crate::house::{House, Who};
use crate::support::browser::Wanted;

/// Roles of the staff, as the page calls them, and who has them.
const STAFF: [(&str, &str); 4] = [
    ("Vera Lind", "Verifier"),
    ("Cora Quist", "Counsel"),
    ("Bo Ander", "Analyst"),
    ("Ada Falk", "Approver"),
];

/// Adds somebody to the staff by the page; the one-time link.
async fn add_staff(house: &House, name: &str, role: &str) -> String {
    let browser = &house.browser;
    browser.fill("Name", name).await;
    // The box is named with its explanation: it is found by the words of its role.
    let boxes = "return [...document.querySelectorAll('#roles label')]
        .find((label) => label.innerText.startsWith(arguments[0])).querySelector('input').click()";
    browser.look(boxes, json!([role])).await;
    browser.push("Add and make a one-time link").await;
    browser.wait_for_text("It is shown once").await;
    browser.field("The link").await.value().await
}

async fn enrol_agency(house: &House) {
    let browser = &house.browser;
    browser.follow("Agencies").await;
    house.look("agencies-empty").await;
    browser.follow("New agency").await;
    browser.push("Add the agency").await;
    browser.wait_for_text("There is something to correct").await;
    house.look("agency-mistakes").await;
    browser.fill("Name", "Harbour Police").await;
    browser.fill("Country", "XX").await;
    browser.field("Rule pack").await.choose("generic").await;
    browser.fill("Published numbers", "+65 6391 0000").await;
    browser.fill("Domains of its mail", "harbour.example").await;
    let pem = house.recipient.certificate_pem.clone();
    browser.look("document.getElementById('recipient').value = arguments[0]", json!([pem])).await;
    browser.push("Add the agency").await;
    browser.wait_for_text("No officer yet").await;
    house.look("agency").await;
}

/// Supervised enrolment: propose, call back, link, compare the code, admit.
async fn enrol_officer(house: &mut House, vera: Who) -> Who {
    house.sit_down(vera).await;
    let browser = &house.browser;
    browser.follow("Agencies").await;
    browser.follow("Harbour Police").await;
    browser.fill("Name", "Nils Brandt").await;
    browser.fill("Post and rank", "Detective Inspector").await;
    browser.fill("E-mail", "nils.brandt@elsewhere.example").await;
    browser.push("Propose").await;
    browser.wait_for_text("not at one of the agency’s domains").await;
    browser.fill("E-mail", "nils.brandt@harbour.example").await;
    browser.push("Propose").await;
    browser.wait_for_text("Call the agency").await;
    house.look("officer-proposed").await;
    let officer = browser.path().await;
    assert_eq!(browser.count(&format!("form[action='{officer}/invite']")).await, 0, "no call yet");
    browser.field("Confirmed: the person and the enrolment are theirs").await.click().await;
    browser.fill("Who answered, and what", "Superintendent Holm, duty desk").await;
    browser.push("Record the call").await;
    browser.push("Make a one-time link").await;
    browser.wait_for_text("It is shown once").await;
    let link = browser.field("The link").await.value().await;
    let nils = house.enrol("Nils Brandt", &link).await;
    house.look("officer-code").await;
    let code = house.browser.find(".code").await.text().await;
    house.go("/portal").await;
    house.browser.wait_for_path("/login?back=%2Fportal").await;
    assert!(house.node.directory().staff().count() > 0);
    house.sit_down(vera).await;
    house.go(&officer).await;
    assert_eq!(house.browser.find(".code").await.text().await, code, "both screens show one code");
    house.browser.push("The code is the same: admit").await;
    house.browser.wait_for_text("may send requests").await;
    house.look("officer-admitted").await;
    nils
}

/// Asks, sees what is wrong, corrects, signs; the request's id.
async fn file_order(house: &mut House, nils: Who) -> String {
    house.sit_down(nils).await;
    let browser = &house.browser;
    browser.wait_for_text("Nothing here yet").await;
    house.look("portal-empty").await;
    browser.follow("New request").await;
    house.look("portal-new").await;
    browser.push("Review and sign").await;
    browser.wait_for_text("There is something to correct").await;
    house.look("portal-mistakes").await;
    tick(house, "asks", "Hand over records").await;
    tick(house, "categories", "Who the user is").await;
    tick(house, "categories", "Deposits, withdrawals, balances").await;
    browser
        .fill(
            "Whom or what it is about",
            "account_id,LX-004711\nthis is nothing\naccount_id,LX-004711",
        )
        .await;
    browser.fill("First day", "2021-09-01").await;
    browser.fill("Last day", "2021-10-31").await;
    browser.field("Sort of paper").await.choose("production order").await;
    browser.field("Issued by").await.choose("police").await;
    browser.fill("Date on the paper", "2021-10-04").await;
    browser.fill("Your reference", "HP 2021/117").await;
    browser.fill("Legal basis", "Criminal Procedure Act, s. 22").await;
    browser.field("The order itself").await.upload(&[&house.order_pdf()]).await;
    browser.push("Review and sign").await;
    browser.wait_for_text("Line 2 (“this is nothing”) cannot be read").await;
    browser.wait_for_text("Take out order.pdf").await;
    browser.fill("Whom or what it is about", "account_id,LX-004711").await;
    browser.press(crate::support::browser::Key::Tab).await;
    browser.wait_for_text("the rules say no").await;
    house.look("portal-check-no").await;
    browser.fill("Your reference", "HP 2021/118").await;
    browser.field("Validated by").await.choose("judge").await;
    browser.wait_for_text("this would be accepted").await;
    house.look("portal-check-yes").await;
    browser.push("Review and sign").await;
    browser.wait_for_text("Review and sign your request").await;
    browser.wait_for_text("HP 2021/118").await;
    house.look("portal-sign").await;
    browser.push("Sign and send").await;
    browser.wait_for("the request", "location.pathname.startsWith('/portal/requests/')").await;
    house.look("portal-request").await;
    let path = house.browser.path().await;
    path.rsplit('/').next().expect("an id").to_owned()
}

/// Ticks a box whose label begins so.
async fn tick(house: &House, group: &str, label: &str) {
    let script = "return [...document.querySelectorAll('#' + arguments[0] + ' label')]
        .find((label) => label.innerText.startsWith(arguments[1])).querySelector('input').click()";
    house.browser.look(script, json!([group, label])).await;
}

async fn work(house: &mut House, id: &str, staff: &[Who]) {
    let &[vera, cora, bo, ada] = staff else { panic!("four people") };
    let page = format!("/requests/{id}");
    house.sit_down(vera).await;
    // Nothing is hers yet.
    house.browser.follow("All").await;
    house.browser.wait_for_text(id).await;
    house.look("queue").await;
    house.browser.follow(id).await;
    house.look("request").await;
    house.browser.push("Take up who sent it").await;
    house.browser.field("How the sender was proven").await.choose("Passkey of the officer").await;
    house.browser.push("The sender is proven").await;
    house.browser.wait_for_text("legal review").await;
    house.sit_down(cora).await;
    house.go(&page).await;
    house.browser.push("Accept in law").await;
    house.browser.wait_for_text("accepted").await;
    house.sit_down(bo).await;
    house.go(&page).await;
    house.browser.follow("Search the records").await;
    house.browser.wait_for_text("What the searches find").await;
    house.look("preview").await;
    house.browser.push("Put it on the record").await;
    house.browser.wait_for_path(&page).await;
    house.look("request-exhibits").await;
    house.browser.fill("One sentence for the authority", "What we hold follows").await;
    house.browser.push("Assemble the package").await;
    house.browser.wait_for_text("waits for approval").await;
    assert_eq!(house.browser.count("input[value=approve]").await, 0, "nobody approves own work");
    house.sit_down(ada).await;
    house.go(&page).await;
    house.approve().await;
    house.until("delivered").await;
    house.look("request-delivered").await;
}

/// Fetches the package as the browser would and opens it with the agency's key.
async fn open(house: &mut House, nils: Who, id: &str) -> Report {
    house.sit_down(nils).await;
    house.go(&format!("/portal/requests/{id}")).await;
    house.browser.wait_for_text("Encrypted to your agency’s certificate").await;
    house.look("portal-delivered").await;
    let script = format!(
        "const done = arguments[arguments.length - 1];
         fetch('/portal/requests/{id}/packages/1').then((r) => r.bytes()).then((b) =>
         done(b.toBase64 ? b.toBase64() : btoa(Array.from(b, (c) => String.fromCharCode(c)).join(''))),
         (error) => done(String(error)));"
    );
    let fetched = house.browser.look_later(&script).await;
    let envelope = crate::support::browser::paper::bytes(fetched.as_str().expect("base64"));
    let package = house.decrypted(&envelope);
    let read = |name: &str| std::fs::read(house.dir.path().join(name)).expect("a file");
    let policy = ledger::policy::Policy::parse(&read("keys/policy.txt")).expect("a policy");
    let anchors = Anchors::none().with_roots(&read("keys/root.pem")).expect("a root");
    let report = verify(std::io::Cursor::new(package), &anchors.with_policy(policy));
    house.browser.push("It arrived").await;
    house.browser.wait_for_text("acknowledged").await;
    // The first is of the filing; the arrival has one as well.
    let leaf = "return document.querySelector('#receipts input[name=leaf]').value";
    let leaf = house.browser.look(leaf, serde_json::json!([])).await;
    let leaf = leaf.as_str().expect("a number").to_owned();
    assert_eq!(house.browser.count("#receipts input[name=leaf]").await, 2);
    house.browser.push(&format!("Receipt of the log, leaf {leaf}")).await;
    let receipt = house.downloaded(&format!("receipt-{id}-{leaf}.json")).await;
    let policy = ledger::policy::Policy::parse(&read("keys/policy.txt")).expect("a policy");
    let receipt = check_receipt(&receipt, "receipt", Some(&policy)).expect("it holds");
    assert_eq!(receipt.request, id);
    report.expect("readable")
}

#[tokio::test]
async fn from_the_console_s_link_to_the_opened_evidence() {
    let Some(mut house) = House::open(Wanted::default()).await else { return };
    let root = house.first_administrator("Rut Okafor").await;
    house.look("staff").await;
    let mut links = Vec::new();
    for (name, role) in STAFF {
        house.go("/people").await;
        links.push(add_staff(&house, name, role).await);
    }
    enrol_agency(&house).await;
    let mut staff = Vec::new();
    for ((name, _), link) in STAFF.iter().zip(links) {
        staff.push(house.enrol(name, &link).await);
    }
    let nils = enrol_officer(&mut house, staff[0]).await;
    let id = file_order(&mut house, nils).await;
    work(&mut house, &id, &staff).await;
    let report = open(&mut house, nils, &id).await;
    assert_eq!(report.exit_code(), 0, "{}: {:?}", report.summary(), report.defects);
    let approval = report.checks.iter().find(|check| check.what == Subject::Approval);
    assert_eq!(approval.expect("asked").outcome, CheckOutcome::Holds, "{report}");
    // An administrator runs the desk and reads no case.
    house.sit_down(root).await;
    house.go(&format!("/requests/{id}")).await;
    house.browser.wait_for_text("There is nothing here for you").await;
    house.close().await;
}
