use expect_test::{Expect, expect};

use super::*;

const SOUND: &str = r#"version = 1

[[sources]]
name = "core"
title = "Core"
engine = "sqlite"
path = "core.sqlite"

[[searches]]
name = "deposits"
title = "Deposits"
category = "transaction"
source = "core"
time = "at"
answers_to = { account_id = "account" }
sql = """
select account, at, amount from deposit
where account = :account_id and at >= :from and at < :until
order by at
"""
columns = [
    { name = "account", kind = "text" },
    { name = "at", kind = "time" },
    { name = "amount", kind = "amount", decimals = 8 },
]
"#;

/// The sound catalog with one text replaced.
fn check(from: &str, to: &str, expected: Expect) {
    assert!(SOUND.contains(from), "{from}");
    let text = SOUND.replacen(from, to, 1);
    let error = Catalog::parse(&text, "catalog.toml").expect_err("a refusal");
    expected.assert_eq(&error.to_string());
}

fn refused_with(extra: &str, expected: Expect) {
    let error = Catalog::parse(&format!("{SOUND}{extra}"), "catalog.toml").expect_err("a refusal");
    expected.assert_eq(&error.to_string());
}

#[test]
fn the_sound_one_is_read() {
    let catalog = Catalog::parse(SOUND, "catalog.toml").unwrap();
    assert_eq!(catalog.searches_for(Category::Transaction, &[SelectorKind::AccountId]).count(), 1);
    assert_eq!(catalog.searches_for(Category::Transaction, &[SelectorKind::Ip]).count(), 0);
    assert_eq!(catalog.searches_for(Category::Content, &[SelectorKind::AccountId]).count(), 0);
}

#[test]
fn every_refusal_names_file_line_and_field() {
    check(
        "version = 1",
        "version = 2",
        expect!["catalog.toml:1: version: this program reads version 1"],
    );
    check(
        "path = \"core.sqlite\"",
        "path = \"core.sqlite\"\ncolour = 1",
        expect![
            "catalog.toml:8: colour: unknown field `colour`, expected one of `name`, `title`, `engine`, `writes`, `url`, `url_env`, `path`, `tables`, `import`"
        ],
    );
    check(
        "engine = \"sqlite\"",
        "engine = \"oracle\"",
        expect!["catalog.toml:6: sources.core.engine: use postgres, sqlite or folder"],
    );
    check(
        "engine = \"sqlite\"",
        "engine = \"sqlite\"\nurl = \"x\"",
        expect!["catalog.toml:3: sources.core.url: belongs to engine postgres only"],
    );
    check(
        "engine = \"sqlite\"\npath = \"core.sqlite\"",
        "engine = \"postgres\"",
        expect!["catalog.toml:3: sources.core.url: give either url or url_env"],
    );
    check(
        "name = \"core\"",
        "name = \"Core\"",
        expect![
            "catalog.toml:4: sources.Core: a name has 1 to 63 of a-z, 0-9 and _, and starts with a letter"
        ],
    );
    check(
        "\"transaction\"",
        "\"trades\"",
        expect![
            "catalog.toml:12: searches.deposits.category: `trades` is no data category; use subscriber, identification, traffic, content or transaction"
        ],
    );
    check(
        "source = \"core\"",
        "source = \"kore\"",
        expect!["catalog.toml:13: searches.deposits.source: there is no source `kore`"],
    );
    check(
        "account = :account_id and",
        "account = :acount and",
        expect![
            "catalog.toml:18: searches.deposits.sql: there is no parameter `:acount` here; see docs/formats/catalog.md for the names"
        ],
    );
    check(
        "account = :account_id and",
        "",
        expect![
            "catalog.toml:16: searches.deposits.sql: answers_to has account_id, the SQL has no :account_id"
        ],
    );
    check(
        " and at < :until",
        "",
        expect![
            "catalog.toml:16: searches.deposits.sql: a search with a time needs :from and :until in its SQL"
        ],
    );
    check(
        "time = \"at\"\n",
        "",
        expect![
            "catalog.toml:15: searches.deposits.sql: the SQL limits the time, so name the time column in `time`"
        ],
    );
    check(
        "time = \"at\"",
        "time = \"amount\"",
        expect!["catalog.toml:14: searches.deposits.time: name a result column of kind time"],
    );
    check(
        "order by at",
        "",
        expect![
            "catalog.toml:17: searches.deposits.sql: the outermost select needs `order by`, so that rows keep their numbers"
        ],
    );
    check(
        "select account",
        "delete from deposit returning account",
        expect![
            "catalog.toml:17: searches.deposits.sql: a search must be one `select` or `with .. select`; found `delete`"
        ],
    );
    check(
        "account_id = \"account\"",
        "iban = \"iban\"",
        expect![
            "catalog.toml:9: searches.deposits.answers_to: `iban` is no result column of kind text or integer"
        ],
    );
    check(
        "account_id = \"account\"",
        "device = \"account\"",
        expect![
            "catalog.toml:9: searches.deposits.answers_to: `device` is no selector kind; use account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac"
        ],
    );
    check(
        ", decimals = 8",
        "",
        expect![
            "catalog.toml:24: searches.deposits.columns.amount: an amount needs its decimals (8 for BTC)"
        ],
    );
    check(
        "kind = \"time\" }",
        "kind = \"time\", form = \"local\" }",
        expect![
            "catalog.toml:23: searches.deposits.columns.at: the form of a time is offset, utc, unix_s or unix_ms"
        ],
    );
    check(
        "version = 1",
        "version = ",
        expect!["catalog.toml:1: file: string values must be quoted, expected literal string"],
    );
}

#[test]
fn refusals_of_effects_and_files() {
    refused_with(
        "[effects.freeze]\nway = \"sql\"\nsource = \"core\"\nstatements = [\"select 1\"]\nconfirm = \"select 1\"\n",
        expect![
            "catalog.toml:26: effects.freeze.source: this source is not marked `writes = true`"
        ],
    );
    refused_with(
        "[effects.melt]\nway = \"http\"\n",
        expect![
            "catalog.toml:26: effects.melt: use freeze, unfreeze, hold_records, release_records or notify_user"
        ],
    );
    refused_with(
        "[effects.freeze]\nway = \"http\"\nrequest = { method = \"POST\", url = \"https://a.test/{asset}\" }\nconfirmation = { state = \"/s\", confirmed = \"ok\" }\n",
        expect![
            "catalog.toml:26: effects.freeze.request: `{asset}` cannot stand here; use {id}, {kind}, {account}"
        ],
    );
    refused_with(
        "[effects.freeze]\nway = \"http\"\nrequest = { method = \"POST\", url = \"http://a.test/\" }\nconfirmation = { state = \"/s\", confirmed = \"ok\" }\n",
        expect![
            "catalog.toml:26: effects.freeze.request: the url starts with https://; http:// is for this machine only (127.0.0.1, [::1], localhost)"
        ],
    );
    refused_with(
        "[[sources]]\nname = \"f\"\ntitle = \"F\"\nengine = \"folder\"\npath = \"r\"\n[[sources.tables]]\nname = \"t\"\nfile = \"../t.csv\"\ncolumns = [{ name = \"a\", kind = \"text\" }]\n",
        expect!["catalog.toml:31: sources.f.tables.t: the file must lie inside the folder"],
    );
}

#[test]
fn secrets_do_not_show() {
    let text = SOUND.replacen(
        "engine = \"sqlite\"\npath = \"core.sqlite\"",
        "engine = \"postgres\"\nurl = \"postgres://u:secret@h/d\"",
        1,
    );
    assert!(!format!("{:?}", Catalog::parse(&text, "c").unwrap()).contains("secret"));
}

#[test]
fn an_address_with_port_and_moment_needs_three_columns_and_their_parameters() {
    const PLACE: &str = "ip_port = { ip = \"ip\", port = \"port\", time = \"at\" }";
    let answers = format!("answers_to = {{ account_id = \"account\", {PLACE} }}");
    let wider = SOUND
        .replace("answers_to = { account_id = \"account\" }", &answers)
        .replace("select account, at, amount", "select account, at, amount, ip, port")
        .replace(
            "where account = :account_id",
            "where (account = :account_id or (ip = :ip_port and port = :port \
             and at >= :seen_from and at < :seen_until))",
        )
        .replace(
            "    { name = \"amount\"",
            "    { name = \"ip\", kind = \"text\" },\n    { name = \"port\", kind = \"integer\" },\n    \
             { name = \"amount\"",
        )
        .replace("select account, at, amount, ip, port", "select account, at, ip, port, amount");
    let catalog = Catalog::parse(&wider, "catalog.toml").unwrap();
    assert_eq!(catalog.searches_for(Category::Transaction, &[SelectorKind::IpPort]).count(), 1);
    let refused = |from: &str, to: &str, expected: Expect| {
        assert!(wider.contains(from), "{from}");
        let error = Catalog::parse(&wider.replace(from, to), "catalog.toml").unwrap_err();
        expected.assert_eq(&error.to_string());
    };
    refused(
        PLACE,
        "ip_port = \"ip\"",
        expect![
            "catalog.toml:9: searches.deposits.answers_to: an ip_port stands in three columns, { ip = .., port = .., time = .. }, every other kind in one"
        ],
    );
    refused(
        PLACE,
        "ip_port = { ip = \"ip\", port = \"port\" }",
        expect![
            "catalog.toml:15: { ip = \"ip\", port = \"port\" }: a column, or { ip = .., port = .., time = .. } for ip_port"
        ],
    );
    refused(
        PLACE,
        "ip_port = { ip = \"ip\", port = \"port\", time = \"amount\" }",
        expect![
            "catalog.toml:9: searches.deposits.answers_to: `amount` is no result column of kind time"
        ],
    );
    refused(
        &format!(", {PLACE}"),
        "",
        expect![
            "catalog.toml:16: searches.deposits.sql: the SQL has :ip_port, answers_to does not have it"
        ],
    );
    refused(
        " and port = :port",
        "",
        expect![
            "catalog.toml:16: searches.deposits.sql: a search that answers to ip_port needs :ip_port (the address), :port, :seen_from and :seen_until in its SQL, and no other search has them"
        ],
    );
}
