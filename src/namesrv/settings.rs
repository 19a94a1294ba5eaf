//! The configuration while the name server runs: told, changed and kept (Java: `Configuration`, and
//! `DefaultRequestProcessor.updateConfig`).

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use crate::config::{ConfigError, NamesrvConfig, TlsConfig, edit_properties, parse_properties};
use crate::protocol::code;
use crate::remoting::Reject;

use super::routes::Rules;

/// Keys that no request may change, whatever the configuration says.
const BLACK_LIST: [&str; 4] = ["configBlackList", "configStorePath", "kvConfigPath", "rocketmqHome"];

/// What of the configuration the route tables look at.
pub(super) fn rules(config: &NamesrvConfig) -> Rules {
    Rules {
        delete_unregistered_topics: config.delete_topic_with_broker_registration,
        notify_min_broker_id: config.notify_min_broker_id_changed,
        support_acting_master: config.support_acting_master,
    }
}

/// The configuration after a request to change it, given as Java properties, and the changes. Unknown keys are
/// passed over, as by Apache's name server.
///
/// # Errors
/// A key that may not be changed, a text that is none, a value that is none.
pub(super) fn changed(config: &NamesrvConfig, properties: &str) -> Result<(NamesrvConfig, Changes), Reject> {
    let refuse = |error: ConfigError| Reject::new(code::SYSTEM_ERROR, error.to_string());
    let properties = parse_properties(properties).map_err(refuse)?;
    let listed: Vec<&str> = config.config_black_list.split(';').collect();
    let black = |key: &str| BLACK_LIST.contains(&key) || listed.contains(&key);
    if properties.iter().any(|property| black(&property.key)) {
        return Err(Reject::new(code::NO_PERMISSION, "Can not update config in black list."));
    }
    let (mut changed, mut changes) = (config.clone(), Changes::new());
    for property in properties {
        if TlsConfig::has(&property.key) {
            tracing::warn!(key = property.key, "this setting changes by a new start only");
            continue;
        }
        match changed.set(&property.key, &property.value) {
            Ok(_) => {
                changes.insert(property.key, property.value);
            }
            Err(ConfigError::UnknownKey { key }) => {
                tracing::warn!(key, "a setting that does not exist was to be changed");
            }
            Err(error) => return Err(refuse(error)),
        }
    }
    Ok((changed, changes))
}

/// Settings by key, with their new values.
pub(super) type Changes = BTreeMap<String, String>;

/// Keeps changes in the file that the configuration names; what else is in it stays.
///
/// # Errors
/// Those of the file system.
pub(super) fn store(config: &NamesrvConfig, changes: &Changes) -> io::Result<()> {
    let path = Path::new(&config.config_store_path);
    let before = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(error),
    };
    super::file::replace(path, edit_properties(&before, changes).as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_change_by_key_all_or_none() {
        let before = NamesrvConfig::default();
        let text = "orderMessageEnable=true\nnoSuchKey=1\nserverWorkerThreads=3\ntls.server.mode=disabled\n";
        let (after, changes) = changed(&before, text).unwrap();
        assert_eq!(changes.keys().collect::<Vec<_>>(), ["orderMessageEnable", "serverWorkerThreads"]);
        assert!(after.order_message_enable && !before.order_message_enable);
        assert_eq!(after.get("serverWorkerThreads").as_deref(), Some("3"));
        let table = [
            ("orderMessageEnable=true\nkvConfigPath=/x", code::NO_PERMISSION, "black list"),
            ("rocketmqHome=/x", code::NO_PERMISSION, "black list"),
            ("orderMessageEnable=maybe", code::SYSTEM_ERROR, "orderMessageEnable"),
            ("clusterTest=true", code::SYSTEM_ERROR, "clusterTest"),
            ("a=\\u12", code::SYSTEM_ERROR, "hexadecimal"),
        ];
        for (text, code, part) in table {
            let refused = changed(&before, text).unwrap_err();
            assert_eq!(refused.code, code, "{text}");
            assert!(refused.remark.contains(part), "{}", refused.remark);
        }
        let mut own = NamesrvConfig::default();
        own.set("configBlackList", "listenPort;bindAddress").unwrap();
        assert_eq!(changed(&own, "bindAddress=::1").unwrap_err().code, code::NO_PERMISSION);
    }
}
