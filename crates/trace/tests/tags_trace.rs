//! Tags in a trace of real block 702861: where it ends, what the exhibit cites, and its replay. The
//! tags are fiction: those addresses are real and have nothing to do with the names given.

mod common;

use chain::{ChainView, NamedBytes, Network};
use expect_test::expect;
use trace::attribution::cited::run;
use trace::attribution::lift::{lift, strong_actors};
use trace::attribution::{
    self, Blockchain, Boundaries, CitationError, Confidence, File, Gather, Provenance, TagSet,
};
use trace::cluster::{ClusterNumber, Rule, clusters};
use trace::{Parameters, Policy, Replay, Source, Trace};

const OWN: &str = include_str!("tags/own.csv");
const SET: &str = include_str!("tags/set.json");
const PEEL: &str = "38019c2f360911e301dcd2c6d193b11108be2e1f73d63eef7c8a7690b8a303f3";

fn block() -> ChainView {
    let bytes = bitcoin_test_data::blocks::mainnet_702861();
    ChainView::load(&[NamedBytes { name: "702861.raw", bytes }], &[], Network::Mainnet).unwrap()
}

fn tags(with_decisions: bool) -> TagSet {
    let mut gather = Gather::default();
    let provenance = Provenance { commit: Some("0123abc".to_owned()), ..Provenance::default() };
    let Ok(File::Tags(pack)) = attribution::read("own.csv", OWN.as_bytes(), provenance) else {
        panic!("the tags of this test can be read");
    };
    gather.pack(pack).unwrap();
    if with_decisions {
        let set = attribution::read_set("set.json", SET.as_bytes()).unwrap();
        set.decisions.into_iter().for_each(|decision| gather.decision(decision));
    }
    gather.finish().unwrap()
}

fn parameters() -> Parameters {
    let source = Source { txid: PEEL.parse().unwrap(), vout: None };
    Parameters::new(source, Policy::Fifo)
}

fn ends(trace: &Trace<'_>) -> String {
    let attribution = trace.parameters.attribution.as_ref().unwrap();
    let cited = attribution.addresses.iter().map(|cited| {
        let said = cited.said.iter().map(|said| {
            let believed = if said.believed { "" } else { ", not believed" };
            format!(
                "\n  line {}: {} ({}), {}{believed}",
                said.line, said.label, said.confidence, said.legal_status
            )
        });
        let said: String = said.collect();
        let concept = cited.concept.as_deref().unwrap_or("-");
        format!("{} {} {concept} {}{said}\n", cited.address, cited.effect, cited.standing)
    });
    let cited: String = cited.collect();
    let reached = trace.reached();
    let hops = trace.flow.hops.len();
    format!("{hops} transactions, {} ends at tags\n{cited}", reached.len())
}

#[test]
fn a_trace_ends_where_the_tags_of_that_day_say() {
    let chain = block();
    let (undecided, decided) = (tags(false), tags(true));
    let day = |text| attribution::day(text).unwrap();
    let follow = |set: &TagSet, text| {
        ends(&run(&chain, &parameters(), &set.as_of(day(text)), Boundaries::default()).unwrap())
    };
    expect![[r#"
        17 transactions, 0 ends at tags
    "#]]
    .assert_eq(&follow(&undecided, "2021-05-03"));
    expect![[r#"
        7 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun stop miner agreed
          line 4: Example Pool (web_crawl), none_named
    "#]]
    .assert_eq(&follow(&undecided, "2021-12-31"));
    expect![[r#"
        7 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun stop miner contested
          line 4: Example Pool (web_crawl), none_named
          line 5: Example Person (authority_data), none_named
    "#]]
    .assert_eq(&follow(&undecided, "2022-04-30"));
    assert_eq!(follow(&undecided, "2022-04-30"), follow(&decided, "2022-04-30"));
    expect![[r#"
        17 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qg5zuvacar2v7vyj08mf3v7w3ytvl9c05z9h4f5 pass organization agreed
          line 6: Example Front (authority_data), sanctioned
        bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s stop exchange agreed
          line 2: Example Exchange deposits (service_data), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun pass user decided
          line 4: Example Pool (web_crawl), none_named, not believed
          line 5: Example Person (authority_data), none_named
    "#]]
    .assert_eq(&follow(&decided, "2022-09-01"));
    expect![[r#"
        17 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qg5zuvacar2v7vyj08mf3v7w3ytvl9c05z9h4f5 pass organization agreed
          line 6: Example Front (authority_data), sanction_ended
        bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s stop exchange agreed
          line 2: Example Exchange deposits (service_data), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun pass user decided
          line 4: Example Pool (web_crawl), none_named, not believed
          line 5: Example Person (authority_data), none_named
    "#]]
    .assert_eq(&follow(&decided, "2025-03-21"));

    let newest = run(&chain, &parameters(), &decided.newest(), Boundaries::default()).unwrap();
    expect![[r#"
        17 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qg5zuvacar2v7vyj08mf3v7w3ytvl9c05z9h4f5 pass organization agreed
          line 6: Example Front (authority_data), sanction_ended
        bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s stop exchange agreed
          line 2: Example Exchange deposits (service_data), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun pass user decided
          line 4: Example Pool (web_crawl), none_named, not believed
          line 5: Example Person (authority_data), none_named
    "#]]
    .assert_eq(&ends(&newest));
    let sure = Boundaries { confidence_min: Confidence::ServiceData };
    let sure = run(&chain, &parameters(), &undecided.as_of(day("2022-04-30")), sure).unwrap();
    expect![[r#"
        17 transactions, 1 ends at tags
        bc1qe5a4plc22gp0t0kd58tw9ndf0zzycwgvcr937g pass user agreed
          line 3: Example Courier (forensic), none_named
        bc1qv2hy850xcdrcd4l0uy4f87lw25ms86t880203s stop exchange agreed
          line 2: Example Exchange deposits (service_data), none_named
        bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun pass miner contested
          line 4: Example Pool (web_crawl), none_named
          line 5: Example Person (authority_data), none_named
    "#]]
    .assert_eq(&ends(&sure));
}

#[test]
fn the_exhibit_cites_what_it_used_and_replays() {
    let (chain, set) = (block(), tags(true));
    let view = set.as_of(attribution::day("2022-09-01").unwrap());
    let trace = run(&chain, &parameters(), &view, Boundaries::default()).unwrap();
    let bytes = trace::exhibit(&trace);
    let json: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert!(common::schema().is_valid(&json), "the schema knows every field");
    assert_eq!(trace::replay(&bytes, &chain), Ok(Replay::Same));
    let cited = serde_json::to_string_pretty(&json["parameters"]["attribution"]).unwrap();
    expect_test::expect_file!["golden/tags-attribution.json"].assert_eq(&format!("{cited}\n"));
    // the trace with the tags it cites is the trace with all of them
    let again = trace::run(&chain, &trace.parameters).unwrap();
    assert_eq!(again.comparison, trace.comparison);

    let recorded = trace::exhibit::recorded_parameters(&bytes).unwrap().attribution.unwrap();
    assert_eq!(recorded.check(&set, &Blockchain::BITCOIN), Ok(()));
    assert_eq!(
        recorded.check(&tags(false), &Blockchain::BITCOIN),
        Err(CitationError::Address("bc1qvhxveq5rggt0rnjq6dj0gzgvmlt25yt09prfun".to_owned()))
    );
    let mut other = recorded.clone();
    other.packs[0].sha256 = "00".repeat(32);
    expect!["the exhibit rests on other packs: 0000000000000000000000000000000000000000000000000000000000000000"].assert_eq(&other.check(&set, &Blockchain::BITCOIN).unwrap_err().to_string());
    let mut other = recorded;
    other.tags_in_force += 1;
    expect!["the packs have 5 tags in force, the exhibit says 6"]
        .assert_eq(&other.check(&set, &Blockchain::BITCOIN).unwrap_err().to_string());
}

#[test]
fn clusters_are_named_with_their_support() {
    let (chain, set) = (block(), tags(false));
    let view = set.as_of(attribution::day("2022-04-30").unwrap());
    let actors = strong_actors(&view, &chain, Confidence::ServiceData);
    assert!(actors.is_empty(), "fiction is never strong: {actors:?}");
    let found = clusters(&chain, Rule::default(), &actors);
    let lifted = lift(&view, &chain, |address| found.of(address));
    let shown: String = lifted
        .values()
        .map(|tags| {
            let names = tags.names.iter().map(|name| {
                format!(
                    " {} ({} of {} said of the whole cluster)",
                    name.name, name.whole_cluster, name.addresses
                )
            });
            format!(
                "{} tagged:{}, conflict {:?}\n",
                tags.tagged,
                names.collect::<String>(),
                tags.conflict()
            )
        })
        .collect();
    expect![[r#"
        1 tagged: example-courier (0 of 1 said of the whole cluster), conflict []
        1 tagged: example-person (1 of 1 said of the whole cluster) example-pool (1 of 1 said of the whole cluster), conflict ["example-person", "example-pool"]
        1 tagged: example-exchange (1 of 1 said of the whole cluster), conflict []
    "#]].assert_eq(&shown);
    // one cluster that holds all of them joins what does not belong together, and says so
    let all = lift(&view, &chain, |_| ClusterNumber(chain::AddressNumber(0)));
    let names: Vec<String> = all[&ClusterNumber(chain::AddressNumber(0))]
        .conflict()
        .iter()
        .map(|name| name.to_string())
        .collect();
    expect!["example-courier, example-exchange, example-person, example-pool"]
        .assert_eq(&names.join(", "));
}

#[test]
fn names_beyond_doubt_keep_clusters_apart() {
    let chain = block();
    let real = OWN.replace(",true,true,", ",true,false,");
    let mut gather = Gather::default();
    let Ok(File::Tags(pack)) = attribution::read("own.csv", real.as_bytes(), Provenance::default())
    else {
        panic!("the tags of this test can be read");
    };
    gather.pack(pack).unwrap();
    let set = gather.finish().unwrap();
    let strong = |text: &str, least| {
        let view = set.as_of(attribution::day(text).unwrap());
        let actors = strong_actors(&view, &chain, least);
        actors.into_values().collect::<Vec<_>>().join(", ")
    };
    expect!["example-shop"].assert_eq(&strong("2020-01-01", Confidence::ServiceData));
    expect!["example-exchange"].assert_eq(&strong("2021-12-31", Confidence::ServiceData));
    expect!["example-pool, example-exchange"]
        .assert_eq(&strong("2021-12-31", Confidence::WebCrawl));
    // two actors are named now, and nobody decided
    expect!["example-exchange"].assert_eq(&strong("2022-04-30", Confidence::WebCrawl));
}
