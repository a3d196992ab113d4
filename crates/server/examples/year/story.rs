//! One request from message to receipt, by the people whose acts they are; and many at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use desk::ids::{AskNumber, Digest, RequestId};
use desk::policy::Actor;
use desk::request::{Answer, Command, IdentityMethod, Outcome, Stage};
use server::app::assemble::Statement;
use server::app::{Act, intake};
use server::hi1;
use server::hi1::compose;
use server::payload::Said;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::deployment::{Agency, Deployment};
use crate::machine;
use crate::orders::{Messages, agency_of};

/// The only ask of every order.
const ASK: AskNumber = AskNumber(1);
/// Pause between two looks whether the workers have delivered a package.
const LOOK: Duration = Duration::from_millis(100);
/// A package that is not delivered by then never will be.
const DELIVERY_WAIT_MAX: Duration = Duration::from_secs(120);
/// The acts that are timed, in order; the last is the whole request.
pub const STEPS: [&str; 10] = [
    "receive (HI-1)",
    "start identity check",
    "verify identity",
    "accept in law",
    "search",
    "assemble",
    "approve",
    "seal and deliver (job)",
    "acknowledge (HI-1)",
    "whole request",
];
/// Quarters of the run at which memory is looked at.
const LOOKS: usize = 4;

/// What is told.
pub struct Story {
    pub deployment: Deployment,
    pub messages: Messages,
    pub with_pdf: bool,
}

/// What became of it.
pub struct Told {
    pub story: Arc<Story>,
    pub requests: Vec<(usize, RequestId)>,
    /// By step: time of each request.
    pub times: [Vec<Duration>; STEPS.len()],
    pub wall: Duration,
    pub cpu_seconds: f64,
    pub events: u64,
    /// After each quarter: requests done, resident now, peak so far.
    pub memory: Vec<(usize, String, String)>,
}

/// Tells every message's story, `in_flight` at once.
pub async fn tell(story: Arc<Story>, in_flight: usize) -> Result<Told> {
    let count = story.messages.count();
    let events = story.deployment.node.store.checkpoint().size.0;
    let slots = Arc::new(Semaphore::new(in_flight));
    let mut tasks = JoinSet::new();
    let mut told = Told {
        story: story.clone(),
        requests: Vec::with_capacity(count),
        times: std::array::from_fn(|_| Vec::with_capacity(count)),
        wall: Duration::ZERO,
        cpu_seconds: 0.0,
        events: 0,
        memory: Vec::new(),
    };
    let (begin, cpu) = (Instant::now(), machine::cpu_seconds());
    for number in 0..count {
        let slot = slots.clone().acquire_owned().await?;
        let story = story.clone();
        tasks.spawn(async move {
            let done = one(&story, number).await.with_context(|| format!("request {number}"));
            drop(slot);
            done
        });
        while let Some(done) = tasks.try_join_next() {
            told.take(done??, count);
        }
    }
    while let Some(done) = tasks.join_next().await {
        told.take(done??, count);
    }
    told.wall = begin.elapsed();
    told.cpu_seconds = machine::cpu_seconds() - cpu;
    told.events = story.deployment.node.store.checkpoint().size.0 - events;
    Ok(told)
}

impl Told {
    fn take(&mut self, done: (usize, RequestId, [Duration; STEPS.len()]), count: usize) {
        let (number, request, times) = done;
        self.requests.push((number, request));
        for (all, time) in self.times.iter_mut().zip(times) {
            all.push(time);
        }
        let done = self.requests.len();
        let quarter = self.memory.len() + 1;
        if quarter <= LOOKS && done * LOOKS >= count * quarter {
            self.memory.push((done, machine::memory("VmRSS"), machine::memory("VmHWM")));
        }
    }
}

/// Takes the time between two calls.
struct Watch {
    begin: Instant,
    last: Instant,
    times: [Duration; STEPS.len()],
    step: usize,
}

impl Watch {
    fn lap(&mut self) {
        let now = Instant::now();
        self.times[self.step] = now - self.last;
        (self.last, self.step) = (now, self.step + 1);
    }
}

async fn one(story: &Story, number: usize) -> Result<(usize, RequestId, [Duration; STEPS.len()])> {
    let Deployment { node, verifier, counsel, analyst, approver, .. } = &story.deployment;
    let agency = agency_of(&story.deployment, number);
    let (authorisation, message) = story.messages.read(number)?;
    let begin = Instant::now();
    let mut watch = Watch { begin, last: begin, times: [Duration::ZERO; STEPS.len()], step: 0 };

    let answer = intake::receive(node, &agency.actor, &message, None).await?;
    let request = filed(story, agency, authorisation, &answer).await?;
    watch.lap();

    let said = |actor: &Actor, command, text: &str| {
        let act = Act::new(request, command).with(&Said { text: text.to_owned() });
        let actor = actor.clone();
        async move { anyhow::Ok(node.act(&actor, act?).await?) }
    };
    said(verifier, Command::StartIdentityCheck, "taken up").await?;
    watch.lap();
    // A year in minutes is a burst, which only a call-back answers.
    let method = IdentityMethod::CallBack;
    said(verifier, Command::VerifyIdentity { method }, "enrolled under supervision").await?;
    watch.lap();
    let accept = Command::AcceptLegal { ask: ASK, despite: Vec::new() };
    said(counsel, accept, "in order").await?;
    watch.lap();

    let exhibits = node.search(analyst, request, ASK, &[]).await?;
    ensure!(!exhibits.is_empty(), "nothing was searched");
    watch.lap();
    let answer = Answer { ask: ASK, outcome: Outcome::Full, missing: Vec::new() };
    let text = "the records of the account are complete in the exhibits".to_owned();
    let statements = [Statement { answer, text }];
    let (_, tagmanifest) = node.assemble(analyst, request, &statements, story.with_pdf).await?;
    watch.lap();
    let tagmanifest_sha256 = Digest(tagmanifest.0);
    let approve = Command::Approve { asks: vec![ASK], tagmanifest_sha256 };
    said(approver, approve, "checked against the order").await?;
    watch.lap();

    delivered(story, request).await?;
    watch.lap();
    acknowledge(story, agency, request).await?;
    watch.lap();
    watch.times[watch.step] = watch.begin.elapsed();
    Ok((number, request, watch.times))
}

/// The request that a message was filed as.
async fn filed(
    story: &Story,
    agency: &Agency,
    authorisation: hi1::ObjectId,
    answer: &[u8],
) -> Result<RequestId> {
    for answer in answers(answer)? {
        ensure!(matches!(answer, hi1::Answer::Created(..)), "not taken: {answer:?}");
    }
    let id = agency.actor.agency.context("an agency acts for an agency")?;
    let reader = story.deployment.node.store.reader();
    let found = reader.transaction(id.0, &format!("object {authorisation}")).await?;
    Ok(RequestId(found.context("the order is known by its identifier")?.0))
}

/// Waits until the workers have sealed, encrypted and handed over the package.
async fn delivered(story: &Story, request: RequestId) -> Result<()> {
    let begin = Instant::now();
    while begin.elapsed() < DELIVERY_WAIT_MAX {
        let folded = story.deployment.node.folded(request).await?;
        if folded.request.ask(ASK).is_some_and(|ask| ask.stage == Stage::Delivered) {
            return Ok(());
        }
        tokio::time::sleep(LOOK).await;
    }
    bail!("request {request} was not delivered in {DELIVERY_WAIT_MAX:?}");
}

async fn acknowledge(story: &Story, agency: &Agency, request: RequestId) -> Result<()> {
    let node = &story.deployment.node;
    let delivery = intake::delivery_object_id(request, 1);
    let transaction = server::random_id()?;
    let us = &story.deployment.company;
    let header = compose::header(&agency.endpoint, us, transaction, node.now());
    let message = hi1::write_requests(&header, &[compose::acknowledge(delivery)]);
    let answer = intake::receive(node, &agency.actor, &message, None).await?;
    match answers(&answer)?.as_slice() {
        [hi1::Answer::Updated(..)] => Ok(()),
        other => bail!("the receipt was not taken: {other:?}"),
    }
}

fn answers(message: &[u8]) -> Result<Vec<hi1::Answer>> {
    match hi1::parse(message)?.payload {
        hi1::Payload::Answers(answers) => Ok(answers.into_iter().map(|a| a.answer).collect()),
        hi1::Payload::Refused(error) => bail!("refused: {}", error.description),
        hi1::Payload::Requests(_) => bail!("the answer is a request"),
    }
}
