//! How fast a message is read and understood. Printed, never judged: machines differ.

use std::collections::HashMap;
use std::time::Instant;

use server::hi1::{Payload, compose, parse};

use crate::plan::{bytes, draft, plan_with};

#[test]
fn messages_a_second() {
    const ROUNDS: u32 = 500;
    let raw = bytes(&compose::create(&draft()));
    let (known, start) = (HashMap::new(), Instant::now());
    for _ in 0..ROUNDS {
        let Payload::Requests(actions) = parse(&raw).expect("we read what we write").payload else {
            panic!("requests were written");
        };
        assert_eq!(plan_with(actions, &known).requests.len(), 1);
    }
    let each = start.elapsed() / ROUNDS;
    println!("{} bytes, 7 objects: read and understood in {each:?}", raw.len());
}
