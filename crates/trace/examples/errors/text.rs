//! The words of the page, and how a rate is written.

use std::fmt;

/// A count out of a count, with the interval of Wilson (1927) at 95 %.
pub struct Rate {
    pub part: u64,
    pub whole: u64,
}

/// The normal deviate of 95 % confidence.
const DEVIATE: f64 = 1.959_964;

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.whole == 0 {
            return f.write_str("no data");
        }
        let (part, whole) = (self.part as f64, self.whole as f64);
        let share = part / whole;
        let square = DEVIATE * DEVIATE;
        let middle = (share + square / (2.0 * whole)) / (1.0 + square / whole);
        let half = DEVIATE / (1.0 + square / whole)
            * (share * (1.0 - share) / whole + square / (4.0 * whole * whole)).sqrt();
        let (low, high) = ((middle - half).max(0.0), (middle + half).min(1.0));
        let percent = |share: f64| format!("{:.2}", 100.0 * share);
        write!(f, "{} % ({} to {})", percent(share), percent(low), percent(high))
    }
}

pub const INTRODUCTION: &str = "\
# Error rates

Written by `cargo xtask bench errors`; run again, it writes the same page. Every rate is a count out
of a count, with the 95 % interval of Wilson in brackets: where the sample is small the interval is
wide, and that is the honest answer. \"no data\" means that the case did not occur.

A rate is a fact about a data set, not about a case. The real chains at hand are small or old, and
the made-up ones behave as `trace::synthetic` says they do. Nobody should quote a figure from here in
court without the line that says what it was measured on.

| chain | blocks | transactions |
|---|---|---|
";

pub const CHANGE: &str = "
## Change

For each payment a heuristic names an output or stays silent. *Right of those named* is what an
analyst who acts on the name relies on; *found of all change* is how much it sees (true positive
rate); *wrong of all payments* is the false positive rate over payments whose change is known. \"vote
of all\" is the output that most of the nine heuristics name, with at least so many votes
(`trace::hypothesis`); \"peel hop\" is the step of `trace::peel`.
";

pub const REVEALED: &str = "
### Change revealed later, real chains

Ground truth after Möser and Narayanan (arXiv 2107.05749), rebuilt by us: a payment of two outputs,
no CoinJoin by shape, of which exactly one output's address is later co-spent into the cluster of the
inputs; payments that show their change at once, by paying an address of the inputs, are left out, so
address reuse can never be right here. The truth rests on co-spending and favours wallets that merge
coins. Heuristics that look at later spending (lock time, fixed fee, peel chain, one-time, first use
within these blocks) know the same future as the truth does. Tables of 2009 tell no versions and lock
times. The paper's own figures are not repeated here: its text was not at hand to check them.

";

pub const KNOWN: &str = "
### Known owners, made-up chains

Every owner is known. 12 % of owners send change back, 15 % give one address to all payers, 40 % set
lock times, 30 % leave a fixed fee; amounts are round in three payments of five. By construction
change has the payer's script type and no other payee shares an address with the payer, so that
address type and address reuse cannot be wrong here; round change is rare, which flatters power of
ten.

";

pub const NAMED_ANYWAY: &str = "
Transactions that have no change (consolidations, payments of a whole coin): how often an output is
named all the same. Nearly all of them have one output, of which no heuristic says anything; payments
to several people without change are too few here to count.

| heuristic | named of those without change |
|---|---|
";

pub const CLUSTERS: &str = "
## Clusters

### Known owners, made-up chains

*Mixed* clusters hold addresses of several owners. Pairs: of two addresses in one cluster, how often
one owner has both; of two addresses of one owner, how often one cluster has both. Two transactions
in a thousand are drawn as PayJoins, which no shape shows. They alone make the clusters of the first
rule mixed; most payments here spend one coin and merge nothing, so that among those that merge
PayJoins weigh much more. The true share of PayJoins is not known to anybody.

| rule | clusters | mixed, of those with several addresses | right pairs of joined | joined pairs of owned |
|---|---|---|---|---|
";

pub const MERGES: &str = "
Transactions that merge, and how many of them merge two owners:

| rule | merging | wrong | share |
|---|---|---|---|
";

pub const TAGS: &str = "
### Tag packs, real chains

The public GraphSense tag packs against clusters by the default rule. A cluster that holds two tagged
addresses or more can contradict them by naming two actors; that it does not proves little. In single
blocks almost no cluster holds two.

| chain | tagged addresses in it | clusters | with a name | with two tagged addresses | naming several actors |
|---|---|---|---|---|---|
";

pub const SHAPES: &str = "
## CoinJoin shapes

### Known owners, made-up chains

All CoinJoins of the generator have one denomination of 0.01, 0.05 or 0.1 bitcoin and change for each
participant, as JoinMarket's and early Wasabi's have; Wasabi 2 and Whirlpool are not imitated, so that
their lines say nothing about them.

| shape | seen in CoinJoins | seen in transactions of one person |
|---|---|---|
";

pub const IMPOSSIBLE: &str = "
### Before the software existed, real chains

In these blocks every match of the shape is wrong, because the wallet was published later (the word
CoinJoin in 2013, JoinMarket in 2015, Wasabi 1 in 2018, Whirlpool in 2019, Wasabi 2 in 2022). Without
undo data the inputs' addresses count as different, which makes matches likelier.

| chain | shape | matches | of transactions with inputs |
|---|---|---|---|
";

pub const DEPOSITS: &str = "
## Deposit accounts

### Known owners, made-up chains of accounts

What `trace::deposit` takes for deposit accounts of an exchange of which one account is known, and for
one customer's wallets, against what is true (`trace::synthetic::accounts`). The made-up people give
themselves away more than real ones: their wallets pay few others. One exchange of three empties its
deposit accounts into accounts that nobody knows: those then look like customers' accounts, their
deposit accounts like customers, and its real deposit accounts are not found. One person in thirty
passes money on to an exchange's known account; a friend pays into a deposit account one time in
twelve; only who makes a tenth of the payments into an account counts as its customer. One time in
twenty an exchange is days late, and one deposit in forty is followed by a stranger's dust. No chain
with known owners was at hand; nothing here is measured on a real one.

";

pub const DEPOSIT_COLUMNS: &str = "\
*Right of those named*: a deposit account of that exchange. *Found*: of all deposit accounts that were
emptied. Pairs: of two accounts taken for one customer's, how often one person has both; of two
wallets of one person, how often they are taken for one customer's.

| votes, at least | named | right of those named | found | the exchange's own | right pairs of joined | joined pairs of owned |
|---|---|---|---|---|---|---|
";

pub const IN_TIME_COLUMNS: &str = "
How much must go on in time for the sign “passes nearly all on in time” (the default is 90 %; dust
does not count). *Shown by deposit accounts*: of all deposit accounts that were found.

| goes on in time, at least | accounts that show it | right of those | shown by deposit accounts |
|---|---|---|---|
";

pub const SIGN_COLUMNS: &str = "
Each sign alone, of the accounts that passed something on:

| sign | accounts that show it | right of those |
|---|---|---|
";

pub const OUTRO: &str = "
## What is not measured

- The share of PayJoins and of CoinJoins of unknown shape on the real chain.
- Anything on the real chain after September 2021, or over long ranges of it: no dense range of
  blocks was at hand.
- Coverage of a cluster, meaning how much of a service's real wallet it holds: that needs seized
  books. Others measured 25 to 95 % (\"Ghost Clusters\", USENIX Security 2025).
";
