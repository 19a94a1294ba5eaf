//! Writing rows in the form that was asked for.

use serde::Serialize;

use super::format::{Field, Format};
use crate::output::{Align, Cell, Form, Out, OutError, Table};

/// The head of a column whose width is given, as rows are not known beforehand.
#[derive(Debug, Clone, Copy)]
pub struct Head {
    /// In capitals.
    pub name: &'static str,
    /// On which side the text stands.
    pub align: Align,
    /// The width that a cell has at least.
    pub width: usize,
}

impl Head {
    /// A column of text.
    pub const fn text(name: &'static str, width: usize) -> Self {
        Self { name, align: Align::Left, width }
    }

    /// A column of numbers.
    pub const fn number(name: &'static str, width: usize) -> Self {
        Self { name, align: Align::Right, width }
    }
}

/// One of many results.
pub trait Row: Serialize {
    /// The columns of its table.
    const HEADS: &'static [Head];
    /// Its cells.
    fn cells(&self) -> Vec<String>;
    /// The line that Java's example prints, if it prints one.
    fn classic(&self) -> Option<String>;
    /// Appends a field for `--format`.
    fn field(&self, field: Field, out: &mut Vec<u8>);
    /// A property of the message.
    fn property(&self, name: &str) -> Option<&str>;
}

/// Shows rows as they come. What is written may wait in the buffer until [`RowWriter::flush`].
pub struct RowWriter {
    out: Out,
    format: Option<Format>,
    header_due: bool,
    buffer: Vec<u8>,
}

impl RowWriter {
    /// Rows in `format`, or in the form of the output where there is none.
    pub fn new(out: Out, format: Option<Format>) -> Self {
        Self { header_due: !out.options().no_header, out, format, buffer: Vec::new() }
    }

    /// Shows a row.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write<R: Row>(&mut self, row: &R) -> Result<(), OutError> {
        if let Some(format) = &self.format {
            self.buffer.clear();
            format.write(row, &mut self.buffer);
            return self.out.write(&self.buffer);
        }
        match self.out.form() {
            Form::Table | Form::Wide => self.table(row),
            Form::Csv => self.csv(row),
            Form::Json => self.out.json_line(row),
            Form::Yaml => {
                let text = serde_norway::to_string(row)
                    .map_err(|e| OutError::Encode { form: "yaml", why: e.to_string() })?;
                self.out.write(format!("---\n{text}").as_bytes())
            }
            Form::Classic => row.classic().map_or(Ok(()), |line| self.out.line(&line)),
        }
    }

    /// Hands what was written to the reader.
    ///
    /// # Errors
    /// Those of the output.
    pub fn flush(&self) -> Result<(), OutError> {
        self.out.flush()
    }

    fn table<R: Row>(&mut self, row: &R) -> Result<(), OutError> {
        let cells = row.cells().into_iter().zip(R::HEADS).map(|(text, head)| padded(&text, head));
        let table = self.picked(heads::<R>(), cells.collect())?;
        let header = std::mem::take(&mut self.header_due);
        for line in table.lines(None, header, self.out.is_colored()) {
            self.out.line(&line)?;
        }
        Ok(())
    }

    fn csv<R: Row>(&mut self, row: &R) -> Result<(), OutError> {
        let table = self.picked(heads::<R>(), row.cells())?;
        let encode = |e: csv::Error| OutError::Encode { form: "csv", why: e.to_string() };
        let mut writer = csv::Writer::from_writer(std::mem::take(&mut self.buffer));
        if std::mem::take(&mut self.header_due) {
            writer.write_record(table.columns().iter().map(|c| c.name.as_str())).map_err(encode)?;
        }
        for cells in table.rows() {
            writer.write_record(cells.iter().map(|cell| cell.text.as_str())).map_err(encode)?;
        }
        self.buffer = writer.into_inner().map_err(|e| OutError::Write(e.into_error()))?;
        self.out.write(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    fn picked(&self, mut table: Table, cells: Vec<String>) -> Result<Table, OutError> {
        table.row(cells.into_iter().map(Cell::new));
        let columns = &self.out.options().columns;
        if columns.is_empty() {
            return Ok(table);
        }
        table.select(columns).map_err(|name| OutError::NoColumn {
            name,
            columns: table.columns().iter().map(|c| c.name.clone()).collect(),
        })
    }
}

fn heads<R: Row>() -> Table {
    R::HEADS.iter().fold(Table::new(), |table, head| match head.align {
        Align::Left => table.text(head.name),
        Align::Right => table.number(head.name),
    })
}

fn padded(text: &str, head: &Head) -> String {
    let width = head.width;
    match head.align {
        Align::Left => format!("{text:<width$}"),
        Align::Right => format!("{text:>width$}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::OutOptions;
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;

    #[derive(Serialize)]
    struct Sample(u32, &'static str);

    impl Row for Sample {
        const HEADS: &'static [Head] = &[Head::number("NO", 4), Head::text("NAME", 6), Head::text("REST", 0)];
        fn cells(&self) -> Vec<String> {
            vec![self.0.to_string(), self.1.to_owned(), "r".to_owned()]
        }
        fn classic(&self) -> Option<String> {
            (self.0 > 1).then(|| format!("Sample [{}]", self.0))
        }
        fn field(&self, _: Field, out: &mut Vec<u8>) {
            out.extend_from_slice(self.1.as_bytes());
        }
        fn property(&self, _: &str) -> Option<&str> {
            None
        }
    }

    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn shown(options: OutOptions, format: Option<&str>) -> String {
        let stdout = Buffer::default();
        let out = Out::to_writers(options, stdout.clone(), io::sink());
        let mut writer = RowWriter::new(out, format.map(|format| format.parse().unwrap()));
        for row in [Sample(1, "a"), Sample(22, "long name"), Sample(3, "b\n")] {
            writer.write(&row).unwrap();
        }
        let bytes = stdout.0.lock().clone();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn rows_come_in_every_form() {
        let form = |form| shown(OutOptions { form, ..OutOptions::default() }, None);
        assert_eq!(
            form(Form::Table),
            "  NO  NAME    REST\n   1  a       r\n  22  long name  r\n   3  b\\n      r\n"
        );
        assert_eq!(form(Form::Csv), "NO,NAME,REST\n1,a,r\n22,long name,r\n3,\"b\n\",r\n");
        assert_eq!(form(Form::Json), "[1,\"a\"]\n[22,\"long name\"]\n[3,\"b\\n\"]\n");
        assert_eq!(form(Form::Classic), "Sample [22]\nSample [3]\n");
        assert!(form(Form::Yaml).starts_with("---\n- 1\n- a\n---\n"));
        assert_eq!(shown(OutOptions::default(), Some("%t;")), "a;long name;b\n;");
    }

    #[test]
    fn columns_can_be_chosen_and_the_header_left_out() {
        let options = OutOptions {
            form: Form::Csv,
            no_header: true,
            columns: vec!["name".into()],
            ..OutOptions::default()
        };
        assert_eq!(shown(options, None), "a\nlong name\n\"b\n\"\n");
    }
}
