//! What the layouts of mqadmin need: Java's padding and Java's rounding.
//!
//! `String.format("%-24s")` pads by UTF-16 units, and `"%.2f"` rounds halves away from zero on the decimal
//! digits of the number as Java prints it; Rust's formatter does neither.

/// `%-WIDTHs`: pads `text` with blanks on the right to `width` UTF-16 units; never cuts.
pub fn left(text: impl AsRef<str>, width: usize) -> String {
    let text = text.as_ref();
    let pad = width.saturating_sub(text.encode_utf16().count());
    format!("{text}{}", " ".repeat(pad))
}

/// `%WIDTHs`: pads `text` with blanks on the left to `width` UTF-16 units; never cuts.
pub fn right(text: impl AsRef<str>, width: usize) -> String {
    let text = text.as_ref();
    let pad = width.saturating_sub(text.encode_utf16().count());
    format!("{}{text}", " ".repeat(pad))
}

/// The first `width` UTF-16 units of `text` (`UtilAll.frontStringAtLeast`): mqadmin cuts names in some tables.
/// What a cut would split in two is left out.
pub fn front(text: &str, width: usize) -> &str {
    let mut units = 0;
    let end = text.char_indices().find(|(_, c)| {
        units += c.len_utf16();
        units > width
    });
    end.map_or(text, |(at, _)| &text[..at])
}

/// `%.DIGITSf` as Java prints it: `HALF_UP` on the shortest decimal form of `value`.
pub fn fixed(value: f64, digits: usize) -> String {
    if !value.is_finite() {
        return if value.is_nan() {
            "NaN".to_owned()
        } else {
            (if value > 0.0 { "Infinity" } else { "-Infinity" }).to_owned()
        };
    }
    let shortest = format!("{}", value.abs());
    let (whole, fraction) = shortest.split_once('.').unwrap_or((&shortest, ""));
    let mut kept: Vec<u8> =
        whole.bytes().chain(fraction.bytes().chain(std::iter::repeat(b'0')).take(digits)).collect();
    let up = fraction.as_bytes().get(digits).is_some_and(|next| *next >= b'5');
    if up && carry(&mut kept) {
        kept.insert(0, b'1');
    }
    let point = kept.len() - digits;
    let text: String = kept.iter().map(|digit| char::from(*digit)).collect();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    if digits == 0 { format!("{sign}{text}") } else { format!("{sign}{}.{}", &text[..point], &text[point..]) }
}

/// Adds one to the last of these decimal digits; true if a leading one is left over.
fn carry(digits: &mut [u8]) -> bool {
    for digit in digits.iter_mut().rev() {
        if *digit == b'9' {
            *digit = b'0';
        } else {
            *digit += 1;
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pads_by_utf16_units_and_never_cuts() {
        assert_eq!(left("ab", 4), "ab  ");
        assert_eq!(right("ab", 4), "  ab");
        assert_eq!(left("abcdef", 4), "abcdef");
        assert_eq!(left("\u{1F600}", 4), "\u{1F600}  ");
        assert_eq!(left("订单", 4), "订单  ");
    }

    #[test]
    fn cuts_by_utf16_units() {
        assert_eq!(front("abcdef", 4), "abcd");
        assert_eq!(front("abc", 4), "abc");
        assert_eq!(front("订单订单", 3), "订单订");
        assert_eq!(front("abc\u{1F600}", 4), "abc");
        assert_eq!(front("", 0), "");
    }

    #[test]
    fn rounds_halves_up_as_java_does() {
        // The right column was printed by Java's String.format.
        let table = [
            (0.125, 2, "0.13"),
            (1.005, 2, "1.01"),
            (0.30499999, 2, "0.30"),
            (-0.125, 2, "-0.13"),
            (9.999, 2, "10.00"),
            (0.0, 2, "0.00"),
            (2.5, 0, "3"),
            (99.5, 0, "100"),
            (498754.2349, 2, "498754.23"),
            (1e21, 1, "1000000000000000000000.0"),
        ];
        for (value, digits, want) in table {
            assert_eq!(fixed(value, digits), want, "{value} with {digits} digits");
        }
        assert_eq!(fixed(f64::NAN, 2), "NaN");
        assert_eq!(fixed(f64::NEG_INFINITY, 2), "-Infinity");
    }
}
