//! Where results, notes and errors go.

use super::color::{ColorChoice, ColorEnv, Tone, is_colored};
use super::form::Form;
use super::progress::Progress;
use super::render::Render;
use super::table::Table;
use parking_lot::Mutex;
use serde::Serialize;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;
use thiserror::Error;

/// Size of the buffer in front of stdout when results are streamed.
const BUFFER: usize = 64 * 1024;

/// What the options of the command line say about output.
#[derive(Clone, Debug, Default)]
pub struct OutOptions {
    pub form: Form,
    pub color: ColorChoice,
    pub no_header: bool,
    /// The columns to show, in this order; all when empty.
    pub columns: Vec<String>,
    /// No notes, no progress.
    pub quiet: bool,
    pub verbose: bool,
}

/// Why something could not be shown.
#[derive(Debug, Error)]
pub enum OutError {
    /// The reader of stdout is gone (`rmq ... | head`): the end of the work, not a failure.
    #[error("the reader of the output is gone")]
    Closed,
    #[error("cannot write the output")]
    Write(#[source] io::Error),
    #[error("cannot show the result as {form}: {why}")]
    Encode { form: &'static str, why: String },
    #[error("there is no column '{name}'")]
    NoColumn { name: String, columns: Vec<String> },
}

impl From<io::Error> for OutError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { OutError::Closed } else { OutError::Write(error) }
    }
}

/// The output of one run: options, stdout and stderr. Cheap to clone; clones share the streams.
#[derive(Clone)]
pub struct Out {
    options: Arc<OutOptions>,
    stdout: Arc<Mutex<Box<dyn Write + Send>>>,
    stderr: Arc<Mutex<Box<dyn Write + Send>>>,
    /// Width of the terminal that stdout is, if it is one.
    width: Option<usize>,
    colored: bool,
    stderr_colored: bool,
    stderr_terminal: bool,
}

impl Out {
    /// Stdout and stderr of this process.
    pub fn new(options: OutOptions) -> Self {
        let var = |name: &str| std::env::var(name).ok();
        let (no_color, clicolor_force, term) = (var("NO_COLOR"), var("CLICOLOR_FORCE"), var("TERM"));
        let env = ColorEnv {
            no_color: no_color.as_deref(),
            clicolor_force: clicolor_force.as_deref(),
            term: term.as_deref(),
        };
        let (stdout_terminal, stderr_terminal) = (io::stdout().is_terminal(), io::stderr().is_terminal());
        Out {
            width: stdout_terminal.then(|| terminal_width(var("COLUMNS").as_deref())).flatten(),
            colored: is_colored(options.color, env, stdout_terminal),
            stderr_colored: is_colored(options.color, env, stderr_terminal),
            stderr_terminal,
            options: Arc::new(options),
            stdout: Arc::new(Mutex::new(Box::new(BufWriter::with_capacity(BUFFER, io::stdout())))),
            stderr: Arc::new(Mutex::new(Box::new(io::stderr()))),
        }
    }

    /// An output into two buffers, as into a pipe: for tests and for surfaces other than the command line.
    pub fn to_writers(
        options: OutOptions,
        stdout: impl Write + Send + 'static,
        stderr: impl Write + Send + 'static,
    ) -> Self {
        Out {
            colored: options.color == ColorChoice::Always,
            stderr_colored: options.color == ColorChoice::Always,
            width: None,
            stderr_terminal: false,
            options: Arc::new(options),
            stdout: Arc::new(Mutex::new(Box::new(stdout))),
            stderr: Arc::new(Mutex::new(Box::new(stderr))),
        }
    }

    /// The same with another stdout, into which as into a pipe: for a surface that looks at a result itself.
    #[must_use]
    pub fn redirected(&self, stdout: impl Write + Send + 'static) -> Self {
        Out { stdout: Arc::new(Mutex::new(Box::new(stdout))), width: None, colored: false, ..self.clone() }
    }

    /// The same without headings, for tables that go on with what stands above them.
    #[must_use]
    pub fn headless(&self) -> Self {
        let options = OutOptions { no_header: true, ..(*self.options).clone() };
        Out { options: Arc::new(options), ..self.clone() }
    }

    pub fn form(&self) -> Form {
        self.options.form
    }

    pub fn options(&self) -> &OutOptions {
        &self.options
    }

    /// Whether stdout is coloured.
    pub fn is_colored(&self) -> bool {
        self.colored
    }

    /// Whether stderr is coloured.
    pub fn is_stderr_colored(&self) -> bool {
        self.stderr_colored
    }

    /// Prints a result in the form asked for, its notes and failures on stderr.
    ///
    /// # Errors
    /// [`OutError::Closed`] when nobody reads any more, and what prevents the printing.
    pub fn show<R: Render>(&self, result: &R) -> Result<(), OutError> {
        self.show_as(result, false)
    }

    /// As [`Out::show`], for one of several results that follow one another: JSON becomes JSON Lines, YAML a
    /// stream of documents.
    ///
    /// # Errors
    /// As [`Out::show`].
    pub fn show_next<R: Render>(&self, result: &R) -> Result<(), OutError> {
        self.show_as(result, true)
    }

    fn show_as<R: Render>(&self, result: &R, repeated: bool) -> Result<(), OutError> {
        let text = if result.is_silent() { String::new() } else { self.text_of(result, repeated)? };
        self.write(text.as_bytes())?;
        self.flush()?;
        for failure in result.failures() {
            self.warn(&failure.to_string());
        }
        if matches!(self.form(), Form::Table | Form::Wide) {
            for note in result.notes() {
                self.note(&note);
            }
        }
        Ok(())
    }

    fn text_of<R: Render>(&self, result: &R, repeated: bool) -> Result<String, OutError> {
        match self.form() {
            Form::Table => self.table_text(&result.table(false)),
            Form::Wide => self.table_text(&result.table(true)),
            Form::Json if repeated => json_line(result),
            Form::Json => serde_json::to_string_pretty(result)
                .map(|text| text + "\n")
                .map_err(|e| OutError::Encode { form: "json", why: e.to_string() }),
            Form::Yaml => serde_norway::to_string(result)
                .map(|text| if repeated { format!("---\n{text}") } else { text })
                .map_err(|e| OutError::Encode { form: "yaml", why: e.to_string() }),
            Form::Csv => self.csv_text(&result.table(true)),
            Form::Classic => {
                let mut text = String::new();
                result
                    .classic(&mut text)
                    .map_err(|e| OutError::Encode { form: "classic", why: e.to_string() })?;
                Ok(text)
            }
        }
    }

    fn table_text(&self, table: &Table) -> Result<String, OutError> {
        let mut text = String::new();
        let table = self.columns_of(table)?;
        for line in table.lines(self.width, !self.options.no_header, self.colored) {
            text.push_str(&line);
            text.push('\n');
        }
        Ok(text)
    }

    fn csv_text(&self, table: &Table) -> Result<String, OutError> {
        let table = self.columns_of(table)?;
        let encode = |e: csv::Error| OutError::Encode { form: "csv", why: e.to_string() };
        let mut writer = csv::Writer::from_writer(Vec::new());
        if !self.options.no_header && !table.is_blank() {
            writer.write_record(table.columns().iter().map(|c| c.name.as_str())).map_err(encode)?;
        }
        for row in table.rows() {
            writer.write_record(row.iter().map(|cell| cell.text.as_str())).map_err(encode)?;
        }
        let bytes = writer.into_inner().map_err(|e| OutError::Write(e.into_error()))?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    fn columns_of(&self, table: &Table) -> Result<Table, OutError> {
        if self.options.columns.is_empty() || table.is_blank() {
            return Ok(table.clone());
        }
        table.select(&self.options.columns).map_err(|name| OutError::NoColumn {
            name,
            columns: table.columns().iter().map(|c| c.name.clone()).collect(),
        })
    }

    /// Writes bytes to stdout as they are; they may stay in the buffer until [`Out::flush`].
    ///
    /// # Errors
    /// [`OutError::Closed`] when nobody reads any more, and what prevents the writing.
    pub fn write(&self, bytes: &[u8]) -> Result<(), OutError> {
        Ok(self.stdout.lock().write_all(bytes)?)
    }

    /// Writes one line to stdout; buffered as [`Out::write`].
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn line(&self, text: &str) -> Result<(), OutError> {
        let mut stdout = self.stdout.lock();
        stdout.write_all(text.as_bytes())?;
        Ok(stdout.write_all(b"\n")?)
    }

    /// Writes one value as a line of JSON; buffered as [`Out::write`].
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn json_line<T: Serialize>(&self, value: &T) -> Result<(), OutError> {
        self.write(json_line(value)?.as_bytes())
    }

    /// Hands what is in the buffer to the reader.
    ///
    /// # Errors
    /// As [`Out::write`].
    pub fn flush(&self) -> Result<(), OutError> {
        Ok(self.stdout.lock().flush()?)
    }

    /// A line for the person on stderr; nothing with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.options.quiet {
            self.say(text);
        }
    }

    /// `warning: ...` on stderr, also with `--quiet`.
    pub fn warn(&self, text: &str) {
        self.say(&format!("{} {text}", Tone::Warn.paint("warning:", self.stderr_colored)));
    }

    /// Several lines, each with a coloured label: how errors are shown.
    pub fn labelled(&self, lines: &[(Tone, &str, String)]) {
        for (tone, label, text) in lines {
            self.say(&format!("{} {text}", tone.paint(label, self.stderr_colored)));
        }
    }

    /// A line on stderr. A stderr that cannot be written to leaves nobody to tell.
    pub fn say(&self, text: &str) {
        let mut stderr = self.stderr.lock();
        let _ = stderr.write_all(format!("{text}\n").as_bytes());
        let _ = stderr.flush();
    }

    /// A progress bar on stderr; invisible with `--quiet` or where stderr is not a terminal. `total` is `None`
    /// where it is not known.
    pub fn progress(&self, total: Option<u64>, unit: &str) -> Progress {
        Progress::new(self.stderr_terminal && !self.options.quiet, total, unit)
    }
}

fn json_line<T: Serialize>(value: &T) -> Result<String, OutError> {
    serde_json::to_string(value)
        .map(|text| text + "\n")
        .map_err(|e| OutError::Encode { form: "json", why: e.to_string() })
}

/// `COLUMNS` wins over what the terminal says; none when neither says anything useful.
fn terminal_width(columns: Option<&str>) -> Option<usize> {
    let from_env = columns.and_then(|text| text.parse().ok()).filter(|width| *width > 0);
    from_env.or_else(|| {
        let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
        Some(usize::from(size.ws_col)).filter(|width| *width > 0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Failure, Nothing};

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

    impl Buffer {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Topics {
        topic_names: Vec<&'static str>,
        #[serde(skip)]
        failures: Vec<Failure>,
    }

    impl Render for Topics {
        fn table(&self, wide: bool) -> Table {
            let mut table = Table::new().text("TOPIC");
            if wide {
                table = table.number("LENGTH");
            }
            for name in &self.topic_names {
                let length = wide.then(|| name.len().to_string());
                table.row([Some((*name).to_owned()), length].into_iter().flatten());
            }
            table
        }
        fn notes(&self) -> Vec<String> {
            vec!["that is all".into()]
        }
        fn failures(&self) -> &[Failure] {
            &self.failures
        }
    }

    fn shown(options: OutOptions) -> (String, String) {
        let (stdout, stderr) = (Buffer::default(), Buffer::default());
        let failure =
            Failure { target: "b".into(), addr: Some("h:1".into()), code: None, message: "timed out".into() };
        let topics = Topics { topic_names: vec!["a,b", "c"], failures: vec![failure] };
        Out::to_writers(options, stdout.clone(), stderr.clone()).show(&topics).unwrap();
        (stdout.text(), stderr.text())
    }

    #[test]
    fn shows_every_form() {
        let form = |form| shown(OutOptions { form, ..OutOptions::default() }).0;
        assert_eq!(form(Form::Table), "TOPIC\na,b\nc\n");
        assert_eq!(form(Form::Wide), "TOPIC  LENGTH\na,b         3\nc           1\n");
        assert_eq!(form(Form::Json), "{\n  \"topicNames\": [\n    \"a,b\",\n    \"c\"\n  ]\n}\n");
        assert_eq!(form(Form::Yaml), "topicNames:\n- a,b\n- c\n");
        assert_eq!(form(Form::Csv), "TOPIC,LENGTH\n\"a,b\",3\nc,1\n");
        assert_eq!(form(Form::Classic), "TOPIC\na,b\nc\n");
    }

    #[test]
    fn notes_follow_tables_and_failures_follow_everything() {
        assert_eq!(shown(OutOptions::default()).1, "warning: b (h:1): timed out\nthat is all\n");
        let json = OutOptions { form: Form::Json, ..OutOptions::default() };
        assert_eq!(shown(json).1, "warning: b (h:1): timed out\n");
        let quiet = OutOptions { quiet: true, ..OutOptions::default() };
        assert_eq!(shown(quiet).1, "warning: b (h:1): timed out\n");
    }

    #[test]
    fn header_and_columns_can_be_chosen() {
        let options = OutOptions {
            form: Form::Csv,
            no_header: true,
            columns: vec!["length".into()],
            ..OutOptions::default()
        };
        assert_eq!(shown(options).0, "3\n1\n");
    }

    #[test]
    fn an_unknown_column_names_those_there_are() {
        let options = OutOptions { columns: vec!["nope".into()], ..OutOptions::default() };
        let out = Out::to_writers(options, io::sink(), io::sink());
        let error = out.show(&Topics { topic_names: vec![], failures: vec![] }).unwrap_err();
        let OutError::NoColumn { name, columns } = error else { panic!("{error}") };
        assert_eq!((name.as_str(), columns), ("nope", vec!["TOPIC".to_owned()]));
    }

    #[test]
    fn results_in_a_row_are_json_lines() {
        let stdout = Buffer::default();
        let options = OutOptions { form: Form::Json, ..OutOptions::default() };
        let out = Out::to_writers(options, stdout.clone(), io::sink());
        for _ in 0..2 {
            out.show_next(&Topics { topic_names: vec!["t"], failures: vec![] }).unwrap();
        }
        assert_eq!(stdout.text(), "{\"topicNames\":[\"t\"]}\n{\"topicNames\":[\"t\"]}\n");
    }

    #[test]
    fn a_closed_pipe_is_told_apart() {
        let out = Out::to_writers(OutOptions::default(), ClosedPipe, io::sink());
        assert!(matches!(out.line("x"), Err(OutError::Closed)));
    }

    #[test]
    fn a_result_with_nothing_to_show_writes_nothing() {
        let stdout = Buffer::default();
        let options = OutOptions { form: Form::Json, ..OutOptions::default() };
        Out::to_writers(options, stdout.clone(), io::sink()).show(&Nothing::default()).unwrap();
        assert_eq!(stdout.text(), "");
    }
}
