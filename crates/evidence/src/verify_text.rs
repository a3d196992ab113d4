//! `VERIFY.txt`: how anyone checks a package with tools that never heard of Comity.
//! Knows nothing of how the package is made, and must never depend on its seal.

use crate::format::{
    CHAIN_PEM_PATH, MANIFEST_SHA256_PATH, SEAL_P7S_PATH, SEAL_TSR_PATH, SEALED_JSON_PATH,
    SEALED_PROOF_PATH, TAGMANIFEST_PATH,
};
use crate::package::{Authentication, PackageInput};

/// The text for one package.
pub(crate) fn text(input: &PackageInput<'_>) -> String {
    let signed = match &input.authentication {
        Authentication::Signed(_) => SIGNED,
        _ => "",
    };
    let own = [signed, READING].concat();
    [heading(input), steps_with_plain_tools(), steps_with_the_log(input), own].concat()
}

fn heading(input: &PackageInput<'_>) -> String {
    let one_line = |text: &str| -> String {
        text.chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
    };
    format!(
        "\
HOW TO CHECK THIS PACKAGE

Package:  {name}
From:     {company}
To:       {agency}
File no.: {reference}
Sender:   {sender}
Made:     {made_at}

Unpack the zip and run the commands in the folder that holds this file. They need GNU coreutils
and OpenSSL 3.0 or later (leave out -cades in older ones), no network, and two certificates:
COMPANY_ROOT.pem and TSA_ROOT.pem. Get these by a way you trust, not from this package.

",
        name = input.name,
        company = one_line(&input.request.company_name),
        agency = one_line(&input.request.agency_name),
        reference = one_line(&input.request.agency_reference),
        sender = input.authentication.sentence(),
        made_at = input.made_at,
    )
}

fn steps_with_plain_tools() -> String {
    format!(
        "\
1. The files are those that were listed

   sha256sum -c {MANIFEST_SHA256_PATH} && sha256sum -c {TAGMANIFEST_PATH}

   Proves: no listed file has changed since the lists were made, and none is missing.
   Does not prove: who made the lists; that no other file was added (see 5).

2. The company sealed the lists

   openssl cms -verify -cades -purpose any -binary -inform DER \\
     -in {SEAL_P7S_PATH} \\
     -content {TAGMANIFEST_PATH} \\
     -CAfile COMPANY_ROOT.pem -out /dev/null

   Proves: the holder of the seal certificate signed the list of lists, so every file in 1.
   The certificates are also in {CHAIN_PEM_PATH}, for reading only.
   After the seal certificate has ended, add -attime SECONDS, with the time from step 3 as
   SECONDS since 1970 (date -u -d TIME +%s).

3. The seal existed at a certain time

   openssl ts -verify -in {SEAL_TSR_PATH} \\
     -data {SEAL_P7S_PATH} -CAfile TSA_ROOT.pem
   openssl ts -reply -in {SEAL_TSR_PATH} -text

   Proves: the seal is no younger than the time that the second command prints, in the word of
   a time-stamp authority that is not the company (RFC 3161).
   If there is no such file, no time-stamp authority was asked: then the seal is proved valid
   only until the end of the seal certificate, because nothing but the company's word says that
   it was made before that end.

"
    )
}

fn steps_with_the_log(input: &PackageInput<'_>) -> String {
    format!(
        "\
4. The sealing stands in a public log

   {SEALED_JSON_PATH} holds a record that names the SHA-256 of the files of 2 and 3,
   and a salt. {SEALED_PROOF_PATH} is a C2SP tlog-proof (c2sp.org/tlog-proof).
   The entry is SHA-256 of the text \"comity record v1\", a zero byte, the salt and the record;
   the leaf is SHA-256 of a zero byte and the entry (RFC 6962).
   Proves, with the log's public key and its witnesses' keys: the sealing was recorded, and the
   log has not been rewritten since without the witnesses noticing.

5. All of it at once, stricter

   comity evidence verify {name}.zip --root COMPANY_ROOT.pem --policy POLICY

   Also finds files that no list names, tables whose CSV and JSON differ, and encodings that
   other tools let pass. It works without a network and names every defect.

",
        name = input.name
    )
}

const SIGNED: &str = "\
THE OFFICER'S APPROVAL

data/order/request.json is what was asked, data/order/assertion.json what the officer's passkey
answered, data/order/enrolment.json three records of the log that made the passkey the officer's.
The challenge in the answer is SHA-256 of the text \"comity request v1\", a zero byte, the nonce of
assertion.json and the bytes of request.json. Step 5 checks all of it; Comity's document
docs/formats/signed-request.md has the commands for OpenSSL. A number in a name (request-2.json)
is a later correction.
Proves: the passkey approved these bytes. Does not prove: what the screen showed.

";

const READING: &str = "\
READING THE TABLES

CSV and JSON hold the same rows. Times are UTC. Amounts are exact decimal texts. Cells stand
exactly as recorded: when you open a CSV file in a spreadsheet, import every column as text, or
the program may round numbers, drop leading zeros or run a cell that starts with = as a formula.
";
