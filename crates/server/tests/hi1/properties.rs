//! Whatever arrives, nothing panics; what we write, we read the same.

use std::collections::HashMap;

use proptest::prelude::*;
use server::hi1::object::Object;
use server::hi1::{Act, Payload, compose, parse};

use crate::plan::{bytes, draft, plan_with};

fn swallow(raw: &[u8]) {
    if let Ok(message) = parse(raw) {
        let _ = server::hi1::signature::verify(&message.claim, &[]);
        if let Payload::Requests(actions) = message.payload {
            let count = actions.len();
            let plan = plan_with(actions, &HashMap::new());
            assert_eq!(plan.steps.len(), count, "one step for each action");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(raw in proptest::collection::vec(any::<u8>(), 0..300)) {
        swallow(&raw);
    }

    #[test]
    fn any_json_like_text(raw in "[\\[\\]{}\":,a-z0-9\\\\ ]{0,200}") {
        swallow(raw.as_bytes());
    }

    #[test]
    fn a_sound_message_with_bytes_changed(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut raw = bytes(&compose::create(&draft()));
        for (index, byte) in changes {
            let index = index.index(raw.len());
            raw[index] = byte;
        }
        swallow(&raw);
    }

    #[test]
    fn a_sound_message_with_a_value_exchanged(
        place in any::<prop::sample::Index>(),
        value in prop_oneof![
            Just("null".to_owned()), Just("[]".to_owned()), Just("{}".to_owned()),
            Just("1e999".to_owned()), Just("-1".to_owned()), Just("18446744073709551616".to_owned()),
            "\"[^\"\\\\]{0,20}\"",
        ],
    ) {
        let text = String::from_utf8(bytes(&compose::create(&draft()))).expect("JSON is UTF-8");
        let colons: Vec<usize> = text.match_indices("\":\"").map(|(at, _)| at + 2).collect();
        let start = colons[place.index(colons.len())];
        let end = start + 2 + text[start + 1..].find('"').expect("a text ends");
        swallow(format!("{}{value}{}", &text[..start], &text[end..]).as_bytes());
    }

    #[test]
    fn words_survive_writing_and_reading(words in "\\PC{0,80}", number in any::<u128>()) {
        let mut draft = draft();
        draft.reference = words.clone();
        draft.authorisation = crate::id(number);
        let acts = compose::create(&draft);
        let Payload::Requests(actions) = parse(&bytes(&acts)).expect("we read it").payload else {
            panic!("requests were written");
        };
        for (action, act) in actions.iter().zip(&acts) {
            prop_assert_eq!(action.act.as_ref(), Ok(act));
            if let Act::Create(object) = act {
                let again = Object::parse(object.to_json().as_bytes());
                prop_assert_eq!(again.as_ref(), Ok(object));
            }
        }
    }
}
