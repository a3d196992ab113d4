//! The OpenAPI document is what outsiders build on: every change of it shows here.

use expect_test::expect_file;

#[test]
fn the_document_is_the_one_we_published() {
    let document = server::api::document();
    let text = document.to_pretty_json().expect("the document is JSON");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let version = value["openapi"].as_str().expect("a version");
    assert!(version.starts_with("3.1."), "{version}");
    expect_file!["../golden/openapi.json"].assert_eq(&(text + "\n"));
}

#[test]
fn every_route_is_described() {
    let value = serde_json::to_value(server::api::document()).expect("JSON");
    for (path, item) in value["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let place = format!("{method} {path}");
            assert!(operation["summary"].is_string(), "{place} says nothing of itself");
            let named = path.matches('{').count();
            let described = operation["parameters"].as_array().map_or(0, |list| {
                list.iter().filter(|parameter| parameter["in"] == "path").count()
            });
            assert_eq!(named, described, "{place} describes {described} of {named} parameters");
        }
    }
}
