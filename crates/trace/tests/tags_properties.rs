//! What holds of every set of packs, whatever is in them.

use std::collections::BTreeSet;

use proptest::prelude::*;
use trace::attribution::{
    self, Blockchain, Day, File, Force, Gather, Pack, Provenance, Standing, TagSet,
};

const ADDRESSES: [&str; 6] = [
    "1Archive1n2C579dMsAu3iC6tWzuQJz8dN",
    "1BpEi6DfDAUFd7GtittLSdBeYJvcoaVggu",
    "12sjrrhoFEsedNRhtgwvvRqjFTh8fZTDX9",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4",
    "1P1gWG5VMuhvMCnmfxxojGDWarZ7Kvm7dg",
];

/// A tag as its pack writes it.
#[derive(Clone, Debug)]
struct Tag {
    address: usize,
    fields: [Option<&'static str>; 6],
}

const NAMES: [&str; 6] =
    ["label", "actor", "lastmod", "category", "concepts", "is_cluster_definer"];

fn field(name: usize) -> BoxedStrategy<Option<&'static str>> {
    let values: &'static [&'static str] = match NAMES[name] {
        "label" => &["one", "two", "three"],
        "actor" => &["ann", "bob", "eve"],
        "lastmod" => &["2020-01-01", "2021-06-15", "2022-12-31"],
        "category" => &["exchange", "user", "miner"],
        "concepts" => &["[shop]", "[scam, vpn]", "[]"],
        _ => &["true", "false"],
    };
    proptest::option::of(proptest::sample::select(values)).boxed()
}

fn fields() -> impl Strategy<Value = [Option<&'static str>; 6]> {
    [field(0), field(1), field(2), field(3), field(4), field(5)]
}

fn tag() -> impl Strategy<Value = Tag> {
    (0..ADDRESSES.len(), fields()).prop_map(|(address, fields)| Tag { address, fields })
}

/// A pack: its title, header and tags, its version.
#[derive(Clone, Debug)]
struct Made {
    title: u32,
    header: [Option<&'static str>; 6],
    tags: Vec<Tag>,
    published: Option<i8>,
    series: bool,
}

fn made() -> impl Strategy<Value = Made> {
    let tags = proptest::collection::vec(tag(), 0..8);
    (any::<u32>(), fields(), tags, proptest::option::of(1i8..28), any::<bool>()).prop_map(
        |(title, header, tags, published, series)| {
            let series = series && published.is_some();
            Made { title, header, tags, published, series }
        },
    )
}

fn lines(indent: &str, fields: &[Option<&'static str>; 6]) -> String {
    let set = NAMES.iter().zip(fields).filter_map(|(name, value)| Some((name, (*value)?)));
    set.map(|(name, value)| format!("{indent}{name}: {value}\n")).collect()
}

impl Made {
    fn text(&self, tags: &[Tag]) -> String {
        let label = if self.header[0].is_none() { "label: of the header\n" } else { "" };
        let tags: String = tags
            .iter()
            .map(|tag| {
                format!("- address: {}\n{}", ADDRESSES[tag.address], lines("  ", &tag.fields))
            })
            .collect();
        let tags = if tags.is_empty() { " []\n".to_owned() } else { format!("\n{tags}") };
        format!(
            "title: T{}\ncreator: C\nsource: S\ncurrency: BTC\n{label}{}tags:{tags}",
            self.title,
            lines("", &self.header)
        )
    }

    fn read(&self, number: usize, tags: &[Tag]) -> Pack {
        let provenance = Provenance {
            published: self.published.map(|day| Day::new(2022, 3, day).unwrap()),
            // each version of a series needs a day of its own
            series: self.series.then(|| format!("series of {number}")),
            commit: None,
        };
        let name = format!("{number}.yaml");
        match attribution::read(&name, self.text(tags).as_bytes(), provenance) {
            Ok(File::Tags(pack)) => pack,
            other => panic!("{other:?}\n{}", self.text(tags)),
        }
    }
}

fn set(packs: Vec<Pack>) -> TagSet {
    let mut gather = Gather::default();
    let mut seen = BTreeSet::new();
    for pack in packs {
        if seen.insert(pack.facts.sha256) {
            gather.pack(pack).unwrap();
        }
    }
    gather.finish().unwrap()
}

fn packs(made: &[Made]) -> Vec<Pack> {
    made.iter().enumerate().map(|(number, made)| made.read(number, &made.tags)).collect()
}

fn sayings(set: &TagSet) -> BTreeSet<String> {
    let tags = set.addresses().flat_map(|address| {
        let (_, text) = set.address(address);
        set.tags_of(address).map(move |tag| format!("{text} {:?}", set.statement(tag)))
    });
    tags.collect()
}

fn any_day() -> impl Strategy<Value = Day> {
    (2019i16..2024, 1i8..13, 1i8..29).prop_map(|(y, m, d)| Day::new(y, m, d).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn the_order_of_packs_changes_nothing(
        (made, shuffled) in proptest::collection::vec(made(), 0..6)
            .prop_flat_map(|made| {
                let numbered: Vec<(usize, Made)> = made.into_iter().enumerate().collect();
                (Just(numbered.clone()), Just(numbered).prop_shuffle())
            })
    ) {
        // titles differ, so no two packs are the same file under two names
        let read = |made: &[(usize, Made)]| {
            let read = |(number, made): &(usize, Made)| {
                let made = Made { title: *number as u32, ..made.clone() };
                made.read(*number, &made.tags)
            };
            set(made.iter().map(read).collect())
        };
        prop_assert!(read(&made) == read(&shuffled));
    }

    #[test]
    fn no_tag_leaks_into_another(made in made()) {
        let together = sayings(&set(vec![made.read(0, &made.tags)]));
        let alone: BTreeSet<String> = made
            .tags
            .iter()
            .flat_map(|tag| sayings(&set(vec![made.read(0, std::slice::from_ref(tag))])))
            .collect();
        prop_assert_eq!(together, alone);
    }

    #[test]
    fn a_later_view_knows_all_that_an_earlier_one_knew(
        made in proptest::collection::vec(made(), 0..5), one in any_day(), other in any_day()
    ) {
        // no tag of these has an end, and no series has a second version
        let set = set(packs(&made));
        let (early, late) = (set.as_of(one.min(other)), set.as_of(one.max(other)));
        for address in set.addresses() {
            for tag in set.tags_of(address) {
                if early.force(tag) == Force::InForce {
                    prop_assert_eq!(late.force(tag), Force::InForce);
                }
                prop_assert_eq!(early.force(tag) == Force::Undated, late.force(tag) == Force::Undated);
            }
        }
        prop_assert!(early.tag_count() <= late.tag_count());
        prop_assert_eq!(early.undated(), late.undated());
    }

    #[test]
    fn changes_compose(
        versions in proptest::collection::btree_map(1i8..28, made(), 1..4),
        beside in proptest::collection::vec(made(), 0..3),
        days in [any_day(), any_day(), any_day()]
    ) {
        let mut all = packs(&beside);
        for (number, (day, made)) in versions.into_iter().enumerate() {
            let made = Made { published: Some(day), series: false, ..made };
            let mut pack = made.read(100 + number, &made.tags);
            pack.facts.provenance.series = Some("one series".to_owned());
            all.push(pack);
        }
        let set = set(all);
        let [a, b, c] = days;
        prop_assert_eq!(set.diff(a, b).then(&set.diff(b, c)), set.diff(a, c));
        let there = set.diff(a, b);
        let back = set.diff(b, a);
        prop_assert_eq!((&there.appeared, &there.ended), (&back.ended, &back.appeared));
        prop_assert!(set.diff(a, a).appeared.is_empty() && set.diff(a, a).ended.is_empty());
        for saying in there.appeared.iter() {
            let (address, statement) = set.said(*saying);
            let now = set.as_of(b).at(address);
            prop_assert!(now.iter().any(|said| said.statement == statement));
        }
    }

    #[test]
    fn names_count_every_tag_once_and_addresses_are_found(
        made in proptest::collection::vec(made(), 0..5)
    ) {
        let set = set(packs(&made));
        let view = set.newest();
        let names = view.names();
        prop_assert_eq!(names.iter().map(|named| named.tags).sum::<u64>(), view.tag_count());
        let actors: BTreeSet<&str> =
            names.iter().filter(|named| named.is_actor).map(|named| &*named.name).collect();
        for spelled in ADDRESSES {
            let said = view.at_address(&Blockchain::BITCOIN, spelled);
            let given = made.iter().flat_map(|made| &made.tags).any(|tag| {
                ADDRESSES[tag.address].eq_ignore_ascii_case(spelled)
            });
            prop_assert_eq!(!said.is_empty(), given, "{}", spelled);
        }
        for address in set.addresses() {
            let actors_here: BTreeSet<&str> =
                view.at(address).iter().filter_map(|said| said.statement.actor.as_deref()).collect();
            prop_assert!(actors_here.is_subset(&actors));
            let contested = matches!(view.standing(address), Standing::Contested(_));
            prop_assert_eq!(contested, actors_here.len() > 1);
        }
    }
}
