//! Random chains: whatever is appended, rolled back, committed and reopened, a store is what a
//! fresh import of its blocks is, and answers as a view in memory does.

use chain::block::{Coin, DecodedBlock};
use chain::store::{ChainStore, Layout, check};
use chain::{ChainView, FileDigest, Network, Satoshi, Utxo as _};
use proptest::prelude::*;
use tempfile::TempDir;

use super::common::assert_same;
use super::drawn::block;

const TINY: Layout = Layout { segment_blocks_max: 3, segment_rows_max: 12, tail_blocks_min: 4 };

#[derive(Clone, Debug)]
enum Act {
    /// Append a block drawn from this seed.
    Append(u64),
    /// Take so many blocks away, as far as the tail allows.
    Rollback(u32),
    Commit,
    Reopen,
    /// Append what must be refused.
    Refuse(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        12 => any::<u64>().prop_map(Act::Append),
        2 => (1u32..5).prop_map(Act::Rollback),
        1 => Just(Act::Commit),
        2 => Just(Act::Reopen),
        1 => any::<u64>().prop_map(Act::Refuse),
    ];
    proptest::collection::vec(act, 1..40)
}

fn check_history(acts: &[Act]) -> Result<(), TestCaseError> {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("chain");
    let mut store = ChainStore::create(&path, Network::Regtest, TINY).unwrap();
    let mut blocks: Vec<DecodedBlock> = Vec::new();
    for act in acts {
        match act {
            Act::Append(seed) => {
                let next = block(&blocks, *seed);
                store.append(next.clone()).unwrap();
                blocks.push(next);
            }
            Act::Rollback(count) => {
                let keep = store.block_count() - store.tail_block_count().min(*count);
                store.rollback(keep).unwrap();
                blocks.truncate(keep as usize);
            }
            Act::Commit => store.commit().unwrap(),
            Act::Reopen => {
                store.commit().unwrap();
                drop(store);
                store = ChainStore::open_writer(&path).unwrap();
            }
            Act::Refuse(seed) => {
                let mut bad = block(&blocks, *seed);
                let last = bad.transactions.len() - 1;
                let given = &mut bad.transactions[last];
                given.outputs.push(Coin { value: Satoshi(u64::MAX), script: Box::new([0x51]) });
                prop_assert!(store.append(bad).is_err());
            }
        }
        prop_assert_eq!(store.block_count() as usize, blocks.len());
    }
    store.commit().unwrap();
    let report = check(&path, |_, _| {}).unwrap();
    prop_assert_eq!((report.findings, report.notes), (vec![], vec![]));
    let fresh_path = dir.path().join("fresh");
    let mut fresh = ChainStore::create(&fresh_path, Network::Regtest, TINY).unwrap();
    for block in &blocks {
        fresh.append(block.clone()).unwrap();
    }
    let digests = |store: &ChainStore| {
        store.segments().iter().map(|segment| segment.digest()).collect::<Vec<FileDigest>>()
    };
    // A rollback right above a seal may leave one segment more sealed than a fresh import has.
    let (ours, theirs) = (digests(&store), digests(&fresh));
    let both = ours.len().min(theirs.len());
    prop_assert_eq!(&ours[..both], &theirs[..both]);
    if !blocks.is_empty() {
        let view = ChainView::from_blocks(blocks).unwrap();
        assert_same(&store, &view);
        assert_same(&fresh, &view);
        let reader = ChainStore::open(&path).unwrap();
        assert_same(&reader, &view);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]

    #[test]
    fn any_history_ends_where_a_fresh_import_does(acts in acts()) {
        check_history(&acts)?;
    }
}
