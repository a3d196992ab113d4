use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::*;

fn check(dialect: Dialect, purpose: Purpose, text: &str, expected: Expect) {
    expected.assert_eq(&match Statement::read(text, dialect, purpose) {
        Ok(statement) => format!("{} {:?}", statement.numbered(), statement.parameters()),
        Err(SqlError { line, why }) => format!("line {line}: {why}"),
    });
}

fn search(dialect: Dialect, text: &str, expected: Expect) {
    check(dialect, Purpose::Search, text, expected);
}

use Dialect::{Postgres, Sqlite};

#[test]
fn names_become_numbers() {
    search(
        Sqlite,
        "select a from t where a=:account_id or b = :email and :account_id<>c order by a;",
        expect![
            "select a from t where a= $1 or b =  $2 and  $1<>c order by a [Selector(AccountId), Selector(Email)]"
        ],
    );
    search(
        Postgres,
        "select a::text from t where at between:from::timestamptz and :until::timestamptz order by 1",
        expect![
            "select a::text from t where at between $1::timestamptz and  $2::timestamptz order by 1 [From, Until]"
        ],
    );
}

#[test]
fn what_only_looks_like_a_parameter_is_none() {
    for dialect in [Sqlite, Postgres] {
        search(
            dialect,
            "select ':email', 'it''s :ip' from t order by 1",
            expect!["select ':email', 'it''s :ip' from t order by 1 []"],
        );
        search(
            dialect,
            "select \":email\"\"x\" -- :ip\nfrom t /* :phone */ order by 1",
            expect![[r#"
            select ":email""x" -- :ip
            from t /* :phone */ order by 1 []"#]],
        );
        search(
            dialect,
            "select 1 -- no line end :ip;",
            expect![
                "line 0: the outermost select needs `order by`, so that rows keep their numbers"
            ],
        );
    }
    search(
        Postgres,
        r"select E'\':email', e'\\' , :ip from t order by 1",
        expect![r"select E'\':email', e'\\' ,  $1 from t order by 1 [Selector(Ip)]"],
    );
    // Without the E a backslash is a backslash, and the text ends at its second quote.
    search(
        Postgres,
        r"select '\', :ip, name'\' from t order by 1",
        expect![r"select '\',  $1, name'\' from t order by 1 [Selector(Ip)]"],
    );
    search(
        Postgres,
        "select $$ :email ; $$, $a$ $b$ :ip $a$ from t order by 1",
        expect!["select $$ :email ; $$, $a$ $b$ :ip $a$ from t order by 1 []"],
    );
    search(
        Postgres,
        "select 1 /* a /* :ip */ :ip */ order by 1",
        expect!["select 1 /* a /* :ip */ :ip */ order by 1 []"],
    );
    search(
        Sqlite,
        "select 1 /* a /* :ip */ , :ip order by 1",
        expect!["select 1 /* a /* :ip */ ,  $1 order by 1 [Selector(Ip)]"],
    );
    search(
        Sqlite,
        "select [:email], `:ip` from t order by 1",
        expect!["select [:email], `:ip` from t order by 1 []"],
    );
    search(
        Postgres,
        "select a ? 'b', a @> c, d[1:2] from t order by 1",
        expect!["select a ? 'b', a @> c, d[1:2] from t order by 1 []"],
    );
}

#[test]
fn foreign_and_unknown_parameters_are_named() {
    search(
        Sqlite,
        "select ?1 order by 1",
        expect!["line 0: `?1` is not a parameter here; use named ones such as :account_id"],
    );
    search(
        Sqlite,
        "select\n@x order by 1",
        expect!["line 1: `@x` is not a parameter here; use named ones such as :account_id"],
    );
    search(
        Postgres,
        "select $1 order by 1",
        expect!["line 0: `$1` is not a parameter here; use named ones such as :account_id"],
    );
    search(
        Postgres,
        "select\n\n:acount order by 1",
        expect![
            "line 2: there is no parameter `:acount` here; see docs/formats/catalog.md for the names"
        ],
    );
    check(
        Sqlite,
        Purpose::Lookup,
        "select :email",
        expect![
            "line 0: there is no parameter `:email` here; see docs/formats/catalog.md for the names"
        ],
    );
    check(
        Sqlite,
        Purpose::Confirm,
        "select a from t where i = :effect_id",
        expect!["select a from t where i =  $1 [EffectId]"],
    );
}

#[test]
fn a_search_is_one_select() {
    for (text, expected) in [
        ("", expect!["line 0: there is no SQL"]),
        (
            "insert into t values (1)",
            expect!["line 0: a search must be one `select` or `with .. select`; found `insert`"],
        ),
        (
            "pragma writable_schema = 1",
            expect!["line 0: a search must be one `select` or `with .. select`; found `pragma`"],
        ),
        (
            "attach 'x' as y",
            expect!["line 0: a search must be one `select` or `with .. select`; found `attach`"],
        ),
        (
            "copy t to '/tmp/x'",
            expect!["line 0: a search must be one `select` or `with .. select`; found `copy`"],
        ),
        (
            "\"select\" 1",
            expect![[
                r#"line 0: a search must be one `select` or `with .. select`; found `"select"`"#
            ]],
        ),
        (
            "select 1 order by 1; drop table t",
            expect!["line 0: only one statement is allowed; something follows the `;`"],
        ),
        (
            "select 1 order by 1;;",
            expect!["line 0: only one statement is allowed; something follows the `;`"],
        ),
        (
            "with a as (select 1) delete from t",
            expect!["line 0: a search cannot write: `delete` is not allowed in it"],
        ),
        (
            "with a as (delete from t returning *) select * from a order by 1",
            expect!["line 0: a search cannot write: `delete` is not allowed in it"],
        ),
        (
            "select 1 into t order by 1",
            expect!["line 0: a search cannot write: `into` is not allowed in it"],
        ),
        (
            "with a as (select 1)",
            expect!["line 0: a search must be one `select` or `with .. select`; found `with`"],
        ),
        ("select 'open order by 1", expect!["line 0: a text is opened here and never closed"]),
        ("select 1 /* order by 1", expect!["line 0: a comment is opened here and never closed"]),
        ("select 1\0 order by 1", expect!["line 0: the SQL holds a NUL character"]),
        (
            "select replace(a, 'x', 'y'), \"delete\" from t order by 1",
            expect![[r#"select replace(a, 'x', 'y'), "delete" from t order by 1 []"#]],
        ),
        (
            "select * from (select 1 order by 1) x",
            expect![
                "line 0: the outermost select needs `order by`, so that rows keep their numbers"
            ],
        ),
    ] {
        search(Postgres, text, expected);
    }
}

#[test]
fn an_effect_may_write_but_not_change_the_schema() {
    check(
        Sqlite,
        Purpose::Effect,
        "update t set a = :amount where b = :account",
        expect!["update t set a =  $1 where b =  $2 [EffectAmount, EffectAccount]"],
    );
    check(
        Sqlite,
        Purpose::Effect,
        "drop table t",
        expect![
            "line 0: an effect's statement starts with insert, update, delete, merge, replace, select, with or call; found `drop`"
        ],
    );
    check(
        Sqlite,
        Purpose::Effect,
        "update t set a = 1; update t set a = 2",
        expect!["line 0: only one statement is allowed; something follows the `;`"],
    );
}

proptest! {
    /// Whatever the text: no panic, and what is accepted holds no name any more, only numbers.
    #[test]
    fn any_text_is_read_or_refused(text in "[a-z:$'\"/*;()\\[\\]?@`é\n -]{0,60}") {
        for dialect in [Sqlite, Postgres] {
            if let Ok(statement) = Statement::read(&text, dialect, Purpose::Effect) {
                prop_assert_eq!(statement.parameters().len() <= SQL_PARAMETER_COUNT_MAX, true);
            }
        }
    }

    /// A parameter inside a text stays text; outside it is found, whatever text stands around.
    #[test]
    fn texts_hide_parameters(inside in "[a-z:;$?@\"\\[-]{0,20}") {
        let quoted = inside.replace('\'', "''");
        let text = format!("select '{quoted}' where :email = '{quoted}' order by 1");
        for dialect in [Sqlite, Postgres] {
            let statement = Statement::read(&text, dialect, Purpose::Search).unwrap();
            let expected = format!("select '{quoted}' where  $1 = '{quoted}' order by 1");
            prop_assert_eq!(statement.numbered(), expected);
        }
    }
}
