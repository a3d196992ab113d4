//! An outside program reads the published OpenAPI document and sends what it allows and what it
//! forbids, as several people: whatever comes, the answer is never a fault of the server.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::story::disclose;
use crate::support::House;

/// Cases that the program makes up for each route, each time the same.
const CASES_MAX: &str = "8";
/// Times that a run is made which got no answer to something.
const RUNS_MAX: u32 = 3;
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
        let said = Said::of(async || {
            let mut command = Command::new(program);
            command
                .arg("run")
                .arg(&place)
                .args(["--url", &url, "--checks", "not_a_server_error"])
                .args(["--phases", "coverage,fuzzing", "--max-examples", CASES_MAX])
                .args(["--generation-deterministic", "--no-color"])
                .args(["--suppress-health-check", "all"])
                .arg("--tls-verify")
                .arg(&root)
                .arg("--request-cert")
                .arg(&certificate)
                .arg("--request-cert-key")
                .arg(&key)
                .current_dir(house.path("."));
            let output = tokio::task::spawn_blocking(move || command.output());
            output.await.expect("it runs").expect("it starts")
        })
        .await;
        assert!(said.is_clean, "{name}: {}", said.text);
        assert!(said.text.contains("generated"), "{name}: it sent nothing?\n{}", said.text);
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

/// What a run of the program said.
struct Said {
    text: String,
    is_clean: bool,
}

impl Said {
    /// Runs it, and again where it got no answer at all: whoever is refused before all of a body is
    /// read finds the connection closed, and a slow machine does not always see the answer first.
    /// An answer that is a fault of the server is one at once.
    async fn of(run: impl AsyncFn() -> Output) -> Said {
        let mut tries = 0;
        loop {
            let output = run().await;
            let errors = String::from_utf8_lossy(&output.stderr);
            let text = format!("{}{errors}", String::from_utf8_lossy(&output.stdout));
            let is_clean = output.status.success();
            tries += 1;
            let no_answer = text.contains("Network Error") && !text.contains("Server error");
            if is_clean || !no_answer || tries == RUNS_MAX {
                return Said { text, is_clean };
            }
        }
    }
}
