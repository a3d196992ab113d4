//! What is wrong with what somebody sent, sentence by sentence, and what to do. Knows no language:
//! pages look each sentence up by its code (`desk::said`), programs read the English beside it.

use desk::policy::Action;
use desk::said::{Blank, Fills};
use jiff::Timestamp;
use store::QuestionError;

use crate::fraud::marks::MarksError;

/// What a library says of input, in English: for programs and logs, never for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail(pub String);

impl Detail {
    /// What an error says of itself.
    pub fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

impl std::fmt::Display for Detail {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl Fills for Detail {
    fn blank(&self) -> Blank {
        Blank::Same(self.0.clone())
    }
}

desk::sayings! {
    /// What is wrong with what somebody sent, and what to do.
    Wrong in "wrong" {
        MustBeSigned { action: Action } = "must-be-signed":
            "`{action}` by an officer must be signed"
            => "read it once more and sign it with the passkey",
        ChangedSinceShown = "changed-since-shown":
            "the request changed since it was shown"
            => "go back, read the review page once more and sign what it shows",
        PasskeyOfSomebodyElse = "passkey-of-somebody-else":
            "it is by a passkey of somebody else" => "sign with the passkey that you log in with",
        SignatureDoesNotHold { detail: Detail } = "signature-does-not-hold":
            "{detail}"
            => "open the desk at its own address and sign again with your own passkey, unlocked \
                by PIN, finger or face",
        NothingToSign = "nothing-to-sign":
            "it is of nothing that waits for your signature: signed already, or older than 15 \
             minutes"
            => "open the review page again and sign what it shows",
        NotAdmitted = "not-admitted":
            "staff have not admitted you with this passkey" => "ask the desk to admit you",
        NoneNamed = "none-named": "none is named" => "name at least one",
        AgencyUnknown = "agency-unknown": "it is not in the directory" => "enrol it first",
        SelectorsTooMany { count: usize, most: usize } = "selectors-too-many":
            "there are {count}" => "{most} at most",
        FilesTooMany { count: usize, most: usize } = "files-too-many":
            "there are {count}" => "send at most {most}",
        SelectorUnreadable { detail: Detail } = "selector-unreadable":
            "{detail}" => "correct it or leave it out",
        NotADigest = "not-a-digest":
            "not a SHA-256" => "send 64 lower-case hexadecimal digits",
        NoPractice = "no-practice":
            "this service has no made-up records to practise on"
            => "send it without the test flag, or ask the service to name records.practice",
        NothingAnswered = "nothing-answered":
            "there is none" => "say of at least one ask what is answered",
        PayloadErased = "payload-erased":
            "its payload was erased" => "nothing can be disclosed any more",
        SelectorsErased = "selectors-erased":
            "they were erased" => "nothing can be searched any more",
        ExhibitErased = "exhibit-erased": "it was erased" => "search again",
        SealErased = "seal-erased":
            "its record was erased" => "the package cannot be proved any more",
        NoAgency = "no-agency":
            "the request names none" => "nobody can be handed a package",
        NoAccount = "no-account": "no account is named" => "name it with the freeze",
        AsksForNoRecords = "asks-for-no-records":
            "it asks for no records" => "search a disclose ask",
        MarkWithoutReason = "mark-without-reason":
            "a mark is not taken away without one" => "say what was found out, and how",
        ViewName { most: usize } = "view-name":
            "the view's name is empty or too long" => "say it in 1 to {most} characters",
        ViewOfNothing = "view-of-nothing":
            "there is nothing to keep" => "choose what the queue shows first, then keep it",
        ViewsTooMany { most: usize } = "views-too-many":
            "{most} views are kept already" => "take one away first",
        NoWord = "no-word":
            "there is no word in it: a word has a letter or a digit"
            => "type a word, number or selector",
        WordsTooLong { detail: Detail } = "words-too-long":
            "{detail}" => "type a word, number or selector",
        BeginningTooShort { detail: Detail } = "beginning-too-short":
            "{detail}" => "type a word, number or selector",
        Country { given: String } = "country": "{given:?}" => "two capital letters",
        RegimeUnknown { given: String } = "regime-unknown":
            "there is no {given:?}" => "see comity check --help",
        NoRecipient = "no-recipient":
            "no key to encrypt packages to" => "give a certificate in PEM or an age recipient",
        RecipientPem { detail: Detail } = "recipient-pem":
            "{detail}" => "give an RSA or EC certificate in PEM",
        RecipientAge { detail: Detail } = "recipient-age":
            "{detail}" => "give one that begins age1",
        NotANote { detail: Detail } = "not-a-note":
            "it is not a signed note: {detail}"
            => "ask the other desk for its newest document, and for its key: log.vkey among its \
                keys",
        NotSignedByKey { detail: Detail } = "not-signed-by-key":
            "it is not signed by the key you name: {detail}"
            => "ask the other desk for its newest document, and for its key: log.vkey among its \
                keys",
        NoMarksDocument { detail: Detail } = "no-marks-document":
            "its text is not a document of fraud marks: {detail}"
            => "ask the other desk for its newest document, and for its key: log.vkey among its \
                keys",
        MarksOfAnotherDesk { said: String, signed: String } = "marks-of-another-desk":
            "it speaks for {said}, but {signed} signed it"
            => "ask the other desk for its newest document, and for its key: log.vkey among its \
                keys",
        MarksNotNow { from: Timestamp, until: Timestamp, now: Timestamp } = "marks-not-now":
            "it is valid from {from} to {until}, not now ({now}); ask for a newer one"
            => "ask the other desk for its newest document, and for its key: log.vkey among its \
                keys",
        NoBlocks = "no-blocks":
            "this node has no blocks"
            => "name a store or block files under [chain] in comity.toml",
        NotInBlocks { transaction: String } = "not-in-blocks":
            "transaction {transaction} is not in the blocks given; give the block that holds it"
            => "take a transaction of the blocks that this node has",
        NoSuchOutput { transaction: String, last: u32, output: u32 } = "no-such-output":
            "transaction {transaction} has outputs 0 to {last}, not {output}"
            => "take a transaction of the blocks that this node has",
        CannotBeFollowed { detail: Detail } = "cannot-be-followed":
            "{detail}" => "take a transaction of the blocks that this node has",
        TraceMovedOn = "trace-moved-on":
            "the trace is no longer what was shown: blocks or records have changed since"
            => "look at it as it is now, and put that into the package",
        PracticeTakesNoTrace = "practice-takes-no-trace":
            "the request is practice, and a trace shows which addresses are really this company's"
            => "choose a request that is none",
        NoSuchPlace = "no-such-place":
            "it names no ask of a request" => "choose one of the list",
        FormBroken { detail: Detail } = "form-broken":
            "{detail}" => "load the page again and send it once more",
        FormUnreadable { detail: Detail } = "form-unreadable":
            "{detail}" => "go back, load the page again and fill in the form",
        NotOfTheList { detail: Detail } = "not-of-the-list":
            "{detail}" => "choose one of the list",
        TooManyFiles { most: usize } = "too-many-files":
            "too many" => "send at most {most}",
        KeptBackWithoutReason = "kept-back-without-reason":
            "rows are kept back without one"
            => "go back and say why these rows are kept back; the authority reads it",
        NoOutcome = "no-outcome":
            "no outcome is chosen" => "go back and choose one",
        KeyNotTaken = "key-not-taken":
            "its kind of key is not taken" => "use a passkey with ES256 or RS256",
        TooLarge { size: usize, most: usize } = "too-large":
            "{size}" => "send at most {most}",
    }
}

impl From<&MarksError> for Wrong {
    fn from(error: &MarksError) -> Self {
        match error {
            MarksError::Note(error) => Self::NotANote { detail: Detail::of(error) },
            MarksError::Signature(error) => Self::NotSignedByKey { detail: Detail::of(error) },
            // Of our own key: `Unavailable` to whoever asks for a document.
            MarksError::NotSigned(error) => Self::NotSignedByKey { detail: Detail::of(error) },
            MarksError::Contents(text) => Self::NoMarksDocument { detail: Detail::of(text) },
            MarksError::OtherDesk { said, signed } => {
                Self::MarksOfAnotherDesk { said: said.clone(), signed: signed.clone() }
            }
            MarksError::NotNow { from, until, now } => {
                Self::MarksNotNow { from: *from, until: *until, now: *now }
            }
        }
    }
}

impl From<QuestionError> for Wrong {
    fn from(error: QuestionError) -> Self {
        match error {
            QuestionError::Empty => Self::NoWord,
            QuestionError::TooLong => Self::WordsTooLong { detail: Detail::of(error) },
            QuestionError::ShortBeginning => Self::BeginningTooShort { detail: Detail::of(error) },
        }
    }
}

impl From<trace::TraceError> for Wrong {
    fn from(error: trace::TraceError) -> Self {
        match error {
            trace::TraceError::UnknownSource(txid) => {
                Self::NotInBlocks { transaction: txid.to_string() }
            }
            trace::TraceError::UnknownOutput { txid, last, vout } => {
                Self::NoSuchOutput { transaction: txid.to_string(), last, output: vout }
            }
            other => Self::CannotBeFollowed { detail: Detail::of(other) },
        }
    }
}
