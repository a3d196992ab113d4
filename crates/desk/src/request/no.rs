//! The sentences in which the desk says no, and what to do instead. Knows no state: `decide` finds
//! out which sentence holds.

use jiff::Timestamp;

use crate::check::{Fix, Reason};
use crate::ids::{AskNumber, ExhibitNumber};
use crate::order::{AskKind, Authentication, Channel, DataCategory};
use crate::pack::Article;
use crate::policy::Action;
use crate::request::event::{IdentityMethod, Outcome, RefusalCode};
use crate::said::{AllOf, Blank, Fills, List, StageName, Word};
use crate::words::words;

words! {
    /// What was to be done.
    Doing {
        /// File a request.
        File = "file the request",
        /// Take up who sent it.
        StartIdentityCheck = "start the identity check",
        /// Prove the sender.
        VerifyIdentity = "verify the identity",
        /// Accept in law.
        Accept = "accept",
        /// Ask the authority.
        AskAuthority = "ask the authority",
        /// Clarify.
        Clarify = "clarify",
        /// Hold.
        Hold = "hold",
        /// Go on.
        EndHold = "end the hold",
        /// Note the clearance.
        NoteClearance = "note the clearance",
        /// Refuse.
        Refuse = "refuse",
        /// Take back.
        Withdraw = "withdraw",
        /// Confirm the deletion at the authority.
        ConfirmDeletion = "confirm the deletion",
        /// Mark a key.
        MarkKey = "mark the key",
        /// Clear a key.
        ClearKey = "clear the key",
        /// Give it to somebody.
        Assign = "assign it",
        /// Erase.
        Erase = "erase the personal data",
        /// Keep for another time than the rule pack says.
        SetRetention = "keep the personal data for another time",
        /// Begin the search.
        StartSearch = "start the search",
        /// Add an exhibit.
        AddExhibit = "add the exhibit",
        /// Assemble.
        Assemble = "assemble",
        /// Send a package back.
        ReturnPackage = "return the package",
        /// Approve.
        Approve = "approve",
        /// Seal.
        Seal = "seal",
        /// Deliver.
        Deliver = "deliver",
        /// Acknowledge.
        Acknowledge = "acknowledge",
        /// Put away.
        Close = "close",
        /// Review an emergency.
        ReviewEmergency = "review the emergency",
        /// Link the order after an emergency.
        LinkLaterOrder = "link the later order",
        /// Preserve.
        Preserve = "preserve",
        /// Keep longer.
        Extend = "extend",
        /// Link an order to a copy.
        Link = "link an order",
        /// End a measure.
        Release = "release",
        /// Freeze.
        Freeze = "freeze",
        /// Confirm a freeze.
        ConfirmFreeze = "confirm the freeze",
        /// Unfreeze.
        Unfreeze = "unfreeze",
        /// Confirm an effect.
        ConfirmEffect = "confirm the effect",
        /// Note a failure.
        NoteFailure = "note the failure",
        /// Try again.
        RetryEffect = "retry the effect",
        /// Post a message.
        PostMessage = "post a message",
        /// Count a period.
        CountPeriod = "counting a period",
    }
}

impl Fills for Doing {
    fn blank(&self) -> Blank {
        Blank::Words(vec![Word { family: "doing", word: self.as_str() }])
    }
}

crate::sayings! {
    /// What was refused.
    What in "what" {
        Plain { doing: Doing } = "plain": "{doing}",
        ForAsk { doing: Doing, ask: AskNumber } = "for-ask": "{doing} for ask {ask}",
        Ask { doing: Doing, ask: AskNumber } = "ask": "{doing} ask {ask}",
        AskAs { doing: Doing, ask: AskNumber, outcome: Outcome } = "ask-as":
            "{doing} ask {ask} as `{outcome}`",
        AskUnder { doing: Doing, ask: AskNumber, pack: String } = "ask-under":
            "{doing} ask {ask} under {pack}",
        Act { action: Action } = "act": "{action}",
    }
}

impl From<Doing> for What {
    fn from(doing: Doing) -> Self {
        Self::Plain { doing }
    }
}

crate::sayings! {
    /// What an act needs, within another sentence.
    Need in "need" {
        Acceptance = "acceptance": "acceptance in law",
        AcceptanceOrOnCall = "acceptance-or-on-call":
            "acceptance in law, or somebody on call",
        SearchBegun = "search-begun": "a search that has begun",
        PackageNotSealed = "package-not-sealed": "a package that is not sealed",
        State { stage: StageName } = "state": "state `{stage}`",
        PackageSealed = "package-sealed": "a sealed package",
        PackageDelivered = "package-delivered": "a delivered package",
        EmergencyAnswer = "emergency-answer": "an emergency answer that was handed over",
        Emergency = "emergency": "an emergency",
        LegalReview = "legal-review": "legal review, after proof of the sender",
        NotYetSealed = "not-yet-sealed":
            "an ask that is not yet sealed, in effect or waiting",
        Question = "question": "a question from the company",
        NotHandedOver = "not-handed-over":
            "an ask that is not yet handed over, in effect or held",
        Hold = "hold": "a hold",
        NotSealedOrFraud = "not-sealed-or-fraud":
            "an ask that is not yet sealed; suspected fraud, not yet delivered",
        NotOver = "not-over": "an ask that is not over",
        WithdrawnAfterDelivery = "withdrawn-after-delivery": "a withdrawal after delivery",
        NotPreserved = "not-preserved": "an ask that is not preserved, over or waiting",
        KeptCopy = "kept-copy": "a copy that is kept",
        KeptCopyFreezeOrBan = "kept-copy-freeze-or-ban": "a copy that is kept, a freeze or a ban",
        SenderProven = "sender-proven": "proof of the sender",
        FreezeInEffect = "freeze-in-effect": "a freeze that took effect",
        FreezeWithFacts = "freeze-with-facts": "a freeze with asset, amount and end",
        FreezeWanted = "freeze-wanted": "a freeze that is still wanted",
    }
}

crate::sayings! {
    /// Why an answer does not agree with its exhibits, and what to call it.
    Contradiction in "contradiction" {
        NothingSearched = "nothing-searched":
            "nothing was searched; add an exhibit, empty if need be",
        SomethingMissing = "something-missing":
            "something is missing or withheld; call it partial and say why",
        CategoryNotSearched = "category-not-searched":
            "a category of the ask was not searched; search it or call the answer partial",
        NoRows = "no-rows": "there are no rows; call it no data",
        SayWhatIsMissing = "say-what-is-missing": "say what is missing and why",
        Rows = "rows": "there are rows; call it full or partial",
        NegativeNotWhole = "negative-not-whole":
            "a category of the ask was not searched; only a whole search proves a negative",
    }
}

crate::sayings! {
    /// One reason against an acceptance.
    Clause in "clause" {
        Against { code: RefusalCode, article: Article, fix: Fix } = "against":
            "{code} ({article}): {fix}",
        SetAsideForNothing { code: RefusalCode } = "set-aside-for-nothing":
            "{code} is set aside though nothing speaks of it",
    }
}

impl From<&Reason> for Clause {
    fn from(reason: &Reason) -> Self {
        let Reason { code, article, fix, .. } = reason.clone();
        Self::Against { code, article, fix }
    }
}

crate::sayings! {
    /// Why the desk says no, and what to do instead.
    No in "no" {
        NoSuchRequest = "no-such-request": "there is no such request" => "file it first",
        JudgedByAnother { judged: String, given: String } = "judged-by-another":
            "the request is judged by {judged}, not by {given}"
            => "load the rule pack in the version that the request names",
        PermitForAnother { action: Action } = "permit-for-another":
            "the permit is for `{action}`, or for another request"
            => "ask the policy for this action upon this request",
        AsksUpTo { count: usize } = "asks-up-to":
            "the request has asks 1 to {count}" => "name one of them",
        OtherKind { kind: AskKind, meant: List<AskKind> } = "other-kind":
            "it asks to `{kind}`; this is only for: {meant}" => "name another ask",
        HeldForSigns = "held-for-signs":
            "signs of fraud hold the request"
            => "call back on a number from the company's own directory, and record it",
        NotProven = "not-proven":
            "nobody has proven who sent the request" => "verify the identity first",
        InState { stage: StageName, need: Need } = "in-state":
            "it is in state `{stage}`" => "this needs {need}",
        FiledAlready = "filed-already":
            "it is filed already" => "open the request that is there, or file under a new name",
        AsksCount = "asks-count":
            "it has no ask, or more than 64" => "send 1 to 64 asks in one request",
        ProofDoesNotFit = "proof-does-not-fit":
            "channel, proof of the sender and key do not fit together"
            => "by HI-1: proven by channel, with the key; by portal: signed, with the key; by \
                hand: no proof and no key",
        FiledBySomebodyElse = "filed-by-somebody-else":
            "it is filed by somebody other than the key that sent it"
            => "an agency files with its own key; staff file what came by post or mail",
        Unreadable { problem: Fix } = "unreadable": "{problem}" => "correct the order",
        CheckBegun = "check-begun":
            "the sender is proven, or the check has begun"
            => "go on with the check, or with legal review",
        ProvenAlready = "proven-already":
            "the sender is proven already" => "go on with legal review",
        ProofNeedsPerson = "proof-needs-person":
            "a job or a key cannot prove who somebody is" => "have a verifier do it",
        SignsNeedCall = "signs-need-call":
            "there are signs of fraud, and whoever stole a key can use it"
            => "call back on a number from the company's own directory, and record it",
        MethodNotUsed { channel: Channel, proof: Authentication, method: IdentityMethod } =
            "method-not-used":
            "the request came by `{channel}`, proven `{proof}`; `{method}` was not used"
            => "call back on a number from the company's own directory, and record it",
        NotAccepted { reasons: AllOf<Clause> } = "not-accepted":
            "{reasons}"
            => "refuse it, ask the authority, or have counsel accept it naming each reason set \
                aside",
        NoReasonNamed = "no-reason-named":
            "no reason is named" => "name what is missing by its code",
        CorrectionTooWide = "correction-too-wide":
            "the correction changes other asks, this one's kind or emergency, the country or the \
             way it came"
            => "send a new request for what is new",
        NoAuthorityClock = "no-authority-clock":
            "no clock of an enforcing authority is running"
            => "there is nothing to wait for; go on",
        MarkedAlready = "marked-already": "it is marked already" => "nothing is left to do",
        NotMarked = "not-marked": "it is not marked in this request" => "nothing is left to do",
        WorksOnItAlready = "works-on-it-already":
            "the same person works on it already" => "nothing is left to do",
        ErasedAlready = "erased-already": "it is erased" => "nothing is left to do",
        KeptSoAlready = "kept-so-already":
            "it is kept for that time already" => "nothing is left to do",
        KeptUntil { due: Timestamp } = "kept-until":
            "the rule pack keeps it until {due}" => "wait until then",
        HistoryTooLong { count: u32, most: u32 } = "history-too-long":
            "the request has {count} events, and from {most} on this is not done any more"
            => "end its asks, and have a new request filed for what is left",
        EffectUnanswered = "effect-unanswered":
            "the company's systems have not answered an effect yet" => "have that done first",
        ReleaseFailed = "release-failed":
            "a release of a freeze has failed" => "have that done first",
        NoticeWaits = "notice-waits": "a user's notice waits" => "have that done first",
        AskOpen = "ask-open": "an ask of it is still open" => "close every ask first",
        ExhibitNumber { exhibit: ExhibitNumber } = "exhibit-number":
            "the number {exhibit} is used, zero, or one too many" => "take the next free number",
        NotInScope { category: DataCategory, ask: AskNumber } = "not-in-scope":
            "`{category}` data are not in the scope of ask {ask}"
            => "leave them out; the authority did not ask for them",
        DigestTaken = "digest-taken":
            "another package of this request has that digest" => "make the package again",
        ExhibitsSayOtherwise { problem: Contradiction } = "exhibits-say-otherwise":
            "the exhibits say otherwise" => "{problem}",
        ApprovalNeedsPerson = "approval-needs-person":
            "only a person approves" => "have an approver do it",
        TookPart = "took-part":
            "whoever filed, verified, searched or assembled cannot approve"
            => "have another person approve",
        AuthorityMayObject { until: Timestamp } = "authority-may-object":
            "an enforcing authority may still object until {until}"
            => "wait until then, or note that the authority cleared it",
        NotThePackageDelivered = "not-the-package-delivered":
            "the digest is not that of the package we delivered"
            => "fetch the package again and compare its SHA-256",
        EmergencyNotLookedAt = "emergency-not-looked-at":
            "an emergency answer is not closed without legal review and a third person's review"
            => "have both done",
        ReviewedAlready = "reviewed-already":
            "it is reviewed already" => "nothing is left to do",
        LetItOut = "let-it-out":
            "whoever let it out cannot review it" => "have a third person review it",
        NotThePackageOfAsk = "not-the-package-of-ask":
            "the digest is not that of the package the ask is in"
            => "look at the package that was assembled, and name its digest",
        PackageAnswersMore { ask: AskNumber, stage: StageName } = "package-answers-more":
            "the package also answers ask {ask}, in state `{stage}`"
            => "name all asks of the package; if one is over or held, return it and assemble anew",
        AsksNotDistinct = "asks-not-distinct":
            "no ask is named, or one is named twice" => "name each ask once",
        TimeUnreadable { problem: Fix } = "time-unreadable":
            "{problem}" => "correct the zone or the date",
        NoPreservationHere { pack: String } = "no-preservation-here":
            "{pack} knows no preservation" => "refuse the ask",
        ExhibitNumberTaken { exhibit: ExhibitNumber } = "exhibit-number-taken":
            "the exhibit number {exhibit} is used or zero" => "take the next free number",
        PreservationOver = "preservation-over":
            "the time of the preservation is over" => "refuse the ask",
        ExtendedEnough { times: u16, article: Article } = "extended-enough":
            "it was extended {times} time(s), the most that {article} allows"
            => "link an order for the records",
        FreezeNotNarrow = "freeze-not-narrow":
            "a freeze is narrow: one asset, one amount, a time; and the regime must know freezes"
            => "ask the authority for asset and amount",
        FreezeOver = "freeze-over":
            "the period of the freeze is over" => "ask for an order with a later end",
        OrderOver = "order-over":
            "the order is over already" => "ask for an order with a later end",
        ConfirmedAlready = "confirmed-already":
            "it is confirmed already" => "nothing is left to do",
        EffectsTooMany { most: usize } = "effects-too-many":
            "the ask has had {most} effects"
            => "look at the company's system by hand; it contradicts itself",
        NoOpenAttempt = "no-open-attempt":
            "no attempt is open" => "retry it, if it failed before",
        NotFailed = "not-failed":
            "it has not failed, or too often"
            => "wait for its answer, or look at the company's system by hand",
        NoSuchEffect = "no-such-effect":
            "the request has no effect of that name" => "name an effect that was requested",
    }
}
