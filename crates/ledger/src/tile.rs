//! What a log serves to anyone (C2SP tlog-tiles): the names of tiles and entry bundles, which of
//! them a tree of some size has, and their bytes. Knows neither HTTP nor storage: nodes come from
//! a closure.
//!
//! A full tile holds 256 hashes of one level; tile level `l` holds tree nodes of level `8 * l`.
//! A tile at the right edge is *partial*, and its width is part of its name, so that what a name
//! stands for never changes. Our bundles hold 32-byte [`crate::Entry`] values, never records.

use std::fmt;

use crate::hash::{Hash, TREE_SIZE_MAX, TreeSize, node_hash};
use crate::tree::{Node, NodeId, TreeError};

/// Hashes or entries in a full tile or bundle.
pub const TILE_WIDTH_MAX: u16 = 256;
/// Highest tile level that a name may hold (tlog-tiles: 0 to 63).
pub const TILE_LEVEL_MAX: u8 = 63;
/// Longest tile name that is read, in bytes.
pub const TILE_PATH_BYTES_MAX: usize = 64;
/// Longest entry that a bundle can hold, in bytes: its length is written in 16 bits.
pub const ENTRY_BYTES_MAX: usize = u16::MAX as usize;

/// Tree levels between one tile level and the next: 2^8 = 256.
const TILE_HEIGHT: u8 = 8;
/// Highest tile level of which any tree up to [`TREE_SIZE_MAX`] has a tile: 256^7 = 2^56.
const TILE_LEVEL_USED_MAX: u8 = 7;

/// Name of one tile or entry bundle. Printed as its path below the log's prefix, for example
/// `tile/0/x001/x234/067.p/8` or `tile/entries/000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    kind: TileKind,
    index: u64,
    width: TileWidth,
}

/// What a tile holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of tree nodes at level `8 * level`.
    Hashes {
        /// Tile level, 0 to [`TILE_LEVEL_MAX`]; level 0 holds leaf hashes.
        level: u8,
    },
    /// The entries themselves.
    Entries,
}

/// How many hashes or entries a tile holds, 1 to [`TILE_WIDTH_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileWidth(u16);

/// Why a path is no tile name, or a tile's bytes cannot be made or read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not a path of tlog-tiles in its only spelling.
    #[error("not a tile path: {0}")]
    Path(&'static str),
    /// The tree is too small to have this tile.
    #[error("a tree of {size} leaves has no {tile}")]
    Absent {
        /// The tile asked for.
        tile: TileId,
        /// The size of the tree.
        size: TreeSize,
    },
    /// The store lacks a node.
    #[error(transparent)]
    Tree(#[from] TreeError),
    /// The bytes do not have the length that the width asks for.
    #[error("the tile has {found} bytes, expected {expected}")]
    Length {
        /// Bytes expected; for a bundle, of the entry that is cut short or the end.
        expected: usize,
        /// Bytes found.
        found: usize,
    },
    /// An entry is longer than 65,535 bytes.
    #[error("an entry of {0} bytes does not fit a bundle; at most {ENTRY_BYTES_MAX}")]
    EntryTooLong(usize),
    /// A bundle holds 1 to 256 entries.
    #[error("a tile or bundle holds 1 to {TILE_WIDTH_MAX} items, not {0}")]
    Count(usize),
}

impl TileId {
    /// Names a tile. `None` when the level or the index is beyond what a path may say.
    pub fn new(kind: TileKind, index: u64, width: TileWidth) -> Option<TileId> {
        let level_fits = match kind {
            TileKind::Hashes { level } => level <= TILE_LEVEL_MAX,
            TileKind::Entries => true,
        };
        let index_fits = index <= TREE_SIZE_MAX >> TILE_HEIGHT;
        (level_fits && index_fits).then_some(TileId { kind, index, width })
    }

    /// Reads a path below the log's prefix. There is one spelling for each tile: no leading zero
    /// in the level or width, groups of three digits, no superfluous `x000`, no width of 256.
    pub fn parse(path: &str) -> Result<TileId, TileError> {
        let fault = |text| Err(TileError::Path(text));
        if path.len() > TILE_PATH_BYTES_MAX {
            return fault("it is too long");
        }
        let Some(rest) = path.strip_prefix("tile/") else {
            return fault("it does not begin with tile/");
        };
        let Some((level, rest)) = rest.split_once('/') else {
            return fault("it has no index");
        };
        let kind = if level == "entries" {
            TileKind::Entries
        } else {
            match crate::text::decimal(level, u64::from(TILE_LEVEL_MAX)) {
                Some(level) => TileKind::Hashes { level: level as u8 },
                None => return fault("its level is not a number from 0 to 63"),
            }
        };
        let (index, width) = match rest.split_once(".p/") {
            None => (rest, Some(TileWidth::FULL)),
            Some((index, width)) => {
                let partial = crate::text::decimal(width, u64::from(TILE_WIDTH_MAX) - 1);
                (index, partial.and_then(|width| TileWidth::new(width as u16)))
            }
        };
        let Some(width) = width else { return fault("its width is not a number from 1 to 255") };
        let Some(index) = parse_index(index) else {
            return fault("its index is not written in groups of three digits");
        };
        TileId::new(kind, index, width).ok_or(TileError::Path("its index is too large"))
    }

    /// What it holds.
    pub fn kind(&self) -> TileKind {
        self.kind
    }

    /// Number of the tile from the left among those of its level.
    pub fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds.
    pub fn width(&self) -> TileWidth {
        self.width
    }

    /// Whether a tree of `size` leaves has all the hashes or entries this name speaks of. True
    /// also for partial tiles of earlier, smaller sizes, which a log has to serve too.
    pub fn exists_in(&self, size: TreeSize) -> bool {
        let first = u128::from(self.index) * u128::from(TILE_WIDTH_MAX);
        first + u128::from(self.width.0) <= u128::from(width_of_level(self.level(), size))
    }

    /// The tree nodes whose hashes the tile holds, left to right; none for a bundle. A store can
    /// fetch them as one range of one level.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        let hashes =
            matches!(self.kind, TileKind::Hashes { level } if level <= TILE_LEVEL_USED_MAX);
        let level = if hashes { self.level() * TILE_HEIGHT } else { 0 };
        let first = self.index * u64::from(TILE_WIDTH_MAX);
        let count = if hashes { u64::from(self.width.0) } else { 0 };
        (first..first + count).map(move |index| NodeId { level, index })
    }

    /// The range of leaves whose entries a bundle holds; for a tile, the leaves below it.
    /// `None` when they lie beyond the largest tree.
    pub fn leaves(&self) -> Option<std::ops::Range<u64>> {
        let below = 1u64.checked_shl(u32::from(self.level()) * u32::from(TILE_HEIGHT))?;
        let first = self.index.checked_mul(u64::from(TILE_WIDTH_MAX))?;
        let start = first.checked_mul(below)?;
        let end = first.checked_add(u64::from(self.width.0))?.checked_mul(below)?;
        (end <= TREE_SIZE_MAX).then_some(start..end)
    }

    fn level(&self) -> u8 {
        match self.kind {
            TileKind::Hashes { level } => level,
            TileKind::Entries => 0,
        }
    }
}

impl TileWidth {
    /// A full tile.
    pub const FULL: TileWidth = TileWidth(TILE_WIDTH_MAX);

    /// `None` unless 1 to 256.
    pub fn new(width: u16) -> Option<TileWidth> {
        (1..=TILE_WIDTH_MAX).contains(&width).then_some(TileWidth(width))
    }

    /// Number of hashes or entries.
    pub fn get(self) -> u16 {
        self.0
    }
}

/// All tiles and bundles that a tree of `size` leaves has, lowest level first, each level from
/// left to right with its partial tile last, bundles at the end (tlog-tiles, "Merkle tree").
pub fn tiles_of_size(size: TreeSize) -> impl Iterator<Item = TileId> {
    tiles_added(TreeSize(0), size)
}

/// The tiles and bundles that a log of `new` leaves has to serve and that it did not have with
/// `old` leaves, in the order of [`tiles_of_size`].
pub fn tiles_added(old: TreeSize, new: TreeSize) -> impl Iterator<Item = TileId> {
    let levels = (0..=TILE_LEVEL_USED_MAX).map(|level| TileKind::Hashes { level });
    levels.chain([TileKind::Entries]).flat_map(move |kind| {
        let level = match kind {
            TileKind::Hashes { level } => level,
            TileKind::Entries => 0,
        };
        let (before, now) = (width_of_level(level, old), width_of_level(level, new));
        let first = if now > before { before / u64::from(TILE_WIDTH_MAX) } else { u64::MAX };
        let full = now / u64::from(TILE_WIDTH_MAX);
        let last = TileWidth::new((now % u64::from(TILE_WIDTH_MAX)) as u16);
        let partial = last.filter(|_| now > before).map(|width| (full, width));
        let all = (first..full).map(|index| (index, TileWidth::FULL)).chain(partial);
        all.map(move |(index, width)| TileId { kind, index, width })
    })
}

/// The bytes of a tile of hashes in a tree of `size` leaves.
pub fn contents(
    tile: TileId,
    size: TreeSize,
    reader: impl Fn(NodeId) -> Option<Hash>,
) -> Result<Vec<u8>, TileError> {
    let hashes = matches!(tile.kind, TileKind::Hashes { .. });
    if !hashes || !tile.exists_in(size) {
        return Err(TileError::Absent { tile, size });
    }
    let mut bytes = Vec::with_capacity(32 * usize::from(tile.width.0));
    for id in tile.nodes() {
        bytes.extend_from_slice(&reader(id).ok_or(TreeError::NodeMissing(id))?.0);
    }
    Ok(bytes)
}

/// Reads a tile's bytes back into hashes; their number must be the tile's width.
pub fn hashes(tile: TileId, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    let expected = 32 * usize::from(tile.width.0);
    if bytes.len() != expected {
        return Err(TileError::Length { expected, found: bytes.len() });
    }
    let (chunks, _) = bytes.as_chunks::<32>();
    Ok(chunks.iter().map(|chunk| Hash(*chunk)).collect())
}

/// All tree nodes that a tile tells of: its own hashes and the perfect subtrees above them, up to
/// the single root of a full tile. With these a client makes proofs from tiles alone.
pub fn expand(tile: TileId, bytes: &[u8]) -> Result<Vec<Node>, TileError> {
    let mut row: Vec<Node> =
        tile.nodes().zip(hashes(tile, bytes)?).map(|(id, hash)| Node { id, hash }).collect();
    let mut nodes = Vec::with_capacity(2 * row.len());
    while !row.is_empty() {
        let (pairs, _) = row.as_chunks::<2>();
        let above = pairs.iter().map(|[left, right]| Node {
            id: NodeId { level: left.id.level + 1, index: left.id.index / 2 },
            hash: node_hash(&left.hash, &right.hash),
        });
        let above = above.collect();
        nodes.append(&mut row);
        row = above;
    }
    Ok(nodes)
}

/// The tile from whose hashes [`expand`] gets node `id`, in a tree of `size` leaves; `None` when
/// that tree does not have the node.
pub fn tile_with(id: NodeId, size: TreeSize) -> Option<TileId> {
    // A tile's own root is the next level's hash too; the lower level is taken for heights 1 to 7.
    let (tile_level, height) = (id.level / TILE_HEIGHT, id.level % TILE_HEIGHT);
    let end = id.index.checked_add(1)?.checked_shl(u32::from(height))?;
    let now = width_of_level(tile_level, size);
    if tile_level > TILE_LEVEL_USED_MAX || end >> height != id.index + 1 || end > now {
        return None;
    }
    let index = (end - 1) / u64::from(TILE_WIDTH_MAX);
    let left = now - index * u64::from(TILE_WIDTH_MAX);
    let width = TileWidth(left.min(u64::from(TILE_WIDTH_MAX)) as u16);
    TileId::new(TileKind::Hashes { level: tile_level }, index, width)
}

/// The bytes of an entry bundle: for each entry its length in 16 bits, big endian, then itself.
pub fn bundle<E: AsRef<[u8]>>(entries: &[E]) -> Result<Vec<u8>, TileError> {
    if entries.is_empty() || entries.len() > usize::from(TILE_WIDTH_MAX) {
        return Err(TileError::Count(entries.len()));
    }
    let mut bytes = Vec::new();
    for entry in entries.iter().map(AsRef::as_ref) {
        let length =
            u16::try_from(entry.len()).map_err(|_| TileError::EntryTooLong(entry.len()))?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Reads a bundle of exactly `width` entries back; nothing may be left over.
pub fn unbundle(width: TileWidth, bytes: &[u8]) -> Result<Vec<&[u8]>, TileError> {
    let mut entries = Vec::with_capacity(usize::from(width.0));
    let mut rest = bytes;
    for _ in 0..width.0 {
        let (length, after) = rest
            .split_first_chunk::<2>()
            .ok_or(TileError::Length { expected: 2, found: rest.len() })?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (entry, after) = after
            .split_at_checked(length)
            .ok_or(TileError::Length { expected: length, found: after.len() })?;
        entries.push(entry);
        rest = after;
    }
    if rest.is_empty() {
        Ok(entries)
    } else {
        Err(TileError::Length { expected: bytes.len() - rest.len(), found: bytes.len() })
    }
}

/// How many hashes tile level `level` has in all: `floor(size / 256^level)`.
fn width_of_level(level: u8, size: TreeSize) -> u64 {
    size.0.checked_shr(u32::from(level) * u32::from(TILE_HEIGHT)).unwrap_or(0)
}

/// `x001/x234/067` is 1,234,067.
fn parse_index(text: &str) -> Option<u64> {
    let groups: Vec<&str> = text.split('/').collect();
    let mut index = 0u64;
    for (number, group) in groups.iter().enumerate() {
        let last = number + 1 == groups.len();
        let digits = if last { group } else { group.strip_prefix('x')? };
        if digits.len() != 3 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        if number == 0 && !last && digits == "000" {
            return None;
        }
        index = index.checked_mul(1000)?.checked_add(digits.parse().ok()?)?;
    }
    Some(index)
}

impl fmt::Display for TileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes { level } => write!(f, "tile/{level}/")?,
            TileKind::Entries => f.write_str("tile/entries/")?,
        }
        let mut power = 1u64;
        while self.index / power >= 1000 {
            power *= 1000;
        }
        while power > 1 {
            write!(f, "x{:03}/", self.index / power % 1000)?;
            power /= 1000;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.width == TileWidth::FULL { Ok(()) } else { write!(f, ".p/{}", self.width.0) }
    }
}
