//! The JSON schema of what a command shows.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};

/// The schema (draft 2020-12) of what `T` is written as: a field that is always written is required, one that may be
/// null says so.
pub fn schema_of<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[derive(serde::Serialize, JsonSchema)]
    #[serde(rename_all = "camelCase")]
    struct Sample {
        broker_name: String,
        min_offset: Option<i64>,
        #[serde(skip_serializing_if = "Option::is_none")]
        code: Option<i32>,
        #[serde(skip)]
        hidden: String,
    }

    #[test]
    fn what_is_always_written_is_required() {
        let sample =
            Sample { broker_name: String::new(), min_offset: None, code: None, hidden: String::new() };
        assert!(sample.hidden.is_empty());
        let schema = schema_of::<Sample>();
        assert_eq!(schema.get("required"), Some(&json!(["brokerName", "minOffset"])));
        let properties = schema.get("properties").unwrap();
        assert_eq!(properties["minOffset"]["type"], json!(["integer", "null"]));
        assert_eq!(properties["code"]["type"], json!(["integer", "null"]));
        assert_eq!(properties.get("hidden"), None);
    }
}
