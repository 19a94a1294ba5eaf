//! A message as it is shown by the commands that look for one.

use super::find::Found;
use super::java_text;
use super::summary::{Summary, decoded};
use super::track::Track;
use crate::output::{Cell, Table};
use crate::runtime::time;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};
use std::path::PathBuf;

/// A message with what became of it.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShownMessage {
    #[serde(flatten)]
    pub summary: Summary,
    pub topic: String,
    pub commit_log_offset: i64,
    pub reconsume_times: i32,
    /// Epoch milliseconds.
    pub born_timestamp: i64,
    pub born_host: String,
    pub store_host: String,
    pub sys_flag: i32,
    pub properties: Vec<Property>,
    pub body_size: usize,
    /// The body, where it is text in the format asked for or in UTF-8.
    pub body: Option<String>,
    /// The body in hexadecimal digits, where it is no text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_hex: Option<String>,
    /// The file that the body was written to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_path: Option<PathBuf>,
    pub tracks: Vec<Track>,
    #[serde(skip)]
    java_properties: String,
    /// Whether the body is to be shown in classic output.
    #[serde(skip)]
    with_body: bool,
}

/// A property of a message.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Property {
    pub name: String,
    pub value: String,
}

impl ShownMessage {
    /// `format` is the name of the encoding of the body, where one was asked for.
    pub fn new(found: &Found, format: Option<&'static encoding_rs::Encoding>, tracks: Vec<Track>) -> Self {
        let message = &found.message;
        let body = match format {
            Some(encoding) => Some(decoded(encoding, &message.body)),
            None => std::str::from_utf8(&message.body).ok().map(str::to_owned),
        };
        let body_hex = body.is_none().then(|| {
            message.body.iter().fold(String::new(), |mut hex, byte| {
                let _ = write!(hex, "{byte:02x}");
                hex
            })
        });
        let mut properties: Vec<Property> = message
            .properties
            .iter()
            .map(|(name, value)| Property { name: name.to_owned(), value: value.to_owned() })
            .collect();
        properties.sort_by(|a, b| a.name.cmp(&b.name));
        ShownMessage {
            summary: Summary::new(message, found.broker_name.clone()),
            topic: message.topic.clone(),
            commit_log_offset: message.physical_offset,
            reconsume_times: message.reconsume_times,
            born_timestamp: message.born_timestamp,
            born_host: java_text::host(message.born_host),
            store_host: java_text::host(message.store_host),
            sys_flag: message.sys_flag.0,
            properties,
            body_size: message.body.len(),
            body,
            body_hex,
            body_path: None,
            tracks,
            java_properties: java_text::properties(message),
            with_body: format.is_some(),
        }
    }

    fn fields(&self) -> Vec<(&'static str, String)> {
        let or_null = |text: &Option<String>| format!("[{}]", text.as_deref().unwrap_or("null"));
        vec![
            ("Topic:", self.topic.clone()),
            ("Tags:", or_null(&self.summary.tags)),
            ("Keys:", or_null(&self.summary.keys)),
            ("Queue ID:", self.summary.queue_id.to_string()),
            ("Queue Offset:", self.summary.queue_offset.to_string()),
            ("CommitLog Offset:", self.commit_log_offset.to_string()),
            ("Reconsume Times:", self.reconsume_times.to_string()),
            ("Born Timestamp:", time::millis(self.born_timestamp)),
            ("Store Timestamp:", time::millis(self.summary.store_timestamp)),
            ("Born Host:", self.born_host.clone()),
            ("Store Host:", self.store_host.clone()),
            ("System Flag:", self.sys_flag.to_string()),
            ("Properties:", self.java_properties.clone()),
        ]
    }

    /// mqadmin's block of lines; with the offset id or, as `queryMsgByUniqueKey` has it, without.
    pub fn classic(&self, with_offset_id: bool, w: &mut dyn Write) -> fmt::Result {
        let mut line = |name: &str, value: &str| writeln!(w, "{name:<20} {value}");
        if with_offset_id {
            line("OffsetID:", &self.summary.offset_msg_id)?;
        }
        for (name, value) in self.fields() {
            line(name, &value)?;
        }
        let path = self.body_path.as_ref().map(|path| path.display().to_string());
        line("Message Body Path:", path.as_deref().unwrap_or("null"))?;
        if self.with_body {
            line("Message Body:", self.body.as_deref().unwrap_or_default())?;
        }
        if self.tracks.is_empty() {
            return write!(w, "\n\nWARN: No Consumer");
        }
        writeln!(w, "\n")?;
        for track in &self.tracks {
            // queryMsgByUniqueKey does not end these lines.
            write!(w, "{track}{}", if with_offset_id { "\n" } else { "" })?;
        }
        Ok(())
    }

    /// A line for each field, and one for each group.
    pub fn rows(&self, table: &mut Table) {
        let mut row = |name: &str, value: String| table.row([Cell::new(name), Cell::new(value)]);
        row("id", self.summary.msg_id.clone());
        row("offset id", self.summary.offset_msg_id.clone());
        row("topic", self.topic.clone());
        row("tags", self.summary.tags.clone().unwrap_or_default());
        row("keys", self.summary.keys.clone().unwrap_or_default());
        row("queue", format!("{} at offset {}", self.summary.queue_id, self.summary.queue_offset));
        row("commit log", self.commit_log_offset.to_string());
        row("born", format!("{} at {}", time::millis(self.born_timestamp), self.born_host));
        row("stored", format!("{} at {}", time::millis(self.summary.store_timestamp), self.store_host));
        row("tries", self.reconsume_times.to_string());
        row("system flag", self.sys_flag.to_string());
        for property in &self.properties {
            row("property", format!("{}={}", property.name, property.value));
        }
        row("body size", self.body_size.to_string());
        row("body", self.body.clone().or_else(|| self.body_hex.clone()).unwrap_or_default());
        if let Some(path) = &self.body_path {
            row("body file", path.display().to_string());
        }
        for track in &self.tracks {
            let reason = track.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            row("group", format!("{} {}{reason}", track.consumer_group, track.track_type));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;

    #[test]
    fn the_block_is_mqadmins() {
        let found = Found::new(sample(), None);
        let mut shown = ShownMessage::new(&found, Some(encoding_rs::UTF_8), vec![]);
        shown.body_path = Some(PathBuf::from("/tmp/rocketmq/msgbodys/X"));
        let mut text = String::new();
        shown.classic(true, &mut text).unwrap();
        let (born, stored) = (time::millis(1_795_510_424_280), time::millis(1_795_510_424_285));
        let want = [
            "OffsetID:            7F00000100002A9F00000000021CF0CF",
            "Topic:               DefaultsTopic",
            "Tags:                [poison]",
            "Keys:                [poison-1]",
            "Queue ID:            1",
            "Queue Offset:        0",
            "CommitLog Offset:    35451087",
            "Reconsume Times:     0",
            &format!("Born Timestamp:      {born}"),
            &format!("Store Timestamp:     {stored}"),
            "Born Host:           127.0.0.1:48842",
            "Store Host:          127.0.0.1:10911",
            "System Flag:         0",
        ];
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[..13], want);
        assert!(lines[13].starts_with("Properties:          {MSG_REGION=DefaultRegion, UNIQ_KEY="));
        assert_eq!(lines[14], "Message Body Path:   /tmp/rocketmq/msgbodys/X");
        assert_eq!(lines[15], "Message Body:        will go to the DLQ");
        assert_eq!(lines[16..], ["", "", "WARN: No Consumer"]);
    }

    #[test]
    fn a_body_that_is_no_text_is_hexadecimal() {
        let mut message = sample();
        message.body = vec![0xff, 0x01].into();
        let shown = ShownMessage::new(&Found::new(message.clone(), None), None, vec![]);
        assert_eq!((shown.body, shown.body_hex.as_deref()), (None, Some("ff01")));
        message.body = vec![0xc4, 0xe3].into();
        let shown = ShownMessage::new(&Found::new(message, None), Some(encoding_rs::GBK), vec![]);
        assert_eq!(shown.body.as_deref(), Some("你"));
    }
}
