//! The retry policy of a group, as it is typed and as mqadmin prints it.

use crate::admin::CommandError;
use crate::protocol::fastjson;
use crate::protocol::group::GroupRetryPolicy;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Waits that grow (Java: `ExponentialRetryPolicy`), in ms.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct Exponential {
    initial: i64,
    max: i64,
    multiplier: i64,
}

impl Default for Exponential {
    fn default() -> Self {
        Exponential { initial: 5_000, max: 7_200_000, multiplier: 2 }
    }
}

/// Waits that are listed (Java: `CustomizedRetryPolicy`), in ms.
#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct Customized {
    next: Vec<i64>,
}

impl Default for Customized {
    /// 1s 5s 10s 30s, 1m to 10m, 20m 30m 1h 2h.
    fn default() -> Self {
        let seconds =
            [1, 5, 10, 30].into_iter().chain((1..=10).map(|m| m * 60)).chain([1200, 1800, 3600, 7200]);
        Customized { next: seconds.map(|second| second * 1000).collect() }
    }
}

/// Reads `{"type":"EXPONENTIAL","exponentialRetryPolicy":{...}}`; what it leaves out has Java's defaults.
///
/// # Errors
/// What is not of that form.
pub fn parse(text: &str) -> Result<GroupRetryPolicy, CommandError> {
    let bad = |why: String| {
        CommandError::usage(format!("'{text}' is not a retry policy")).cause(why).hint(
            "for example {\"type\":\"CUSTOMIZED\",\"customizedRetryPolicy\":{\"next\":[1000,5000]}} or \
             {\"type\":\"EXPONENTIAL\",\"exponentialRetryPolicy\":{\"initial\":5000,\"max\":7200000,\"multiplier\":2}}",
        )
    };
    let mut policy: GroupRetryPolicy =
        fastjson::from_slice(text.as_bytes()).map_err(|e| bad(e.to_string()))?;
    if !matches!(policy.kind.as_str(), "CUSTOMIZED" | "EXPONENTIAL") {
        return Err(bad(format!("the type is {}, not CUSTOMIZED or EXPONENTIAL", policy.kind)));
    }
    policy.exponential_retry_policy =
        filled::<Exponential>(policy.exponential_retry_policy).map_err(|e| bad(e.to_string()))?;
    policy.customized_retry_policy =
        filled::<Customized>(policy.customized_retry_policy).map_err(|e| bad(e.to_string()))?;
    Ok(policy)
}

/// Half a policy with what it leaves out.
fn filled<T: Serialize + for<'de> Deserialize<'de>>(
    half: Option<Value>,
) -> Result<Option<Value>, serde_json::Error> {
    half.map(|value| serde_json::to_value(T::deserialize(value)?)).transpose()
}

/// `GroupRetryPolicy.toString`.
pub fn text(policy: &GroupRetryPolicy) -> String {
    let exponential = policy.exponential_retry_policy.as_ref().and_then(|v| Exponential::deserialize(v).ok());
    let exponential = exponential.map_or_else(
        || "null".to_owned(),
        |p| {
            format!(
                "ExponentialRetryPolicy{{initial={}, max={}, multiplier={}}}",
                p.initial, p.max, p.multiplier
            )
        },
    );
    let customized = policy.customized_retry_policy.as_ref().and_then(|v| Customized::deserialize(v).ok());
    let customized = customized.map_or_else(
        || "null".to_owned(),
        |p| {
            let next: Vec<String> = p.next.iter().map(i64::to_string).collect();
            format!("CustomizedRetryPolicy{{next=[{}]}}", next.join(", "))
        },
    );
    format!(
        "GroupRetryPolicy{{type={}, exponentialRetryPolicy={exponential}, customizedRetryPolicy={customized}}}",
        policy.kind
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn policies_are_read_and_printed_as_java_does() {
        let table = [
            (
                r#"{"type":"CUSTOMIZED","customizedRetryPolicy":{"next":[1000,5000]}}"#,
                "GroupRetryPolicy{type=CUSTOMIZED, exponentialRetryPolicy=null, \
                 customizedRetryPolicy=CustomizedRetryPolicy{next=[1000, 5000]}}",
            ),
            (
                r#"{"type":"EXPONENTIAL","exponentialRetryPolicy":{"initial":1}}"#,
                "GroupRetryPolicy{type=EXPONENTIAL, exponentialRetryPolicy=\
                 ExponentialRetryPolicy{initial=1, max=7200000, multiplier=2}, customizedRetryPolicy=null}",
            ),
            (
                "{}",
                "GroupRetryPolicy{type=CUSTOMIZED, exponentialRetryPolicy=null, customizedRetryPolicy=null}",
            ),
        ];
        for (json, want) in table {
            assert_eq!(text(&parse(json).unwrap()), want, "{json}");
        }
        let default = parse(r#"{"customizedRetryPolicy":{}}"#).unwrap();
        assert_eq!(default.customized_retry_policy.unwrap()["next"].as_array().unwrap().len(), 18);
    }

    #[test]
    fn what_is_no_policy_is_a_usage_error() {
        for text in ["", "x", r#"{"type":"NOPE"}"#, r#"{"exponentialRetryPolicy":{"max":"x"}}"#] {
            assert_eq!(parse(text).unwrap_err().kind.exit_code(), 2, "{text}");
        }
    }
}
