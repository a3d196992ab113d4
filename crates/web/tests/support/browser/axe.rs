//! axe-core on the page as it stands: WCAG 2.2 A and AA, and axe's own best practices.
//!
//! axe finds about half of what WCAG asks for; the keyboard tests are the other part.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::Browser;

const AXE: &str = include_str!("../../vendor/axe-core-4.14.1/axe.min.js");
const AXE_SHA256: &str = "29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c";

/// `target-size` (WCAG 2.2, 2.5.8) is off unless asked for.
const RUN: &str = "
const done = arguments[0];
axe.run(document, { rules: { 'target-size': { enabled: true } } })
  .then((found) => done(found), (error) => done({ error: String(error) }));
";

impl Browser {
    /// What axe finds wrong, one line each with rule, help and element. None is as it should be.
    pub async fn axe(&self) -> Vec<String> {
        assert_eq!(hex::encode(Sha256::digest(AXE)), AXE_SHA256, "vendored axe-core was changed");
        self.look(AXE, json!([])).await;
        let found = self.look_later(RUN).await;
        if let Some(error) = found["error"].as_str() {
            self.fail(&format!("axe: {error}")).await
        }
        // A page on which no rule applied was not looked at.
        let passes = found["passes"].as_array().map_or(0, Vec::len);
        assert!(passes > 0, "axe looked at nothing");
        let violations = found["violations"].as_array().into_iter().flatten();
        violations.flat_map(lines).collect()
    }
}

fn lines(violation: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let rule = format!("{} ({})", text(&violation["id"]), text(&violation["impact"]));
    let help = text(&violation["help"]);
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    nodes.map(|node| format!("{rule}: {help}: {}", text(&node["html"]))).collect()
}
