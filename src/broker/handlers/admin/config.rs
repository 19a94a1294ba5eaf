//! The configuration, told and changed while the broker runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::aside;
use crate::broker::Broker;
use crate::broker::reject::{forbidden, system_error};
use crate::broker::store_settings;
use crate::config::{AuthConfig, BrokerConfig, ConfigError, Property, TlsConfig, parse_properties};
use crate::protocol::broker::{ConfigReply, GetBrokerConfig, UpdateBrokerConfig};
use crate::protocol::fastjson;
use crate::remoting::{In, Out, Reject};

/// Settings that nobody may change from outside, whatever `configBlackList` says.
const NEVER: [&str; 3] = ["brokerConfigPath", "rocketmqHome", "configBlackList"];
/// The setting that changes what name servers are told of every topic.
const PERMISSION: &str = "brokerPermission";

pub fn all(broker: &Arc<Broker>, _: In<GetBrokerConfig>) -> Result<Out<GetBrokerConfig>, Reject> {
    let version = fastjson::to_vec(&broker.config_file.version())
        .ok()
        .and_then(|json| String::from_utf8(json).ok())
        .unwrap_or_default();
    Ok(Out::new(ConfigReply { version }, broker.config().to_properties()))
}

pub async fn update(
    broker: Arc<Broker>,
    request: In<UpdateBrokerConfig>,
) -> Result<Out<UpdateBrokerConfig>, Reject> {
    let changes = parse_properties(&request.body).map_err(|_| system_error("string2Properties error"))?;
    if is_forbidden(&changes, &broker.config().config_black_list) {
        return Err(forbidden("Can not update config in black list."));
    }
    let keys: Vec<&str> = changes.iter().map(|change| change.key.as_str()).collect();
    tracing::info!(?keys, peer = %request.peer.peer(), "configuration is changed");
    let left = change(&broker, &changes).await?;
    // Apache's broker passes over what it cannot take without a word; the remark is ours.
    Ok(if left.is_empty() { Out::done() } else { Out::done().remark(left.join("; ")) })
}

/// Changes what can be changed, and keeps it in the file. Returns why others were not changed.
///
/// # Errors
/// The file cannot be written.
pub(super) async fn change(broker: &Arc<Broker>, changes: &[Property]) -> Result<Vec<String>, Reject> {
    let (done, left) = apply(broker, changes);
    let permission = done.contains_key(PERMISSION);
    let owner = broker.clone();
    aside(move || owner.config_file.save(&done, owner.now()))
        .await?
        .map_err(|error| system_error(error.to_string()))?;
    if permission {
        broker.topics.touch();
        broker.registrations.caught_up(broker.topics.version().counter).await;
    }
    Ok(left)
}

/// Changes what can be changed. Returns the changes made, and why others were not.
fn apply(broker: &Broker, changes: &[Property]) -> (BTreeMap<String, String>, Vec<String>) {
    let mut done = BTreeMap::new();
    let mut left = Vec::new();
    for Property { key, value, .. } in changes {
        if AuthConfig::has(key) || TlsConfig::has(key) {
            left.push(format!("{key} changes by a new start only"));
            continue;
        }
        match broker.change_config(|config: &mut BrokerConfig| config.set(key, value).map(drop)) {
            Ok(()) => {
                done.insert(key.clone(), value.clone());
            }
            Err(error @ ConfigError::UnknownKey { .. }) => tracing::warn!(%error, "a setting is passed over"),
            Err(error) => {
                tracing::warn!(%error, "a setting is not changed");
                left.push(error.to_string());
            }
        }
    }
    if !done.is_empty() {
        broker.store.reconfigure(store_settings::of(&broker.config()));
    }
    (done, left)
}

fn is_forbidden(changes: &[Property], black_list: &str) -> bool {
    changes.iter().any(|change| {
        NEVER.contains(&change.key.as_str()) || black_list.split(';').any(|key| key == change.key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_settings_are_not_for_others_to_change() {
        let list = BrokerConfig::default().config_black_list;
        for (text, black_list, expected) in [
            ("fileReservedTime=24", list.as_str(), false),
            ("fileReservedTime=24\nbrokerConfigPath=/tmp/x", list.as_str(), true),
            ("rocketmqHome=/", "", true),
            ("listenPort=1", "a;listenPort", true),
            ("listenPort=1", "a;listenPorts", false),
        ] {
            assert_eq!(is_forbidden(&parse_properties(text).unwrap(), black_list), expected, "{text}");
        }
    }
}
