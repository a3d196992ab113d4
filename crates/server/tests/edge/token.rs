//! The seal and the log in a token: SoftHSM2, one in software, through its real PKCS#11 module.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};

use cryptoki::context::Pkcs11;
use cryptoki::mechanism::Mechanism;
use cryptoki::object::Attribute;
use cryptoki::session::UserType;
use cryptoki::types::AuthPin;
use jiff::Timestamp;
use serde_json::json;
use server::config::{Config, Token};
use server::keys::token::{Kind, ObjectUri, Place, TokenKey};
use server::keys::{self, development, file};
use zeroize::Zeroizing;

use crate::story::disclose;
use crate::support::{House, Plans, approval};

const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";
const PIN: &str = "four and twenty";
/// Where the token lies; set in the process that the module is loaded into.
const FOLDER_VARIABLE: &str = "COMITY_TEST_TOKEN";

/// The folder of a fresh token. SoftHSM2 reads from its environment where it keeps tokens, so the
/// test runs itself again with one; in the outer process there is none.
fn token(test: &str) -> Option<PathBuf> {
    if let Some(folder) = std::env::var_os(FOLDER_VARIABLE) {
        return Some(folder.into());
    }
    if !Path::new(MODULE).exists() {
        println!("SKIPPED: softhsm2 is not installed: no package was sealed in a token");
        return None;
    }
    let dir = tempfile::tempdir().expect("a folder for the test");
    let (tokens, conf) = (dir.path().join("tokens"), dir.path().join("softhsm2.conf"));
    std::fs::create_dir(&tokens).expect("a folder");
    let text = format!("directories.tokendir = {}\n", tokens.display());
    std::fs::write(&conf, text).expect("written");
    let init = ["--init-token", "--free", "--label", "desk", "--so-pin", "so pin", "--pin", PIN];
    let made = Command::new("softhsm2-util").args(init).env("SOFTHSM2_CONF", &conf).output();
    let made = made.expect("softhsm2-util starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let program = std::env::current_exe().expect("this program");
    let again = Command::new(program)
        .args(["--exact", test, "--nocapture"])
        .env("SOFTHSM2_CONF", &conf)
        .env(FOLDER_VARIABLE, dir.path())
        .status();
    assert!(again.expect("this test starts").success(), "see above");
    None
}

fn uri(object: &str) -> ObjectUri {
    ObjectUri::parse(&format!("pkcs11:token=desk;object={object}")).expect("a URI")
}

fn settings(folder: &Path) -> Token {
    use std::os::unix::fs::PermissionsExt as _;
    let pin = folder.join("pin");
    std::fs::write(&pin, PIN).expect("written");
    std::fs::set_permissions(&pin, std::fs::Permissions::from_mode(0o600)).expect("private");
    Token {
        module: Some(MODULE.into()),
        pin_file: Some(pin),
        pin_credential: None,
        seal: Some(uri("seal")),
        log: Some(uri("log")),
    }
}

/// Makes the keys in the token, certifies the seal with the development root, and leaves no file
/// with either secret.
pub(crate) fn furnish(config: &Config, keys: &Path, now: Timestamp) {
    let place = config.seal_token().expect("a place");
    let seal = TokenKey::make(place, Kind::EcdsaP256).expect("a seal key");
    let request = development::seal_request(&seal, "XX", "Lantern", "Lantern seal");
    let request = request.expect("a request");
    let root_key = std::fs::read_to_string(keys.join(file::ROOT_KEY)).expect("a root");
    let root = std::fs::read_to_string(keys.join(file::ROOT_CERTIFICATE)).expect("a root");
    let root_key = rcgen::KeyPair::from_pem(&root_key).expect("a key");
    let issuer = rcgen::Issuer::from_ca_cert_pem(&root, root_key).expect("an issuer");
    let mut asked =
        rcgen::CertificateSigningRequestParams::from_pem(&request).expect("a sound request");
    let day = now.to_zoned(jiff::tz::TimeZone::UTC).date().yesterday().expect("a day");
    let day = |year: i16| {
        let (month, day) = (day.month().unsigned_abs(), day.day().unsigned_abs().min(28));
        rcgen::date_time_ymd(i32::from(year), month, day)
    };
    let year = now.to_zoned(jiff::tz::TimeZone::UTC).year();
    (asked.params.not_before, asked.params.not_after) = (day(year - 1), day(year + 2));
    let certificate = asked.signed_by(&issuer).expect("a certificate");
    std::fs::write(keys.join(file::SEAL_CERTIFICATE), certificate.pem()).expect("written");
    let log = TokenKey::make(config.log_token().expect("a place"), Kind::Ed25519);
    let log = keys::log_of_token(log.expect("a log key"), &config.node.origin).expect("a log key");
    for name in [file::SEAL_KEY, file::LOG_KEY, file::LOG_PUBLIC, file::LOG_POLICY] {
        std::fs::remove_file(keys.join(name)).expect("removed");
    }
    development::write_log_public(keys, &log.vkey()).expect("written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packages_are_sealed_and_the_log_is_signed_in_a_token() {
    let test = "token::packages_are_sealed_and_the_log_is_signed_in_a_token";
    let Some(folder) = token(test) else { return };
    let house = House::with(Plans { token: Some(settings(&folder)), ..Plans::default() }).await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    house.accept(&id).await;
    let tagmanifest = house.assemble("bo", &id, "full").await;
    house.staff("ada").act(&id, approval(&tagmanifest)).await;
    house.state(&id, 1, "delivered").await;
    let deliveries = house.a.deliveries().await;
    // The verifier knows the root and the log's public key, and of no token.
    crate::story::sound(&house, &deliveries[0].1);
    assert!(!house.path("keys/seal.key").exists() && !house.path("keys/log.key").exists());

    // The token is gone: nothing is put on the record without its signature, and it is said why.
    let away = folder.join("away");
    std::fs::rename(folder.join("tokens"), &away).expect("moved");
    let (path, act) = (format!("/api/v1/requests/{id}/acts"), json!({ "post_message": {} }));
    let body = json!({ "act": act, "text": "as agreed" });
    let told = house.staff("cora").told("POST", &path, &body).await;
    assert!(told.starts_with("503 unavailable"), "{told}");
    // What was signed before is stored by now, and nothing is any more.
    let leaves = house.leaves();
    assert_eq!(house.staff("cora").told("POST", &path, &body).await, told);
    assert_eq!(house.leaves(), leaves);
    // It is back: the node goes on without being started anew.
    std::fs::rename(&away, folder.join("tokens")).expect("moved");
    house.staff("cora").post(&path, &body).await;
    assert!(house.leaves() > leaves);
    house.close().await;
}

/// A key whose secret the token gives to anybody who asks is no key in a token.
#[test]
fn a_key_that_can_be_read_is_refused() {
    let Some(folder) = token("token::a_key_that_can_be_read_is_refused") else { return };
    let place = |object: &str| Place {
        module: MODULE.into(),
        object: uri(object),
        pin: Arc::new(|| Ok(Zeroizing::new(PIN.to_owned()))),
    };
    // Loads the module, and shows that this pair is refused for one reason only.
    let made = TokenKey::make(place("hidden"), Kind::EcdsaP256).expect("a key");
    assert!(made.sign(b"text").is_ok());
    let module = Pkcs11::new(MODULE).expect("a module");
    let slot = module.get_slots_with_initialized_token().expect("slots")[0];
    let session = module.open_rw_session(slot).expect("a session");
    // The process is logged in already, by the key above.
    assert!(session.login(UserType::User, Some(&AuthPin::from(PIN))).is_err());
    let p256 = vec![0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
    let named = [Attribute::Token(true), Attribute::Label(b"open".to_vec())];
    let public = [&named[..], &[Attribute::EcParams(p256)]].concat();
    let open = [Attribute::Sensitive(false), Attribute::Extractable(true), Attribute::Sign(true)];
    let private = [&named[..], &open].concat();
    session.generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private).expect("a pair");
    let refused = TokenKey::open(place("open")).err().expect("refused").to_string();
    assert!(refused.contains("the secret can be read out of the token"), "{refused}");
    assert!(folder.join("tokens").exists());
}

/// A PIN that was refused costs no further try, and the right one is taken without a new start.
#[test]
fn a_wrong_pin_is_waited_out() {
    let Some(folder) = token("token::a_wrong_pin_is_waited_out") else { return };
    let pin = Arc::new(Mutex::new(PIN));
    let told = pin.clone();
    let place = Place {
        module: MODULE.into(),
        object: uri("seal"),
        pin: Arc::new(move || Ok(Zeroizing::new((*told.lock().expect("a PIN")).to_owned()))),
    };
    let key = TokenKey::make(place, Kind::EcdsaP256).expect("a key");
    let sign = || key.sign(b"text").map(drop).map_err(|error| error.to_string());
    assert_eq!(sign(), Ok(()));
    let away = folder.join("away");
    std::fs::rename(folder.join("tokens"), &away).expect("moved");
    *pin.lock().expect("a PIN") = "nobody knows";
    assert!(sign().is_err(), "the token is away");
    std::fs::rename(&away, folder.join("tokens")).expect("moved");
    let first = sign().expect_err("the wrong PIN");
    assert!(first.contains("the token refused the PIN"), "{first}");
    assert!(!first.contains("nobody knows"), "{first}");
    assert_eq!(sign(), Err(first), "it is not tried a second time");
    *pin.lock().expect("a PIN") = PIN;
    assert_eq!(sign(), Ok(()));
}
