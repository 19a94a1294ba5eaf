//! A table of text, and its layout.

use super::color::Tone;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Blanks between two columns.
const GAP: usize = 2;
/// A column is never squeezed below this width, in cells of the terminal.
const NARROWEST: usize = 8;

/// On which side the text of a column stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    #[default]
    Left,
    /// For numbers.
    Right,
}

/// The head of a column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub align: Align,
}

/// One field of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    pub text: String,
    pub tone: Tone,
}

impl Cell {
    pub fn new(text: impl ToString) -> Self {
        Cell { text: text.to_string(), tone: Tone::Plain }
    }

    /// A cell with a meaning, shown as a colour where there are colours.
    pub fn toned(text: impl ToString, tone: Tone) -> Self {
        Cell { text: text.to_string(), tone }
    }

    /// The text of `value`, or `-` where there is none.
    pub fn optional(value: Option<impl ToString>) -> Self {
        value.map_or_else(|| Cell::toned("-", Tone::Dim), Cell::new)
    }
}

impl<T: ToString> From<T> for Cell {
    fn from(value: T) -> Self {
        Cell::new(value)
    }
}

/// Rows under named columns.
///
/// ```
/// use rmq::output::Table;
/// let mut table = Table::new().text("TOPIC").number("QUEUES");
/// table.row(["TopicTest".to_string(), 8.to_string()]);
/// assert_eq!(table.lines(None, true, false), ["TOPIC      QUEUES", "TopicTest       8"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    pub fn new() -> Self {
        Table::default()
    }

    /// Adds a column of text. Names are in capitals.
    #[must_use]
    pub fn text(mut self, name: &str) -> Self {
        self.columns.push(Column { name: name.to_owned(), align: Align::Left });
        self
    }

    /// Adds a column of numbers, which stand on the right.
    #[must_use]
    pub fn number(mut self, name: &str) -> Self {
        self.columns.push(Column { name: name.to_owned(), align: Align::Right });
        self
    }

    /// Adds a row; a row shorter than the header is filled with empty cells, what is beyond it is dropped.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        let mut row: Vec<Cell> = cells.into_iter().map(Into::into).collect();
        debug_assert!(row.len() <= self.columns.len(), "a row has more cells than the table has columns");
        row.resize(self.columns.len(), Cell::default());
        self.rows.push(row);
    }

    /// Whether there is neither a column nor a row.
    pub fn is_blank(&self) -> bool {
        self.columns.is_empty()
    }

    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }

    /// Keeps the named columns, in the order given (names in any case, `_`, `-` and blanks alike).
    ///
    /// # Errors
    /// The first name that is not a column.
    pub fn select(&self, names: &[String]) -> Result<Table, String> {
        let picked: Vec<usize> = names
            .iter()
            .map(|name| {
                self.columns.iter().position(|c| fold(&c.name) == fold(name)).ok_or_else(|| name.clone())
            })
            .collect::<Result<_, _>>()?;
        let columns = picked.iter().map(|i| self.columns[*i].clone()).collect();
        let rows = self.rows.iter().map(|row| picked.iter().map(|i| row[*i].clone()).collect()).collect();
        Ok(Table { columns, rows })
    }

    /// The lines of this table, without trailing blanks. With `width` (of a terminal) long cells are wrapped so
    /// that the lines fit where they can; without it nothing is ever cut or wrapped.
    pub fn lines(&self, width: Option<usize>, header: bool, colored: bool) -> Vec<String> {
        let widths = self.widths(width, header);
        let mut lines = Vec::new();
        if header && !self.columns.is_empty() {
            let head: Vec<Cell> = self.columns.iter().map(|c| Cell::toned(&c.name, Tone::Header)).collect();
            self.layout(&head, &widths, colored, &mut lines);
        }
        for row in &self.rows {
            self.layout(row, &widths, colored, &mut lines);
        }
        lines
    }

    fn widths(&self, limit: Option<usize>, header: bool) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.columns.iter().map(|c| if header { c.name.width() } else { 0 }).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(visible(&cell.text).width());
            }
        }
        if let Some(limit) = limit {
            squeeze(&mut widths, limit);
        }
        widths
    }

    fn layout(&self, row: &[Cell], widths: &[usize], colored: bool, lines: &mut Vec<String>) {
        let wrapped: Vec<Vec<String>> =
            row.iter().zip(widths).map(|(cell, width)| wrap(&visible(&cell.text), *width)).collect();
        let height = wrapped.iter().map(Vec::len).max().unwrap_or(0);
        for i in 0..height {
            let mut line = String::new();
            let mut owed = 0;
            for (((cell, column), parts), width) in row.iter().zip(&self.columns).zip(&wrapped).zip(widths) {
                let part = parts.get(i).map_or("", String::as_str);
                let pad = width.saturating_sub(part.width());
                if column.align == Align::Right {
                    owed += pad;
                }
                if !part.is_empty() {
                    line.extend(std::iter::repeat_n(' ', owed));
                    line.push_str(&cell.tone.paint(part, colored));
                    owed = 0;
                }
                owed += GAP + if column.align == Align::Left { pad } else { 0 };
            }
            lines.push(line);
        }
    }
}

/// A column's name as it is compared: in capitals, without what people mix up.
fn fold(name: &str) -> String {
    name.chars().filter(|c| !matches!(c, ' ' | '_' | '-' | '#')).flat_map(char::to_uppercase).collect()
}

/// Text for one line of a terminal: control characters (line ends, escape sequences) made visible.
fn visible(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if c.is_control() { c.escape_default().to_string() } else { c.to_string() })
        .collect()
}

/// Takes from the widest columns until the line fits or nothing more can be taken.
fn squeeze(widths: &mut [usize], limit: usize) {
    let gaps = GAP * widths.len().saturating_sub(1);
    while widths.iter().sum::<usize>() + gaps > limit {
        match widths.iter_mut().max() {
            Some(widest) if *widest > NARROWEST => *widest -= 1,
            _ => return,
        }
    }
}

/// Breaks `text` into parts of at most `width` cells.
fn wrap(text: &str, width: usize) -> Vec<String> {
    if text.width() <= width {
        return vec![text.to_owned()];
    }
    let mut parts = vec![String::new()];
    let mut used = 0;
    for c in text.chars() {
        let cells = c.width().unwrap_or(0);
        if used + cells > width && used > 0 {
            parts.push(String::new());
            used = 0;
        }
        if let Some(part) = parts.last_mut() {
            part.push(c);
        }
        used += cells;
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new().text("NAME").number("LAG").text("STATE");
        table.row([Cell::new("short"), Cell::new(5), Cell::toned("down", Tone::Bad)]);
        table.row([Cell::new("a-much-longer-name"), Cell::new(12345), Cell::new("")]);
        table
    }

    #[test]
    fn aligns_and_leaves_no_trailing_blanks() {
        assert_eq!(
            sample().lines(None, true, false),
            [
                "NAME                  LAG  STATE",
                "short                   5  down",
                "a-much-longer-name  12345",
            ]
        );
        assert_eq!(sample().lines(None, false, false)[0], "short                   5  down");
    }

    #[test]
    fn wraps_to_the_width_of_a_terminal_only() {
        assert_eq!(
            sample().lines(Some(26), true, false),
            ["NAME            LAG  STATE", "short             5  down", "a-much-longe  12345", "r-name"]
        );
    }

    #[test]
    fn colours_do_not_change_the_layout() {
        let lines = sample().lines(None, true, true);
        assert_eq!(lines[1], "short                   5  \u{1b}[31mdown\u{1b}[0m");
    }

    #[test]
    fn wide_characters_count_two_cells() {
        let mut table = Table::new().text("A").text("B");
        table.row(["订单", "x"]);
        table.row(["abcd", "y"]);
        assert_eq!(table.lines(None, false, false), ["订单  x", "abcd  y"]);
    }

    #[test]
    fn control_characters_cannot_break_the_terminal() {
        let mut table = Table::new().text("A");
        table.row(["a\nb\u{1b}[2J"]);
        assert_eq!(table.lines(None, false, false), ["a\\nb\\u{1b}[2J"]);
    }

    #[test]
    fn selects_columns_by_loose_names() {
        let table = sample().select(&["state".into(), "Name".into()]).unwrap();
        assert_eq!(table.lines(None, true, false)[0], "STATE  NAME");
        assert_eq!(sample().select(&["nope".into()]).unwrap_err(), "nope");
    }

    #[test]
    fn an_empty_table_shows_its_header() {
        assert_eq!(Table::new().text("A").lines(None, true, false), ["A"]);
        assert!(Table::new().lines(None, true, false).is_empty());
    }
}
