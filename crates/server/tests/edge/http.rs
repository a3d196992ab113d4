//! Health, metrics and the public log, as a monitor and a witness read them.

use ledger::checkpoint::SignedCheckpoint;
use ledger::note::VerifierKey;
use ledger::tile::{self, TileId, TileKind};
use ledger::tree::Frontier;
use ledger::{Hash, leaf_hash};
use serde_json::Value;

use crate::story::disclose;
use crate::support::House;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anybody_may_check_the_log_from_its_tiles() {
    let house = House::open().await;
    house.a.create(&disclose(&house.a).acts()).await;
    let anybody = house.stranger();
    let (status, note) = anybody.call("GET", "/ledger/checkpoint", Vec::new()).await;
    assert_eq!(status, 200);
    let checkpoint = SignedCheckpoint::parse(&note).expect("a signed note");
    let vkey = std::fs::read_to_string(house.path("keys/log.vkey")).expect("a vkey");
    let log = VerifierKey::parse(vkey.trim()).expect("a vkey");
    checkpoint.verify(&log).expect("signed by the log");
    let (status, policy) = anybody.call("GET", "/ledger/policy", Vec::new()).await;
    assert_eq!(status, 200);
    ledger::policy::Policy::parse(&policy).expect("a tlog policy");

    let size = checkpoint.checkpoint().size();
    assert_eq!(size.0, house.leaves());
    let (mut hashes, mut entries): (Vec<Hash>, Vec<Hash>) = (Vec::new(), Vec::new());
    for id in tile::tiles_of_size(size) {
        let (status, bytes) = anybody.call("GET", &format!("/ledger/{id}"), Vec::new()).await;
        assert_eq!(status, 200, "{id}");
        match id.kind() {
            TileKind::Entries => {
                let bundle = tile::unbundle(id.width(), &bytes).expect("a bundle");
                entries.extend(bundle.into_iter().map(leaf_hash));
            }
            TileKind::Hashes { level: 0 } => {
                hashes.extend(tile::hashes(id, &bytes).expect("hashes"));
            }
            TileKind::Hashes { .. } => {}
        }
    }
    assert!(!hashes.is_empty());
    if entries.is_empty() {
        let bundle = TileId::new(TileKind::Entries, 0, width(size.0)).expect("a bundle's name");
        let (status, bytes) = anybody.call("GET", &format!("/ledger/{bundle}"), Vec::new()).await;
        assert_eq!(status, 200);
        let bundle = tile::unbundle(bundle.width(), &bytes).expect("a bundle");
        entries.extend(bundle.into_iter().map(leaf_hash));
    }
    assert_eq!(hashes, entries, "the hashes are those of the entries");
    let mut tree = Frontier::new();
    tree.append_all(hashes);
    assert_eq!(tree.root(), checkpoint.checkpoint().root(), "the root follows from the tiles");

    for path in ["/ledger/tile/0/999", "/ledger/tile/x", "/ledger/tile/0/000.p/0"] {
        assert_eq!(anybody.call("GET", path, Vec::new()).await.0, 404, "{path}");
    }
    house.close().await;
}

fn width(size: u64) -> tile::TileWidth {
    let width = u16::try_from(size.min(256)).expect("at most 256");
    tile::TileWidth::new(width).expect("from 1 to 256")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics_hold_no_case() {
    let house = House::open().await;
    let (status, body) = house.stranger().call("GET", "/healthz", Vec::new()).await;
    assert_eq!(status, 200);
    let body: Value = serde_json::from_slice(&body).expect("JSON");
    assert_eq!(body["status"], "ok");
    assert_eq!(body["log_size"], house.leaves());
    let disposition = house.stranger().header("/healthz", "content-disposition").await;
    assert_eq!(disposition, "attachment; filename=\"api.json\"");
    let (status, text) = house.stranger().call("GET", "/metrics", Vec::new()).await;
    let text = String::from_utf8(text).expect("text");
    assert_eq!(status, 200);
    assert!(text.contains(&format!("\ncomity_log_leaves {}\n", house.leaves())), "{text}");
    assert!(text.contains("\ncomity_takes_acts 1\n"), "{text}");
    house.close().await;
}
