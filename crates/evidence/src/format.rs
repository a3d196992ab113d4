//! Constants of the package format, shared by writer and verifier. No code: the two sides must
//! not be able to make the same mistake together.
//!
//! RFC 8493 (BagIt 1.0), docs/formats/package.md.

/// `bagit.txt`, always exactly these bytes (RFC 8493 section 2.1.1).
pub const BAGIT_TXT: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";

/// Declaration of the bag.
pub const BAGIT_TXT_PATH: &str = "bagit.txt";
/// Facts of the request, as BagIt metadata.
pub const BAG_INFO_PATH: &str = "bag-info.txt";
/// How to check the package by hand, and what each command proves.
pub const VERIFY_TXT_PATH: &str = "VERIFY.txt";
/// SHA-256 of each payload file.
pub const MANIFEST_SHA256_PATH: &str = "manifest-sha256.txt";
/// SHA-512 of each payload file.
pub const MANIFEST_SHA512_PATH: &str = "manifest-sha512.txt";
/// SHA-256 of each file in the root but itself. This is what the seal signs.
pub const TAGMANIFEST_PATH: &str = "tagmanifest-sha256.txt";

/// The files of the root, in the order in which they stand in the zip.
pub const ROOT_PATHS: [&str; 6] = [
    BAGIT_TXT_PATH,
    BAG_INFO_PATH,
    VERIFY_TXT_PATH,
    MANIFEST_SHA256_PATH,
    MANIFEST_SHA512_PATH,
    TAGMANIFEST_PATH,
];
/// The files that the tag manifest lists, in its order.
pub const TAGMANIFEST_LISTS: [&str; 5] =
    [BAGIT_TXT_PATH, BAG_INFO_PATH, VERIFY_TXT_PATH, MANIFEST_SHA256_PATH, MANIFEST_SHA512_PATH];

/// Folder of the instrument as received.
pub const ORDER_FOLDER: &str = "data/order/";
/// Folder of the record exhibits: `exhibit-0001.csv` and `exhibit-0001.json`.
pub const RECORDS_FOLDER: &str = "data/records/";
/// Folder of the trace exhibits: `exhibit-0002.json` and `exhibit-0002.svg`.
pub const TRACE_FOLDER: &str = "data/trace/";
/// The report for people. Absent when it was not asked for.
pub const REPORT_PATH: &str = "data/report.pdf";
/// The CASE/UCO graph.
pub const CASE_PATH: &str = "data/case.jsonld";
/// Exhibit files start so; four digits follow.
pub const EXHIBIT_STEM: &str = "exhibit-";

/// Detached CMS signature over [`TAGMANIFEST_PATH`].
pub const SEAL_P7S_PATH: &str = "seal/tagmanifest-sha256.txt.p7s";
/// RFC 3161 response (status and token) over [`SEAL_P7S_PATH`]. Optional.
pub const SEAL_TSR_PATH: &str = "seal/tagmanifest-sha256.txt.p7s.tsr";
/// The log record that names the seal's digests, and its salt.
pub const SEALED_JSON_PATH: &str = "seal/sealed.json";
/// C2SP tlog-proof of that record.
pub const SEALED_PROOF_PATH: &str = "seal/sealed.json.tlog-proof";
/// The seal's certificate and those above it, PEM, seal certificate first.
pub const CHAIN_PEM_PATH: &str = "seal/chain.pem";
/// The files of the seal, in the order in which they stand in the zip, after the payload.
pub const SEAL_PATHS: [&str; 5] =
    [SEAL_P7S_PATH, SEAL_TSR_PATH, SEALED_JSON_PATH, SEALED_PROOF_PATH, CHAIN_PEM_PATH];

/// Version in `sealed.json`: `{"v":1,"record":"..","salt":"hex","witnesses":[..]}`.
pub const SEALED_JSON_VERSION: u64 = 1;
/// Domain of a log entry: SHA-256(tag, 0x00, salt, record).
pub const RECORD_TAG: &str = "comity record v1";
/// Bytes of the salt in `sealed.json`.
pub const SALT_BYTES: usize = 32;

/// What a passkey signed, in [`ORDER_FOLDER`]: `request.json`; a second one is `request-2.json`.
pub const SIGNED_REQUEST_STEM: &str = "request";
/// The passkey's answer: `assertion.json`, `assertion-2.json`, ...
pub const ASSERTION_STEM: &str = "assertion";
/// How the passkey came to be trusted: `enrolment.json`, `enrolment-2.json`, ...
pub const ENROLMENT_STEM: &str = "enrolment";
/// Domain of the challenge: SHA-256(tag, 0x00, nonce, canonical request).
pub const SIGNED_REQUEST_TAG: &str = "comity request v1";
/// Version in `request.json`.
pub const SIGNED_REQUEST_VERSION: u64 = 1;
/// Bytes of the nonce in a challenge.
pub const NONCE_BYTES: usize = 32;
/// Signed requests in one package: the first, and what was corrected since.
pub const APPROVALS_COUNT_MAX: usize = 64;
/// Bytes of each of the three files of an approval.
pub const APPROVAL_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// The stream of the log in which officers and passkeys are enrolled.
pub const DIRECTORY_STREAM: &str = "636f6d69-7479-4469-8265-63746f727931";

/// A package name, and each file name within, has 1 to this many bytes of `a-z 0-9 . _ -`
/// and does not start with a dot or a hyphen.
pub const NAME_BYTES_MAX: usize = 100;
/// Files in one package, seal included.
pub const FILES_COUNT_MAX: usize = 4_096;
/// Exhibits in one package, records and traces together (four digits in their names).
pub const EXHIBITS_COUNT_MAX: usize = 1_024;
/// Rows of one table.
pub const ROWS_COUNT_MAX: u64 = 50_000_000;
/// Bytes of one cell.
pub const CELL_BYTES_MAX: usize = 1 << 20;
/// Columns of one table.
pub const COLUMNS_COUNT_MAX: usize = 256;
/// Decimals that an amount may have.
pub const AMOUNT_DECIMALS_MAX: u8 = 38;

/// DOS date of every zip entry: 1 January 1980, the first that a zip can say.
pub const ZIP_DOS_DATE: u16 = 0x0021;
/// DOS time of every zip entry.
pub const ZIP_DOS_TIME: u16 = 0;

/// Labels of `bag-info.txt` beside those that RFC 8493 reserves.
pub mod label {
    /// Id of the request in the company's desk.
    pub const REQUEST: &str = "Comity-Request";
    /// Number of this package among those of its request.
    pub const PACKAGE_NUMBER: &str = "Comity-Package-Number";
    /// The agency that asked.
    pub const AGENCY: &str = "Comity-Agency";
    /// The agency's own file number.
    pub const AGENCY_REFERENCE: &str = "Comity-Agency-Reference";
    /// Kind of instrument: EPOC, production order, ...
    pub const INSTRUMENT: &str = "Comity-Instrument";
    /// Law and article that the instrument names.
    pub const LEGAL_BASIS: &str = "Comity-Legal-Basis";
    /// What proves who sent the request: `signed`, `by_channel` or `none`.
    pub const AUTHENTICATION: &str = "Comity-Authentication";
    /// Marks a practice request: everything in the package is made up.
    pub const PRACTICE: &str = "Comity-Practice";
    /// When the request was received.
    pub const RECEIVED: &str = "Comity-Received";
    /// The range of time asked for.
    pub const TIME_RANGE: &str = "Comity-Time-Range";
    /// Data category asked for, one line each.
    pub const CATEGORY: &str = "Comity-Category";
    /// What each ask was answered, one line each.
    pub const ANSWER: &str = "Comity-Answer";
    /// Facts of one exhibit, one line each.
    pub const EXHIBIT: &str = "Comity-Exhibit";
    /// Marks data made up for a demonstration.
    pub const FICTION: &str = "Comity-Fiction";
    /// Who speaks for the records.
    pub const CUSTODIAN: &str = "Comity-Custodian";
    /// When the bag was made, to the second.
    pub const MADE: &str = "Comity-Made";
}
