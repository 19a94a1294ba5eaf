//! Messages that are shown as they come, however many there are.

use super::find::Found;
use super::java_text;
use super::summary::{Row, decoded, table_of};
use crate::admin::{CommandError, Context};
use crate::output::{Form, Out, Render, Table};
use encoding_rs::Encoding;
use serde::Serialize;

/// What mqadmin prints in the place of a body that is not wanted.
const NO_BODY: &str = "NOT PRINT BODY";

/// A message in a line of JSON, or a document of YAML.
pub type Output = Row;

impl Render for Row {
    fn table(&self, _wide: bool) -> Table {
        table_of([self])
    }
}

/// Messages that came together: lines of a table.
#[derive(Serialize)]
#[serde(transparent)]
struct Page(Vec<Row>);

impl Render for Page {
    fn table(&self, _wide: bool) -> Table {
        table_of(&self.0)
    }
}

/// Shows messages as they come.
pub struct Stream<'a> {
    ctx: &'a Context,
    encoding: &'static Encoding,
    with_body: bool,
    /// Where the lines after the heading go; none before the heading.
    headed: Option<Out>,
    /// How many were shown.
    pub shown: u64,
}

impl<'a> Stream<'a> {
    /// Bodies are shown, if they are, in that encoding.
    pub fn new(ctx: &'a Context, encoding: &'static Encoding, with_body: bool) -> Self {
        Stream { ctx, encoding, with_body, headed: None, shown: 0 }
    }

    /// Whether lines are mqadmin's.
    pub fn is_classic(&self) -> bool {
        self.ctx.out.form() == Form::Classic
    }

    /// Shows messages that came together.
    ///
    /// # Errors
    /// Those of the output.
    pub fn show(&mut self, messages: &[Found]) -> Result<(), CommandError> {
        self.shown += u64::try_from(messages.len()).unwrap_or(u64::MAX);
        if self.is_classic() {
            return messages.iter().try_for_each(|found| self.say(&self.line_of(found)));
        }
        let encoding = Some(self.encoding).filter(|_| self.with_body);
        let rows = messages.iter().map(|found| Row::new(found, encoding));
        let out = &self.ctx.out;
        match out.form() {
            Form::Json => rows.into_iter().try_for_each(|row| out.json_line(&row))?,
            Form::Yaml => rows.into_iter().try_for_each(|row| out.show_next(&row))?,
            _ if messages.is_empty() => {}
            _ => self.headed.get_or_insert_with(|| out.clone()).show_next(&Page(rows.collect()))?,
        }
        if self.headed.is_some() {
            self.headed = Some(out.headless());
        }
        Ok(())
    }

    /// mqadmin's line of a message.
    fn line_of(&self, found: &Found) -> String {
        let id = java_text::message_id(&found.message);
        let text = java_text::message_ext(&found.message, found.broker_name.as_deref());
        let body = match self.with_body {
            true => decoded(self.encoding, &found.message.body),
            false => NO_BODY.to_owned(),
        };
        format!("MSGID: {id} {text} BODY: {body}")
    }

    /// A line of mqadmin's; nothing in other forms.
    ///
    /// # Errors
    /// Those of the output.
    pub fn say(&self, line: &str) -> Result<(), CommandError> {
        if self.is_classic() {
            self.ctx.out.line(line)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::java_text::tests::sample;
    use super::*;
    use crate::admin::quiet_context;
    use crate::output::OutOptions;
    use parking_lot::Mutex;
    use std::io::{self, Write};
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(form: Form, with_body: bool) -> String {
        let buffer = Buffer::default();
        let options = OutOptions { form, ..OutOptions::default() };
        let out = Out::to_writers(options, buffer.clone(), io::sink());
        let ctx = Context { out, ..quiet_context() };
        let mut stream = Stream::new(&ctx, encoding_rs::UTF_8, with_body);
        let found = Found::new(sample(), Some("broker-a".to_owned()));
        for messages in [&[][..], &[found.clone(), found.clone()], &[found]] {
            stream.show(messages).unwrap();
        }
        assert_eq!(stream.shown, 3);
        ctx.out.flush().unwrap();
        let bytes = buffer.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn a_table_has_one_heading_and_json_a_line_for_each_message() {
        let table = shown(Form::Table, true);
        assert_eq!(table.matches("BROKER").count(), 1, "{table}");
        assert_eq!(table.matches("will go to the DLQ").count(), 3, "{table}");
        let json = shown(Form::Json, true);
        let lines: Vec<serde_json::Value> =
            json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(lines[2]["body"], "will go to the DLQ");
        assert_eq!(shown(Form::Yaml, false).matches("---\n").count(), 3);
    }

    #[test]
    fn classic_lines_are_mqadmins() {
        let text = shown(Form::Classic, false);
        let start = "MSGID: FD0000000000000000000000000000025EC230946E09785AEAD80381 MessageExt [brokerName=broker-a, ";
        assert!(text.starts_with(start), "{text}");
        assert!(text.ends_with("transactionId='null'}] BODY: NOT PRINT BODY\n"), "{text}");
    }
}
