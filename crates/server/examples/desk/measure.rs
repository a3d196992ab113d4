//! Asks the desk what its pages ask, many times, and says how long it took.

use std::time::{Duration, Instant};

use anyhow::Result;
use desk::ids::{ActorId, AgencyId, StaffId};
use desk::order::AskKind;
use desk::policy::{Action, Actor};
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use server::app::Node;
use server::app::lookup::FoundOrder;
use server::app::queue::{Assignee, QueueCursor, QueueOrder, QueueQuery, QueueState};
use store::Question;

use crate::generate::{ACCOUNTS, account, id, reference};

/// Every question, one line each.
pub async fn all(
    node: &Node,
    verifier: &Actor,
    colleague: StaffId,
    requests: u64,
    rounds: usize,
    seed: u64,
) -> Result<()> {
    println!("| question | rows | p50 ms | p99 ms | slowest ms |\n|---|---|---|---|---|");
    let rng = || ChaCha8Rng::seed_from_u64(seed);
    let agency = Some(busy_agency(node, verifier).await?);
    let queue = async |name: &str, query: QueueQuery| {
        line(name, rounds, async |_| Ok(node.queue(verifier, &query).await?.rows.len())).await
    };
    let base = QueueQuery::default;
    queue("queue, what breaches next", base()).await?;
    let mut some = rng();
    line("queue, some page of it", rounds, async |_| {
        let now = node.now().as_microsecond();
        let due = now + some.random_range(-200i64..200) * 3_600_000_000;
        let after = Some(QueueCursor { due, ..QueueCursor::START });
        Ok(node.queue(verifier, &QueueQuery { after, ..base() }).await?.rows.len())
    })
    .await?;
    queue("emergencies", QueueQuery { state: QueueState::Urgent, ..base() }).await?;
    queue("closed", QueueQuery { state: QueueState::Closed, ..base() }).await?;
    queue("newest", QueueQuery { order: QueueOrder::Newest, ..base() }).await?;
    queue("of one agency", QueueQuery { agency, ..base() }).await?;
    let kind = |kind| QueueQuery { kind: Some(kind), ..base() };
    queue("with a freeze", kind(AskKind::Freeze)).await?;
    queue("with an order to keep silent (1 in 1,000)", kind(AskKind::NonDisclosure)).await?;
    let newest = QueueQuery { order: QueueOrder::Newest, ..kind(AskKind::NonDisclosure) };
    queue("the same, newest first", newest).await?;
    let both = QueueQuery { agency, ..kind(AskKind::Freeze) };
    queue("with a freeze, of one agency", both).await?;
    let mine = QueueQuery { assignee: Some(Assignee::Staff(colleague)), ..base() };
    queue("of one person", mine).await?;
    queue("of nobody", QueueQuery { assignee: Some(Assignee::Nobody), ..base() }).await?;

    let look = async |name: &str, order, words: &dyn Fn(&mut ChaCha8Rng) -> String| {
        let mut some = rng();
        line(name, rounds, async |_| {
            // Somebody else each time: nobody asks so often.
            let id = ActorId::Staff(StaffId(uuid::Uuid::from_u128(some.random())));
            let verifier = Actor { id, ..verifier.clone() };
            Ok(node.look_up(&verifier, &words(&mut some), order, None).await?.rows.len())
        })
        .await
    };
    let find = async |name: &str, words: &dyn Fn(&mut ChaCha8Rng) -> String| {
        look(name, FoundOrder::Newest, words).await
    };
    find("search: an account", &|rng| account(rng.random_range(0..ACCOUNTS))).await?;
    find("search: a reference", &|rng| reference(rng.random_range(0..requests))).await?;
    find("search: a beginning of a word", &|rng| {
        format!("LX-{:05}*", rng.random_range(0..ACCOUNTS / 10))
    })
    .await?;
    find("search: a name, 1 in 16", &|_| "greta".to_owned()).await?;
    find("search: a word of every request", &|_| "cybercrime".to_owned()).await?;
    find("search: two words of every request", &|_| "cybercrime police".to_owned()).await?;
    find("search: a common and a rare word", &|rng| {
        format!("cybercrime {}", account(rng.random_range(0..ACCOUNTS)))
    })
    .await?;
    // Of the filing and of a message of the same request.
    find("search: words of two payloads", &|_| "cybercrime narrow".to_owned()).await?;
    find("search: a phrase of every request", &|_| "\"cybercrime police\"".to_owned()).await?;
    find("search: a phrase of none, of words of all", &|_| "\"police cybercrime\"".to_owned())
        .await?;
    // Every two of these words stand side by side in every request.
    find("search: a phrase of none, of pairs of all", &|_| {
        "\"code of the made up code of procedure\"".to_owned()
    })
    .await?;
    let best = FoundOrder::Relevance;
    look("search by relevance: a word of every request", best, &|_| "cybercrime".to_owned())
        .await?;
    find("search: nothing", &|_| "zzzzzz".to_owned()).await?;
    of_officers(node, busy_agency(node, verifier).await?, rounds).await?;

    let mut some = rng();
    line("open a request", rounds, async |_| {
        let request = id(some.random_range(0..requests));
        let (_, folded) = node.read_permit(verifier, Action::ReadCase, request).await?;
        let case = node.case(request).await?;
        Ok(usize::from(case.seq == folded.seq))
    })
    .await
}

/// An agency with open requests.
async fn busy_agency(node: &Node, verifier: &Actor) -> Result<AgencyId> {
    let directory = node.directory();
    for agency in directory.agencies() {
        let query = QueueQuery { agency: Some(agency.id), ..QueueQuery::default() };
        if !node.queue(verifier, &query).await?.rows.is_empty() {
            return Ok(agency.id);
        }
    }
    anyhow::bail!("no agency has an open request")
}

/// What an officer's search asks the index, without the limit on how often.
async fn of_officers(node: &Node, agency: AgencyId, rounds: usize) -> Result<()> {
    for (name, words) in [
        ("officers' search: a word of every request", "cybercrime"),
        ("officers' search: a phrase of none, of words of all", "\"police cybercrime\""),
        ("officers' search: nothing", "zzzzzz"),
    ] {
        let question = Question::parse(words)?.read_by(agency.0);
        let reader = node.store.reader();
        line(name, rounds, async |_| Ok(reader.find(&question, None, 100).await?.rows.len()))
            .await?;
    }
    Ok(())
}

/// Asks once to warm up, then many times.
async fn line(
    name: &str,
    rounds: usize,
    mut ask: impl AsyncFnMut(usize) -> Result<usize, server::error::Error>,
) -> Result<()> {
    ask(0).await?;
    let mut times = Vec::with_capacity(rounds);
    let mut rows = 0;
    for round in 0..rounds {
        let began = Instant::now();
        rows += ask(round).await?;
        times.push(began.elapsed());
    }
    times.sort_unstable();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    let ms = |time: Duration| time.as_secs_f64() * 1_000.0;
    let rows = rows as f64 / rounds as f64;
    let (p50, p99, most) = (ms(at(0.5)), ms(at(0.99)), ms(at(1.0)));
    println!("| {name} | {rows:.1} | {p50:.2} | {p99:.2} | {most:.2} |");
    Ok(())
}
