//! Inputs to the readers of tags. Each function takes any bytes and must not panic; what was read
//! must make a set, and the set must answer.

use trace::attribution::tagpack::{read_actors, read_tagpack};
use trace::attribution::{Blockchain, Gather, Pack, Provenance, ReadError, lists, own, read_set};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[
    ("tags_tagpack", tagpack),
    ("tags_actors", actors),
    ("tags_own", own),
    ("tags_list", list),
    ("tags_labels", labels),
    ("tags_set", set),
    ("tags_address", address),
];

/// A pack that was read makes a set of which every tag can be asked for.
fn index(pack: Result<Pack, ReadError>) {
    let Ok(pack) = pack else { return };
    let (kept, all) = (pack.tags_kept(), pack.facts.tags);
    assert!(kept as u64 <= all);
    let mut gather = Gather::default();
    gather.pack(pack).expect("one pack is never given twice");
    let set = gather.finish().expect("one pack makes a set");
    let view = set.newest();
    let mut tags = 0;
    for number in set.addresses() {
        let (chain, text) = set.address(number);
        assert_eq!(set.find(chain, text), Some(number));
        tags += view.all(number).len();
        assert!(view.believed(number).len() <= view.at(number).len());
    }
    assert_eq!(tags, kept);
    assert!(view.names().iter().map(|named| named.tags).sum::<u64>() <= kept as u64);
}

/// A TagPack.
pub fn tagpack(input: &[u8]) {
    index(read_tagpack("pack.yaml", input, Provenance::default()));
}

/// An actor pack.
pub fn actors(input: &[u8]) {
    let Ok(pack) = read_actors("pack.actorpack.yaml", input) else { return };
    let ids: Vec<_> = pack.actors.iter().map(|actor| actor.id.clone()).collect();
    let mut gather = Gather::default();
    gather.actors(pack).expect("one pack is never given twice");
    let set = gather.finish().expect("one actor pack makes a set");
    assert!(ids.iter().all(|id| set.actor(id).is_some()));
}

/// One's own tags.
pub fn own(input: &[u8]) {
    index(own::read_own("own.csv", input, Provenance::default()));
}

/// A sanctions list.
pub fn list(input: &[u8]) {
    index(lists::read_sanction_list("list.txt", input, "USDT", "OFAC", Provenance::default()));
}

/// Etherscan's labels.
pub fn labels(input: &[u8]) {
    index(lists::read_etherscan("labels.json", input, Provenance::default()));
}

/// A set file.
pub fn set(input: &[u8]) {
    let Ok(file) = read_set("set.json", input) else { return };
    let mut gather = Gather::default();
    let count = file.decisions.len();
    file.decisions.into_iter().for_each(|decision| gather.decision(decision));
    let set = gather.finish().expect("decisions alone make a set");
    assert!(set.decisions_elsewhere.len() <= count);
}

/// A blockchain, a space and an address: its one spelling is spelled as it is.
pub fn address(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let Some((chain, address)) = text.split_once(' ') else { return };
    let Ok(chain) = Blockchain::of_asset(chain, address) else { return };
    let spelling = chain.spell(address);
    let again = chain.spell(&spelling.text);
    assert_eq!(again.text, spelling.text);
    if spelling.fault.is_none() {
        assert_eq!(again.fault, None);
    }
}
