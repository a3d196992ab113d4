//! Traces over ledgers of accounts: cases beside what they give, and against a slow scan.

#[path = "account/mod.rs"]
mod common;

use chain::account::{Account, EventNumber, Kind, Ledgers, NATIVE};
use common::{Row, WRAPPER, account, asset, block, hash, ledgers, pay};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use std::collections::BTreeMap;
use trace::account::haircut::{Held, Ledgers as Columns, haircut_pass};
use trace::account::lots::{Holding, Moved};
use trace::account::{
    AccountFlow, AccountLimits, AccountParameters, AccountPolicy, AccountSource, Contracts, follow,
};
use trace::poisoning::{Exclude, PoisoningRules};

/// All that block 1 moved in the coin.
fn theft(policy: AccountPolicy) -> AccountParameters {
    AccountParameters::new(AccountSource::Transaction(hash(1, 0)), asset(0), policy)
}

fn said(ledgers: &Ledgers, flow: &AccountFlow) -> String {
    let name = |account| ledgers.account(account).0[0];
    let mut text = String::new();
    for step in &flow.steps {
        let event = ledgers.event(step.event);
        let (from, to) = (event.from.map_or(0, name), event.to.map_or(0, name));
        let asset = ledgers.asset_number(ledgers.asset(event.asset)).unwrap().0;
        text += &format!(
            "{from} -> {to}: {} of {} in asset {asset}, hop {}, {:?}\n",
            step.taint, event.amount, step.hop, step.fate
        );
    }
    for held in &flow.held {
        let (who, asset) = (name(held.account), held.asset.0);
        text += &format!("{who} holds {} of {} in asset {asset}\n", held.taint, held.balance);
    }
    for (event, bait) in &flow.bait {
        let (like, imitated) = (name(bait.look_alike), name(bait.imitated));
        text += &format!("event {}: {} {like} like {imitated}\n", event.0, bait.sort.name());
    }
    if flow.totals.fees > 0 {
        text += &format!("fees {}\n", flow.totals.fees);
    }
    if flow.totals.unattributed > 0 {
        text += &format!("unattributed {}\n", flow.totals.unattributed);
    }
    text
}

fn check(blocks: &[Vec<Row>], parameters: &AccountParameters, expected: Expect) {
    let ledgers = ledgers(blocks);
    let flow = follow(&ledgers, parameters).unwrap();
    assert_eq!(flow.totals.difference(), 0);
    expected.assert_eq(&said(&ledgers, &flow));
}

fn fee(from: u8, amount: u128) -> Row {
    Row(Kind::FeeBurned, account(from), Account::ZERO, 0, amount)
}

#[test]
fn three_stolen_then_seven_earned_leave_under_each_rule() {
    let blocks = [vec![pay(1, 2, 0, 3)], vec![pay(9, 2, 0, 7)], vec![pay(2, 3, 0, 4)]];
    check(
        &blocks,
        &theft(AccountPolicy::Poison),
        expect![[r#"
        1 -> 2: 3 of 3 in asset 0, hop 0, Followed
        2 -> 3: 4 of 4 in asset 0, hop 1, Followed
        2 holds 6 of 6 in asset 0
        3 holds 4 of 4 in asset 0
    "#]],
    );
    check(
        &blocks,
        &theft(AccountPolicy::Haircut),
        expect![[r#"
        1 -> 2: 3 of 3 in asset 0, hop 0, Followed
        2 -> 3: 1 of 4 in asset 0, hop 1, Followed
        2 holds 2 of 6 in asset 0
        3 holds 1 of 4 in asset 0
    "#]],
    );
    check(
        &blocks,
        &theft(AccountPolicy::Fifo),
        expect![[r#"
        1 -> 2: 3 of 3 in asset 0, hop 0, Followed
        2 -> 3: 3 of 4 in asset 0, hop 1, Followed
        3 holds 3 of 4 in asset 0
    "#]],
    );
    check(
        &blocks,
        &theft(AccountPolicy::Lifo),
        expect![[r#"
        1 -> 2: 3 of 3 in asset 0, hop 0, Followed
        2 holds 3 of 6 in asset 0
    "#]],
    );
    check(
        &blocks,
        &theft(AccountPolicy::LowestBalance),
        expect![[r#"
        1 -> 2: 3 of 3 in asset 0, hop 0, Followed
        2 holds 3 of 6 in asset 0
    "#]],
    );
}

#[test]
fn gas_stays_with_the_payer_and_money_from_before_counts() {
    let blocks = [
        // Nobody saw 3 receive anything before, and still it pays 20 more than it got.
        vec![pay(1, 2, 0, 100)],
        vec![fee(2, 20), pay(2, 3, 0, 50)],
        vec![fee(3, 10), pay(3, 4, 0, 60)],
    ];
    check(
        &blocks,
        &theft(AccountPolicy::Haircut),
        expect![[r#"
        1 -> 2: 100 of 100 in asset 0, hop 0, Followed
        2 -> 3: 50 of 50 in asset 0, hop 1, Followed
        3 -> 4: 40 of 60 in asset 0, hop 2, Followed
        2 holds 30 of 30 in asset 0
        4 holds 40 of 60 in asset 0
        fees 30
        unattributed 20
    "#]],
    );
}

#[test]
fn wrapping_is_followed_and_other_contracts_are_not() {
    let wrapper = account(WRAPPER);
    let nobody = Account::ZERO;
    let blocks = [
        vec![pay(1, 2, 0, 100)],
        vec![pay(2, WRAPPER, 0, 60), Row(Kind::Wrap, nobody, account(2), WRAPPER, 60)],
        vec![pay(2, 3, WRAPPER, 60)],
        vec![
            Row(Kind::Unwrap, account(3), nobody, WRAPPER, 25),
            Row(Kind::Internal, wrapper, account(3), 0, 25),
        ],
        // 50 shows itself to be a contract by paying out.
        vec![pay(3, 50, 0, 20), Row(Kind::Internal, account(50), account(3), 0, 1)],
    ];
    check(
        &blocks,
        &theft(AccountPolicy::Fifo),
        expect![[r#"
        1 -> 2: 100 of 100 in asset 0, hop 0, Followed
        2 -> 77: 60 of 60 in asset 0, hop 1, Wrapped(EventNumber(2))
        0 -> 2: 60 of 60 in asset 1, hop 1, Followed
        2 -> 3: 60 of 60 in asset 1, hop 2, Followed
        3 -> 0: 25 of 25 in asset 1, hop 3, Wrapped(EventNumber(5))
        77 -> 3: 25 of 25 in asset 0, hop 3, Followed
        3 -> 50: 20 of 20 in asset 0, hop 4, Contract
        2 holds 40 of 40 in asset 0
        3 holds 5 of 6 in asset 0
        3 holds 35 of 35 in asset 1
    "#]],
    );
}

#[test]
fn limits_stop_and_are_counted() {
    let blocks = [
        vec![pay(1, 2, 0, 100)],
        vec![pay(2, 3, 0, 9)],
        vec![pay(2, 4, 0, 50)],
        vec![pay(4, 5, 0, 50)],
    ];
    let limits = AccountLimits { amount_min: 10, hops_max: 1, ..AccountLimits::default() };
    let parameters = AccountParameters { limits, ..theft(AccountPolicy::Haircut) };
    check(
        &blocks,
        &parameters,
        expect![[r#"
        1 -> 2: 100 of 100 in asset 0, hop 0, Followed
        2 -> 3: 9 of 9 in asset 0, hop 1, AmountMin
        2 -> 4: 50 of 50 in asset 0, hop 1, Followed
        4 -> 5: 50 of 50 in asset 0, hop 2, HopsMax
        2 holds 41 of 41 in asset 0
    "#]],
    );
    let limits = AccountLimits { events_max: 2, ..AccountLimits::default() };
    let parameters = AccountParameters { limits, ..theft(AccountPolicy::Haircut) };
    let ledgers = ledgers(&blocks);
    let flow = follow(&ledgers, &parameters).unwrap();
    assert!(flow.capped && flow.totals.held == 100);
    let limits = AccountLimits { block_last: Some(2), ..AccountLimits::default() };
    let parameters = AccountParameters { limits, ..theft(AccountPolicy::Haircut) };
    assert_eq!(follow(&ledgers, &parameters).unwrap().steps.len(), 2);
}

#[test]
fn all_that_an_account_pays_within_blocks_can_be_the_source() {
    let blocks = [
        vec![pay(1, 2, 0, 1)],
        vec![fee(1, 5), pay(1, 2, 0, 10)],
        vec![pay(1, 3, 0, 20)],
        vec![pay(1, 3, 0, 40)],
    ];
    let source = AccountSource::Account { account: account(1), block_first: 2, block_last: 3 };
    let parameters = AccountParameters { source, ..theft(AccountPolicy::Fifo) };
    check(
        &blocks,
        &parameters,
        expect![[r#"
        1 -> 2: 10 of 10 in asset 0, hop 0, Followed
        1 -> 3: 20 of 20 in asset 0, hop 0, Followed
        2 holds 10 of 11 in asset 0
        3 holds 20 of 60 in asset 0
    "#]],
    );
}

/// 3's look-alike: the same first two bytes and the same last two.
fn look_alike(number: u8) -> Account {
    let mut bytes = [0x5a; 20];
    bytes[..2].fill(number);
    bytes[18..].fill(number);
    Account(bytes)
}

#[test]
fn bait_is_flagged_and_left_out_and_a_paid_look_alike_is_followed() {
    let fake = look_alike(3);
    let blocks = [
        vec![pay(1, 2, 0, 1_000_000), Row(Kind::Value, account(1), fake, 0, 500)],
        vec![pay(2, 3, 0, 400_000)],
        // Dust from the look-alike of 3, then nothing in 2's name, then the mistake.
        vec![Row(Kind::Value, fake, account(2), 0, 100)],
        vec![
            Row(Kind::Token, account(9), account(9), 60, 1),
            Row(Kind::Token, account(2), fake, 60, 0),
        ],
        vec![Row(Kind::Value, account(2), fake, 0, 300_000)],
    ];
    check(
        &blocks,
        &theft(AccountPolicy::Fifo),
        expect![[r#"
            1 -> 2: 1000000 of 1000000 in asset 0, hop 0, Followed
            1 -> 3: 500 of 500 in asset 0, hop 0, Followed
            2 -> 3: 400000 of 400000 in asset 0, hop 1, Followed
            3 -> 2: 100 of 100 in asset 0, hop 1, Bait
            2 -> 3: 300000 of 300000 in asset 0, hop 1, Followed
            2 holds 300000 of 300100 in asset 0
            3 holds 300400 of 300400 in asset 0
            3 holds 400000 of 400000 in asset 0
            event 3: dust 3 like 3
            event 6: paid a look-alike 3 like 3
        "#]],
    );
    let poisoning = PoisoningRules { exclude: Exclude::No, ..PoisoningRules::default() };
    let parameters = AccountParameters { poisoning, ..theft(AccountPolicy::Fifo) };
    let ledgers = ledgers(&blocks);
    let flow = follow(&ledgers, &parameters).unwrap();
    assert_eq!((flow.totals.bait, flow.bait.len()), (0, 2));
    let zero = ledgers.event(EventNumber(5));
    let bait = trace::poisoning::judge(&ledgers, &zero, &parameters.poisoning).unwrap();
    assert_eq!(
        (bait.sort.name(), bait.prefix_characters, bait.suffix_characters),
        ("zero value", 4, 4)
    );
}

#[test]
fn what_cannot_be_followed_is_said() {
    let ledgers = ledgers(&[vec![pay(1, 2, 0, 3)], vec![fee(1, 3)]]);
    let said =
        |parameters: AccountParameters| follow(&ledgers, &parameters).unwrap_err().to_string();
    let missing = AccountSource::Transaction(hash(9, 0));
    let text = said(AccountParameters { source: missing, ..theft(AccountPolicy::Fifo) });
    assert!(text.ends_with("is not in the blocks given"), "{text}");
    let text = said(AccountParameters { asset: asset(5), ..theft(AccountPolicy::Fifo) });
    assert!(text.starts_with("nothing here is paid in asset 0x0505"), "{text}");
    let failed = AccountSource::Transaction(hash(2, 0));
    let text = said(AccountParameters { source: failed, ..theft(AccountPolicy::Fifo) });
    assert_eq!(
        text,
        "the source pays nothing in asset native; a failed transaction moves only its fee"
    );
}

/// Every ledger, every event, no index.
fn slow_scan(ledgers: &Ledgers, policy: AccountPolicy, source: u64) -> BTreeMap<u8, (u128, u128)> {
    let mut held: BTreeMap<u8, Holding> = BTreeMap::new();
    for row in 0..ledgers.event_count() {
        let event = ledgers.event(EventNumber(row));
        let name = |side: Option<_>| side.map(|one| ledgers.account(one).0[0]);
        let (from, to) = (name(event.from), name(event.to));
        if from == to {
            continue;
        }
        let mut moved = Moved::clean(event.amount);
        if let Some(from) = from {
            let payer = held.entry(from).or_insert_with(|| Holding::clean(policy, 0));
            moved = payer.pay(event.amount);
        }
        if row == source {
            moved = Moved::stolen(event.amount);
        }
        if let (Some(to), false) = (to, event.kind.is_fee()) {
            let payee = held.entry(to).or_insert_with(|| Holding::clean(policy, 0));
            payee.receive(&moved).unwrap();
        }
    }
    held.retain(|_, holding| holding.taint() > 0);
    held.into_iter().map(|(name, one)| (name, (one.balance(), one.taint()))).collect()
}

fn random_rows() -> impl Strategy<Value = Vec<Vec<Row>>> {
    let row = (0u8..12, 1u8..8, 1u8..8, prop_oneof![1u128..100, 1u128..(1 << 80)]);
    let row = row.prop_map(|(sort, from, to, amount)| match sort {
        0 => Row(Kind::FeeBurned, account(from), Account::ZERO, 0, amount),
        1 => Row(Kind::Reward, Account::ZERO, account(to), 0, amount),
        _ => pay(from, to, 0, amount),
    });
    let rest = proptest::collection::vec(proptest::collection::vec(row, 0..4), 0..20);
    rest.prop_map(|mut blocks| {
        blocks.insert(0, vec![pay(1, 2, 0, 1 << 70), pay(3, 4, 0, 50), pay(4, 2, 0, 50)]);
        blocks
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]
    #[test]
    fn the_walk_equals_a_slow_scan_of_everything(blocks in random_rows()) {
        let ledgers = ledgers(&blocks);
        let source = AccountSource::Account { account: account(1), block_first: 1, block_last: 1 };
        for policy in AccountPolicy::ALL {
            let parameters = AccountParameters {
                source,
                contracts: Contracts::Follow,
                poisoning: PoisoningRules { exclude: Exclude::No, ..PoisoningRules::default() },
                ..theft(policy)
            };
            let flow = follow(&ledgers, &parameters).unwrap();
            prop_assert_eq!(flow.totals.difference(), 0);
            let held: BTreeMap<u8, (u128, u128)> = flow
                .held
                .iter()
                .map(|one| (ledgers.account(one.account).0[0], (one.balance, one.taint)))
                .collect();
            prop_assert_eq!(held, slow_scan(&ledgers, policy, 0), "{:?}", policy);
        }
    }

    #[test]
    fn the_pass_over_columns_equals_the_walk(
        rows in proptest::collection::vec((1u8..8, 1u8..8, 1u64..1_000_000), 0..60),
    ) {
        let mut blocks = vec![vec![pay(1, 2, 0, 1_000_000)]];
        let rows: Vec<_> = rows.into_iter().filter(|(from, to, _)| from != to).collect();
        blocks.extend(rows.iter().map(|(from, to, amount)| vec![pay(*from, *to, 0, (*amount).into())]));
        let ledgers = ledgers(&blocks);
        let parameters =
            AccountParameters { contracts: Contracts::Follow, ..theft(AccountPolicy::Haircut) };
        let flow = follow(&ledgers, &parameters).unwrap();
        let mut held = Columns::new(8);
        held.set(2, Held { balance: 1_000_000, taint: 1_000_000 });
        let column = |pick: fn(&(u8, u8, u64)) -> u8| rows.iter().map(move |row| u32::from(pick(row)));
        let (from, to): (Vec<u32>, Vec<u32>) = (column(|row| row.0).collect(), column(|row| row.1).collect());
        let amounts: Vec<u64> = rows.iter().map(|row| row.2).collect();
        haircut_pass(&mut held, &from, &to, &amounts).unwrap();
        for one in &flow.held {
            let pass = held.of(u32::from(ledgers.account(one.account).0[0]));
            prop_assert_eq!((one.balance, one.taint), (pass.balance.into(), pass.taint.into()));
            prop_assert_eq!(one.asset, NATIVE);
        }
        let sum: u128 = held.tainted().map(|(_, one)| u128::from(one.taint)).sum();
        prop_assert_eq!(sum, flow.totals.held);
    }
}

#[test]
fn the_next_block_continues_where_the_last_ended() {
    let mut ledgers = ledgers(&[vec![pay(1, 2, 0, 100)], vec![pay(2, 3, 0, 30)]]);
    let before = follow(&ledgers, &theft(AccountPolicy::Fifo)).unwrap();
    ledgers.append(&block(3, &[vec![pay(3, 4, 0, 30)]])).unwrap();
    let after = follow(&ledgers, &theft(AccountPolicy::Fifo)).unwrap();
    assert_eq!(after.steps[..2], before.steps[..]);
    assert_eq!(after.steps.len(), 3);
    ledgers.rollback_to(2);
    assert_eq!(follow(&ledgers, &theft(AccountPolicy::Fifo)).unwrap(), before);
}
