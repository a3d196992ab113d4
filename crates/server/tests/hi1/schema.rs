//! ETSI's schemas judge what we write.

use serde_json::Value;

use crate::etsi;

/// A validator of whole messages, or `None` where the schemas are absent.
pub(crate) struct Judge(jsonschema::Validator);

impl Judge {
    pub(crate) fn load() -> Option<Self> {
        let folder = etsi("schema_json")?;
        let mut core = None;
        let mut registry = jsonschema::Registry::new();
        for entry in std::fs::read_dir(folder).expect("the folder can be read") {
            let path = entry.expect("an entry can be read").path();
            let text = std::fs::read_to_string(&path).expect("a schema can be read");
            let mut schema: Value = serde_json::from_str(&text).expect("a schema is JSON");
            let name = schema["$id"].as_str().expect("a schema has an id").to_owned();
            // The ids are relative and so are the references: one base serves both.
            let url = format!("https://schemas.example/{name}");
            schema["$id"] = url.clone().into();
            if name == "ts_103120_Core_2019_10" {
                core = Some(schema.clone());
            }
            registry = registry.add(url, schema).expect("a schema has a well-formed id");
        }
        let registry = registry.prepare().expect("every reference is found");
        let core = core.expect("the Core schema is there");
        let validator = jsonschema::options()
            .with_registry(&registry)
            .build(&core)
            .expect("the Core schema compiles");
        Some(Self(validator))
    }

    #[track_caller]
    pub(crate) fn check(&self, message: &[u8]) {
        let message: Value = serde_json::from_slice(message).expect("we write JSON");
        let errors: Vec<String> = self
            .0
            .iter_errors(&message)
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        assert!(errors.is_empty(), "not valid: {errors:#?}\n{message:#}");
    }

    pub(crate) fn refuses(&self, message: &[u8]) -> bool {
        let message: Value = serde_json::from_slice(message).expect("we write JSON");
        !self.0.is_valid(&message)
    }
}
