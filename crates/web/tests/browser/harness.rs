//! The browser tools themselves, on pages of their own: a tool that sees nothing wrong anywhere
//! proves nothing about the site.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::{HeaderMap, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;
use expect_test::expect;
use serde_json::json;

use crate::support::browser::{
    Authenticator, Browser, Focus, Key, Scheme, Script, UserVerification, Wanted, running_in,
};

const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; form-action 'self'";

const GOOD: &str = r#"<!DOCTYPE html><html lang="en"><head><title>Good</title>
<link rel="stylesheet" href="/style.css"><script src="/script.js" defer></script></head><body>
<main><h1>A good page</h1>
<form action="/sent"><p><label for="name">Your name</label> <input id="name" name="name"></p>
<p><label for="kind">Kind</label> <select id="kind" name="kind"><option>one</option><option>two</option></select></p>
<p><label for="order">The order</label> <input id="order" type="file"></p>
<p><label><input type="checkbox" name="sure" value="yes"> I am sure</label></p>
<p><button>Send it</button></p></form>
<p id="late"></p><p class="tall">Far below</p></main></body></html>"#;

const BAD: &str = r#"<!DOCTYPE html><html lang="en"><head><title>Bad</title></head><body>
<main><h1>A bad page</h1><img src="/missing.png"><input name="unlabelled">
<script>document.title = "changed"</script></main></body></html>"#;

const STYLE: &str = "body { background: white; color: black }
.tall { margin-top: 3000px }
@media (prefers-color-scheme: dark) { body { background: black; color: white } }";

const SCRIPT: &str =
    "requestAnimationFrame(() => { document.getElementById('late').textContent = 'Ready'; });";

/// Serves the pages; their address, and what languages readers asked for.
async fn serve() -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = asked.clone();
    let page = |html: &'static str| {
        get(async move || ([(header::CONTENT_SECURITY_POLICY, POLICY)], Html(html)).into_response())
    };
    let file = |kind: &'static str, text: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, kind)], text))
    };
    let listen = async move |headers: HeaderMap| {
        let language = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        heard.lock().unwrap().push(language.unwrap_or_default().to_owned());
        Html("<!DOCTYPE html><html lang=en><title>Heard</title><main><h1>Heard</h1></main>")
    };
    let routes = Router::new()
        .route("/good", page(GOOD))
        .route("/bad", page(BAD))
        .route("/sent", get(listen))
        .route("/style.css", file("text/css", STYLE))
        .route("/script.js", file("text/javascript", SCRIPT))
        .route("/favicon.ico", file("image/x-icon", ""));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (format!("http://localhost:{port}"), asked)
}

#[tokio::test]
async fn a_good_page_can_be_read_filled_in_and_sent() {
    let (site, asked) = serve().await;
    let wanted = Wanted { language: "de", ..Wanted::default() };
    let Some(browser) = Browser::open(wanted).await else { return };
    browser.go(&format!("{site}/good")).await;
    browser.wait_for_text("Ready").await;
    assert_eq!(browser.role("heading", "A good page").await.text().await, "A good page");
    assert_eq!(browser.axe().await, Vec::<String>::new());

    browser.fill("Your name", "Anna").await;
    browser.field("Kind").await.choose("two").await;
    let folder = tempfile::tempdir().unwrap();
    let order = folder.path().join("order.pdf");
    std::fs::write(&order, "%PDF-1.7").unwrap();
    browser.field("The order").await.upload(&[&order]).await;
    let name = browser.look("return document.querySelector('#order').files[0].name", json!([]));
    assert_eq!(name.await, "order.pdf");
    browser.field("I am sure").await.click().await;
    browser.push("Send it").await;
    browser.wait_for_path("/sent?name=Anna&kind=two&sure=yes").await;
    assert_eq!(browser.title().await, "Heard");
    assert_eq!(*asked.lock().unwrap(), ["de"]);
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}

#[tokio::test]
async fn the_keyboard_alone_is_enough_for_a_good_page() {
    let (site, _) = serve().await;
    let Some(browser) = Browser::open(Wanted::default()).await else { return };
    browser.go(&format!("{site}/good")).await;
    browser.press(Key::Tab).await;
    let first = Focus { role: "textbox".into(), name: "Your name".into() };
    assert_eq!(browser.focus().await, first);
    browser.type_keys("Bo").await;
    browser.press(Key::Tab).await;
    browser.press(Key::ArrowDown).await;
    assert_eq!(browser.focused().await.value().await, "two");
    browser.press(Key::BackTab).await;
    assert_eq!(browser.focus().await, first);
    browser.tab_to("checkbox", "I am sure").await;
    browser.press(Key::Space).await;
    browser.tab_to("button", "Send it").await;
    browser.press(Key::Enter).await;
    browser.wait_for_path("/sent?name=Bo&kind=two&sure=yes").await;
    browser.close().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_bad_page_is_said() {
    let (site, _) = serve().await;
    let Some(browser) = Browser::open(Wanted::default()).await else { return };
    browser.go(&format!("{site}/bad")).await;
    assert_eq!(browser.title().await, "Bad", "the policy stops inline scripts");
    let complaints = browser.complaints().await.join("\n");
    assert!(complaints.contains("Executing inline script violates"), "{complaints}");
    assert!(complaints.contains("Loading the image"), "{complaints}");
    expect![[r#"
        image-alt (critical): Images must have alternative text: <img src="/missing.png">
        label (critical): Form elements must have labels: <input name="unlabelled">"#]]
    .assert_eq(&browser.axe().await.join("\n"));
    browser.close().await;
}

#[tokio::test]
async fn pages_are_seen_dark_without_scripts_as_pictures_and_on_paper() {
    let (site, _) = serve().await;
    let wanted = Wanted { scheme: Scheme::Dark, script: Script::Off, ..Wanted::default() };
    let Some(browser) = Browser::open(wanted).await else { return };
    browser.go(&format!("{site}/good")).await;
    let ground = "return getComputedStyle(document.body).backgroundColor";
    assert_eq!(browser.look(ground, json!([])).await, "rgb(0, 0, 0)");
    assert_eq!(browser.find("#late").await.text().await, "", "scripts are off");
    browser.scheme(Scheme::Light).await;
    assert_eq!(browser.look(ground, json!([])).await, "rgb(255, 255, 255)");

    let picture = browser.picture().await;
    assert_eq!(&picture[..8], b"\x89PNG\r\n\x1a\n");
    let number = |at: usize| u32::from_be_bytes(picture[at..at + 4].try_into().unwrap());
    let (width, height) = (number(16), number(20));
    assert!(width == 1280 && height > 3000, "the whole page: {width} x {height}");
    assert!(browser.print().await.starts_with(b"%PDF-"));

    browser.resize(320, 600).await;
    assert_eq!(browser.look("return innerWidth", json!([])).await, 320);
    browser.close().await;
}

/// Asks for a passkey for this site and says how it went.
const CREATE: &str = "
const done = arguments[arguments.length - 1];
const text = (words) => new TextEncoder().encode(words);
navigator.credentials.create({ publicKey: {
  challenge: text('challenge'), rp: { name: 'Test' },
  user: { id: text('anna'), name: 'anna', displayName: 'Anna' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
} }).then((made) => done(made.type), (error) => done(error.name));
";

const GET: &str = "
const done = arguments[arguments.length - 1];
navigator.credentials.get({ publicKey: {
  challenge: new TextEncoder().encode('challenge'), userVerification: 'required',
} }).then((made) => done(made.type), (error) => done(error.name));
";

#[tokio::test]
async fn passkeys_need_no_hands_and_can_fail() {
    let (site, _) = serve().await;
    let Some(browser) = Browser::open(Wanted::default()).await else { return };
    browser.go(&format!("{site}/good")).await;
    let device = browser.add_authenticator(Authenticator::passkey()).await;
    assert_eq!(browser.look_later(CREATE).await, "public-key");
    assert_eq!(browser.look_later(GET).await, "public-key");

    let kept = browser.credentials(&device).await;
    assert_eq!(kept.len(), 1);
    assert_eq!(kept[0]["rpId"], "localhost");

    browser.set_user_verification(&device, UserVerification::Fails).await;
    assert_eq!(browser.look_later(GET).await, "NotAllowedError");

    // The same passkey on another device.
    browser.remove_authenticator(&device).await;
    let other = browser.add_authenticator(Authenticator::passkey()).await;
    browser.add_credential(&other, &kept[0]).await;
    assert_eq!(browser.look_later(GET).await, "public-key");
    browser.close().await;
}

#[tokio::test]
async fn a_test_that_panics_leaves_no_browser_behind() {
    let Some(browser) = Browser::open(Wanted::default()).await else { return };
    let home = browser.home();
    assert!(running_in(&home) > 0, "the browser runs");
    let test = tokio::spawn(async move {
        let _browser = browser;
        panic!("as a failing test does");
    });
    assert!(test.await.unwrap_err().is_panic());
    assert_eq!(running_in(&home), 0);
    assert!(!home.exists(), "its folder is gone");
}
