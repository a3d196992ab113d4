//! Deposit accounts: cases beside what they give, and that order and recomputation change nothing.

#[path = "account/mod.rs"]
mod common;

use chain::account::{Account, AccountNumber, Kind, Ledgers};
use common::{CHAIN, Row, account, block, ledgers, pay};
use expect_test::{Expect, expect};
use trace::deposit::owners::{owners_under, why};
use trace::deposit::{DepositHypothesis, DepositRules, Exchanges, deposit_link, deposit_links};
use trace::synthetic::accounts::{AccountPlan, made_accounts};
use trace::{Tag, Tags};

/// Accounts 90 and 91 are known to be an exchange's, 95 another's.
fn tags() -> Tags {
    let tag =
        |label: &str| Tag { label: label.to_owned(), source: "made up".to_owned(), fiction: true };
    [(90, "One"), (91, "One"), (95, "Two")]
        .map(|(number, label)| (account(number).eip55(), tag(label)))
        .into()
}

const RULES: DepositRules = DepositRules {
    blocks_max: 3,
    difference_max: 5,
    customer_share_min_ppm: 250_000,
    passed_share_min_ppm: 750_000,
    dust_share_max_ppm: 10_000,
};

fn links(ledgers: &Ledgers) -> DepositHypothesis {
    deposit_links(ledgers, &Exchanges::named(ledgers, &tags()), &RULES, "deposits")
}

fn check(blocks: &[Vec<Row>], expected: Expect) {
    let ledgers = ledgers(blocks);
    let exchanges = Exchanges::named(&ledgers, &tags());
    let name = |number: &AccountNumber| ledgers.account(*number).0[0].to_string();
    let mut said = String::new();
    for link in links(&ledgers).links {
        let customers: Vec<String> = link.customers.iter().map(name).collect();
        let signs = |signs: &[trace::deposit::Sign]| {
            signs.iter().map(|sign| sign.name()).collect::<Vec<_>>().join(", ")
        };
        said += &format!(
            "{} of {}, {} pairs, customers {}; {} ppm\n  for: {}\n  against: {}\n",
            name(&link.deposit),
            exchanges.name(link.exchange),
            link.pairs.len(),
            customers.join(" "),
            link.score_ppm(),
            signs(&link.votes),
            signs(&link.against),
        );
        let again = deposit_link(&ledgers, &exchanges, &RULES, link.deposit);
        assert_eq!(again, Some(link), "recomputed");
    }
    expected.assert_eq(&said);
}

#[test]
fn what_comes_in_and_goes_on_soon_and_whole_is_a_deposit() {
    check(
        &[
            vec![pay(1, 9, 0, 100)],
            vec![Row(Kind::FeeBurned, account(9), Account::ZERO, 0, 2), pay(9, 90, 0, 98)],
            vec![pay(2, 9, 0, 50)],
            vec![pay(9, 91, 0, 48)],
        ],
        expect![[r#"
            9 of One, 2 pairs, customers 1 2; 833333 ppm
              for: pays that exchange only, empties itself, passes nearly all on in time, passed on more than once
              against: 
        "#]],
    );
}

const HUNDRED: u128 = 100_000_000_000_000_000_000;

#[test]
fn tokens_go_on_whole_with_gas_from_the_exchange() {
    check(
        &[
            // A hundred of a token with eighteen decimals.
            vec![pay(1, 9, 60, HUNDRED)],
            vec![pay(90, 9, 0, 3)],
            vec![Row(Kind::FeeBurned, account(9), Account::ZERO, 0, 2), pay(9, 90, 60, HUNDRED)],
            // One less than came in: a token has no fee.
            vec![pay(1, 8, 60, 100)],
            vec![pay(8, 90, 60, 99)],
        ],
        expect![[r#"
            9 of One, 1 pairs, customers 1; 714285 ppm
              for: pays that exchange only, empties itself, passes nearly all on in time, was given coin by the exchange
              against: passed on more than once
        "#]],
    );
}

#[test]
fn several_payments_may_go_on_together_and_late_ones_do_not_count() {
    check(
        &[
            vec![pay(1, 9, 0, 40)],
            vec![pay(2, 9, 0, 60)],
            vec![pay(9, 90, 0, 100)],
            vec![pay(3, 8, 0, 70)],
            vec![],
            vec![],
            vec![],
            vec![pay(8, 90, 0, 70)],
        ],
        expect![[r#"
            9 of One, 2 pairs, customers 1 2; 666666 ppm
              for: pays that exchange only, empties itself, passes nearly all on in time
              against: passed on more than once
        "#]],
    );
}

#[test]
fn a_part_of_what_waits_may_go_on_first_and_dust_and_one_late_payment_stay_behind() {
    check(
        &[
            // The two oldest go on together, then the third.
            vec![pay(1, 9, 60, 400), pay(1, 9, 60, 300), pay(2, 9, 60, 200)],
            vec![pay(9, 90, 60, 700)],
            vec![pay(9, 90, 60, 200)],
            // A hundredth of the largest is dust.
            vec![pay(3, 9, 60, 4)],
            // One late of four in all.
            vec![pay(1, 8, 60, 100), pay(8, 90, 60, 100), pay(1, 8, 60, 90), pay(8, 90, 60, 90)],
            vec![pay(1, 8, 60, 80), pay(8, 90, 60, 80), pay(2, 8, 60, 70)],
            vec![],
            vec![],
            vec![],
            vec![pay(8, 90, 60, 70)],
            // Two late of four.
            vec![pay(1, 7, 60, 100), pay(7, 90, 60, 100), pay(1, 7, 60, 90), pay(7, 90, 60, 90)],
            vec![pay(1, 7, 60, 80), pay(2, 7, 60, 70)],
            vec![],
            vec![],
            vec![],
            vec![],
            vec![pay(7, 90, 60, 150)],
        ],
        expect![[r#"
            9 of One, 3 pairs, customers 1 2; 666666 ppm
              for: pays that exchange only, passes nearly all on in time, passed on more than once
              against: empties itself
            8 of One, 3 pairs, customers 1; 833333 ppm
              for: pays that exchange only, empties itself, passes nearly all on in time, passed on more than once
              against: 
            7 of One, 2 pairs, customers 1; 666666 ppm
              for: pays that exchange only, empties itself, passed on more than once
              against: passes nearly all on in time
        "#]],
    );
}

#[test]
fn somebody_who_also_pays_others_has_signs_against() {
    check(
        &[
            vec![pay(1, 9, 0, 1_000), pay(2, 9, 0, 100)],
            vec![pay(9, 90, 0, 100)],
            vec![pay(9, 3, 0, 500)],
            vec![pay(9, 95, 0, 300)],
        ],
        expect![[r#"
            9 of One, 1 pairs, customers 2; 166666 ppm
              for: 
              against: pays that exchange only, empties itself, passes nearly all on in time, passed on more than once
        "#]],
    );
    // A contract, and an account that is known itself, are none.
    check(
        &[
            vec![pay(1, 9, 0, 100), Row(Kind::Internal, account(9), account(90), 0, 100)],
            vec![pay(1, 95, 0, 100)],
            vec![pay(95, 90, 0, 100)],
        ],
        expect![[""]],
    );
}

#[test]
fn customers_of_one_deposit_account_are_one_and_the_way_is_told() {
    let ledgers = ledgers(&[
        vec![pay(1, 9, 0, 100), pay(9, 90, 0, 100)],
        vec![pay(2, 9, 0, 100), pay(9, 90, 0, 100)],
        vec![pay(2, 8, 0, 100), pay(8, 95, 0, 100)],
        vec![pay(3, 8, 0, 100), pay(8, 95, 0, 100)],
        vec![pay(4, 7, 0, 100), pay(7, 95, 0, 100)],
    ]);
    let hypothesis = links(&ledgers);
    let number = |one: u8| ledgers.account_number(account(one)).unwrap();
    let owners = owners_under(&hypothesis, 3);
    let group = |one: u8| owners.of(number(one));
    assert_eq!(group(1), group(3));
    assert_ne!(group(1), group(4));
    assert_eq!(group(9), None);
    let steps = why(&hypothesis, 3, number(1), number(3)).unwrap();
    let said: Vec<String> = steps
        .iter()
        .map(|step| {
            let name = |one: AccountNumber| ledgers.account(one).0[0];
            let deposit = hypothesis.links[step.link].deposit;
            format!("{} and {} paid {}", name(step.from), name(step.to), name(deposit))
        })
        .collect();
    assert_eq!(said, ["1 and 2 paid 9", "2 and 3 paid 8"]);
    assert_eq!(why(&hypothesis, 3, number(1), number(4)), None);
    assert_eq!(why(&hypothesis, 6, number(1), number(3)), None, "no link has so many votes");
}

#[test]
fn a_friend_who_pays_once_is_no_customer() {
    let deposit = |from| vec![pay(from, 9, 0, 100), pay(9, 90, 0, 100)];
    let blocks = [1, 1, 2, 1, 1].map(deposit);
    let ledgers = ledgers(&blocks);
    let link = &links(&ledgers).links[0];
    assert_eq!(link.pairs.len(), 5);
    let names: Vec<u8> = link.customers.iter().map(|one| ledgers.account(*one).0[0]).collect();
    assert_eq!(names, [1]);
}

#[test]
fn a_made_up_chain_is_the_same_again_and_its_ledgers_take_it() {
    let plan = AccountPlan { seed: 7, people: 40, blocks: 3_000, acts_per_block: 2 };
    let made = made_accounts(plan);
    assert_eq!(made.blocks, made_accounts(plan).blocks);
    assert_ne!(made.blocks, made_accounts(AccountPlan { seed: 8, ..plan }).blocks);
    let mut ledgers = Ledgers::new(CHAIN);
    let mut last = None;
    for made in &made.blocks {
        ledgers.append(made).unwrap();
        last = Some(made.number);
    }
    assert_eq!(last, Some(3_000));
    assert!(made.emptied.len() > 20, "{}", made.emptied.len());
    ledgers.append(&block(3_001, &[])).unwrap_err();
}
