//! Inputs to the HI-1 edge of crate `server`. Any bytes may arrive; whatever is read must be
//! planned without panic, and what is written of it must be read again as the same.

use std::collections::{HashMap, HashSet};

use server::hi1::translate::{Context, Sender, mentioned, plan};
use server::hi1::{Act, CountryCode, EndpointId, Object, Payload, signature};

/// A function of this module, and the folder of its inputs below `fuzz/corpus`.
pub type Target = (&'static str, fn(&[u8]));

/// All targets of this module.
pub const TARGETS: &[Target] = &[("hi1_parse", parse)];

/// One message, read, checked for signatures, planned.
pub fn parse(input: &[u8]) {
    let Ok(message) = server::hi1::parse(input) else { return };
    let unsigned = message.claim.is_unsigned();
    assert_eq!(signature::verify(&message.claim, &[]).is_ok(), unsigned, "no key is enrolled");
    let Payload::Requests(actions) = message.payload else { return };
    for action in &actions {
        if let Ok(Act::Create(object) | Act::Update(object)) = &action.act {
            let again = Object::parse(object.to_json().as_bytes());
            assert_eq!(again.as_ref(), Ok(object), "what is written reads the same");
        }
    }
    let us = EndpointId {
        country: CountryCode::new("XX").expect("XX is two capital letters"),
        identifier: "LANTERN".to_owned(),
    };
    let sender = Sender {
        country: us.country,
        rule_pack: "generic".to_owned(),
        rule_packs: vec!["generic".to_owned()],
        issuer: desk::order::IssuerType::Police,
        zone: None,
        service: desk::order::Service::Exchange,
        authentication: desk::order::Authentication::ByChannel,
    };
    let context = Context {
        sender: &sender,
        ours: &[us],
        known: &HashMap::new(),
        taken: &HashSet::new(),
        sent_at: message.header.timestamp,
    };
    let (count, named) = (actions.len(), mentioned(&actions));
    let plan = plan(actions, &context);
    assert_eq!(plan.steps.len(), count, "one step for each action");
    for request in &plan.requests {
        assert!(!request.order.asks.is_empty(), "a request asks for something");
        assert!(request.objects.iter().all(|(_, object)| named.contains(&object.id())));
    }
}
