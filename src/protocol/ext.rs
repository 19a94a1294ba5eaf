//! The string map of a command's header (`extFields`), without a map: one text, and where each name and
//! value ends. A header has a dozen fields, so a scan finds one faster than hashing, and decoding a
//! frame costs two allocations whatever the number of fields.

use std::fmt::Write as _;

use super::signature::SECURITY_TOKEN;

/// Named text fields of a command, in the order they were written.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ExtFields {
    text: String,
    /// Per field: where its name ends and where its value ends. It starts where the last one ended.
    ends: Vec<(u32, u32)>,
}

impl ExtFields {
    /// No fields.
    pub const fn new() -> Self {
        Self { text: String::new(), ends: Vec::new() }
    }

    /// No fields yet, and room for `fields` of them with `text` bytes in all.
    pub fn with_capacity(fields: usize, text: usize) -> Self {
        Self { text: String::with_capacity(text), ends: Vec::with_capacity(fields) }
    }

    /// Makes room for `fields` more of them with `text` bytes in all.
    pub fn reserve(&mut self, fields: usize, text: usize) {
        self.text.reserve(text);
        self.ends.reserve(fields);
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no field.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The value of the first field of that name.
    pub fn get(&self, name: &str) -> Option<&str> {
        // On bytes: a header is asked for each of its fields.
        let (text, name) = (self.text.as_bytes(), name.as_bytes());
        let mut start = 0;
        for &(name_end, value_end) in &self.ends {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            let is_there = name_end - start == name.len() && text.get(start..name_end) == Some(name);
            if is_there {
                return self.text.get(name_end..value_end);
            }
            start = value_end;
        }
        None
    }

    /// Adds a field. A name that is there already is not looked for: the first one counts.
    pub fn push(&mut self, name: &str, value: &str) {
        self.push_with(name, |text| text.push_str(value));
    }

    /// Adds a field whose value is written by its `Display`.
    pub fn push_display(&mut self, name: &str, value: impl std::fmt::Display) {
        self.push_with(name, |text| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{value}");
        });
    }

    fn push_with(&mut self, name: &str, write: impl FnOnce(&mut String)) {
        self.text.push_str(name);
        let name_end = self.text.len();
        write(&mut self.text);
        match (u32::try_from(name_end), u32::try_from(self.text.len())) {
            (Ok(name_end), Ok(value_end)) => self.ends.push((name_end, value_end)),
            // Over 4 GiB of header cannot be framed anyway: the field is dropped.
            _ => self.text.truncate(name_end - name.len()),
        }
    }

    /// Replaces a field's value, or adds the field.
    pub fn set(&mut self, name: &str, value: &str) {
        if self.get(name).is_none() {
            return self.push(name, value);
        }
        let mut replaced = Self::with_capacity(self.len(), self.text.len() + value.len());
        for (n, v) in self.iter() {
            replaced.push(n, if n == name { value } else { v });
        }
        *self = replaced;
    }

    /// The fields, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let mut start = 0;
        self.ends.iter().map(move |&(name_end, value_end)| {
            let (name_end, value_end) = (name_end as usize, value_end as usize);
            let field = (&self.text[start..name_end], &self.text[name_end..value_end]);
            start = value_end;
            field
        })
    }

    /// The bytes of all names and values together.
    pub fn text_len(&self) -> usize {
        self.text.len()
    }
}

/// Without the token of a session, which is a secret.
impl std::fmt::Debug for ExtFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let shown = |(name, value)| (name, if name == SECURITY_TOKEN { "***" } else { value });
        f.debug_map().entries(self.iter().map(shown)).finish()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for ExtFields {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(fields: I) -> Self {
        let mut ext = Self::new();
        for (name, value) in fields {
            ext.push(name.as_ref(), value.as_ref());
        }
        ext
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_order_and_the_first_of_a_name_counts() {
        let mut ext = ExtFields::new();
        ext.push("topic", "T");
        ext.push_display("queueId", 3);
        ext.push("topic", "other");
        assert_eq!(ext.get("topic"), Some("T"));
        assert_eq!(ext.get("queueId"), Some("3"));
        assert_eq!(ext.get("queue"), None);
        assert_eq!(ext.iter().collect::<Vec<_>>(), [("topic", "T"), ("queueId", "3"), ("topic", "other")]);
    }

    #[test]
    fn set_replaces_in_place() {
        let mut ext: ExtFields = [("a", "1"), ("b", "2")].into_iter().collect();
        ext.set("a", "longer");
        ext.set("c", "");
        assert_eq!(ext.iter().collect::<Vec<_>>(), [("a", "longer"), ("b", "2"), ("c", "")]);
    }
}
