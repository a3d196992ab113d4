//! Tile names, which tiles a size has, and the way from tiles back to nodes.

mod common;

use common::{leaves, node_map};
use ledger::TreeSize;
use ledger::tile::{
    self, TILE_LEVEL_MAX, TILE_WIDTH_MAX, TileError, TileId, TileKind, TileWidth, bundle, contents,
    expand, hashes, tile_with, tiles_added, tiles_of_size, unbundle,
};
use ledger::tree::{Frontier, NodeId};
use proptest::prelude::*;

#[test]
fn paths_have_one_spelling() {
    for path in [
        "tile/0/000",
        "tile/0/005",
        "tile/0/999",
        "tile/1/x001/000",
        "tile/63/x067/000.p/1",
        "tile/0/x001/x234/067.p/255",
        "tile/entries/x001/x234/067",
        "tile/entries/000.p/5",
    ] {
        assert_eq!(TileId::parse(path).unwrap().to_string(), path);
    }
    for path in [
        "",
        "tile",
        "tile/",
        "tile/0",
        "tile/0/",
        "tile//000",
        "/tile/0/000",
        "tile/0/000/",
        "tile/00/000",
        "tile/+1/000",
        "tile/64/000",
        "tile/-1/000",
        "tile/data/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/00a",
        "tile/0/x000/000",
        "tile/0/x000/001",
        "tile/0/001/000",
        "tile/0/x001",
        "tile/0/x001/x000",
        "tile/0/X001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/+1",
        "tile/0/000.p/1.p/1",
        "tile/0/000.p/1/",
        "tile/0/٠٠٠",
        "tile/0/000 ",
        "tile/0/000\n",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert!(matches!(TileId::parse(path), Err(TileError::Path(_))), "{path}");
    }
}

#[test]
fn size_256_has_a_full_tile_and_one_hash_above() {
    let names: Vec<String> = tiles_of_size(TreeSize(256)).map(|tile| tile.to_string()).collect();
    assert_eq!(names, ["tile/0/000", "tile/1/000.p/1", "tile/entries/000"]);
    assert_eq!(tiles_of_size(TreeSize(0)).count(), 0);
}

#[test]
fn growth_adds_only_what_changed() {
    let added = |old, new| {
        let tiles = tiles_added(TreeSize(old), TreeSize(new));
        tiles.map(|tile| tile.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(added(5, 5), Vec::<String>::new());
    assert_eq!(added(5, 7), ["tile/0/000.p/7", "tile/entries/000.p/7"]);
    assert_eq!(
        added(255, 513),
        [
            "tile/0/000",
            "tile/0/001",
            "tile/0/002.p/1",
            "tile/1/000.p/2",
            "tile/entries/000",
            "tile/entries/001",
            "tile/entries/002.p/1"
        ]
    );
}

#[test]
fn a_tile_that_is_not_there_yet() {
    let tile = TileId::parse("tile/0/000.p/6").unwrap();
    let size = TreeSize(5);
    assert!(!tile.exists_in(size));
    assert_eq!(contents(tile, size, |_| None), Err(TileError::Absent { tile, size }));
    // Narrower than the tree: a partial tile of an earlier size, still to be served.
    assert!(TileId::parse("tile/0/000.p/3").unwrap().exists_in(size));
    let entries = TileId::parse("tile/entries/000.p/5").unwrap();
    assert_eq!(entries.leaves(), Some(0..5));
    assert!(matches!(contents(entries, size, |_| None), Err(TileError::Absent { .. })));
    // Levels that no tree reaches are names without content.
    let high = TileId::parse("tile/63/000.p/1").unwrap();
    assert!(!high.exists_in(TreeSize(i64::MAX as u64)));
    assert_eq!((high.nodes().count(), high.leaves()), (0, None));
}

#[test]
fn bundles() {
    let bytes = bundle(&["entry 0", "", "entry 2"]).unwrap();
    assert_eq!(hex::encode(&bytes), "0007656e74727920300000".to_owned() + "0007656e7472792032");
    let width = |count| TileWidth::new(count).unwrap();
    let entries = unbundle(width(3), &bytes).unwrap();
    assert_eq!(entries, [&b"entry 0"[..], b"", b"entry 2"]);
    for wrong in [2, 4] {
        assert!(matches!(unbundle(width(wrong), &bytes), Err(TileError::Length { .. })));
    }
    assert!(unbundle(width(3), &bytes[..bytes.len() - 1]).is_err());
    assert_eq!(bundle::<&str>(&[]), Err(TileError::Count(0)));
    assert_eq!(bundle(&["x"; 257]), Err(TileError::Count(257)));
    assert_eq!(bundle(&[vec![0; 65_536]]), Err(TileError::EntryTooLong(65_536)));
    assert!(bundle(&[vec![0; 65_535]]).is_ok());
    assert_eq!((TileWidth::new(0), TileWidth::new(257)), (None, None));
}

/// Every node of a tree is found in the tile that is said to hold it, and in no tree without it.
#[test]
fn every_node_is_in_its_tile() {
    for count in [1, 2, 255, 256, 257, 511, 1000, 66_000] {
        let mut frontier = Frontier::new();
        let nodes = frontier.append_all(leaves(count));
        let size = frontier.size();
        let map = node_map(nodes);
        let mut by_tile = std::collections::HashMap::new();
        for (id, hash) in &map {
            let tile = tile_with(*id, size).unwrap_or_else(|| panic!("{id:?} in {size}"));
            assert!(tile.exists_in(size), "{id:?} in {tile}");
            let found = by_tile.entry(tile).or_insert_with(|| {
                let bytes = contents(tile, size, |id| map.get(&id).copied()).unwrap();
                node_map(expand(tile, &bytes).unwrap())
            });
            assert_eq!(found.get(id), Some(hash), "{id:?} in {tile}");
        }
        for level in 0..64 {
            let first_missing = NodeId { level, index: size.0 >> level };
            assert_eq!(tile_with(first_missing, size), None);
        }
    }
    assert_eq!(tile_with(NodeId { level: 255, index: u64::MAX }, TreeSize(1)), None);
    assert_eq!(tile_with(NodeId { level: 7, index: u64::MAX - 1 }, TreeSize(1)), None);
}

proptest! {
    #[test]
    fn names_read_back(level in 0..=TILE_LEVEL_MAX, entries: bool, index in 0..=(i64::MAX as u64 >> 8),
                       width in 1..=TILE_WIDTH_MAX) {
        let kind = if entries { TileKind::Entries } else { TileKind::Hashes { level } };
        let tile = TileId::new(kind, index, TileWidth::new(width).unwrap()).unwrap();
        prop_assert_eq!(TileId::parse(&tile.to_string()), Ok(tile));
        let _ = (tile.leaves(), tile.exists_in(TreeSize(i64::MAX as u64)), tile.nodes().count());
    }

    #[test]
    fn any_text_is_a_name_or_an_error(text in "(tile/)?[0-9a-z/.]{0,24}") {
        if let Ok(tile) = TileId::parse(&text) {
            prop_assert_eq!(tile.to_string(), text);
        }
    }

    /// Tiles of size s hold exactly what is needed, and read back to the same hashes.
    #[test]
    fn tiles_and_nodes_are_the_same_thing(count in 0usize..3000) {
        let mut frontier = Frontier::new();
        let nodes = node_map(frontier.append_all(leaves(count)));
        let size = frontier.size();
        let mut found = std::collections::HashMap::new();
        for tile in tiles_of_size(size).filter(|tile| tile.kind() != TileKind::Entries) {
            prop_assert!(tile.exists_in(size));
            let bytes = contents(tile, size, |id| nodes.get(&id).copied()).unwrap();
            let ids: Vec<NodeId> = tile.nodes().collect();
            let read: Vec<_> = ids.iter().map(|id| nodes[id]).collect();
            prop_assert_eq!(hashes(tile, &bytes).unwrap(), read);
            prop_assert!(hashes(tile, &bytes[1..]).is_err());
            found.extend(node_map(expand(tile, &bytes).unwrap()));
        }
        prop_assert_eq!(found, nodes);
    }

    #[test]
    fn bundles_read_back(entries in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..256)) {
        let bytes = bundle(&entries).unwrap();
        let width = TileWidth::new(entries.len() as u16).unwrap();
        let read: Vec<Vec<u8>> =
            unbundle(width, &bytes).unwrap().into_iter().map(<[u8]>::to_vec).collect();
        prop_assert_eq!(read, entries);
        prop_assert!(unbundle(width, &[&bytes[..], b"x"].concat()).is_err());
    }
}

#[test]
fn level_limit() {
    let full = TileWidth::FULL;
    assert_eq!(TileId::new(TileKind::Hashes { level: 64 }, 0, full), None);
    assert_eq!(TileId::new(TileKind::Entries, u64::MAX, full), None);
    assert_eq!(tile::TILE_WIDTH_MAX, full.get());
}
