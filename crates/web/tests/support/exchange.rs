//! A node of the made-up exchange in a folder of its own, with a clock that stands still.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use chain::Network;
use chain::store::import::{Files, import};
use chain::store::{ChainStore, Layout};
use desk::ids::{ActorId, Digest, RequestId, StaffId};
use desk::policy::{Actor, Role};
use desk::request::Command;
use jiff::{SignedDuration, Timestamp};
use server::app::{Act, Node, Opening};
use server::config::{Config, Web};
use server::keys::development;

/// The account that the stories are about.
pub const ACCOUNT: &str = "LX-004711";
/// An account that no customer has: a decoy.
pub const DECOY: &str = "LX-900017";
/// Customers that are loaded, besides the one of the stories.
const LINES_MAX: usize = 20;

/// A clock that stands still until it is moved; certificates must hold for the machine's as well.
#[derive(Clone)]
pub struct Hands(Arc<Mutex<Timestamp>>);

impl Hands {
    fn new() -> Self {
        let now = Timestamp::from_second(Timestamp::now().as_second()).expect("a time");
        Self(Arc::new(Mutex::new(now)))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with the clock in hand")
    }

    pub fn forward(&self, by: SignedDuration) {
        let mut now = self.0.lock().expect("nobody panics with the clock in hand");
        *now = now.checked_add(by).expect("a time within the calendar");
    }
}

/// A node whose pages live at `site`.
#[allow(dead_code)] // the tests of security change the configuration
pub async fn open(dir: &Path, site: &str) -> (Arc<Node>, Web, Hands) {
    open_with(dir, site, |_| {}).await
}

/// The same, with something changed in its folder before it starts.
pub async fn open_with(
    dir: &Path,
    site: &str,
    change: impl FnOnce(&Path),
) -> (Arc<Node>, Web, Hands) {
    furnish(dir);
    change(dir);
    let mut config = Config::read(&dir.join("comity.toml")).expect("a sound config");
    config.node.listen = "127.0.0.1:0".to_owned();
    // Where it is asked is the test's; what it believes of proxies is the folder's.
    let proxies = config.web.take().map(|web| web.proxies).unwrap_or_default();
    let web = Web { listen: String::new(), origin: site.to_owned(), proxies, ..Web::default() };
    config.web = Some(web.clone());
    let clock = Hands::new();
    let keys = dir.join("keys");
    let (company, origin) = (config.company.name.clone(), config.node.origin.clone());
    let hosts = config.node.hosts.clone();
    development::create(&keys, &company, &origin, &hosts, [7; 32], clock.now()).expect("keys");
    let (list, kind) = (dir.join("canaries.txt"), records::SelectorKind::AccountId);
    server::fraud::canary::Canaries::add(&keys, &list, kind, DECOY).expect("a decoy");
    let hands = clock.clone();
    let tells = Arc::new(move || hands.now());
    let node = Node::open(config, tells, Opening::CreateIfMissing).await.expect("a node");
    (Arc::new(node), web, clock)
}

/// Puts the deployment's block into a store, as `comity chain import` does, and names that instead.
#[allow(dead_code)] // the tests of security read no chain
pub fn keep_blocks_in_a_store(dir: &Path) {
    let mut store = ChainStore::create(&dir.join("chain"), Network::Mainnet, Layout::default())
        .expect("a store");
    let files = Files { blocks: vec![dir.join("blocks/702861.raw")], undo: Vec::new() };
    import(&mut store, &files, &AtomicBool::new(false), |_| {}).expect("imported");
    let config = std::fs::read_to_string(dir.join("comity.toml")).expect("a configuration");
    let (before, _) = config.split_once("[chain]").expect("the example names its blocks last");
    let text = format!("{before}[chain]\nstore = \"chain\"\n");
    std::fs::write(dir.join("comity.toml"), text).expect("written");
}

/// Writes a deployment of the example exchange, with a few of its customers and its real block.
fn furnish(dir: &Path) {
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/exchange");
    let read = |name: &str| std::fs::read_to_string(from.join(name)).expect("the example's file");
    let write = |name: &str, text: &str| std::fs::write(dir.join(name), text).expect("written");
    write("comity.toml", &read("comity.toml"));
    write("catalog.toml", &read("catalog.toml"));
    std::fs::create_dir(dir.join("blocks")).expect("a folder");
    let block = bitcoin_test_data::blocks::mainnet_702861();
    std::fs::write(dir.join("blocks/702861.raw"), block).expect("written");
    std::fs::create_dir(dir.join("records")).expect("a folder");
    for entry in std::fs::read_dir(from.join("records")).expect("the example's records") {
        let name = format!("records/{}", entry.expect("an entry").file_name().display());
        let text = read(&name);
        let lines = text.lines().enumerate();
        let kept = lines.filter(|(at, line)| *at <= LINES_MAX || line.contains(ACCOUNT));
        let kept: Vec<&str> = kept.map(|(_, line)| line).collect();
        write(&name, &(kept.join("\n") + "\n"));
    }
}

/// Files orders for records of authorities of these countries, as intake does with paper.
#[allow(dead_code, reason = "each test binary uses its own part")]
pub async fn file_orders(node: &Node, countries: &[(&str, usize)]) {
    let id = ActorId::Staff(StaffId(server::random_id().expect("random bytes")));
    let intake = Actor { id, roles: [Role::Intake].into(), agency: None };
    for (country, count) in countries {
        for _ in 0..*count {
            let request = RequestId(server::time_ordered_id(node.now()).expect("random bytes"));
            let order = serde_json::json!({
                "instrument": "production_order", "issuing_country": country, "issuer": "judge",
                "offence": { "sentence_max_months": 120 }, "channel": "manual",
                "authentication": "none", "format": "paper", "issued_on": "2026-10-04",
                "service": "exchange",
                "asks": [{ "demand": { "kind": "disclose", "scope": {
                    "selectors": { "account_id": 1 }, "categories": ["subscriber"] } } }],
            });
            let command = Command::Receive {
                request,
                agency: None,
                key: None,
                order: Box::new(serde_json::from_value(order).expect("an order")),
                instrument_sha256: Digest([7; 32]),
            };
            node.act(&intake, Act::new(request, command)).await.expect("filed");
        }
    }
}
