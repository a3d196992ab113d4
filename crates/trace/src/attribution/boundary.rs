//! Which concepts end a trace. Knows no address.
//!
//! A trace ends where the chain no longer tells whose money it is: a service that pools the money
//! of many pays out other coins than it took in. It goes on through an address of one owner,
//! whoever that is, because that owner's next payment is what is asked for.

use super::statement::{Confidence, Statement, Subject};

/// Whether a trace ends at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// It ends here.
    Stop,
    /// It goes on; the tag is shown.
    Pass,
}

/// What one concept does, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The concept, as in tag packs.
    pub concept: &'static str,
    /// What it does.
    pub effect: Effect,
    /// Why.
    pub reason: &'static str,
}

/// The rules as used for a trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Boundaries {
    /// Tags of less confidence end no trace.
    pub confidence_min: Confidence,
}

const CUSTODY: &str = "holds the money of many customers: what it pays out is not what this one \
                       paid in, and its books tell whose it is";
const MIXER: &str = "breaks the link between what goes in and what comes out, on purpose";
const BRIDGE: &str = "the money goes on on another chain: matching it is a ranked guess of its own";
const CONTRACT: &str = "a contract that pools the assets of many: who takes out is told by its \
                        events, not by the flow through its address";
const TRADE: &str = "takes money for something else: what it pays out is its own";
const OWNER: &str = "money of one owner, whose next payment is what a trace follows";
const DEED: &str = "says what was done, not that the money of many is pooled";
const LIST: &str = "a legal fact about the owner: shown, but money is followed through it";
const TOPIC: &str = "says nothing about who holds the money";

const fn rule(concept: &'static str, effect: Effect, reason: &'static str) -> Rule {
    Rule { concept, effect, reason }
}

/// What each concept does. The names are those of the INTERPOL-derived taxonomy that GraphSense
/// uses (graphsense-lib, `concepts.yaml`), and the few more that public packs use.
pub const RULES: [Rule; 94] = [
    rule("abuse", Effect::Pass, DEED),
    rule("account_hack", Effect::Pass, DEED),
    rule("atm", Effect::Stop, CUSTODY),
    rule("behaviour", Effect::Pass, TOPIC),
    rule("black_list", Effect::Pass, LIST),
    rule("bridge", Effect::Stop, BRIDGE),
    rule("child_sexual_abuse", Effect::Pass, DEED),
    rule("coinjoin", Effect::Stop, MIXER),
    rule("cold_wallet", Effect::Stop, CUSTODY),
    rule("collectible", Effect::Pass, TOPIC),
    rule("concept", Effect::Pass, TOPIC),
    rule("counterfeit", Effect::Pass, DEED),
    rule("dark_web", Effect::Pass, TOPIC),
    rule("data_breach", Effect::Pass, DEED),
    rule("defi", Effect::Stop, CONTRACT),
    rule("defi_bridge", Effect::Stop, BRIDGE),
    rule("defi_custody", Effect::Stop, CUSTODY),
    rule("defi_dao", Effect::Stop, CONTRACT),
    rule("defi_derivative", Effect::Stop, CONTRACT),
    rule("defi_derivatives", Effect::Stop, CONTRACT),
    rule("defi_dex", Effect::Stop, CONTRACT),
    rule("defi_dex_pair", Effect::Stop, CONTRACT),
    rule("defi_lending", Effect::Stop, CONTRACT),
    rule("defi_staking", Effect::Stop, CONTRACT),
    rule("defi_token", Effect::Stop, CONTRACT),
    rule("deployer", Effect::Pass, DEED),
    rule("donation", Effect::Pass, OWNER),
    rule("drugs", Effect::Pass, DEED),
    rule("entity", Effect::Pass, OWNER),
    rule("escrow_wallet", Effect::Stop, CUSTODY),
    rule("exchange", Effect::Stop, CUSTODY),
    rule("exploit", Effect::Pass, DEED),
    rule("extortion", Effect::Pass, DEED),
    rule("extremism", Effect::Pass, DEED),
    rule("faucet", Effect::Stop, TRADE),
    rule("filesharing", Effect::Stop, TRADE),
    rule("financial_crime", Effect::Pass, DEED),
    rule("forum_mention", Effect::Pass, TOPIC),
    rule("funder", Effect::Pass, DEED),
    rule("gambling", Effect::Stop, CUSTODY),
    rule("gov_black_list", Effect::Pass, LIST),
    rule("gov_white_list", Effect::Pass, LIST),
    rule("gray_usage", Effect::Pass, DEED),
    rule("hacking", Effect::Pass, DEED),
    rule("hosting", Effect::Stop, TRADE),
    rule("hot_wallet", Effect::Stop, CUSTODY),
    rule("human_trafficking", Effect::Pass, DEED),
    rule("ico_wallet", Effect::Stop, CUSTODY),
    rule("index", Effect::Stop, TRADE),
    rule("investment_fraud", Effect::Pass, DEED),
    rule("item", Effect::Pass, TOPIC),
    rule("malware", Effect::Pass, DEED),
    rule("market", Effect::Stop, TRADE),
    rule("mention", Effect::Pass, TOPIC),
    rule("messaging_service", Effect::Stop, TRADE),
    rule("miner", Effect::Stop, TRADE),
    rule("mining_service", Effect::Stop, TRADE),
    rule("mixing", Effect::Stop, MIXER),
    rule("mixing_service", Effect::Stop, MIXER),
    rule("money_laundering", Effect::Pass, DEED),
    rule("murder", Effect::Pass, DEED),
    rule("nameservice", Effect::Stop, TRADE),
    rule("organization", Effect::Pass, OWNER),
    rule("payment_card_fraud", Effect::Pass, DEED),
    rule("payment_processor", Effect::Stop, CUSTODY),
    rule("perpetrator", Effect::Pass, OWNER),
    rule("phishing", Effect::Pass, DEED),
    rule("ponzi_scheme", Effect::Pass, DEED),
    rule("pyramid_scheme", Effect::Pass, DEED),
    rule("ransomware", Effect::Pass, DEED),
    rule("sanction", Effect::Pass, LIST),
    rule("scam", Effect::Pass, DEED),
    rule("search_engine", Effect::Stop, TRADE),
    rule("service", Effect::Stop, TRADE),
    rule("service_hack", Effect::Pass, DEED),
    rule("sextortion", Effect::Pass, DEED),
    rule("sexual_abuse", Effect::Pass, DEED),
    rule("shop", Effect::Stop, TRADE),
    rule("social_engineering", Effect::Pass, DEED),
    rule("source", Effect::Pass, TOPIC),
    rule("terrorism", Effect::Pass, DEED),
    rule("terrorism_financing", Effect::Pass, DEED),
    rule("torture", Effect::Pass, DEED),
    rule("unknown", Effect::Pass, TOPIC),
    rule("user", Effect::Pass, OWNER),
    rule("victim", Effect::Pass, OWNER),
    rule("violence", Effect::Pass, DEED),
    rule("vpn", Effect::Stop, TRADE),
    rule("wallet_service", Effect::Stop, CUSTODY),
    rule("warm_wallet", Effect::Stop, CUSTODY),
    rule("weapons", Effect::Pass, DEED),
    rule("website_mention", Effect::Pass, TOPIC),
    rule("white_list", Effect::Pass, LIST),
    rule("white_usage", Effect::Pass, DEED),
];

/// What holds for a concept that has no rule: a wrong stop hides where money went, a missing stop
/// attributes a service's pool to a customer. Both are wrong; the first can be seen in the exhibit.
pub const NO_RULE: &str = "no rule for this concept: the trace goes on and the tag is shown";

/// The rule for a concept.
pub fn rule_for(concept: &str) -> Option<&'static Rule> {
    RULES.binary_search_by(|rule| rule.concept.cmp(concept)).ok().map(|at| &RULES[at])
}

impl Boundaries {
    /// The first rule by which a statement ends a trace. `also` are the concepts of the actor that
    /// it names, which count like its own.
    pub fn stop(
        &self,
        statement: &Statement,
        also: &[super::statement::Text],
    ) -> Option<&'static Rule> {
        let counts = statement.subject == Subject::Owner
            && statement.confidence.level() >= self.confidence_min.level();
        let concepts = statement.concepts.iter().chain(also);
        let stops = |rule: &&Rule| counts && rule.effect == Effect::Stop;
        concepts.filter_map(|concept| rule_for(concept)).find(stops)
    }
}

impl Effect {
    /// The word used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            Effect::Stop => "stop",
            Effect::Pass => "pass",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted_and_reasoned() {
        assert!(RULES.windows(2).all(|pair| pair[0].concept < pair[1].concept));
        assert!(RULES.iter().all(|rule| !rule.reason.is_empty()));
    }
}
