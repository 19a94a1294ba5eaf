//! Limits for reading messages that are not in memory, set and told; and whether the system reads ahead.

use std::sync::Arc;

use crate::broker::Broker;
use crate::broker::reject::{invalid, system_error};
use crate::broker::store_settings;
use crate::config::parse_properties;
use crate::protocol::body::Json;
use crate::protocol::upkeep::{
    GetColdDataFlowCtrInfo, RemoveColdDataFlowCtrConfig, SetCommitlogReadMode, UpdateColdDataFlowCtrConfig,
};
use crate::remoting::{In, Out, Reject};

pub fn update(
    broker: &Arc<Broker>,
    request: In<UpdateColdDataFlowCtrConfig>,
) -> Result<Out<UpdateColdDataFlowCtrConfig>, Reject> {
    let limits = parse_properties(&request.body).map_err(|_| system_error("string2Properties error"))?;
    for limit in limits {
        match limit.value.parse() {
            Ok(bytes) => broker.cold_data.set(limit.key, bytes),
            // Passed over, as Apache's broker does.
            Err(error) => tracing::warn!(group = limit.key, limit.value, %error, "a limit is no number"),
        }
    }
    Ok(Out::done())
}

pub fn remove(
    broker: &Arc<Broker>,
    request: In<RemoveColdDataFlowCtrConfig>,
) -> Result<Out<RemoveColdDataFlowCtrConfig>, Reject> {
    broker.cold_data.remove(&request.body);
    Ok(Out::done())
}

pub fn info(
    broker: &Arc<Broker>,
    _: In<GetColdDataFlowCtrInfo>,
) -> Result<Out<GetColdDataFlowCtrInfo>, Reject> {
    Ok(Out::body(Json(broker.cold_data.describe(&broker.config()))))
}

/// As setting `dataReadAheadEnable` does, until the broker ends (Java: `setCommitLogReadaheadMode`).
pub fn read_ahead(
    broker: &Arc<Broker>,
    request: In<SetCommitlogReadMode>,
) -> Result<Out<SetCommitlogReadMode>, Reject> {
    let ahead = is_ahead(request.header.mode.as_deref())?;
    broker
        .change_config(|config| {
            config.data_read_ahead_enable = ahead;
            Ok::<(), std::convert::Infallible>(())
        })
        .map_err(|error| system_error(error.to_string()))?;
    broker.store.reconfigure(store_settings::of(&broker.config()));
    let mode = i32::from(!ahead);
    Ok(Out::done().remark(format!("set commitlog readahead mode success, mode: {mode}")))
}

/// What a mode means: 0 is as the system does by default (`MADV_NORMAL`), 1 is not ahead (`MADV_RANDOM`).
fn is_ahead(mode: Option<&str>) -> Result<bool, Reject> {
    match mode.map(str::parse::<i32>) {
        Some(Ok(0)) => Ok(true),
        Some(Ok(1)) => Ok(false),
        Some(Ok(_)) => Err(invalid("set commitlog readahead mode param value error")),
        Some(Err(_)) | None => Err(system_error("set commitlog readahead mode failed")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mode_is_0_or_1() {
        assert_eq!((is_ahead(Some("0")), is_ahead(Some("1"))), (Ok(true), Ok(false)));
        assert_eq!(is_ahead(Some("7")).unwrap_err().code, crate::protocol::code::INVALID_PARAMETER);
        for wrong in [None, Some("x"), Some("")] {
            assert_eq!(
                is_ahead(wrong),
                Err(system_error("set commitlog readahead mode failed")),
                "{wrong:?}"
            );
        }
    }
}
