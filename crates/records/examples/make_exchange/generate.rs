//! The records of Lantern Exchange, a made-up company, from one seed.
//!
//! Everybody in it is invented: names are not people's, e-mail ends in example.com/.net/.org
//! (RFC 2606), phone numbers come from the ranges kept for fiction (NANP 555-0100 to 0199, Ofcom
//! 07700 900000 to 900999), IP addresses from documentation ranges (RFC 5737, RFC 3849). Addresses
//! and transaction ids are random, except one: the last output of the 16-hop chain in mainnet block
//! 702861. Its address, transaction and amount are the block's own, and whose it is was made up.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use bitcoin::hashes::Hash as _;
use jiff::{SignedDuration, Timestamp};
use rand::{Rng as _, RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// Seed of everything; change it and the digests in the test change.
pub const SEED: u64 = 702_861;
/// Customers, one account each.
pub const CUSTOMER_COUNT: usize = 10_000;
/// The account whose deposit is in the block.
pub const DEMO_CUSTOMER: usize = 4_711;
/// Accounts that share a log-in address with it.
pub const LINKED_CUSTOMERS: [usize; 3] = [4_698, 4_705, 7_320];
/// The address that they share.
pub const SHARED_IP: &str = "203.0.113.77";

/// The transaction that the demo's order names.
pub const START_TXID: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";
/// What the chain of hops from there ends in.
#[derive(Debug, PartialEq, Eq)]
pub struct Landing {
    /// Transactions after the first.
    pub hop_count: usize,
    /// The last transaction.
    pub txid: String,
    /// Its output.
    pub vout: u32,
    /// The output's address.
    pub address: String,
    /// The output's value.
    pub satoshi: u64,
    /// The block's own time, Unix seconds.
    pub block_second: i64,
}

/// Follows the spends inside the block: at each hop the output that is spent again.
pub fn landing(block: &[u8]) -> Landing {
    let block: bitcoin::Block = bitcoin::consensus::deserialize(block).expect("a block");
    let mut spender = BTreeMap::new();
    for (index, tx) in block.txdata.iter().enumerate() {
        for input in &tx.input {
            spender.insert(input.previous_output, index);
        }
    }
    let start = block.txdata.iter().position(|tx| tx.compute_txid().to_string() == START_TXID);
    let mut tx = &block.txdata[start.expect("the first transaction is in the block")];
    for hop_count in 0..100 {
        let txid = tx.compute_txid();
        let outputs = 0..tx.output.len() as u32;
        let next = outputs.clone().find_map(|vout| spender.get(&bitcoin::OutPoint { txid, vout }));
        if let Some(index) = next {
            tx = &block.txdata[*index];
            continue;
        }
        let vout = outputs.max_by_key(|vout| tx.output[*vout as usize].value).expect("outputs");
        let output = &tx.output[vout as usize];
        let address =
            bitcoin::Address::from_script(&output.script_pubkey, bitcoin::Network::Bitcoin);
        return Landing {
            hop_count,
            txid: txid.to_string(),
            vout,
            address: address.expect("a standard output").to_string(),
            satoshi: output.value.to_sat(),
            block_second: i64::from(block.header.time),
        };
    }
    panic!("the chain does not end");
}

const FIRST_NAMES: [&str; 40] = [
    "Ambrel",
    "Bexley",
    "Corvane",
    "Dorrit",
    "Elspren",
    "Fennimore",
    "Gwillow",
    "Hesper",
    "Ivoline",
    "Jessamund",
    "Kestrin",
    "Lorcan",
    "Mirelle",
    "Nolwenn",
    "Oswin",
    "Perrin",
    "Quilla",
    "Rosmund",
    "Sablen",
    "Tamsel",
    "Ulric",
    "Vesper",
    "Wystan",
    "Xanthe",
    "Yorrick",
    "Zephine",
    "Alder",
    "Briony",
    "Cressen",
    "Delphin",
    "Eamund",
    "Florian",
    "Gratia",
    "Hollis",
    "Isaura",
    "Jorim",
    "Keziah",
    "Linnet",
    "Marrow",
    "Nerys",
];
const LAST_NAMES: [&str; 40] = [
    "Amberlock",
    "Bramblewick",
    "Candleford",
    "Dusklander",
    "Emberly",
    "Fallowmere",
    "Glasswright",
    "Hollowell",
    "Inkpen",
    "Juniperson",
    "Kettlewick",
    "Lanternby",
    "Mossgrave",
    "Nightingdale",
    "Oakenshaw",
    "Pennywhistle",
    "Quillfeather",
    "Rookhaven",
    "Saltmarsh",
    "Thistledown",
    "Underhollow",
    "Vellumby",
    "Wickersham",
    "Yarrowby",
    "Zinnworth",
    "Ashenvale",
    "Brightwater",
    "Cobblepot",
    "Driftwood",
    "Elderbrook",
    "Foxglove",
    "Greywether",
    "Hartshorn",
    "Ivywood",
    "Kingfisher",
    "Larkspur",
    "Merrowdown",
    "Nettlebed",
    "Orchardson",
    "Plumley",
];
const COUNTRIES: [&str; 10] = ["GB", "US", "DE", "FR", "SG", "CZ", "NL", "CA", "ES", "EE"];
const DOMAINS: [&str; 3] = ["example.com", "example.net", "example.org"];
const MADE_UP: &str = "yes";
/// What the one real address carries wherever it stands.
pub const FICTION_NOTE: &str = "yes: real address of block 702861; made-up owner";

/// Every file of `examples/exchange/records`, by name.
pub fn files(landing: &Landing) -> BTreeMap<&'static str, String> {
    let mut maker = Maker {
        random: ChaCha8Rng::seed_from_u64(SEED),
        balances: vec![0; CUSTOMER_COUNT + 1],
        opened: vec![Timestamp::UNIX_EPOCH; CUSTOMER_COUNT + 1],
        addresses: vec![String::new(); CUSTOMER_COUNT + 1],
    };
    let customers = maker.customers();
    let deposit_addresses = maker.deposit_addresses(landing);
    let deposits = maker.deposits(landing);
    let withdrawals = maker.withdrawals(landing);
    let logins = maker.logins(landing);
    let accounts = maker.accounts();
    BTreeMap::from([
        ("customers.csv", customers),
        ("accounts.csv", accounts),
        ("deposit_addresses.csv", deposit_addresses),
        ("deposits.csv", deposits),
        ("withdrawals.csv", withdrawals),
        ("logins.csv", logins),
        ("merchants.csv", maker.merchants()),
        (
            "holds.csv",
            "effect_id,account_id,asset,amount_sat,held_until,state,placed_at,released_by\n".into(),
        ),
        ("record_holds.csv", "effect_id,account_id,held_until,placed_at,released_by\n".into()),
        ("notices.csv", "effect_id,account_id,text,queued_at\n".into()),
    ])
}

/// The id that the app drew, or that the browser keeps; programs have none.
fn device(customer: usize, agent: &str, ip: &str) -> String {
    let (word, of) = match agent {
        "api" => return String::new(),
        "web" => ("web", format!("web {ip}")),
        _ => ("app", format!("{agent} {customer}")),
    };
    let digest = bitcoin::hashes::sha256::Hash::hash(of.as_bytes()).to_byte_array();
    digest[..6].iter().fold(format!("{word}-"), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Maker {
    random: ChaCha8Rng,
    balances: Vec<u64>,
    opened: Vec<Timestamp>,
    addresses: Vec<String>,
}

/// The account id of a customer.
pub fn account_id(customer: usize) -> String {
    format!("LX-{customer:06}")
}

/// 2017-01-01 and 2021-11-01, Unix seconds: the exchange's life in the example.
const FIRST_SECOND: i64 = 1_483_228_800;
const LAST_SECOND: i64 = 1_635_724_800;

impl Maker {
    fn pick<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.random.random_range(0..list.len())]
    }

    fn time_between(&mut self, from: i64, until: i64) -> Timestamp {
        let second = self.random.random_range(from..until);
        Timestamp::from_second(second).expect("within 2017 to 2021")
    }

    fn customers(&mut self) -> String {
        let mut text = String::from(
            "customer_id,account_id,name,email,phone,country,id_document,registered_at,fiction\n",
        );
        for customer in 1..=CUSTOMER_COUNT {
            let (first, last) = (self.pick(&FIRST_NAMES), self.pick(&LAST_NAMES));
            let domain = self.pick(&DOMAINS);
            let country = self.pick(&COUNTRIES);
            let phone = match country {
                "GB" => format!("+447700900{:03}", self.random.random_range(0..1_000)),
                _ => {
                    let area = self.random.random_range(201..990);
                    format!("+1{area}55501{:02}", self.random.random_range(0..100))
                }
            };
            let document = self.random.random_range(0..10_000_000);
            let registered = self.time_between(FIRST_SECOND, LAST_SECOND - 60 * 86_400);
            self.opened[customer] = registered;
            let account = account_id(customer);
            let local = format!("{}.{}{customer}", first.to_lowercase(), last.to_lowercase());
            let _ = writeln!(
                text,
                "C{customer:06},{account},{first} {last},{local}@{domain},{phone},{country},\
                 FICT-{document:07},{registered},{MADE_UP}"
            );
        }
        text
    }

    fn deposit_addresses(&mut self, landing: &Landing) -> String {
        let mut text = String::from("address,account_id,asset,assigned_at,fiction\n");
        for customer in 1..=CUSTOMER_COUNT {
            let mut hash = [0_u8; 20];
            self.random.fill_bytes(&mut hash);
            let mut fiction = MADE_UP;
            self.addresses[customer] = segwit(hash);
            if customer == DEMO_CUSTOMER {
                self.addresses[customer].clone_from(&landing.address);
                fiction = FICTION_NOTE;
            }
            let (address, account) = (&self.addresses[customer], account_id(customer));
            let assigned = self.opened[customer] + SignedDuration::from_mins(3);
            let _ = writeln!(text, "{address},{account},BTC,{assigned},{fiction}");
        }
        text
    }

    fn deposits(&mut self, landing: &Landing) -> String {
        const DEPOSIT_COUNT: usize = 3_600;
        let mut rows = Vec::with_capacity(DEPOSIT_COUNT);
        for _ in 0..DEPOSIT_COUNT {
            let customer = self.random.random_range(1..=CUSTOMER_COUNT);
            let satoshi = 10_000 + 1_000 * self.random.random_range(1..60_000_u64);
            let mined = self.time_between(self.opened[customer].as_second(), LAST_SECOND);
            let (txid, vout) = (self.txid(), self.random.random_range(0..2));
            // Nothing else lands on the one real address.
            if customer != DEMO_CUSTOMER {
                rows.push((mined, customer, txid, vout, satoshi, MADE_UP));
            }
        }
        let mined = Timestamp::from_second(landing.block_second).expect("a block's time");
        let (txid, vout) = (landing.txid.clone(), landing.vout);
        rows.push((mined, DEMO_CUSTOMER, txid, vout, landing.satoshi, FICTION_NOTE));
        rows.sort();
        let mut text = String::from(
            "deposit_id,account_id,address,txid,vout,amount_sat,mined_at,credited_at,fiction\n",
        );
        for (index, (mined, customer, txid, vout, satoshi, fiction)) in rows.iter().enumerate() {
            self.balances[*customer] += satoshi;
            // Credited after three confirmations.
            let credited = *mined + SignedDuration::from_mins(31);
            let (address, account) = (&self.addresses[*customer], account_id(*customer));
            let _ = writeln!(
                text,
                "D{:06},{account},{address},{txid},{vout},{satoshi},{mined},{credited},{fiction}",
                index + 1
            );
        }
        text
    }

    fn withdrawals(&mut self, landing: &Landing) -> String {
        const WITHDRAWAL_COUNT: usize = 2_500;
        let mut rows = Vec::with_capacity(WITHDRAWAL_COUNT);
        for _ in 0..WITHDRAWAL_COUNT {
            let customer = self.random.random_range(1..=CUSTOMER_COUNT);
            let balance = self.balances[customer];
            let at = self.time_between(LAST_SECOND - 86_400, LAST_SECOND);
            let part = self.random.random_range(1..=8_u64);
            let (txid, address) = (self.txid(), self.address());
            let satoshi = balance * part / 10;
            if satoshi > 0 && customer != DEMO_CUSTOMER {
                self.balances[customer] -= satoshi;
                rows.push((at, customer, address, Some(txid), satoshi, "sent"));
            }
        }
        // Two small withdrawals went through before anybody asked; a large one stopped at a limit.
        for (hours, satoshi, state) in
            [(3, 12_000_000, "sent"), (9, 12_500_000, "sent"), (26, 200_000_000, "refused: limit")]
        {
            let at = Timestamp::from_second(landing.block_second + hours * 3_600).expect("a time");
            let (txid, address) = (self.txid(), self.address());
            let txid = (state == "sent").then_some(txid);
            if state == "sent" {
                self.balances[DEMO_CUSTOMER] -= satoshi;
            }
            rows.push((at, DEMO_CUSTOMER, address, txid, satoshi, state));
        }
        rows.sort();
        let mut text = String::from(
            "withdrawal_id,account_id,address,txid,amount_sat,requested_at,state,fiction\n",
        );
        for (index, (at, customer, address, txid, satoshi, state)) in rows.iter().enumerate() {
            let (account, txid) = (account_id(*customer), txid.as_deref().unwrap_or(""));
            let _ = writeln!(
                text,
                "W{:06},{account},{address},{txid},{satoshi},{at},{state},{MADE_UP}",
                index + 1
            );
        }
        text
    }

    fn logins(&mut self, landing: &Landing) -> String {
        const LOGIN_COUNT: usize = 9_000;
        const AGENTS: [&str; 4] = ["web", "ios", "android", "api"];
        let mut rows = Vec::with_capacity(LOGIN_COUNT + 40);
        for _ in 0..LOGIN_COUNT {
            let customer = self.random.random_range(1..=CUSTOMER_COUNT);
            let at = self.time_between(self.opened[customer].as_second(), LAST_SECOND);
            let ip = self.home_ip(customer);
            let row = (
                at,
                customer,
                ip,
                self.port(),
                self.pick(&AGENTS),
                self.pick(&["ok", "ok", "ok", "bad password"]),
            );
            rows.push(row);
        }
        // Around the deposit: one machine, four accounts, within two days.
        for (step, customer) in [
            DEMO_CUSTOMER,
            LINKED_CUSTOMERS[0],
            DEMO_CUSTOMER,
            LINKED_CUSTOMERS[1],
            DEMO_CUSTOMER,
            LINKED_CUSTOMERS[2],
            DEMO_CUSTOMER,
            LINKED_CUSTOMERS[0],
            DEMO_CUSTOMER,
        ]
        .into_iter()
        .enumerate()
        {
            let second = landing.block_second - 7_200 + step as i64 * 13_140;
            let at = Timestamp::from_second(second).expect("a time");
            rows.push((at, customer, SHARED_IP.to_owned(), self.port(), "web", "ok"));
        }
        rows.sort();
        let mut text = String::from("login_id,account_id,at,ip,port,client,result,device\n");
        for (index, (at, customer, ip, port, agent, result)) in rows.iter().enumerate() {
            let account = account_id(*customer);
            let device = device(*customer, agent, ip);
            let _ = writeln!(
                text,
                "L{:06},{account},{at},{ip},{port},{agent},{result},{device}",
                index + 1
            );
        }
        text
    }

    /// Shops that take payments through the exchange, each under a domain of its own.
    fn merchants(&self) -> String {
        let mut text = String::from("domain,account_id,registered_at,fiction\n");
        for (index, customer) in (1..=CUSTOMER_COUNT).step_by(250).enumerate() {
            let (account, opened) = (account_id(customer), self.opened[customer]);
            let domain = match index {
                // bücher.example, as IDNA writes it.
                3 => "xn--bcher-kva.example".to_owned(),
                _ => format!("shop-{index:02}.example"),
            };
            let _ = writeln!(text, "{domain},{account},{opened},{MADE_UP}");
        }
        text
    }

    fn accounts(&mut self) -> String {
        let mut text = String::from("account_id,asset,balance_sat,opened_at\n");
        for customer in 1..=CUSTOMER_COUNT {
            let (balance, opened) = (self.balances[customer], self.opened[customer]);
            let _ = writeln!(text, "{},BTC,{balance},{opened}", account_id(customer));
        }
        text
    }

    fn txid(&mut self) -> String {
        let mut id = [0_u8; 32];
        self.random.fill_bytes(&mut id);
        id.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
    }

    fn address(&mut self) -> String {
        let mut hash = [0_u8; 20];
        self.random.fill_bytes(&mut hash);
        segwit(hash)
    }

    fn port(&mut self) -> u16 {
        self.random.random_range(1_024..=u16::MAX)
    }

    /// Most people come from one place, some share a documentation IPv4 address.
    fn home_ip(&mut self, customer: usize) -> String {
        if customer.is_multiple_of(9) {
            let third = [(192, 0, 2), (198, 51, 100)][self.random.random_range(0..2)];
            let last = (customer % 251) as u8;
            return Ipv4Addr::new(third.0, third.1, third.2, last).to_string();
        }
        let (high, low) = ((customer >> 8) as u16, (customer & 0xff) as u16);
        Ipv6Addr::new(0x2001, 0xdb8, high, low, 0, 0, 0, 0x10).to_string()
    }
}

fn segwit(hash: [u8; 20]) -> String {
    let script = bitcoin::ScriptBuf::new_p2wpkh(&bitcoin::WPubkeyHash::from_byte_array(hash));
    let address = bitcoin::Address::from_script(&script, bitcoin::Network::Bitcoin);
    address.expect("a v0 program of 20 bytes").to_string()
}
