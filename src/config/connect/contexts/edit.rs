//! Changes of the file that leave what people wrote around them: comments, order, blank lines.

use toml_edit::{DocumentMut, Item, Table, value};

use super::{Contexts, Profile};

/// The text of the file under change.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    document: DocumentMut,
}

/// Where a text is wrong and why, without a value of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub line: usize,
    pub why: String,
}

/// Reads a text.
pub fn read(text: &str) -> Result<Contexts, Wrong> {
    toml_edit::de::from_str(text).map_err(|error| wrong(text, error.message(), error.span()))
}

fn wrong(text: &str, message: &str, span: Option<std::ops::Range<usize>>) -> Wrong {
    let line = span.map_or(1, |span| text.bytes().take(span.start).filter(|byte| *byte == b'\n').count() + 1);
    // What follows "invalid type" or "invalid value" is the value.
    let safe = message.split(':').next().filter(|head| head.starts_with("invalid ")).unwrap_or(message);
    Wrong { line, why: safe.lines().next().unwrap_or_default().to_owned() }
}

impl Edit {
    /// Begins with a text.
    pub fn of(text: &str) -> Result<Self, Wrong> {
        let document = text.parse::<DocumentMut>();
        let document = document.map_err(|error| wrong(text, error.message(), error.span()))?;
        Ok(Self { document })
    }

    /// Names the context that is used where none is named; none takes the name away.
    pub fn set_current(&mut self, name: Option<&str>) {
        match name {
            Some(name) => self.document["current"] = value(name),
            None => {
                self.document.remove("current");
            }
        }
    }

    /// Adds a context, or replaces the one of that name.
    ///
    /// # Errors
    /// The profile cannot be written as TOML.
    pub fn put(&mut self, name: &str, profile: &Profile) -> Result<(), String> {
        let written = toml_edit::ser::to_document(profile).map_err(|error| error.to_string())?;
        let mut table = written.into_table();
        // Sections rather than one long line.
        for key in ["acl", "tls"] {
            if let Some(item) = table.get_mut(key)
                && let Some(section) = std::mem::take(item).into_table().ok()
            {
                *item = Item::Table(section);
            }
        }
        let contexts = self.document.entry("contexts").or_insert_with(|| {
            let mut contexts = Table::new();
            contexts.set_implicit(true);
            Item::Table(contexts)
        });
        contexts[name] = Item::Table(table);
        Ok(())
    }

    /// Takes a context away, and its name where it was the current one; false if there is none.
    pub fn remove(&mut self, name: &str) -> bool {
        if self.document.get("current").and_then(Item::as_str) == Some(name) {
            self.document.remove("current");
        }
        let contexts = self.document.get_mut("contexts").and_then(Item::as_table_like_mut);
        contexts.is_some_and(|contexts| contexts.remove(name).is_some())
    }

    /// The text now.
    pub fn text(&self) -> String {
        self.document.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AclProfile, TlsProfile};
    use super::*;
    use secrecy::{ExposeSecret, SecretString};

    const TEXT: &str =
        "# mine\ncurrent = \"dev\" # for now\n\n[contexts.dev]\nname-servers = [\"h:1\"] # here\n";

    #[test]
    fn what_people_wrote_stays() {
        let mut edit = Edit::of(TEXT).unwrap();
        let profile = Profile {
            name_servers: vec!["a:1".into(), "b:2".into()],
            protected: true,
            acl: Some(AclProfile {
                access_key: Some("ops".into()),
                secret_key: Some(SecretString::from("s\"1")),
                ..AclProfile::default()
            }),
            tls: Some(TlsProfile { insecure: true, ..TlsProfile::default() }),
            ..Profile::default()
        };
        edit.put("prod", &profile).unwrap();
        edit.set_current(Some("prod"));
        let text = edit.text();
        assert!(text.starts_with("# mine\n") && text.contains("name-servers = [\"h:1\"] # here"), "{text}");
        assert!(text.contains("[contexts.prod.acl]\naccess-key = \"ops\"\n"), "{text}");
        let read = read(&text).unwrap();
        assert_eq!(read.current.as_deref(), Some("prod"));
        let prod = &read.contexts["prod"];
        assert_eq!((prod.name_servers.len(), prod.protected), (2, true));
        let acl = prod.acl.as_ref().unwrap();
        assert_eq!(acl.secret_key.as_ref().unwrap().expose_secret(), "s\"1");
        assert!(prod.tls.as_ref().unwrap().insecure && prod.has_secret());
    }

    #[test]
    fn the_first_context_makes_the_file_and_the_last_leaves_it() {
        let mut edit = Edit::of("").unwrap();
        edit.put("a b", &Profile { name_servers: vec!["h:1".into()], ..Profile::default() }).unwrap();
        edit.set_current(Some("a b"));
        assert_eq!(edit.text(), "current = \"a b\"\n\n[contexts.\"a b\"]\nname-servers = [\"h:1\"]\n");
        assert!(edit.remove("a b") && !edit.remove("a b"));
        let read = read(&edit.text()).unwrap();
        assert!(read.current.is_none() && read.contexts.is_empty(), "{}", edit.text());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line_and_without_values() {
        let table = [
            ("current = \n", 1, ""),
            ("\n[contexts.a]\nname-server = [\"canary\"]\n", 3, "unknown field `name-server`"),
            ("[contexts.a.acl]\nsecret-key = 31337\n", 2, "invalid type"),
            ("[contexts.a]\nprotected = \"canary\"\n", 2, "invalid type"),
            ("[contexts.a.acl]\nsecret-key = \"canary\n", 2, ""),
        ];
        for (text, line, why) in table {
            let wrong = read(text).unwrap_err();
            assert_eq!(wrong.line, line, "{text}: {wrong:?}");
            assert!(wrong.why.contains(why), "{wrong:?}");
            assert!(!wrong.why.contains("canary") && !wrong.why.contains("31337"), "{wrong:?}");
        }
        let secret = read("[contexts.a.acl]\nsecret-key = \"canary\"\n").unwrap();
        assert!(!format!("{secret:?}").contains("canary"));
    }
}
