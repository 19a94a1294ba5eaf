//! Encodings of bodies by name, as `-f` takes them.

use encoding_rs::Encoding;

/// The encoding of that name, such as UTF-8, GBK or ISO-8859-1, in any case.
///
/// # Errors
/// A name that is not known.
pub fn parse(name: &str) -> Result<&'static Encoding, String> {
    Encoding::for_label(name.trim().as_bytes()).ok_or_else(|| {
        format!(
            "'{name}' is not an encoding that is known; for example UTF-8, GBK, Big5, Shift_JIS, ISO-8859-1"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_java() {
        for name in ["UTF-8", "utf8", "GBK", "GB18030", "US-ASCII", "ISO-8859-1", "UTF-16LE", "Big5"] {
            assert!(parse(name).is_ok(), "{name}");
        }
        assert!(parse("nope").unwrap_err().contains("'nope'"));
    }
}
