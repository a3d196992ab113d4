//! Pages as pictures and on paper, and what the reader's system asks for.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Method;
use serde_json::{Value, json};

use super::driver::Session;
use super::{Browser, Scheme};

impl Browser {
    /// Changes the colour scheme of the reader's system.
    pub async fn scheme(&self, scheme: Scheme) {
        let value = if scheme == Scheme::Dark { "dark" } else { "light" };
        let feature = json!({ "name": "prefers-color-scheme", "value": value });
        self.devtools("Emulation.setEmulatedMedia", json!({ "features": [feature] })).await;
    }

    /// Changes the size of the page's area, in pixels: a telephone, or 400 % zoom (WCAG 2.2,
    /// 1.4.10).
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// PNG of the whole page, also of what lies below the window's edge.
    pub async fn picture(&self) -> Vec<u8> {
        let metrics = self.devtools("Page.getLayoutMetrics", json!({})).await;
        let size = &metrics["cssContentSize"];
        let clip = json!({
            "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1,
        });
        let wanted = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        let taken = self.devtools("Page.captureScreenshot", wanted).await;
        bytes(taken["data"].as_str().unwrap_or_default())
    }

    /// Writes [`Browser::picture`] to a file.
    pub async fn keep_picture(&self, path: &Path) {
        std::fs::write(path, self.picture().await).expect("the picture can be written");
    }

    /// The page as it would be printed: PDF on A4.
    pub async fn print(&self) -> Vec<u8> {
        let page = json!({ "width": 21.0, "height": 29.7 });
        let printed = self.must("/print", json!({ "page": page, "background": true })).await;
        bytes(printed.as_str().unwrap_or_default())
    }
}

/// Keeps a picture of a page on which something went wrong; its path, or why there is none.
pub async fn keep_failure(session: &Session) -> String {
    let Ok(taken) = session.call(Method::GET, "/screenshot", &Value::Null).await else {
        return "none could be taken".to_owned();
    };
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../target/browser"));
    let thread = std::thread::current();
    let name = thread.name().unwrap_or("test").replace("::", "-");
    let path = folder.join(format!("{name}.png"));
    let kept = std::fs::create_dir_all(&folder)
        .and_then(|()| std::fs::write(&path, bytes(taken.as_str().unwrap_or_default())));
    kept.map_or_else(|error| error.to_string(), |()| path.display().to_string())
}

/// Bytes that the protocol carries as base64.
pub fn bytes(text: &str) -> Vec<u8> {
    STANDARD.decode(text).expect("base64")
}
