//! A house in which everything has happened once, so that its pages have something to show.

use axum::body::Body;
use axum::http::header;
use desk::ids::{ActorId, AgencyId, AskNumber, KeyId, RequestId};
use desk::policy::{Actor, Role};
use desk::request::{Answer, Command, HoldReason, IdentityMethod, Outcome, RefusalCode};
use serde_json::{Value, json};
use server::app::Act;
use server::app::assemble::Statement;
use server::app::intake::ManualOrder;
use server::directory::{Change, ChangePayload, console};

use crate::exchange::{ACCOUNT, DECOY};
use crate::visitor::{House, SITE, Session, credential, request};

/// What is typed into every field.
pub const GARBAGE: &str = "xqz";
/// What people of the story wrote.
pub const TYPED: [&str; 13] = [
    "Lena Roth",
    "HP 2021/118",
    "HP 2021/119",
    "Criminal Procedure Act, s. 22",
    "Harbour Police",
    "Staatsanwaltschaft Altona",
    "order.pdf",
    "Zum Verfahren",
    "Zur Sache",
    "Alles, was verlangt war",
    "localhost",
    "production_order",
    "http",
];

/// The transaction of block 702861 from which money is followed.
const STOLEN: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

/// Somebody who walks through the pages.
pub struct Person {
    pub name: &'static str,
    /// Who, and the passkey that opens the door; none for a stranger.
    pub holder: Option<(ActorId, String)>,
    /// Where the walk begins.
    pub starts: Vec<String>,
}

impl Person {
    /// Somebody with the link that opens the door of a new house.
    pub async fn with_first_link(house: &House) -> Self {
        let link = house.site.first_link().await.expect("no fault").expect("a link");
        let path = link.strip_prefix(SITE).expect("a link to the site").to_owned();
        Self { name: "", holder: None, starts: vec![path] }
    }

    fn of(name: &'static str, session: &Session, starts: &[String]) -> Self {
        let holder = Some((session.holder, credential(name)));
        let mut starts = starts.to_vec();
        starts.push("/nowhere".to_owned());
        Self { name, holder, starts }
    }
}

fn order(regime_order: &str, issuer: &str, asks: Value) -> Value {
    json!({
        "instrument": regime_order, "issuing_country": "XX", "issuer": issuer,
        "offence": { "sentence_max_months": 120 }, "channel": "manual",
        "authentication": "none", "format": "pdf", "issued_on": "2021-10-04",
        "service": "exchange", "asks": asks,
    })
}

fn disclose(categories: &[&str]) -> Value {
    json!([{ "demand": { "kind": "disclose", "scope": {
        "selectors": { "account_id": 1 }, "categories": categories,
        "range": { "from": "2021-09-01T00:00:00Z", "to": "2021-11-01T00:00:00Z" } } } }])
}

struct Teller<'a> {
    house: &'a House,
}

impl Teller<'_> {
    fn actor(&self, session: &Session) -> Actor {
        let directory = self.house.site.node.directory();
        directory.person(session.holder, self.house.clock.now()).expect("somebody of the house")
    }

    async fn file(
        &self,
        by: &Session,
        agency: AgencyId,
        reference: &str,
        account: &str,
        order: Value,
    ) -> RequestId {
        let asks = order["asks"].as_array().map_or(0, Vec::len);
        let selectors: Vec<Value> = (1..=asks)
            .map(|ask| json!({ "ask": ask, "kind": "account_id", "value": account }))
            .collect();
        let manual: ManualOrder = serde_json::from_value(json!({
            "agency": agency.0, "order": order, "reference": reference,
            "legal_basis": "Criminal Procedure Act, s. 22", "selectors": selectors,
            "files": [{ "name": "order.pdf", "media_type": "application/pdf",
                        "contents": "JVBERi0xLjcK" }],
        }))
        .expect("an order");
        let done = self.house.site.node.file(&self.actor(by), manual).await.expect("filed");
        RequestId(done.appended.stream)
    }

    async fn act(&self, by: &Session, id: RequestId, command: Command) {
        let said = server::payload::Said { text: "Zur Sache".to_owned() };
        let act = Act::new(id, command).with(&said).expect("words");
        self.house.site.node.act(&self.actor(by), act).await.expect("done");
    }

    async fn prove(&self, by: &Session, id: RequestId) {
        self.act(by, id, Command::StartIdentityCheck).await;
        let method = IdentityMethod::CallBack;
        self.act(by, id, Command::VerifyIdentity { method }).await;
    }

    /// One request from the post to an approved package.
    async fn answer(&self, by: &Session, approver: &Session, id: RequestId) {
        let ask = AskNumber(1);
        self.prove(by, id).await;
        self.act(by, id, Command::AcceptLegal { ask, despite: Vec::new() }).await;
        let (node, actor) = (&self.house.site.node, self.actor(by));
        node.search(&actor, id, ask, &[]).await.expect("searched");
        let statement = Statement {
            answer: Answer { ask, outcome: Outcome::Full, missing: Vec::new() },
            text: "Alles, was verlangt war".to_owned(),
        };
        let (_, digest) = node.assemble(&actor, id, &[statement], false).await.expect("assembled");
        let digest = desk::ids::Digest(digest.0);
        self.act(approver, id, Command::Approve { asks: vec![ask], tagmanifest_sha256: digest })
            .await;
    }

    /// The address of a draft that an officer is about to sign.
    async fn draft(&self, by: &Session) -> String {
        let fields = [
            ("form_secret", by.form_secret.as_str()),
            ("asks[]", "disclose"),
            ("categories[]", "subscriber"),
            ("selectors", "account_id,LX-004711"),
            ("instrument", "production_order"),
            ("issuer", "judge"),
            ("issued_on", "2021-10-04"),
            ("reference", "HP 2021/118"),
            ("legal_basis", "Criminal Procedure Act, s. 22"),
            ("step", "review"),
        ];
        let mut body = String::new();
        for (name, value) in fields {
            body += &format!(
                "--cut\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            );
        }
        body += "--cut\r\ncontent-disposition: form-data; name=\"files\"; filename=\"order.pdf\"\r\n\
                 content-type: application/pdf\r\n\r\n%PDF-1.7\r\n--cut--\r\n";
        let asked = request("POST", "/portal/new", Some(by))
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=cut")
            .header(header::ORIGIN, SITE)
            .body(Body::from(body));
        let answer = self.house.send(asked.expect("a request")).await;
        answer.header("location").to_owned()
    }

    async fn european_agency(&self) -> AgencyId {
        let agency = AgencyId(server::random_id().expect("random bytes"));
        let change = Change::AgencyAdded {
            agency,
            country: "DE".to_owned(),
            regime: "eu-e-evidence-2023-1543".to_owned(),
            key: KeyId(server::random_id().expect("random bytes")),
            certificate_sha256: None,
            by: console().id,
        };
        let said = ChangePayload {
            name: "Staatsanwaltschaft Altona".to_owned(),
            switchboard: vec!["+494042828".to_owned()],
            ..ChangePayload::default()
        };
        self.house.site.node.change_directory(&console(), &change, &said).await.expect("added");
        agency
    }
}

/// Tells the story; everybody who is in it, and a stranger.
pub async fn tell() -> (House, Vec<Person>) {
    let house = House::open().await;
    let teller = Teller { house: &house };
    let root = house.staff("Rut Okafor", &[Role::Administrator]).await;
    let all = [Role::Verifier, Role::Counsel, Role::Analyst, Role::Approver, Role::Intake];
    let vera = house.staff("Vera Lind", &all).await;
    let olga = house.staff("Olga Wirth", &[Role::Approver, Role::OnCall, Role::Counsel]).await;
    let anna = house.staff("Anna Prüfer", &[Role::Auditor]).await;
    let agency = house.agency("Harbour Police").await;
    let altona = teller.european_agency().await;
    let nils = house.officer(agency, "Nils Brandt", &vera).await;
    let eva = house.officer(altona, "Eva Kruse", &vera).await;

    let reference = "HP 2021/118";
    let plain = || order("production_order", "judge", disclose(&["subscriber", "transaction"]));
    let answered = teller.file(&vera, agency, reference, ACCOUNT, plain()).await;
    teller.answer(&vera, &olga, answered).await;
    let asked = teller.file(&vera, agency, reference, ACCOUNT, plain()).await;
    teller.prove(&vera, asked).await;
    let codes = vec![RefusalCode::Incomplete];
    teller.act(&vera, asked, Command::RequestInformation { ask: AskNumber(1), codes }).await;
    let held = teller.file(&vera, agency, reference, ACCOUNT, plain()).await;
    teller.prove(&vera, held).await;
    let reason = HoldReason::CourtMotion;
    teller.act(&vera, held, Command::Hold { ask: AskNumber(1), reason }).await;
    let refused = teller.file(&vera, agency, reference, ACCOUNT, plain()).await;
    teller.prove(&vera, refused).await;
    let code = RefusalCode::OverBroad;
    teller.act(&vera, refused, Command::Refuse { ask: AskNumber(1), code }).await;
    teller.act(&vera, refused, Command::PostMessage { ask: None }).await;

    // What the rules speak against, in the words of a pack; a decoy; a freeze; silence.
    let bad = order("epoc", "police", disclose(&["content", "subscriber"]));
    let bad = teller.file(&vera, altona, "HP 2021/119", ACCOUNT, bad).await;
    teller.prove(&vera, bad).await;
    let emergency = json!([{ "demand": { "kind": "disclose", "scope": {
        "selectors": { "account_id": 1 }, "categories": ["subscriber"] } },
        "emergency": "person" }]);
    let urgent = order("epoc", "police", emergency);
    let urgent = teller.file(&vera, altona, "HP 2021/119", ACCOUNT, urgent).await;
    let decoy = teller.file(&vera, agency, reference, DECOY, plain()).await;
    let many = json!([
        { "demand": { "kind": "preserve", "scope": {
            "selectors": { "account_id": 1 }, "categories": ["subscriber"] } } },
        { "demand": { "kind": "freeze", "asset": "BTC", "amount": "100000" } },
        { "demand": { "kind": "non_disclosure" } },
    ]);
    let many = order("production_order", "judge", many);
    let many = teller.file(&vera, agency, reference, ACCOUNT, many).await;
    teller.prove(&vera, many).await;

    let requests = [answered, asked, held, refused, bad, urgent, decoy, many];
    let mut starts: Vec<String> = requests.iter().map(|id| format!("/requests/{id}")).collect();
    starts.insert(0, "/".to_owned());
    starts.push(format!("/requests/{asked}/asks/1/search"));
    starts.push(format!("/requests/{held}/asks/9/search"));
    starts.push(format!("/money?from={STOLEN}"));
    starts.push("/money?from=xqz&policy=xqz&hops_max=xqz&amount_min=xqz".to_owned());
    starts.push("/queue?state=closed".to_owned());
    starts.push("/emergencies".to_owned());
    starts.push("/sessions".to_owned());
    let draft = teller.draft(&nils).await;
    assert!(draft.starts_with("/portal/drafts/"), "a draft to sign: {draft:?}");
    let days = [("from", "2021-01-01"), ("to", "2021-12-31"), ("countries", "")];
    assert_eq!(house.post("/reports", &root, &days).await.status, 303, "a report is made");
    let portal: Vec<String> = requests
        .iter()
        .map(|id| format!("/portal/requests/{id}"))
        .chain(["/".to_owned(), "/portal/new".to_owned(), "/sessions".to_owned(), draft])
        .collect();
    let door = ["/", "/login", "/login?back=/queue", "/enrol/xqz", "/nowhere", "/queue"];
    // Whoever has a one-time link is a stranger as long as he has no passkey.
    let invited = house.invited("Lena Roth", &[Role::Verifier]).await;
    let invited = format!("/enrol/{invited}");
    let door = door.map(str::to_owned).into_iter().chain([invited]).collect();
    let few = [format!("/requests/{answered}"), format!("/requests/{urgent}"), "/audit".to_owned()];
    let people = vec![
        Person { name: "", holder: None, starts: door },
        Person::of("Rut Okafor", &root, &["/".to_owned(), "/agencies/new".to_owned()]),
        Person::of("Vera Lind", &vera, &starts),
        Person::of("Olga Wirth", &olga, &few),
        Person::of("Anna Prüfer", &anna, &few),
        Person::of("Nils Brandt", &nils, &portal),
        Person::of("Eva Kruse", &eva, &portal),
    ];
    (house, people)
}
