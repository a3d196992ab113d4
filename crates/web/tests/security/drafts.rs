//! Drafts of one officer in several windows and sessions: what was typed last stays, in whatever
//! order forms arrive, and what somebody saves is never lost.

use axum::http::StatusCode;
use desk::policy::Role;

use crate::forms::upload_with;
use crate::visitor::{House, Session, credential};

/// A form of a draft, as a page has it.
#[derive(Clone)]
struct Page {
    draft: String,
    revision: String,
    page: String,
}

/// The form on a page that the site gave.
fn form_of(html: &str) -> Page {
    let value = |name: &str| {
        let start = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
        let rest = html.split_once(&start).unwrap_or_else(|| panic!("no {name} in {html}")).1;
        rest.split_once('"').expect("a value").0.to_owned()
    };
    assert_eq!(value("turn"), "0", "a page that was just made");
    Page { draft: value("draft"), revision: value("revision"), page: value("page") }
}

impl Page {
    fn fields<'a>(&'a self, turn: &'a str, reference: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("draft", self.draft.as_str()),
            ("revision", self.revision.as_str()),
            ("page", self.page.as_str()),
            ("turn", turn),
            ("reference", reference),
        ]
    }

    /// What the script sends while somebody types; says what came back.
    async fn type_in(&self, house: &House, by: &Session, turn: u64, reference: &str) -> String {
        let turn = turn.to_string();
        let answer = house.post("/portal/check", by, &self.fields(&turn, reference)).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text()
    }

    /// "Save for later".
    async fn save(&self, house: &House, by: &Session, turn: u64, reference: &str) -> String {
        let turn = turn.to_string();
        let mut fields = self.fields(&turn, reference);
        fields.push(("step", "save"));
        let answer = upload_with(house, "/portal/new", by, &fields, &[]).await;
        assert_eq!(answer.status, StatusCode::OK);
        answer.text()
    }
}

const KEPT: &str = "Saved in your drafts,";
const NOT_KEPT: &str = "Not saved in your drafts";
const OVERTAKEN: &str = "Nothing was saved, because this draft was changed elsewhere";

/// What is kept of a draft, as its own session shows it.
async fn kept(house: &House, by: &Session, draft: &str) -> String {
    let page = house.get(&format!("/portal/drafts/{draft}/edit"), Some(by)).await.text();
    let rest = page.split_once("name=\"reference\" value=\"").expect("a reference").1;
    rest.split_once('"').expect("a value").0.to_owned()
}

async fn nils() -> (House, Session) {
    let house = House::open().await;
    let vera = house.staff("Vera", &[Role::Verifier]).await;
    let agency = house.agency("Harbour Police").await;
    let nils = house.officer(agency, "Nils", &vera).await;
    (house, nils)
}

#[tokio::test]
async fn what_arrives_late_does_not_put_older_text_back() {
    let (house, nils) = nils().await;
    let page = form_of(&house.get("/portal/new", Some(&nils)).await.text());
    assert!(page.type_in(&house, &nils, 1, "HP 1").await.contains(KEPT));
    assert!(page.type_in(&house, &nils, 3, "HP 1-three").await.contains(KEPT));
    // The second was on its way longer than the third.
    let late = page.type_in(&house, &nils, 2, "HP 1-two").await;
    assert!(late.contains(NOT_KEPT) && !late.contains(KEPT), "{late}");
    assert_eq!(kept(&house, &nils, &page.draft).await, "HP 1-three");
    // So was the third, than a push of the button; and the button may be pushed twice.
    for _ in 0..2 {
        assert!(page.save(&house, &nils, 4, "HP 1-saved").await.contains("Saved. It waits"));
    }
    assert!(page.type_in(&house, &nils, 3, "HP 1-three").await.contains(NOT_KEPT));
    assert_eq!(kept(&house, &nils, &page.draft).await, "HP 1-saved");
    // A draft that was given up stays away.
    let gone = house.post(&format!("/portal/drafts/{}/delete", page.draft), &nils, &[]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert!(page.type_in(&house, &nils, 5, "HP 1-late").await.contains(NOT_KEPT));
    let list = house.get("/portal", Some(&nils)).await.text();
    assert!(list.contains("You have no drafts"), "{list}");
    // Whoever pushes the button means to keep it.
    assert!(page.save(&house, &nils, 6, "HP 1-again").await.contains("Saved. It waits"));
}

#[tokio::test]
async fn forms_that_arrive_together_leave_what_was_typed_last() {
    let (house, nils) = nils().await;
    for _ in 0..8 {
        let page = form_of(&house.get("/portal/new", Some(&nils)).await.text());
        tokio::join!(
            page.type_in(&house, &nils, 2, "HP two"),
            page.type_in(&house, &nils, 3, "HP three"),
            page.type_in(&house, &nils, 1, "HP one"),
        );
        assert_eq!(kept(&house, &nils, &page.draft).await, "HP three");
        house.post(&format!("/portal/drafts/{}/delete", page.draft), &nils, &[]).await;
    }
}

#[tokio::test]
async fn two_windows_of_one_draft_do_not_write_over_each_other() {
    let (house, nils) = nils().await;
    let first = form_of(&house.get("/portal/new", Some(&nils)).await.text());
    let saved = form_of(&first.save(&house, &nils, 0, "HP 2").await);
    let edit = format!("/portal/drafts/{}/edit", first.draft);
    let other = form_of(&house.get(&edit, Some(&nils)).await.text());
    assert_eq!((saved.revision.as_str(), other.revision.as_str()), ("1", "1"));
    assert_ne!(saved.page, other.page);
    assert!(other.type_in(&house, &nils, 1, "HP 2-other").await.contains(KEPT));
    // The first window knows nothing of that: neither its script nor its button writes over it.
    for turn in 1..4 {
        assert!(saved.type_in(&house, &nils, turn, "HP 2-first").await.contains(NOT_KEPT));
    }
    let told = saved.save(&house, &nils, 4, "HP 2-first").await;
    assert!(told.contains(OVERTAKEN) && told.contains("HP 2-first"), "{told}");
    assert_eq!(kept(&house, &nils, &first.draft).await, "HP 2-other");
    // Who saves again after reading that means to.
    let again = form_of(&told);
    assert!(again.save(&house, &nils, 0, "HP 2-first").await.contains("Saved. It waits"));
    assert_eq!(kept(&house, &nils, &first.draft).await, "HP 2-first");
    // Without scripts too.
    assert!(other.save(&house, &nils, 0, "HP 2-other").await.contains(OVERTAKEN));
}

#[tokio::test]
async fn another_session_of_the_officer_takes_a_copy_and_leaves_the_draft() {
    let (house, nils) = nils().await;
    let here = form_of(&house.get("/portal/new", Some(&nils)).await.text());
    here.save(&house, &nils, 0, "HP 3").await;
    let there = house.begin(nils.holder, credential("Nils"));
    // Its form names the draft, as one does that was open before the session ended.
    let page = Page { revision: "1".to_owned(), ..here.clone() };
    let copy = form_of(&page.save(&house, &there, 7, "HP 3-there").await);
    assert_ne!(copy.draft, here.draft);
    assert_eq!(kept(&house, &there, &copy.draft).await, "HP 3-there");
    assert_eq!(kept(&house, &nils, &here.draft).await, "HP 3");
    // What its script sends late makes no copy of what is older.
    let stale = Page { revision: "0".to_owned(), page: "other".to_owned(), ..here.clone() };
    assert!(stale.type_in(&house, &there, 1, "HP 3-late").await.contains(NOT_KEPT));
    let list = house.get("/portal", Some(&there)).await.text();
    assert!(list.contains("HP 3-there") && !list.contains("HP 3-late"), "{list}");
}
