//! Money that is followed through chains of accounts, and the package that it ends in.

use std::io::Read as _;

use desk::ids::RequestId;
use desk::policy::Role;
use serde_json::json;

use crate::house::{ACCOUNT, House, Who};
use crate::support::accounts::{CHAIN, LOG, deposit, keep_accounts, theft, token, victim};
use crate::support::browser::{Key, Wanted};
use crate::walks::{prove, review, sign, with_officer_in};

/// An analyst of a house with an account chain, in front of the page.
async fn analyst(wanted: Wanted) -> Option<House> {
    let button =
        if wanted.language == "de" { "Dieses Gerät eintragen" } else { "Enrol this device" };
    let mut house = House::open_with(wanted, keep_accounts).await?;
    house.button = button;
    house.first_administrator("Rut Okafor").await;
    house.staff("Bo Ander", &[Role::Analyst]).await;
    Some(house)
}

/// What a link of the page leads to.
async fn taken(house: &House, name: &str) -> String {
    let file = house.browser.role("link", name).await.attribute("href").await;
    let script = format!(
        "const done = arguments[arguments.length - 1];
         fetch({file:?}).then((r) => r.text()).then(done, (error) => done(String(error)))"
    );
    house.browser.look_later(&script).await.as_str().expect("text").to_owned()
}

#[tokio::test]
async fn coins_are_followed_through_accounts_and_the_exhibit_replays() {
    let Some(house) = analyst(Wanted::default()).await else { return };
    let browser = &house.browser;
    house.go("/money/accounts").await;
    house.look("accounts-empty").await;
    browser.fill("Transaction or account", "0x12").await;
    browser.push("Follow").await;
    browser.wait_for_text("That is neither a transaction nor an account of this chain").await;
    house.look("accounts-mistake").await;
    browser.fill("Transaction or account", &theft()).await;
    browser.fill("Asset", &token().eip55()).await;
    browser.push("Follow").await;
    browser.wait_for_text("the source pays nothing in asset").await;
    browser.wait_for_text("it pays in native").await;
    browser.fill("Asset", "").await;
    browser.push("Follow").await;
    browser.wait_for_text("Where the money came to rest").await;
    browser.wait_for("the picture", "document.getElementById('graph').dataset.pieces > 0").await;
    house.look("accounts").await;

    // A long table begins with its first rows and shows more by link.
    let held = "return document.querySelectorAll('#held ~ .scroll')[0].querySelectorAll('tbody tr')
        .length";
    assert_eq!(browser.look(held, json!([])).await, 15);
    let more = browser.find("a[href*='more=held']").await;
    more.click().await;
    browser.wait_for("more rows", "location.search.includes('more=held')").await;
    browser.wait_for_text("Show the first rows only").await;
    assert!(browser.look(held, json!([])).await.as_u64().expect("a number") > 200);
    browser.follow("Show the first rows only").await;
    browser.wait_for("fewer rows", "!location.search.includes('more=')").await;
    assert_eq!(browser.look(held, json!([])).await, 15);
    browser.wait_for("the picture", "document.getElementById('graph').dataset.pieces > 0").await;

    // The company's own deposit account ends the trace; so do contracts, with what came back.
    browser.wait_for_text(&deposit().eip55()).await;
    browser.wait_for_text("deposit address of").await;
    browser.wait_for_text("came to the payer (+30)").await;
    browser.wait_for_text("dust").await;
    browser.wait_for_text("Opening lot").await;

    // Five rules side by side; under each every unit is somewhere.
    let sums =
        "return [...document.querySelectorAll('#policies ~ .scroll')[0].querySelector('table')
        .tBodies[0].rows].map((row) => [...row.cells].slice(2, 10)
        .map((cell) => Math.round(Number.parseFloat(cell.innerText) * 1e6)))";
    let rows = browser.look(sums, json!([])).await;
    let rows: Vec<Vec<i64>> = serde_json::from_value(rows).expect("numbers");
    assert_eq!(rows.len(), 5);
    for row in &rows {
        // The page rounds nothing; the script that reads it does, in six columns at most.
        let difference = row[1..].iter().sum::<i64>() - row[0];
        assert!(row[0] > 0 && difference.abs() <= 6, "{row:?}");
    }

    // More than the picture has room for is counted, and opens.
    let count = "return [Number(document.getElementById('graph').dataset.pieces),
        Number(document.getElementById('graph').dataset.links),
        window.comityBoard.counted().length]";
    let drawn: Vec<u64> =
        serde_json::from_value(browser.look(count, json!([])).await).expect("numbers");
    assert!(drawn[0] + drawn[1] <= 500 && drawn[2] > 0, "{drawn:?}");
    let open = "const done = arguments[arguments.length - 1];
        const before = window.comityBoard.keys().join();
        window.comityBoard.open(window.comityBoard.counted()[0].toString().replace(',', '-'))
            .then(() => done(before !== window.comityBoard.keys().join()))";
    assert_eq!(browser.look_later(open).await, json!(true));

    let exhibit = taken(&house, "Exhibit (JSON)").await;
    let log = chain::store::accounts::AccountLogReader::open(&house.dir.path().join(LOG));
    let log = log.expect("a log");
    let replayed = trace::account::replay(exhibit.as_bytes(), log.ledgers());
    assert_eq!(replayed, Ok(trace::Replay::Same));
    let table = taken(&house, "Table (CSV)").await;
    assert!(table.starts_with("row,hop,block,time,transaction,"), "{table}");
    assert!(taken(&house, "Picture (SVG)").await.starts_with("<svg"));
    house.close().await;
}

#[tokio::test]
async fn payments_of_an_account_are_followed_by_keyboard_and_in_german() {
    let Some(house) = analyst(Wanted { language: "de", ..Wanted::default() }).await else { return };
    let browser = &house.browser;
    house.go("/money/accounts").await;
    browser.tab_to("textbox", "Transaktion oder Konto").await;
    browser.type_keys(&CHAIN.text(victim())).await;
    browser.tab_to("textbox", "Erster Block").await;
    browser.type_keys("200").await;
    browser.tab_to("textbox", "Letzter Block").await;
    browser.type_keys("100").await;
    browser.tab_to("button", "Folgen").await;
    browser.press(Key::Enter).await;
    browser.wait_for_text("Der letzte Block liegt vor dem ersten").await;
    browser.fill("Erster Block", "100").await;
    browser.tab_to("button", "Folgen").await;
    browser.press(Key::Enter).await;
    browser.wait_for_text("Wo das Geld zur Ruhe kam").await;
    browser.wait_for("das Bild", "document.getElementById('graph').dataset.pieces > 0").await;
    house.look("accounts-de").await;
    browser.wait_for_text("kam zum Zahler (+30)").await;
    browser.wait_for_text("Staub").await;
    browser.tab_to("link", "Schritt").await;
    browser.press(Key::Enter).await;
    browser.wait_for("sorted", "location.search.includes('sort=hop')").await;
    house.close().await;
}

#[tokio::test]
async fn an_order_that_names_a_transaction_of_accounts_puts_its_exhibit_into_the_package() {
    let Some(mut house) = House::open_with(Wanted::default(), keep_accounts).await else { return };
    house.first_administrator("Rut Okafor").await;
    house.agency("Harbour Police", "generic").await;
    let ines = house.staff("Ines Roy", &[Role::Intake]).await;
    let olga = house.staff("Olga Wirth", &[Role::Verifier, Role::Counsel, Role::Analyst]).await;
    let omar = house.staff("Omar Said", &[Role::Analyst, Role::Approver]).await;
    house.sit_down(ines).await;
    house.browser.wait_for_path("/intake").await;
    let fill = "for (const [name, value] of arguments[0])
            document.querySelector(`[name=${name}]`).value = value;
        for (const value of ['disclose', 'subscriber'])
            document.querySelector(`input[value=${value}]`).checked = true;
        const agencies = document.getElementById('agency');
        agencies.value = [...agencies.options].find((o) => o.label === 'Harbour Police').value;";
    let paper = json!([
        ["selectors", format!("txid,{}", theft())],
        ["instrument", "production_order"],
        ["issuer", "judge"],
        ["issued_on", "2021-10-04"],
        ["reference", "HP 2021/120"],
    ]);
    house.browser.look(fill, json!([paper])).await;
    house.browser.field("The order itself").await.upload(&[&house.order_pdf()]).await;
    house.browser.push("File it").await;
    house.browser.wait_for("an answer", "location.pathname !== '/intake'").await;
    let page = house.browser.path().await;
    // Intake does not read on, and the browser says so.
    assert_eq!(house.browser.complaints().await.len(), 1);
    house.sit_down(olga).await;
    house.go(&page).await;
    let browser = &house.browser;
    browser.push("Take up who sent it").await;
    let method = browser.field("How the sender was proven").await;
    method.choose("Recorded call to a number of our directory").await;
    browser.fill("Note of the call", "+65 6391 0000, duty desk, confirmed").await;
    browser.push("The sender is proven").await;
    browser.push("Accept in law").await;
    browser.follow("Search the records").await;
    browser.wait_for_text(&format!("Money followed from {} on evm 1, native", theft())).await;
    house.look("preview-accounts").await;
    browser.push("Put it on the record").await;
    browser.wait_for_path(&page).await;
    let exhibit = "const done = arguments[arguments.length - 1];
        const link = document.querySelector('a[href*=\"/exhibits/1\"][href*=\"json\"]');
        fetch(link.href).then((r) => r.text()).then(done, (error) => done(String(error)))";
    let exhibit = browser.look_later(exhibit).await.as_str().expect("text").to_owned();
    let log = chain::store::accounts::AccountLogReader::open(&house.dir.path().join(LOG));
    let replayed = trace::account::replay(exhibit.as_bytes(), log.expect("a log").ledgers());
    assert_eq!(replayed, Ok(trace::Replay::Same));
    assert!(exhibit.contains("deposit address of"), "our own account ends it: {exhibit}");
    // Whoever has the deposit account is whom the order asks about.
    browser.fill("One sentence for the authority", "Whose deposit account it reached").await;
    browser.push("Assemble the package").await;
    browser.wait_for_text("waits for approval").await;
    house.sit_down(omar).await;
    house.go(&page).await;
    house.approve().await;
    house.until("delivered").await;
    house.close().await;
}

/// Text that the page fetches from an address.
async fn fetched(house: &House, address: &str) -> String {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         fetch({address:?}).then((r) => r.text()).then(done, (error) => done(String(error)))"
    );
    house.browser.look_later(&script).await.as_str().expect("text").to_owned()
}

/// An order about another account, its sender proven, accepted and searched.
async fn searched(house: &mut House, nils: Who, vera: Who, olga: Who) -> String {
    house.sit_down(nils).await;
    let other = [("selectors", "account_id,LX-000002")];
    review(house, &["disclose", "subscriber"], &other).await;
    let id = sign(house).await;
    prove(house, vera, &id).await;
    house.sit_down(olga).await;
    let page = format!("/requests/{id}");
    house.go(&page).await;
    assert_eq!(house.browser.count("a[href^='/money?into=']").await, 0, "no search has begun");
    house.browser.push("Accept in law").await;
    house.browser.follow("Search the records").await;
    house.browser.push("Put it on the record").await;
    house.browser.wait_for_path(&page).await;
    id
}

/// The exhibits of the first ask, by their titles.
async fn exhibits(house: &House) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#ask-1 a[href*=\"/exhibits/\"]')]
        .map((link) => link.closest('tr').cells[1].innerText)";
    let titles = house.browser.look(script, json!([])).await;
    let mut titles: Vec<String> = serde_json::from_value(titles).expect("titles");
    titles.dedup();
    titles
}

#[tokio::test]
async fn a_trace_that_somebody_looks_at_goes_into_the_package_as_it_is_shown() {
    let house = with_officer_in(Wanted::default(), "generic", keep_accounts).await;
    let Some((mut house, vera, nils)) = house else { return };
    let olga = house.staff("Olga Wirth", &[Role::Counsel, Role::Analyst]).await;
    let ada = house.staff("Ada Lund", &[Role::Approver]).await;
    let id = searched(&mut house, nils, vera, olga).await;
    let page = format!("/requests/{id}");
    let found = exhibits(&house).await.len();

    // From the request to the page of accounts; the request goes along.
    house.browser.follow("Follow money for this ask").await;
    house.browser.wait_for_path(&format!("/money?into={id}/1")).await;
    house.browser.follow("Follow coins and tokens of EVM chains and Tron instead").await;
    house.browser.wait_for_path(&format!("/money/accounts?into={id}/1")).await;
    house.browser.fill("Transaction or account", &theft()).await;
    let fifo = "document.querySelector('input[value=fifo]').checked = true";
    house.browser.look(fifo, json!([])).await;
    house.browser.push("Follow").await;
    house.browser.wait_for_text("Put it into an evidence package").await;
    assert_eq!(house.browser.find("#into").await.value().await, format!("{id}/1"));
    house.look("accounts-package").await;
    let shown = taken(&house, "Exhibit (JSON)").await;

    // A block that comes meanwhile changes nothing: the trace is of the blocks that were shown.
    crate::support::accounts::add_block(house.dir.path());
    house.browser.push("Put it into the package").await;
    house.browser.wait_for_path(&page).await;
    let title = format!("Money followed from {} on evm 1, native, fifo", theft());
    house.browser.wait_for_text(&title).await;
    house.look("request-trace").await;
    let titles = exhibits(&house).await;
    assert_eq!((titles.len(), titles.last()), (found + 1, Some(&title)));
    let address = format!("{}/exhibits/{}/json", page, found + 1);
    assert!(fetched(&house, &address).await == shown, "the exhibit is what the page showed");

    // Once it is there, putting it there again changes nothing.
    let question = format!("/money/accounts?from={}&policy=fifo&as_of=107&into={id}/1", theft());
    house.go(&question).await;
    house.browser.push("Put it into the package").await;
    house.browser.wait_for_path(&page).await;
    assert_eq!(exhibits(&house).await.len(), found + 1);

    // Anything but what was shown is refused.
    house.go(&question.replace("fifo", "lifo")).await;
    let other = "document.querySelector('input[name=policy][type=hidden]').value = 'poison'";
    house.browser.look(other, json!([])).await;
    house.browser.push("Put it into the package").await;
    house.browser.wait_for_text("The trace is no longer what was shown").await;

    // Bitcoin goes the same way.
    let stolen = crate::rooms::STOLEN;
    house.go(&format!("/money?from={stolen}:0&policy=poison&into={id}/1")).await;
    let second = taken(&house, "Exhibit (JSON)").await;
    house.browser.push("Put it into the package").await;
    house.browser.wait_for_path(&page).await;
    let title = format!("Money followed from {stolen}:0, poison");
    assert_eq!(exhibits(&house).await.last(), Some(&title));

    house.browser.fill("One sentence for the authority", "What we hold follows").await;
    house.browser.push("Assemble the package").await;
    house.browser.wait_for_text("waits for approval").await;
    house.go(&question).await;
    house.browser.wait_for_text("No request that you work on is being searched").await;
    house.sit_down(vera).await;
    house.go(&question).await;
    house.browser.wait_for_text("Take it along").await;
    assert_eq!(house.browser.count("#package").await, 0, "a verifier adds no exhibits");
    house.sit_down(ada).await;
    house.go(&page).await;
    house.approve().await;
    house.until("delivered").await;
    let expected = [(found + 1, shown.as_str()), (found + 2, &second)];
    sealed(&house, &id, &expected).await;
    house.close().await;
}

/// The sealed package holds these exhibits, which replay, and says of no deposit address whose it
/// is: the order asks about another account.
async fn sealed(house: &House, id: &str, expected: &[(usize, &str)]) {
    let case = house.node.case(RequestId(id.parse().expect("an id"))).await.expect("a case");
    let (_, _, delivered) = case.delivered.first().expect("a delivery");
    let digest = hex::decode(&delivered.encrypted_sha256).expect("hex");
    let digest = store::BlobDigest(digest.try_into().expect("32 bytes"));
    let envelope = house.node.store.reader().blob(digest).await.expect("there");
    let package = std::io::Cursor::new(house.decrypted(&envelope));
    let mut package = zip::ZipArchive::new(package).expect("a zip");
    let mut files = std::collections::BTreeMap::new();
    for at in 0..package.len() {
        let mut file = package.by_index(at).expect("a file");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("bytes");
        let name = file.name().expect("a name").into_owned();
        let is_ours = bytes.windows(ACCOUNT.len()).any(|part| part == ACCOUNT.as_bytes());
        assert!(!is_ours, "{name} says whose a deposit address is");
        files.insert(name, bytes);
    }
    let log = chain::store::accounts::AccountLogReader::open(&house.dir.path().join(LOG));
    let log = log.expect("a log");
    let chain = house.node.chain.as_ref().expect("blocks").now().expect("read");
    for (number, text) in expected {
        let name = format!("data/trace/exhibit-{number:04}.json");
        let of = |name: &str| files.iter().find(|(known, _)| known.ends_with(name));
        let (_, bytes) = of(&name).unwrap_or_else(|| panic!("{name}: {:?}", files.keys()));
        assert!(bytes == text.as_bytes(), "{name} is what the page showed");
        assert!(of(&name.replace("json", "svg")).is_some(), "its picture is there");
        let same = if text.contains("comity account exhibit") {
            trace::account::replay(bytes, log.ledgers()).expect("it can be replayed")
        } else {
            trace::replay(bytes, &chain).expect("it can be replayed")
        };
        assert_eq!(same, trace::Replay::Same, "{name}");
    }
}
