//! What a client or server is written in.

/// Java: `LanguageCode`. The discriminants are the numbers of the binary header form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
#[expect(missing_docs, reason = "the names say all")]
pub enum Language {
    Java = 0,
    Cpp = 1,
    DotNet = 2,
    Python = 3,
    Delphi = 4,
    Erlang = 5,
    Ruby = 6,
    /// Anything that has no name of its own, or one that this program does not know.
    #[default]
    Other = 7,
    Http = 8,
    Go = 9,
    Php = 10,
    Oms = 11,
    Rust = 12,
    NodeJs = 13,
}

const NAMES: [(Language, &str); 14] = [
    (Language::Java, "JAVA"),
    (Language::Cpp, "CPP"),
    (Language::DotNet, "DOTNET"),
    (Language::Python, "PYTHON"),
    (Language::Delphi, "DELPHI"),
    (Language::Erlang, "ERLANG"),
    (Language::Ruby, "RUBY"),
    (Language::Other, "OTHER"),
    (Language::Http, "HTTP"),
    (Language::Go, "GO"),
    (Language::Php, "PHP"),
    (Language::Oms, "OMS"),
    (Language::Rust, "RUST"),
    (Language::NodeJs, "NODE_JS"),
];

impl Language {
    /// Its name in JSON headers and bodies.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(language, _)| *language == self).map_or("OTHER", |(_, name)| name)
    }

    /// By name; an unknown one is [`Language::Other`].
    pub fn from_name(name: &str) -> Self {
        NAMES.iter().find(|(_, n)| *n == name).map_or(Self::Other, |(language, _)| *language)
    }

    /// By number; an unknown one is [`Language::Other`].
    pub fn from_code(code: u8) -> Self {
        NAMES
            .iter()
            .find(|(language, _)| *language as u8 == code)
            .map_or(Self::Other, |(language, _)| *language)
    }
}

impl serde::Serialize for Language {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> serde::Deserialize<'de> for Language {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Ok(Self::from_name(&name))
    }
}
