//! What is asked: one order for each regime that its rule pack accepts, as HI-1 messages.
//!
//! The messages are composed beforehand into a file: composing is the agency's work and is not
//! measured, and 65,000 of them in memory would hide what the node itself needs.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::os::unix::fs::FileExt as _;
use std::time::Instant;

use anyhow::{Context as _, Result};
use desk::order::IssuerType;
use jiff::{SignedDuration, Timestamp};
use server::hi1::compose::{self, Draft, DraftTask};
use server::hi1::message::{Act, write_requests};
use server::hi1::object::Object;
use server::hi1::value::{ObjectId, Timespan, Word};
use server::hi1::words::{DATA_CATEGORY, OrderFact};

use crate::deployment::{Agency, Deployment};

/// One way to ask.
pub struct Regime {
    pub pack: &'static str,
    pub country: &'static str,
    pub agency: &'static str,
    pub identifier: &'static str,
    issuer: IssuerType,
    facts: &'static [(OrderFact, &'static str)],
    categories: &'static [&'static str],
}

/// The four regimes, one quarter of the requests each. Every order is accepted as it stands.
pub const REGIMES: [Regime; 4] = [
    Regime {
        pack: "eu-e-evidence-2023-1543",
        country: "LU",
        agency: "Parquet of Bellecombe (made up)",
        identifier: "BELLECOMBE",
        issuer: IssuerType::Judge,
        // Offence and person at home: no enforcing authority is to be waited for (Art 8(2)).
        facts: &[
            (OrderFact::Instrument, "epoc"),
            (OrderFact::IssuedOn, "2021-11-15"),
            (OrderFact::SentenceMaxMonths, "60"),
            (OrderFact::OffenceInIssuingState, "true"),
            (OrderFact::PersonInIssuingState, "true"),
        ],
        categories: &["subscriber", "transaction"],
    },
    Regime {
        pack: "sg-cpc-2010",
        country: "SG",
        agency: "Harbour Division (made up)",
        identifier: "HARBOUR",
        issuer: IssuerType::Police,
        facts: &[
            (OrderFact::Instrument, "cpc_section_20_order"),
            (OrderFact::IssuerRank, "inspector"),
            (OrderFact::IssuedOn, "2021-11-15"),
        ],
        categories: &["subscriber", "transaction"],
    },
    Regime {
        pack: "us-sca",
        country: "US",
        agency: "Clerk of Fairmont County (made up)",
        identifier: "FAIRMONT",
        issuer: IssuerType::Judge,
        facts: &[(OrderFact::Instrument, "warrant"), (OrderFact::IssuedOn, "2021-11-15")],
        categories: &["subscriber", "identification"],
    },
    Regime {
        pack: "generic",
        country: "XX",
        agency: "Northhaven Police (made up)",
        identifier: "NORTHHAVEN",
        issuer: IssuerType::Judge,
        facts: &[
            (OrderFact::Instrument, "production_order"),
            (OrderFact::IssuedOn, "2021-11-15"),
            (OrderFact::SentenceMaxMonths, "120"),
        ],
        categories: &["subscriber", "traffic", "transaction"],
    },
];
/// Accounts of the example exchange: LX-000001 and so on.
const ACCOUNTS: u64 = 10_000;
/// The node takes messages up to ten minutes off; so far ahead, they last for nineteen.
const AHEAD: SignedDuration = SignedDuration::from_mins(9);

/// The composed messages, in the order in which they are sent.
pub struct Messages {
    file: File,
    places: Vec<Place>,
}

struct Place {
    at: u64,
    length: u32,
    authorisation: ObjectId,
}

impl Messages {
    /// Composes `count` messages, the agencies in turn.
    pub fn compose(deployment: &Deployment, count: usize, seed: u64) -> Result<Self> {
        let begin = Instant::now();
        let path = deployment.folder.join("messages");
        let mut file = BufWriter::new(File::create_new(&path)?);
        let (mut places, mut at) = (Vec::with_capacity(count), 0);
        for number in 0..count {
            let agency = agency_of(deployment, number);
            let (authorisation, bytes) = message(deployment, agency, number, seed)?;
            file.write_all(&bytes)?;
            let length = u32::try_from(bytes.len()).context("a short message")?;
            places.push(Place { at, length, authorisation });
            at += u64::from(length);
        }
        file.flush()?;
        drop(file);
        let each = begin.elapsed() / u32::try_from(count)?;
        let mean = at / count as u64;
        println!("composed beforehand: {mean} bytes and {each:.0?} for each HI-1 message");
        Ok(Self { file: File::open(path)?, places })
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.places.len()
    }

    /// One message, and the identifier by which its agency knows the order.
    pub fn read(&self, number: usize) -> Result<(ObjectId, Vec<u8>)> {
        let place = &self.places[number];
        let mut bytes = vec![0; place.length as usize];
        self.file.read_exact_at(&mut bytes, place.at)?;
        Ok((place.authorisation, bytes))
    }
}

/// The agency that sends a message.
pub fn agency_of(deployment: &Deployment, number: usize) -> &Agency {
    &deployment.agencies[number % deployment.agencies.len()]
}

fn message(
    deployment: &Deployment,
    agency: &Agency,
    number: usize,
    seed: u64,
) -> Result<(ObjectId, Vec<u8>)> {
    let id = || server::random_id().map(ObjectId);
    let regime = agency.regime;
    let now = Timestamp::now();
    // A step that shares no factor with the number of accounts visits all of them.
    let account = (number as u64).wrapping_mul(7_919).wrapping_add(seed) % ACCOUNTS + 1;
    let reference = format!("{} {}/21", regime.identifier, number + 1);
    let span = Timespan {
        start: Some("2017-01-01T00:00:00Z".parse()?),
        end: Some("2021-11-01T00:00:00Z".parse()?),
    };
    let disclose = DraftTask::Disclose {
        reference: format!("{}-{}-{}", regime.country, regime.identifier, number + 1),
        category: Word::etsi("RequestType", "Other"),
        span,
        values: vec![compose::value("COMITY", "AccountID", &format!("LX-{account:06}"))],
        deadline: None,
    };
    let authorisation = id()?;
    let draft = Draft {
        authorisation,
        owner: agency.endpoint.clone(),
        reference: reference.clone(),
        rule_pack: None,
        valid: Timespan {
            start: Some(now),
            end: Some(now.checked_add(SignedDuration::from_hours(24 * 90))?),
        },
        issuer: (regime.issuer, "A. Fallowmere".to_owned(), now),
        validator: None,
        type_of_case: None,
        flags: Vec::new(),
        facts: regime.facts.iter().map(|(fact, word)| (*fact, (*word).to_owned())).collect(),
        document: Some((
            id()?,
            "order.pdf".to_owned(),
            "application/pdf".to_owned(),
            paper(&format!("{reference}: disclose the records of account LX-{account:06}")),
        )),
        tasks: vec![(id()?, disclose)],
    };
    let mut acts = compose::create(&draft);
    for act in &mut acts {
        if let Act::Create(Object::Disclosure(task)) = act
            && let Some(details) = &mut task.details
        {
            let words = regime.categories.iter();
            details.subtypes = words.map(|word| Word::comity(DATA_CATEGORY, word)).collect();
        }
    }
    let sent = now.checked_add(AHEAD)?;
    let transaction = server::random_id()?;
    let header = compose::header(&agency.endpoint, &deployment.company, transaction, sent);
    Ok((authorisation, write_requests(&header, &acts)))
}

/// A PDF of one page with one line.
fn paper(line: &str) -> Vec<u8> {
    let text = format!("BT /F1 12 Tf 72 720 Td ({line}) Tj ET");
    let objects = [
        "<</Type/Catalog/Pages 2 0 R>>".to_owned(),
        "<</Type/Pages/Kids[3 0 R]/Count 1>>".to_owned(),
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R\
         /Resources<</Font<</F1 5 0 R>>>>>>"
            .to_owned(),
        format!("<</Length {}>>stream\n{text}\nendstream", text.len()),
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned(),
    ];
    let mut pdf = String::from("%PDF-1.4\n");
    let mut table = String::from("0000000000 65535 f \n");
    for (number, object) in (1..).zip(&objects) {
        table += &format!("{:010} 00000 n \n", pdf.len());
        pdf += &format!("{number} 0 obj{object}endobj\n");
    }
    let start = pdf.len();
    let size = objects.len() + 1;
    pdf += &format!("xref\n0 {size}\n{table}trailer<</Size {size}/Root 1 0 R>>\n");
    pdf += &format!("startxref\n{start}\n%%EOF\n");
    pdf.into_bytes()
}
