//! `comity tags` and `comity trace --tags`: what is said of an address, as of a day.

use crate::support::{PEEL, comity, scratch, shared, text};

const OWN: &str = include_str!("../../../trace/tests/tags/own.csv");
const SET: &str = include_str!("../../../trace/tests/tags/set.json");
const CONTESTED: &str = "bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun";

#[test]
fn a_trace_ends_at_tags_of_a_day_and_its_exhibit_is_checked_against_them() {
    let folder = scratch();
    let write = |name: &str, what: &str| {
        let path = text(folder.path().join(name));
        std::fs::write(&path, what).expect("written");
        path
    };
    let (own, set) = (write("own.csv", OWN), write("set.json", SET));
    let block = shared().path("blocks/702861.raw");
    let run = ["trace", "run", "--blocks", &block, "--from", PEEL, "--json", "--tags", &set];
    let contested = comity(&[&run[..], &["--as-of", "2022-04-30"]].concat()).exits(0);
    contested.tells("\"standing\": \"contested\"").tells("\"as_of\": \"2022-04-30\"");
    let decided = comity(&[&run[..], &["--as-of", "2022-09-01"]].concat()).exits(0);
    let exhibit = write("exhibit.json", &decided.out);
    let replay = ["trace", "replay", &exhibit, "--blocks", &block];
    comity(&replay).exits(0).complains("the same bytes");
    let checked = comity(&[&replay[..], &["--tags", &set]].concat()).exits(0);
    checked.complains("the tags say what the exhibit cites").complains("the same bytes");
    comity(&[&replay[..], &["--tags", &own]].concat())
        .exits(1)
        .complains(&format!("the packs say something else of {CONTESTED}"));
    std::fs::write(&own, OWN.replace("Courier", "Carrier")).expect("written");
    comity(&[&replay[..], &["--tags", &set]].concat())
        .exits(1)
        .complains("the exhibit rests on other packs");
    comity(&[&run[..], &["--as-of", "May"]].concat()).exits(2).complains("`May` is no day");
}

#[test]
fn tags_are_shown_counted_compared_and_checked() {
    let folder = scratch();
    let path = text(folder.path());
    std::fs::write(folder.path().join("own.csv"), OWN).expect("written");
    std::fs::write(folder.path().join("notes.txt"), "no tags").expect("written");
    comity(&["tags", "check", &path]).exits(0).tells("own.csv: 6 tags, 0 odd").tells("1 packs");
    let show = ["tags", "show", &CONTESTED.to_uppercase(), "--tags", &path];
    comity(&show)
        .exits(0)
        .tells(&format!("BTC {CONTESTED}: contested; stop: "))
        .tells("Example Person (example-person): user")
        .tells("confidence authority_data (60), none named, said on 2022-03-01")
        .tells("own.csv line 5");
    let json = comity(&[&show[..], &["--json", "--as-of", "2021-12-31"]].concat()).exits(0);
    json.tells("\"standing\": \"agreed\"").tells("\"tags_not_in_force\": 1");
    comity(&["tags", "show", "nobody", "--tags", &path]).exits(1).complains("no pack names");
    comity(&["tags", "names", "--tags", &path]).exits(0).tells("example-exchange");
    let diff = ["tags", "diff", "--tags", &path, "--from", "2020-06-01", "--to", "2021-07-01"];
    comity(&diff).exits(0).tells("- BTC 3FiisSyQ6HC6FaYcoGNFrkLou8UojN3xTY example-shop [shop]");
    comity(&["tags", "contested", "--tags", &path]).exits(0).tells("example-person, example-pool");
    comity(&["tags", "boundaries"]).exits(0).tells("mixing_service         stop  breaks the link");

    let bomb = folder.path().join("bomb.yaml");
    std::fs::write(&bomb, "title: &a [x, x]\ntags: [*a, *a]\n").expect("written");
    comity(&["tags", "check", &path])
        .exits(1)
        .tells("bomb.yaml, line 1: anchors and aliases (& and *) are not read")
        .tells("own.csv: 6 tags")
        .tells("1 files refused");
    comity(&show).exits(1).complains("bomb.yaml, line 1: anchors and aliases");
}
