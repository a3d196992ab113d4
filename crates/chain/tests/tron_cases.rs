//! Small made-up answers of a Tron node: what moves, what does not, and what is refused.

use chain::account::{Account, AccountBlock, Asset};
use chain::tron::{self, TronAnswers};
use expect_test::{Expect, expect};
use serde_json::{Value, json};

const TRANSFER: &str = "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";

fn bare(number: u8) -> String {
    format!("{number:040x}")
}

fn address(number: u8) -> String {
    format!("41{number:040x}")
}

fn id(number: u8) -> String {
    format!("{number:064x}")
}

/// Contract types with their values, each a transaction that succeeded unless `ret` is changed.
fn block(contracts: &[(&str, Value)]) -> Value {
    let one = |(index, (kind, value)): (usize, &(&str, Value))| {
        json!({
            "txID": id(index as u8 + 1), "ret": [{"contractRet": "SUCCESS"}],
            "raw_data": {"contract": [{"type": kind, "parameter": {"value": value}}]},
        })
    };
    json!({
        "blockID": format!("{:016x}{}", 70_000_000, "0".repeat(48)),
        "block_header": {"raw_data": {
            "number": 70_000_000, "parentHash": id(9), "timestamp": 1_700_000_000_123u64,
        }},
        "transactions": contracts.iter().enumerate().map(one).collect::<Vec<_>>(),
    })
}

fn decode(block: &Value, infos: Option<&Value>) -> Result<AccountBlock, String> {
    let (block, infos) = (block.to_string(), infos.map(Value::to_string));
    let infos = infos.as_ref().map(String::as_bytes);
    let answers = TronAnswers { block: block.as_bytes(), infos };
    tron::decode(answers).map_err(|error| error.to_string())
}

fn name(account: Option<Account>) -> String {
    account.map_or("nobody".to_owned(), |account| account.0[19].to_string())
}

fn said(block: &AccountBlock) -> String {
    let mut text = String::new();
    for one in &block.movements {
        let asset = match one.asset {
            Asset::Native => "sun".to_owned(),
            Asset::Token(contract) => format!("token {}", name(Some(contract))),
            Asset::Item { .. } => "item".to_owned(),
            Asset::Trc10(number) => format!("trc10 {number}"),
        };
        let (from, to, index) = (name(one.from), name(one.to), one.transaction.unwrap());
        text += &format!("{index} {}: {from} -> {to}, {} {asset}\n", one.kind.name(), one.amount);
    }
    for gap in &block.gaps {
        let transaction = gap.transaction.map_or("block".to_owned(), |index| index.to_string());
        text += &format!("{transaction} gap: {}\n", gap.reason);
    }
    text
}

/// A block of each sort, with its infos.
fn sample() -> (Value, Value) {
    let block = block(&[
        (
            "TransferContract",
            json!({
                "owner_address": Account::from_tron(&address(1)).unwrap().tron(),
                "to_address": address(2), "amount": 5_000_000,
            }),
        ),
        (
            "TriggerSmartContract",
            json!({
                "owner_address": address(1), "contract_address": address(3), "call_value": 40,
            }),
        ),
        (
            "TransferAssetContract",
            json!({
                "owner_address": address(1), "to_address": address(2), "amount": 9,
                "asset_name": hex::encode("1002000"),
            }),
        ),
        ("WithdrawBalanceContract", json!({"owner_address": address(4)})),
        ("ExchangeTransactionContract", json!({"owner_address": address(4)})),
    ]);
    let info = |number: u8| {
        json!({
            "id": id(number), "blockNumber": 70_000_000, "fee": 100, "receipt": {"result": "SUCCESS"},
        })
    };
    let mut infos = vec![info(3), info(2), info(1), info(4), info(5)];
    infos[1]["log"] = json!([{
        "address": bare(3), "data": format!("{:064x}", 42),
        "topics": [TRANSFER, format!("{:064x}", 1), format!("{:064x}", 2)],
    }]);
    infos[1]["internal_transactions"] = json!([
        {"caller_address": address(3), "transferTo_address": address(5), "note": hex::encode("call"),
         "callValueInfo": [{"callValue": 30}, {"callValue": 2, "tokenId": "1002000"}]},
        {"caller_address": address(3), "transferTo_address": address(5), "note": hex::encode("call"),
         "callValueInfo": [{"callValue": 8}], "rejected": true},
        {"caller_address": address(3), "transferTo_address": address(5),
         "note": hex::encode("suicide"), "callValueInfo": [{"callValue": 10}]},
    ]);
    infos[3]["withdraw_amount"] = json!(777);
    (block, json!(infos))
}

#[test]
fn what_moves() {
    let (block, infos) = sample();
    let decoded = decode(&block, Some(&infos)).unwrap();
    assert_eq!(decoded.time, 1_700_000_000);
    expect![[r#"
        0 fee burned: 1 -> nobody, 100 sun
        0 value: 1 -> 2, 5000000 sun
        1 fee burned: 1 -> nobody, 100 sun
        1 value: 1 -> 3, 40 sun
        1 internal call: 3 -> 5, 30 sun
        1 internal call: 3 -> 5, 2 trc10 1002000
        1 self-destruct: 3 -> 5, 10 sun
        1 token: 1 -> 2, 42 token 3
        2 fee burned: 1 -> nobody, 100 sun
        2 value: 1 -> 2, 9 trc10 1002000
        3 fee burned: 4 -> nobody, 100 sun
        3 reward: nobody -> 4, 777 sun
        4 fee burned: 4 -> nobody, 100 sun
        4 gap: a Tron contract type that is not followed
    "#]]
    .assert_eq(&said(&decoded));
}

#[test]
fn a_failed_transaction_pays_its_fee_only() {
    let (mut block, mut infos) = sample();
    block["transactions"][1]["ret"][0]["contractRet"] = json!("OUT_OF_ENERGY");
    infos[1]["receipt"]["result"] = json!("OUT_OF_ENERGY");
    infos[1]["result"] = json!("FAILED");
    let decoded = decode(&block, Some(&infos)).unwrap();
    let own: Vec<_> = decoded.movements.iter().filter(|one| one.transaction == Some(1)).collect();
    assert!(matches!(own.as_slice(), [one] if one.kind.is_fee()));
}

fn refused(change: impl Fn(&mut Value, &mut Value), expected: Expect) {
    let (mut block, mut infos) = sample();
    decode(&block, Some(&infos)).unwrap();
    change(&mut block, &mut infos);
    let error = decode(&block, Some(&infos)).unwrap_err();
    // One part a line.
    let error = error.replace(&"0".repeat(62), "~").replace(", field", ",\nfield");
    expected.assert_eq(&error.replace("`: ", "`:\n"));
}

#[test]
fn answers_that_contradict_themselves_name_block_transaction_and_field() {
    refused(
        |block, _| block["block_header"]["raw_data"]["number"] = json!(5),
        expect![[r#"
        Tron block 5,
        field `blockID`:
        the answers contradict each other: the id is of block 70000000"#]],
    );
    refused(
        |block, _| {
            block["transactions"][0]["raw_data"]["contract"][0]["parameter"]["value"]["amount"] =
                json!(-1)
        },
        expect![[r#"
            Tron block,
            field `block.transactions[0].raw_data.contract[0].parameter.value.amount`:
            invalid value: integer `-1`, expected u64 at line 1 column 307"#]],
    );
    refused(
        |block, _| {
            block["transactions"][0]["raw_data"]["contract"][0]["parameter"]["value"]["to_address"] =
                json!("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u")
        },
        expect![[r#"
            Tron block 70000000, transaction 0 (0x~01),
            field `to_address`:
            `TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u` is not a Tron address: its checksum is wrong, a character was mistyped"#]],
    );
    refused(
        |block, _| block["transactions"][2]["raw_data"]["contract"] = json!([]),
        expect![[r#"
            Tron block 70000000, transaction 2 (0x~03),
            field `raw_data.contract`:
            the answers contradict each other: 0 contracts, Tron allows one"#]],
    );
    refused(
        |_, infos| drop(infos.as_array_mut().unwrap().pop()),
        expect![[r#"
        Tron block 70000000, transaction 4 (0x~05),
        field `info`:
        it is missing"#]],
    );
    refused(
        |_, infos| infos[0]["blockNumber"] = json!(1),
        expect![[r#"
        Tron block 70000000, transaction 2 (0x~03),
        field `info.blockNumber`:
        it names another block; the chain moved between two answers, ask again"#]],
    );
    refused(
        |_, infos| infos[0]["id"] = infos[1]["id"].clone(),
        expect![[r#"
        Tron block 70000000, transaction 1 (0x~02),
        field `info.id`:
        the answers contradict each other: it is there twice"#]],
    );
    refused(
        |_, infos| infos[1]["log"][0]["data"] = json!("xyz"),
        expect![[r#"
        Tron block 70000000, transaction 1 (0x~02),
        field `info.log.data`:
        `xyz` is not bytes: expected 0x and pairs of hexadecimal digits"#]],
    );
    refused(
        |block, _| block["transactions"][1]["ret"][0]["contractRet"] = json!("REVERT"),
        expect![[r#"
            Tron block 70000000, transaction 1 (0x~02),
            field `info.receipt.result`:
            the answers contradict each other: the block says that it failed, the info that it succeeded"#]],
    );
}
