//! Values of options that several tools have.

use crate::client::producer::check_topic;

/// The longest body that clients send, in bytes (Java: `maxMessageSize`).
pub const MAX_BODY: usize = 4 * 1024 * 1024;

/// The name of a topic.
///
/// # Errors
/// What is wrong with it.
pub fn topic(text: &str) -> Result<String, String> {
    check_topic(text).map(|()| text.to_owned()).map_err(|error| error.to_string())
}

/// A property as `NAME=VALUE`.
///
/// # Errors
/// How it is written.
pub fn property(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("a property is written NAME=VALUE".to_owned()),
    }
}

/// A number of messages a second.
///
/// # Errors
/// What such a number is.
pub fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 && rate <= 10_000_000.0 => Ok(rate),
        _ => Err("a rate is a number of messages a second, more than 0".to_owned()),
    }
}

/// The size of a body: bytes with an optional `k` or `m` (of 1024), `KiB` and the like.
///
/// # Errors
/// How it is written.
pub fn size(text: &str) -> Result<usize, String> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &lower[digits.len()..] {
        "" | "b" => 1_usize,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        _ => return Err("a size is a number of bytes, such as 100, 4k or 1m".to_owned()),
    };
    let bytes = digits.trim().parse::<usize>().ok().and_then(|count| count.checked_mul(unit));
    match bytes {
        Some(bytes @ 1..=MAX_BODY) => Ok(bytes),
        Some(_) => Err(format!("a body has 1 to {MAX_BODY} bytes")),
        None => Err("a size is a number of bytes, such as 100, 4k or 1m".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let table = [
            ("1", Some(1)),
            ("100b", Some(100)),
            ("4k", Some(4096)),
            ("2 KiB", Some(2048)),
            ("4M", Some(MAX_BODY)),
            ("5m", None),
            ("0", None),
            ("", None),
            ("k", None),
            ("1.5k", None),
            ("99999999999999999999", None),
            ("\u{e9}", None),
        ];
        for (text, expected) in table {
            assert_eq!(size(text).ok(), expected, "{text}");
        }
    }

    #[test]
    fn properties_and_rates_that_are_none_are_refused() {
        assert_eq!(property("a=b=c"), Ok(("a".to_owned(), "b=c".to_owned())));
        assert!(property("a").is_err() && property("=b").is_err());
        for bad in ["0", "-1", "NaN", "inf", "x", "1e9"] {
            assert!(rate(bad).is_err(), "{bad}");
        }
        assert_eq!(rate("0.5"), Ok(0.5));
    }
}
