//! Address poisoning: payments that are bait. Knows no owners and no prices.
//!
//! Somebody who has seen V pay C makes an address R that begins and ends like C's and puts it into
//! V's history, so that V copies the wrong one next time: by a payment of nothing in V's name,
//! which most tokens allow anybody to make; by dust from R; or by a worthless token that says it
//! is the real one (Tsuchiya et al., arXiv 2501.16681: 270 million attempts, 6,633 successes).
//! Such edges are no flow of money. A real payment to a look-alike is the success of the attack:
//! it is flagged and followed.
//!
//! That two addresses look alike says nothing about who holds either. By chance two agree in the
//! default seven hexadecimal digits once in 268 million pairs.

use chain::account::{AccountChain, AccountNumber, Asset, Event, EventNumber, Ledgers};

/// What counts as bait, and whether it is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoisoningRules {
    /// Whether taint stops at bait.
    pub exclude: Exclude,
    /// Characters that must agree at the beginning, after `0x` or `T`.
    pub prefix_characters_min: u8,
    /// Characters that must agree at the end.
    pub suffix_characters_min: u8,
    /// How long after the payment that it imitates bait may come.
    pub window_seconds: u64,
    /// Dust is at most the imitated amount divided by this.
    pub dust_divisor: u64,
}

/// Whether taint stops at bait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclude {
    /// It does.
    Yes,
    /// Bait is flagged only.
    No,
}

/// Why a payment looks like bait, or like its success.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bait {
    /// What sort.
    pub sort: BaitSort,
    /// The account that is imitated.
    pub imitated: AccountNumber,
    /// The account that imitates.
    pub look_alike: AccountNumber,
    /// The payment that it relies on.
    pub earlier: EventNumber,
    /// Characters that agree at the beginning.
    pub prefix_characters: u8,
    /// Characters that agree at the end.
    pub suffix_characters: u8,
}

/// Sorts of bait.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BaitSort {
    /// A payment of nothing.
    ZeroValue,
    /// A tiny payment from the look-alike.
    Dust,
    /// As much of another token, in the victim's name and signed by somebody else.
    Counterfeit,
    /// Real money to the look-alike: flagged, never left out.
    Paid,
}

/// Most earlier payments of one account in one asset that are compared.
pub const LOOK_BACK_MAX: usize = 256;
/// Most assets of one account that are compared.
pub const ASSETS_MAX: usize = 64;

impl Default for PoisoningRules {
    fn default() -> PoisoningRules {
        PoisoningRules {
            exclude: Exclude::Yes,
            prefix_characters_min: 3,
            suffix_characters_min: 4,
            window_seconds: 7 * 86_400,
            dust_divisor: 1_000,
        }
    }
}

impl PoisoningRules {
    /// Whether taint stops at this.
    pub fn excludes(&self, bait: &Bait) -> bool {
        self.exclude == Exclude::Yes && bait.sort != BaitSort::Paid
    }
}

impl Exclude {
    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Exclude::Yes => "yes",
            Exclude::No => "no",
        }
    }
}

impl BaitSort {
    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            BaitSort::ZeroValue => "zero value",
            BaitSort::Dust => "dust",
            BaitSort::Counterfeit => "counterfeit token",
            BaitSort::Paid => "paid a look-alike",
        }
    }
}

/// Whether a payment looks like bait, or like its success.
pub fn judge(ledgers: &Ledgers, event: &Event, rules: &PoisoningRules) -> Option<Bait> {
    let (from, to) = (event.from?, event.to?);
    if from == to || event.kind.is_fee() {
        return None;
    }
    // In the victim's name: to something like those it paid before.
    let to_look_alike = imitation(ledgers, event, from, to, rules);
    if let Some((bait, earlier)) = to_look_alike {
        return Some(Bait { sort: sort_to(ledgers, event, from, &earlier), ..bait });
    }
    let (bait, earlier) = imitation(ledgers, event, to, from, rules)?;
    let dust = earlier.asset == event.asset
        && event.amount <= earlier.amount / u128::from(rules.dust_divisor.max(1));
    match (event.amount, dust) {
        (0, _) => Some(Bait { sort: BaitSort::ZeroValue, ..bait }),
        (_, true) => Some(Bait { sort: BaitSort::Dust, ..bait }),
        (_, false) => None,
    }
}

fn sort_to(ledgers: &Ledgers, event: &Event, victim: AccountNumber, earlier: &Event) -> BaitSort {
    let signed_by = event.transaction.map(|number| ledgers.transaction(number).sender);
    if event.amount == 0 {
        return BaitSort::ZeroValue;
    }
    let other_token = event.asset != earlier.asset
        && matches!(ledgers.asset(event.asset), Asset::Token(_))
        && event.amount == earlier.amount;
    match other_token && signed_by != Some(victim) {
        true => BaitSort::Counterfeit,
        false => BaitSort::Paid,
    }
}

/// An account that the victim paid before the event and that `suspect` looks like; the closest.
fn imitation(
    ledgers: &Ledgers,
    event: &Event,
    victim: AccountNumber,
    suspect: AccountNumber,
    rules: &PoisoningRules,
) -> Option<(Bait, Event)> {
    let look = Look::of(ledgers, suspect);
    let time = ledgers.block(event.block).time;
    let since = time.saturating_sub(rules.window_seconds);
    let mut best: Option<(Bait, Event)> = None;
    // Assets that came to the victim later must not take an earlier one's place.
    let known = ledgers
        .ledgers_of(victim)
        .filter(|(_, rows)| rows.first().is_some_and(|first| *first < event.number.0));
    for (_, rows) in known.take(ASSETS_MAX) {
        let before = rows.partition_point(|row| *row < event.number.0);
        let recent = rows[..before].iter().rev().take(LOOK_BACK_MAX);
        for earlier in recent.map(|row| ledgers.event(EventNumber(*row))) {
            if ledgers.block(earlier.block).time < since {
                break;
            }
            let paid = earlier.from == Some(victim) && earlier.amount > 0;
            let Some(payee) = earlier.to.filter(|payee| paid && *payee != suspect) else {
                continue;
            };
            let (prefix, suffix) = look.agrees(&Look::of(ledgers, payee));
            let closest = best.is_none_or(|(bait, _)| {
                bait.prefix_characters + bait.suffix_characters < prefix + suffix
            });
            let alike =
                prefix >= rules.prefix_characters_min && suffix >= rules.suffix_characters_min;
            if alike && closest {
                let bait = Bait {
                    sort: BaitSort::Paid,
                    imitated: payee,
                    look_alike: suspect,
                    earlier: earlier.number,
                    prefix_characters: prefix,
                    suffix_characters: suffix,
                };
                best = Some((bait, earlier));
            }
        }
    }
    best
}

/// The characters that people compare.
struct Look(Vec<u8>);

impl Look {
    fn of(ledgers: &Ledgers, account: AccountNumber) -> Look {
        match ledgers.chain() {
            // Wallets show any case; the digits are what people see.
            AccountChain::Evm { .. } => Look(hex::encode(ledgers.account(account).0).into_bytes()),
            AccountChain::Tron => {
                let text = ledgers.account_text(account);
                Look(text.bytes().skip(1).collect())
            }
        }
    }

    /// How many characters agree at the beginning and at the end.
    fn agrees(&self, other: &Look) -> (u8, u8) {
        let same = |pair: &(&u8, &u8)| pair.0 == pair.1;
        let prefix = self.0.iter().zip(&other.0).take_while(same).count();
        let suffix = self.0.iter().rev().zip(other.0.iter().rev()).take_while(same).count();
        (prefix as u8, suffix as u8)
    }
}
