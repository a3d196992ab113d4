//! The same answer as a CASE/UCO graph (CASE 1.5, UCO 1.4) in JSON-LD.
//!
//! Knows nothing that is not in the [`PackageInput`]: every account, address and event stands in
//! an exhibit too. Ids are version 5 UUIDs of request, package and a tag, so the same input gives
//! the same bytes and two packages of one request can be loaded into one graph. UCO has no class
//! for a transfer on a chain; one is an `EventRecord` whose record id is `txid:...`.

use std::fmt::{Display, Write as _};

use uuid::Uuid;

use crate::bag::{BagFile, PackageError, exhibit_stem};
use crate::package::{Entity, PackageInput};
use crate::table::push_json_text;

mod node;
use node::Node;

/// A graph in the making: everything but the files, whose digests come last.
pub(crate) struct Graph {
    namespace: Uuid,
    text: String,
    original_names: Vec<(String, String)>,
}

/// Whether entities name only exhibits and accounts that are there.
pub(crate) fn check(input: &PackageInput<'_>) -> Result<(), PackageError> {
    for entity in &input.entities {
        let (exhibit, account) = match entity {
            Entity::Account { exhibit, .. } => (Some(*exhibit), None),
            Entity::Address { exhibit, account, .. } => (Some(*exhibit), account.as_deref()),
            Entity::Event { exhibit, account, .. } => (*exhibit, account.as_deref()),
        };
        if let Some(number) = exhibit
            && !has_exhibit(input, number)
        {
            let what = describe(entity);
            return Err(PackageError::UnknownExhibit { what, exhibit: number });
        }
        if let Some(account) = account
            && !has_account(input, account)
        {
            let (what, account) = (describe(entity), account.to_owned());
            return Err(PackageError::UnknownAccount { what, account });
        }
    }
    Ok(())
}

impl Graph {
    /// Starts the graph with all that is known before the files are.
    pub(crate) fn begin(input: &PackageInput<'_>) -> Self {
        let mut graph = Self {
            namespace: namespace(input),
            text: String::with_capacity(16 * 1024),
            original_names: original_names(input),
        };
        graph.text.push_str(CONTEXT);
        graph.push_parties(input);
        graph.push_authorization(input);
        graph.push_custody(input);
        graph.push_searches(input);
        for entity in &input.entities {
            graph.push_entity(entity);
        }
        graph
    }

    /// Adds the files with their digests and ends the graph.
    pub(crate) fn finish(mut self, files: &[BagFile<'_>]) -> String {
        for file in files {
            self.push_file(file);
        }
        self.text.push_str("\n]}\n");
        self.text
    }

    fn push_parties(&mut self, input: &PackageInput<'_>) {
        let (company, agency) = (self.company(), self.id("organization", &"agency"));
        let (custodian, tool) = (self.custodian(), self.tool());
        self.node(&company, "uco-identity:Organization")
            .text("uco-core:name", &input.request.company_name)
            .end();
        self.node(&agency, "uco-identity:Organization")
            .text("uco-core:name", &input.request.agency_name)
            .end();
        self.node(&custodian, "uco-identity:Person")
            .text("uco-core:name", &input.custodian.name)
            .text("uco-core:description", &input.custodian.post)
            .end();
        let (name, version) =
            input.tool_version.rsplit_once(' ').unwrap_or((&input.tool_version, ""));
        self.node(&tool, "uco-tool:Tool")
            .text("uco-core:name", name)
            .text("uco-tool:version", version)
            .end();
    }

    fn push_authorization(&mut self, input: &PackageInput<'_>) {
        let request = &input.request;
        let id = self.id("authorization", &"");
        let investigation = self.id("investigation", &"");
        let custody = (0..input.custody.len()).map(|index| self.action("custody", index as u64));
        let searches = numbers(input).map(|number| self.action("search", u64::from(number)));
        let actions: Vec<String> = custody.chain(searches).collect();
        let number = request.instrument_number.as_ref().unwrap_or(&request.agency_reference);
        let mut node = self.node(&id, "case-investigation:Authorization");
        node.text("case-investigation:authorizationType", &request.instrument)
            .text("case-investigation:authorizationIdentifier", number)
            .text("uco-core:description", &request.legal_basis);
        if let Some(issued_at) = &request.issued_at {
            node.time("uco-core:startTime", issued_at);
        }
        node.end();
        let name = format!("{} {}", request.agency_name, request.agency_reference);
        let mut node = self.node(&investigation, "case-investigation:Investigation");
        node.text("uco-core:name", &name).link("case-investigation:relevantAuthorization", &id);
        if !actions.is_empty() {
            node.links("uco-core:object", &actions);
        }
        node.end();
    }

    fn push_custody(&mut self, input: &PackageInput<'_>) {
        let company = self.company();
        for (index, step) in input.custody.iter().enumerate() {
            let id = self.action("custody", index as u64);
            let before = index.checked_sub(1).map(|before| self.action("custody", before as u64));
            let orders: Vec<String> =
                input.order.iter().map(|file| self.order_file(file.name.as_str())).collect();
            let mut node = self.node(&id, "case-investigation:InvestigativeAction");
            node.text("uco-core:name", &step.act)
                .text("uco-core:description", &format!("by {}", step.by))
                .link("uco-action:performer", &company)
                .links("uco-action:object", &orders)
                .time("uco-action:startTime", &step.at);
            if let Some(before) = before {
                node.link("case-investigation:wasInformedBy", &before);
            }
            node.end();
        }
    }

    fn push_searches(&mut self, input: &PackageInput<'_>) {
        for exhibit in &input.exhibits {
            let facts = &exhibit.facts;
            let stem = format!("data/records/{}", exhibit_stem(facts.number));
            let files = [self.file(&format!("{stem}.csv")), self.file(&format!("{stem}.json"))];
            let what = format!(
                "{} rows of {} from {}, by {}; query SHA-256 {}",
                facts.row_count,
                facts.category,
                facts.source_system,
                facts.operator,
                facts.query_sha256
            );
            let search = Search { number: facts.number, title: &facts.title, what, files };
            let at = Some(&facts.snapshot_at);
            self.push_search(input, search, at, facts.fiction.as_deref());
        }
        for trace in &input.traces {
            let stem = format!("data/trace/{}", exhibit_stem(trace.number));
            let files = [self.file(&format!("{stem}.json")), self.file(&format!("{stem}.svg"))];
            let what = format!("traced by {}, by {}", trace.engine, trace.operator);
            let search = Search { number: trace.number, title: &trace.title, what, files };
            self.push_search(input, search, None, trace.fiction.as_deref());
        }
    }

    /// One search or trace: the act, and the provenance record of what it gave.
    fn push_search(
        &mut self,
        input: &PackageInput<'_>,
        search: Search<'_>,
        at: Option<&jiff::Timestamp>,
        fiction: Option<&str>,
    ) {
        let number = search.number;
        let action = self.action("search", u64::from(number));
        let provenance = self.id("provenance-record", &number);
        let (company, tool) = (self.company(), self.tool());
        let orders: Vec<String> =
            input.order.iter().map(|file| self.order_file(file.name.as_str())).collect();
        let results = [&search.files[..], std::slice::from_ref(&provenance)].concat();
        let mut node = self.node(&action, "case-investigation:InvestigativeAction");
        node.text("uco-core:name", &format!("searched for {}", search.title))
            .text("uco-core:description", &search.what)
            .link("uco-action:performer", &company)
            .link("uco-action:instrument", &tool)
            .links("uco-action:object", &orders)
            .links("uco-action:result", &results);
        if let Some(at) = at {
            node.time("uco-action:startTime", at);
        }
        node.end();
        let objects: Vec<String> = search
            .files
            .iter()
            .cloned()
            .chain(
                input
                    .entities
                    .iter()
                    .filter(|e| e.exhibit() == Some(number))
                    .map(|e| self.entity(e)),
            )
            .collect();
        let mut node = self.node(&provenance, "case-investigation:ProvenanceRecord");
        node.text("case-investigation:exhibitNumber", &exhibit_stem(number))
            .text("uco-core:description", search.title)
            .links("uco-core:object", &objects);
        if let Some(note) = fiction {
            node.text("uco-core:tag", &format!("fiction: {note}"));
        }
        node.end();
    }

    fn push_entity(&mut self, entity: &Entity) {
        let id = self.entity(entity);
        match entity {
            Entity::Account { identifier, login, is_active, .. } => {
                let company = self.company();
                let facet = self.id("account-facet", identifier);
                let login_facet = self.id("digital-account-facet", identifier);
                let mut node = self.node(&id, "uco-observable:DigitalAccount");
                let mut facets = node.facets();
                let mut facet = facets.node(&facet, "uco-observable:AccountFacet");
                facet
                    .text("uco-observable:accountIdentifier", identifier)
                    .link("uco-observable:accountIssuer", &company);
                if let Some(is_active) = is_active {
                    facet.boolean("uco-observable:isActive", *is_active);
                }
                facet.end();
                if let Some(login) = login {
                    facets
                        .node(&login_facet, "uco-observable:DigitalAccountFacet")
                        .text("uco-observable:accountLogin", login)
                        .end();
                }
                facets.end();
                node.end();
            }
            Entity::Address { value, description, account, .. } => {
                let facet = self.id("digital-address-facet", value);
                let mut node = self.node(&id, "uco-observable:DigitalAddress");
                if let Some(account) = account {
                    node.text("uco-core:description", &format!("of account {account}"));
                }
                let mut facets = node.facets();
                facets
                    .node(&facet, "uco-observable:DigitalAddressFacet")
                    .text("uco-observable:addressValue", value)
                    .text("uco-observable:displayName", description)
                    .end();
                facets.end();
                node.end();
            }
            Entity::Event { kind, identifier, account, at, .. } => {
                let facet = self.id("event-record-facet", &EventTag(kind, identifier));
                let account = account.as_ref().map(|account| self.id("account", account));
                let mut node = self.node(&id, "uco-observable:EventRecord");
                let mut facets = node.facets();
                let mut facet = facets.node(&facet, "uco-observable:EventRecordFacet");
                facet
                    .text("uco-observable:eventType", kind)
                    .text("uco-observable:eventRecordID", identifier)
                    .time("uco-observable:startTime", at);
                if let Some(account) = &account {
                    facet.link("uco-observable:account", account);
                }
                facet.end();
                facets.end();
                node.end();
            }
        }
    }

    fn push_file(&mut self, file: &BagFile<'_>) {
        let id = self.file(&file.path);
        let facet = self.id("file-facet", &file.path);
        let content_facet = self.id("content-data-facet", &file.path);
        let hashes = [self.id("hash-sha256", &file.path), self.id("hash-sha512", &file.path)];
        let original = self.original_names.iter().find(|(path, _)| *path == file.path);
        let original = original.map(|(_, name)| format!("received as {name}"));
        let digests = file.content.digests();
        let name = file.path.rsplit('/').next().unwrap_or(&file.path);
        let mut node = self.node(&id, "uco-observable:File");
        if let Some(original) = &original {
            node.text("uco-core:description", original);
        }
        let mut facets = node.facets();
        facets
            .node(&facet, "uco-observable:FileFacet")
            .text("uco-observable:fileName", name)
            .text("uco-observable:filePath", &file.path)
            .integer("uco-observable:sizeInBytes", digests.bytes)
            .end();
        let mut content = facets.node(&content_facet, "uco-observable:ContentDataFacet");
        let mut list = content.list("uco-observable:hash");
        list.node(&hashes[0], "uco-types:Hash").hash("SHA256", &digests.sha256).end();
        list.node(&hashes[1], "uco-types:Hash").hash("SHA512", &digests.sha512).end();
        list.end();
        content.end();
        facets.end();
        node.end();
    }

    /// A node of the graph, after a comma where one is needed.
    fn node(&mut self, id: &str, kind: &str) -> Node<'_> {
        let first = self.text.ends_with('[');
        self.text.push_str(if first { "\n" } else { ",\n" });
        Node::begin(&mut self.text, id, kind)
    }

    /// `kb:<kind>-<uuid>`, the UUID being that of kind and tag in the package's namespace.
    fn id(&self, kind: &str, tag: &impl Display) -> String {
        let uuid = Uuid::new_v5(&self.namespace, format!("{kind}\0{tag}").as_bytes());
        let mut id = String::with_capacity(kind.len() + 40);
        let _ = write!(id, "kb:{kind}-{uuid}");
        id
    }

    fn company(&self) -> String {
        self.id("organization", &"company")
    }

    fn custodian(&self) -> String {
        self.id("person", &"custodian")
    }

    fn tool(&self) -> String {
        self.id("tool", &"")
    }

    fn action(&self, kind: &str, number: u64) -> String {
        self.id("investigative-action", &format_args!("{kind} {number}"))
    }

    fn file(&self, path: &str) -> String {
        self.id("file", &path)
    }

    fn order_file(&self, name: &str) -> String {
        self.file(&format!("{}{name}", crate::format::ORDER_FOLDER))
    }

    fn entity(&self, entity: &Entity) -> String {
        match entity {
            Entity::Account { identifier, .. } => self.id("account", identifier),
            Entity::Address { value, .. } => self.id("address", value),
            Entity::Event { kind, identifier, .. } => self.id("event", &EventTag(kind, identifier)),
        }
    }
}

struct Search<'s> {
    number: u16,
    title: &'s str,
    what: String,
    files: [String; 2],
}

/// Kind and record id of an event, apart: "a b" + "c" is not "a" + "b c".
struct EventTag<'s>(&'s str, &'s str);

impl Display for EventTag<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\0{}", self.0, self.1)
    }
}

impl Entity {
    fn exhibit(&self) -> Option<u16> {
        match self {
            Entity::Account { exhibit, .. } | Entity::Address { exhibit, .. } => Some(*exhibit),
            Entity::Event { exhibit, .. } => *exhibit,
        }
    }
}

const CONTEXT: &str = concat!(
    "{\"@context\":{",
    "\"kb\":\"https://comity.invalid/kb/\",",
    "\"case-investigation\":\"https://ontology.caseontology.org/case/investigation/\",",
    "\"uco-action\":\"https://ontology.unifiedcyberontology.org/uco/action/\",",
    "\"uco-core\":\"https://ontology.unifiedcyberontology.org/uco/core/\",",
    "\"uco-identity\":\"https://ontology.unifiedcyberontology.org/uco/identity/\",",
    "\"uco-observable\":\"https://ontology.unifiedcyberontology.org/uco/observable/\",",
    "\"uco-tool\":\"https://ontology.unifiedcyberontology.org/uco/tool/\",",
    "\"uco-types\":\"https://ontology.unifiedcyberontology.org/uco/types/\",",
    "\"xsd\":\"http://www.w3.org/2001/XMLSchema#\"},\n\"@graph\":["
);

fn namespace(input: &PackageInput<'_>) -> Uuid {
    Uuid::new_v5(&input.request.request_id, input.name.as_str().as_bytes())
}

fn numbers<'i>(input: &'i PackageInput<'_>) -> impl Iterator<Item = u16> + 'i {
    let tables = input.exhibits.iter().map(|exhibit| exhibit.facts.number);
    tables.chain(input.traces.iter().map(|trace| trace.number))
}

fn original_names(input: &PackageInput<'_>) -> Vec<(String, String)> {
    let named = input.order.iter().filter_map(|file| {
        let name = file.original_name.clone()?;
        Some((format!("{}{}", crate::format::ORDER_FOLDER, file.name), name))
    });
    named.collect()
}

fn has_exhibit(input: &PackageInput<'_>, number: u16) -> bool {
    numbers(input).any(|known| known == number)
}

fn has_account(input: &PackageInput<'_>, account: &str) -> bool {
    input
        .entities
        .iter()
        .any(|entity| matches!(entity, Entity::Account { identifier, .. } if identifier == account))
}

fn describe(entity: &Entity) -> String {
    match entity {
        Entity::Account { identifier, .. } => format!("account `{identifier}`"),
        Entity::Address { value, .. } => format!("address `{value}`"),
        Entity::Event { kind, identifier, .. } => format!("event {kind} `{identifier}`"),
    }
}
