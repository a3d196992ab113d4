//! `sbom`: what is in the shipped binary, as CycloneDX 1.5 JSON.
//!
//! Cargo says which crates are compiled into `comity` with its default features: no tests, no build
//! scripts, no macros that only run in the compiler. `Cargo.lock` has their digests, cargo their
//! licences. Files that are compiled in without being crates are named by [`FILES`]; a test sees to
//! it that they are there. No time and no random number: the same sources give the same bytes.
//!
//! Does not know what a crate carries in C: SQLite, AWS-LC and mimalloc are inside the crates
//! `libsqlite3-sys`, `aws-lc-sys` and `libmimalloc-sys`, whose versions and digests stand for them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use cargo_metadata::{Metadata, MetadataCommand, Package, PackageId};
use serde_json::{Value, json};

/// Name and version of a crate, as cargo tells them apart.
type Named = (String, String);

/// What others made and the binary carries without it being a crate: name, version, licence, files.
const FILES: [(&str, &str, &str, &[&str]); 4] = [
    ("cytoscape", "3.34.4", "MIT", &["crates/web/assets/vendor/cytoscape.min.js"]),
    (
        "Inter",
        "subset",
        "OFL-1.1",
        &["crates/evidence/fonts/inter-regular.ttf", "crates/evidence/fonts/inter-semibold.ttf"],
    ),
    ("JetBrains Mono", "subset", "OFL-1.1", &["crates/evidence/fonts/jetbrains-mono-regular.ttf"]),
    (
        "Literata",
        "subset",
        "OFL-1.1",
        &[
            "crates/evidence/fonts/literata-regular.ttf",
            "crates/evidence/fonts/literata-semibold.ttf",
        ],
    ),
];

/// Writes the bill of materials.
///
/// # Errors
/// When cargo cannot say what is inside, or the file cannot be written.
pub fn sbom(root: &Path, out: Option<&Path>) -> Result<()> {
    let bill = bill(root)?;
    let text = format!("{}\n", serde_json::to_string_pretty(&bill)?);
    match out {
        Some(path) => {
            std::fs::write(path, text).with_context(|| format!("{}", path.display()))?;
            let count = bill["components"].as_array().map_or(0, Vec::len);
            println!("{count} components in {}", path.display());
        }
        None => print!("{text}"),
    }
    Ok(())
}

/// The bill of materials of the binary that these sources make.
///
/// # Errors
/// When cargo cannot say what is inside.
pub fn bill(root: &Path) -> Result<Value> {
    let inside = inside(root)?;
    let digests = digests(root)?;
    let metadata = MetadataCommand::new()
        .manifest_path(root.join("Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()?;
    let packages: Vec<&Package> = metadata
        .packages
        .iter()
        .filter(|package| inside.contains(&named(package)) && package.name.as_str() != "cli")
        .collect();
    if packages.len() + 1 != inside.len() {
        bail!("cargo names {} crates and describes {}", inside.len(), packages.len() + 1);
    }
    let mut components: Vec<Value> =
        packages.iter().map(|package| component(package, &digests)).collect::<Result<_>>()?;
    for file in FILES {
        components.push(files(root, file)?);
    }
    components.sort_by_key(|component| component["bom-ref"].to_string());
    let cli = metadata.packages.iter().find(|package| package.name.as_str() == "cli");
    let cli = cli.context("there is no package cli")?;
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "comity",
                "name": "comity",
                "version": cli.version.to_string(),
                "licenses": licences(cli),
            },
        },
        "components": components,
        "dependencies": dependencies(&metadata, &inside),
    }))
}

/// Names and versions of the crates that are compiled into the binary.
fn inside(root: &Path) -> Result<BTreeSet<Named>> {
    let output = Command::new("cargo")
        .args(["tree", "--locked", "-p", "cli", "-e", "normal,no-proc-macro"])
        .args(["--prefix", "none", "--format", "{p}"])
        .current_dir(root)
        .output()
        .context("cargo could not be started")?;
    if !output.status.success() {
        bail!("cargo tree: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    let text = String::from_utf8(output.stdout).context("cargo tree")?;
    let mut found = BTreeSet::new();
    for line in text.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let (Some(name), Some(version)) = (words.next(), words.next()) else {
            bail!("cargo tree says {line:?}")
        };
        let version = version.strip_prefix('v').unwrap_or(version);
        found.insert((name.to_owned(), version.to_owned()));
    }
    Ok(found)
}

/// SHA-256 of every crate that came from a registry.
fn digests(root: &Path) -> Result<BTreeMap<Named, String>> {
    let text = std::fs::read_to_string(root.join("Cargo.lock")).context("Cargo.lock")?;
    let lock: toml::Value = toml::from_str(&text).context("Cargo.lock")?;
    let listed = lock.get("package").and_then(toml::Value::as_array).context("Cargo.lock")?;
    let text = |package: &toml::Value, key| package.get(key)?.as_str().map(str::to_owned);
    let digest = |package: &toml::Value| {
        let name = (text(package, "name")?, text(package, "version")?);
        Some((name, text(package, "checksum")?))
    };
    Ok(listed.iter().filter_map(digest).collect())
}

fn named(package: &Package) -> Named {
    (package.name.to_string(), package.version.to_string())
}

fn purl(name: &str, version: &str) -> String {
    format!("pkg:cargo/{name}@{}", version.replace('+', "%2B"))
}

fn reference(package: &Package) -> String {
    if package.name.as_str() == "cli" {
        return "comity".to_owned();
    }
    purl(package.name.as_str(), &package.version.to_string())
}

fn licences(package: &Package) -> Value {
    match &package.license {
        // Older crates write a slash where SPDX wants OR.
        Some(expression) => json!([{ "expression": expression.replace('/', " OR ") }]),
        None => json!([{ "license": { "name": "see the file LICENSE of the crate" } }]),
    }
}

fn component(package: &Package, digests: &BTreeMap<Named, String>) -> Result<Value> {
    let (name, version) = named(package);
    let mut component = json!({
        "type": "library",
        "bom-ref": reference(package),
        "name": name,
        "version": version,
        "licenses": licences(package),
    });
    if package.source.is_some() {
        let digest = digests.get(&named(package));
        let digest = digest.with_context(|| format!("{name} has no digest in Cargo.lock"))?;
        component["hashes"] = json!([{ "alg": "SHA-256", "content": digest }]);
        component["purl"] = purl(&name, &version).into();
    } else {
        component["properties"] = json!([{ "name": "comity:source", "value": "this repository" }]);
    }
    if let Some(repository) = &package.repository {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    Ok(component)
}

fn files(
    root: &Path,
    (name, version, licence, paths): (&str, &str, &str, &[&str]),
) -> Result<Value> {
    let parts = paths.iter().map(|path| {
        let digest = sha256(&root.join(path))?;
        Ok(json!({
            "type": "file",
            "bom-ref": format!("file:{path}"),
            "name": path,
            "hashes": [{ "alg": "SHA-256", "content": digest }],
        }))
    });
    Ok(json!({
        "type": "library",
        "bom-ref": format!("vendored:{name}"),
        "name": name,
        "version": version,
        "licenses": [{ "expression": licence }],
        "components": parts.collect::<Result<Vec<Value>>>()?,
    }))
}

fn sha256(path: &Path) -> Result<String> {
    let output = Command::new("sha256sum").arg(path).output().context("sha256sum")?;
    let text = String::from_utf8(output.stdout).context("sha256sum")?;
    let digest = text.split(' ').next().filter(|digest| digest.len() == 64);
    Ok(digest.with_context(|| format!("{}: no digest", path.display()))?.to_owned())
}

/// Which of what is inside uses which.
fn dependencies(metadata: &Metadata, inside: &BTreeSet<Named>) -> Vec<Value> {
    let by_id: BTreeMap<&PackageId, &Package> = metadata
        .packages
        .iter()
        .filter(|package| inside.contains(&named(package)))
        .map(|package| (&package.id, package))
        .collect();
    let nodes = metadata.resolve.iter().flat_map(|resolve| &resolve.nodes);
    let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for node in nodes {
        let Some(user) = by_id.get(&node.id) else { continue };
        let used = node.deps.iter().filter(|used| {
            used.dep_kinds.iter().any(|kind| kind.kind == cargo_metadata::DependencyKind::Normal)
        });
        let used = used.filter_map(|used| by_id.get(&used.pkg)).map(|package| reference(package));
        edges.entry(reference(user)).or_default().extend(used);
    }
    let vendored = FILES.iter().map(|(name, ..)| format!("vendored:{name}"));
    edges.entry("comity".to_owned()).or_default().extend(vendored);
    edges.into_iter().map(|(user, used)| json!({ "ref": user, "dependsOn": used })).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CycloneDX's own schema (xtask/schema/cyclonedx-1.5).
    fn schema() -> jsonschema::Validator {
        let folder = crate::root().join("xtask/schema/cyclonedx-1.5");
        let read = |name: &str| -> Value {
            let text = std::fs::read_to_string(folder.join(name)).expect("a schema");
            serde_json::from_str(&text).expect("JSON")
        };
        let mut registry = jsonschema::Registry::new();
        for name in ["jsf-0.82.SNAPSHOT.schema.json", "spdx.SNAPSHOT.schema.json"] {
            // The schema refers to its neighbours by the names of their files.
            let url = format!("http://cyclonedx.org/schema/{name}");
            let mut neighbour = read(name);
            neighbour["$id"] = url.clone().into();
            registry = registry.add(url, neighbour).expect("a sound address");
        }
        let registry = registry.prepare().expect("every reference is found");
        let bom = read("bom-1.5.SNAPSHOT.schema.json");
        let options = jsonschema::options();
        options.with_registry(&registry).build(&bom).expect("a sound schema")
    }

    fn allowed() -> Vec<String> {
        let text = std::fs::read_to_string(crate::root().join("deny.toml")).expect("deny.toml");
        let deny: toml::Value = toml::from_str(&text).expect("TOML");
        let list = deny["licenses"]["allow"].as_array().expect("a list");
        list.iter().filter_map(|name| name.as_str().map(str::to_owned)).collect()
    }

    #[test]
    fn the_bill_names_what_is_inside_with_digest_and_licence() {
        let bill = bill(&crate::root()).expect("a bill");
        let schema = schema();
        let faults: Vec<String> = schema
            .iter_errors(&bill)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        let components = bill["components"].as_array().expect("a list");
        let names: BTreeSet<&str> =
            components.iter().filter_map(|component| component["name"].as_str()).collect();
        for there in ["desk", "web", "tokio", "libsqlite3-sys", "aws-lc-sys", "cytoscape"] {
            assert!(names.contains(there), "{there} is inside");
        }
        // Tests, build scripts and the compiler's own macros are not shipped.
        for absent in ["proptest", "insta", "xtask", "cc", "serde_derive", "syn"] {
            assert!(!names.contains(absent), "{absent} is not inside");
        }
        let allowed = allowed();
        for component in components {
            let name = &component["name"];
            let licence = component["licenses"][0]["expression"].as_str().expect("a licence");
            let words = licence.replace(['(', ')'], " ").replace(" WITH ", " ");
            let known = |word: &str| {
                ["OR", "AND", "LLVM-exception"].contains(&word)
                    || allowed.iter().any(|one| one == word)
            };
            let one_is_allowed = words.split_whitespace().any(known);
            assert!(one_is_allowed, "{name}: {licence} is not in deny.toml");
            let is_crate = component["purl"].is_string();
            assert_eq!(component["hashes"][0]["content"].is_string(), is_crate, "{name}");
        }
    }

    #[test]
    fn the_schema_sees_what_is_wrong() {
        let schema = schema();
        let wrong = json!({ "bomFormat": "CycloneDX", "specVersion": "1.5", "components": [{}] });
        assert!(!schema.is_valid(&wrong), "a component without a name");
    }
}
