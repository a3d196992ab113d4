//! The same on account chains: two accounts may be one customer's because both paid into a deposit
//! account of an exchange. A hypothesis, never a cluster; its reasons are recomputed from ledgers.

use std::process::ExitCode;

use anyhow::{Context as _, bail};
use chain::account::{AccountNumber, EventNumber, Ledgers};
use serde_json::{Value, json};
use trace::attribution::cited::ending_accounts;
use trace::deposit::owners::{SharedDeposit, why};
use trace::deposit::{DepositHypothesis, DepositRules, Exchanges, Sign, deposit_links};

use super::Why;

/// The hypothesis's name in reasons.
const NAME: &str = "deposit accounts";
const ASSUMED: &str = "assumed: whoever pays into a deposit account is the exchange's customer; \
                       wrong for friends, and where the account only looks like a deposit account \
                       (docs/error-rates.md)";
/// Payments of one link that are shown in words.
const PAIRS_SHOWN: usize = 5;

/// Whether two accounts may be one customer's, and why.
pub fn answer(arguments: &Why, ledgers: &Ledgers) -> anyhow::Result<ExitCode> {
    let [from, to] = &arguments.addresses[..] else { bail!("give two accounts") };
    let (from, to) = (find(ledgers, from)?, find(ledgers, to)?);
    let Some(set) = arguments.tags.load()? else {
        bail!("on an account chain the reasons begin at known accounts of exchanges: give --tags");
    };
    let (view, boundaries) = (arguments.tags.view(&set), arguments.tags.boundaries());
    let exchanges = Exchanges::named(ledgers, &ending_accounts(ledgers, &view, boundaries));
    let rules = DepositRules::of(ledgers.chain());
    let hypothesis = deposit_links(ledgers, &exchanges, &rules, NAME);
    let steps = why(&hypothesis, arguments.votes_min, from, to);
    let say = Say { ledgers, exchanges: &exchanges, hypothesis: &hypothesis };
    if arguments.json {
        let steps: Option<Vec<Value>> =
            steps.as_ref().map(|steps| steps.iter().map(|step| say.json(step)).collect());
        let told = json!({
            "hypothesis": NAME,
            "votes_min": arguments.votes_min,
            "from": ledgers.account_text(from),
            "to": ledgers.account_text(to),
            "steps": steps,
            "assumed": ASSUMED,
        });
        println!("{}", serde_json::to_string_pretty(&told)?);
    } else {
        match &steps {
            None => println!(
                "no deposit account joins them; of {} accounts that may be deposit accounts, none \
                 leads from one to the other with {} votes",
                hypothesis.links.len(),
                arguments.votes_min
            ),
            Some(steps) => {
                steps.iter().for_each(|step| print!("{}", say.words(step)));
                println!("{ASSUMED}");
            }
        }
    }
    Ok(if steps.is_some() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find(ledgers: &Ledgers, text: &str) -> anyhow::Result<AccountNumber> {
    let account = ledgers.chain().parse(text)?;
    ledgers.account_number(account).with_context(|| format!("{text} is not used in these blocks"))
}

/// Turns steps into words.
struct Say<'a> {
    ledgers: &'a Ledgers,
    exchanges: &'a Exchanges,
    hypothesis: &'a DepositHypothesis,
}

impl Say<'_> {
    fn words(&self, step: &SharedDeposit) -> String {
        let link = &self.hypothesis.links[step.link];
        let name = |account| self.ledgers.account_text(account);
        let mut text = format!(
            "{} and {} both paid {}, which looks like a deposit account of {} ({} ppm)\n",
            name(step.from),
            name(step.to),
            name(link.deposit),
            self.exchanges.name(link.exchange),
            link.score_ppm(),
        );
        for (word, signs) in [("for", &link.votes), ("against", &link.against)] {
            if !signs.is_empty() {
                text += &format!("  {word}: {}\n", names(signs).join(", "));
            }
        }
        for (received, paid) in link.pairs.iter().take(PAIRS_SHOWN) {
            text += &format!("  {} went on in {}\n", self.event(*received), self.event(*paid));
        }
        if link.pairs.len() > PAIRS_SHOWN {
            text += &format!("  and {} more\n", link.pairs.len() - PAIRS_SHOWN);
        }
        text
    }

    fn json(&self, step: &SharedDeposit) -> Value {
        let link = &self.hypothesis.links[step.link];
        let name = |account| self.ledgers.account_text(account);
        let pair = |pair: &(EventNumber, EventNumber)| {
            let (received, paid) = (self.place(pair.0), self.place(pair.1));
            json!({ "received": received, "paid": paid })
        };
        json!({
            "from": name(step.from),
            "to": name(step.to),
            "deposit": name(link.deposit),
            "exchange": self.exchanges.name(link.exchange),
            "score_ppm": link.score_ppm(),
            "votes": names(&link.votes),
            "against": names(&link.against),
            "pairs": link.pairs.iter().map(pair).collect::<Vec<_>>(),
        })
    }

    fn event(&self, number: EventNumber) -> String {
        let event = self.ledgers.event(number);
        let block = self.ledgers.block(event.block).number;
        let asset = self.ledgers.asset(event.asset).text(self.ledgers.chain());
        let hash = self.hash(number).unwrap_or_else(|| "no transaction".to_owned());
        format!("{} ({asset}) in {hash}, block {block}", event.amount)
    }

    fn place(&self, number: EventNumber) -> Value {
        let event = self.ledgers.event(number);
        json!({
            "transaction": self.hash(number),
            "block": self.ledgers.block(event.block).number,
            "asset": self.ledgers.asset(event.asset).text(self.ledgers.chain()),
            "amount": event.amount.to_string(),
            "from": event.from.map(|from| self.ledgers.account_text(from)),
        })
    }

    fn hash(&self, number: EventNumber) -> Option<String> {
        let transaction = self.ledgers.event(number).transaction?;
        Some(self.ledgers.chain().hash_text(self.ledgers.transaction(transaction).hash))
    }
}

fn names(signs: &[Sign]) -> Vec<&'static str> {
    signs.iter().map(|sign| sign.name()).collect()
}
