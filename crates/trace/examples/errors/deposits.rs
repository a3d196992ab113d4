//! Deposit accounts and shared customers, counted on made-up chains of accounts.

use super::text::{self, Rate};
use chain::account::{Account, AccountChain, AccountNumber, Ledgers};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use trace::deposit::owners::owners_under;
use trace::deposit::{DepositRules, Exchanges, Sign, deposit_links};
use trace::synthetic::accounts::{AccountOwner, AccountPlan, MadeAccounts, made_accounts};
use trace::{Tag, Tags};

const CHAIN: AccountChain = AccountChain::Evm { chain_id: 1 };
/// Seeds of the made-up chains; other seeds change the last digits.
const SEEDS: [u64; 4] = [1, 2, 3, 4];
/// Shares that must go on in time, in per cent.
const IN_TIME: [u32; 6] = [100, 95, 90, 80, 50, 0];
/// Numbers of votes that are tried.
const VOTES: [usize; 6] = [0, 1, 2, 3, 4, 5];

#[derive(Default)]
struct Counts {
    named: u64,
    right: u64,
    /// Named with the right exchange, and not a deposit account but the exchange's own.
    own: u64,
    pairs_joined: u64,
    pairs_right: u64,
}

/// What everybody knows: one account of each exchange.
fn tags(made: &MadeAccounts) -> Tags {
    let named = made.known.iter().enumerate().map(|(number, account)| {
        let label = format!("exchange {number}");
        let source = "made up".to_owned();
        (CHAIN.text(*account), Tag { label, source, fiction: true })
    });
    named.collect()
}

pub fn write(page: &mut String) {
    let mut by_votes: BTreeMap<usize, Counts> = BTreeMap::new();
    let mut by_sign: BTreeMap<Sign, (u64, u64)> = BTreeMap::new();
    // Accounts that show the sign, those that do so rightly, and all that are right.
    let mut in_time: BTreeMap<Reverse<u32>, (u64, u64, u64)> = BTreeMap::new();
    let (mut emptied, mut pairs_owned, mut transactions) = (0, 0, 0);
    for seed in SEEDS {
        let plan = AccountPlan { seed, people: 600, blocks: 30_000, acts_per_block: 2 };
        let made = made_accounts(plan);
        let mut ledgers = Ledgers::new(CHAIN);
        for block in &made.blocks {
            ledgers.append(block).expect("made-up blocks follow one another");
        }
        transactions += ledgers.transaction_count();
        emptied += made.emptied.len() as u64;
        let exchanges = Exchanges::named(&ledgers, &tags(&made));
        let rules = DepositRules::of(CHAIN);
        let hypothesis = deposit_links(&ledgers, &exchanges, &rules, "deposits");
        let owner = |number: AccountNumber| made.owners[&ledgers.account(number)];
        let is_right = |link: &trace::deposit::DepositLink| {
            let AccountOwner::Deposit { exchange, .. } = owner(link.deposit) else { return false };
            exchanges.name(link.exchange) == format!("exchange {exchange}")
        };
        for link in &hypothesis.links {
            for sign in &link.votes {
                let counts = by_sign.entry(*sign).or_default();
                counts.0 += 1;
                counts.1 += u64::from(is_right(link));
            }
        }
        for percent in IN_TIME {
            let rules = DepositRules { passed_share_min_ppm: percent * 10_000, ..rules };
            let links = deposit_links(&ledgers, &exchanges, &rules, "deposits").links;
            let counts = in_time.entry(Reverse(percent)).or_default();
            for link in &links {
                let (shows, right) = (link.votes.contains(&Sign::PassesAllOn), is_right(link));
                counts.0 += u64::from(shows);
                counts.1 += u64::from(shows && right);
                counts.2 += u64::from(right);
            }
        }
        pairs_owned += owned_pairs(&made.owners);
        for votes in VOTES {
            let counts = by_votes.entry(votes).or_default();
            let links = hypothesis.links.iter().filter(|link| link.votes.len() >= votes);
            for link in links {
                counts.named += 1;
                counts.right += u64::from(is_right(link));
                counts.own += u64::from(matches!(owner(link.deposit), AccountOwner::Exchange(_)));
            }
            let mut groups: BTreeMap<AccountNumber, Vec<AccountOwner>> = BTreeMap::new();
            for (account, group) in owners_under(&hypothesis, votes).all() {
                groups.entry(group).or_default().push(owner(account));
            }
            for members in groups.values() {
                counts.pairs_joined += pairs(members.len() as u64);
                let mut of: BTreeMap<AccountOwner, u64> = BTreeMap::new();
                members.iter().for_each(|owner| *of.entry(*owner).or_default() += 1);
                counts.pairs_right += of
                    .iter()
                    .filter(|(owner, _)| matches!(owner, AccountOwner::Person(_)))
                    .map(|(_, count)| pairs(*count))
                    .sum::<u64>();
            }
        }
    }
    *page += text::DEPOSITS;
    let _ = writeln!(page, "{transactions} transactions, {emptied} deposit accounts emptied.\n");
    *page += text::DEPOSIT_COLUMNS;
    for (votes, counts) in &by_votes {
        let _ = writeln!(
            page,
            "| {votes} | {} | {} | {} | {} | {} | {} |",
            counts.named,
            Rate { part: counts.right, whole: counts.named },
            Rate { part: counts.right, whole: emptied },
            counts.own,
            Rate { part: counts.pairs_right, whole: counts.pairs_joined },
            Rate { part: counts.pairs_right, whole: pairs_owned },
        );
    }
    *page += text::SIGN_COLUMNS;
    for sign in Sign::ALL {
        let (named, right) = by_sign.get(&sign).copied().unwrap_or_default();
        let rate = Rate { part: right, whole: named };
        let _ = writeln!(page, "| {} | {named} | {rate} |", sign.name());
    }
    *page += text::IN_TIME_COLUMNS;
    for (Reverse(percent), (shown, right, all)) in in_time {
        let (of_shown, of_right) =
            (Rate { part: right, whole: shown }, Rate { part: right, whole: all });
        let _ = writeln!(page, "| {percent} % | {shown} | {of_shown} | {of_right} |");
    }
}

fn pairs(count: u64) -> u64 {
    count * count.saturating_sub(1) / 2
}

/// Pairs of wallets of one person.
fn owned_pairs(owners: &BTreeMap<Account, AccountOwner>) -> u64 {
    let mut of: BTreeMap<AccountOwner, u64> = BTreeMap::new();
    for owner in owners.values().filter(|owner| matches!(owner, AccountOwner::Person(_))) {
        *of.entry(*owner).or_default() += 1;
    }
    of.values().map(|count| pairs(*count)).sum()
}
