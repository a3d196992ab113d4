//! An outside program reads the published OpenAPI document and sends what it allows and what it
//! forbids, as several people: whatever comes, the answer is never a fault of the server.

use std::process::Command;

use serde_json::{Value, json};

use crate::story::disclose;
use crate::support::House;

/// Cases that the program makes up for each route, each time the same.
const CASES_MAX: &str = "8";
/// Who asks: each may do other things.
const CALLERS: [&str; 4] = ["vera", "bo", "ines", "root"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_no_fault_of_the_server() {
    let program = "schemathesis";
    if Command::new(program).arg("--version").output().is_err() {
        println!("SKIPPED: schemathesis is not installed (cargo xtask test installs it)");
        return;
    }
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let id = house.newest().await;
    let mut document = serde_json::to_value(server::api::document()).expect("JSON");
    with_what_is_there(&mut document, &id);
    let place = house.path("openapi.json");
    std::fs::write(&place, document.to_string()).expect("written");
    let root = house.path("keys/root.pem");
    let url = format!("https://localhost:{}", house.running.address.port());
    for name in CALLERS {
        let (certificate, key) = house.identity(name);
        let mut command = Command::new(program);
        command
            .arg("run")
            .arg(&place)
            .args(["--url", &url, "--checks", "not_a_server_error", "--phases", "coverage,fuzzing"])
            .args(["--max-examples", CASES_MAX, "--generation-deterministic", "--no-color"])
            .args(["--suppress-health-check", "all"])
            .arg("--tls-verify")
            .arg(&root)
            .arg("--request-cert")
            .arg(&certificate)
            .arg("--request-cert-key")
            .arg(&key)
            .current_dir(house.path("."));
        let output = tokio::task::spawn_blocking(move || command.output());
        let output = output.await.expect("it runs").expect("it starts");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success(),
            "{name}: {said}{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(said.contains("generated"), "{name}: it sent nothing?\n{said}");
    }
    // The node is as sound as before.
    let health = house.stranger().get("/healthz").await;
    assert_eq!(health["status"], "ok", "{health}");
    house.close().await;
}

/// Names the request that is there, so that the cases come further than "nothing here".
fn with_what_is_there(document: &mut Value, id: &str) {
    let paths = document["paths"].as_object_mut().expect("paths");
    let operations = paths.values_mut().flat_map(|item| item.as_object_mut().expect("a path"));
    for (_, operation) in operations {
        let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
        let Some(parameters) = parameters else { continue };
        for parameter in parameters {
            match parameter["name"].as_str() {
                Some("request") => parameter["schema"] = json!({ "enum": [id] }),
                Some("ask") => parameter["schema"] = json!({ "enum": [1, 2] }),
                _ => {}
            }
        }
    }
}
