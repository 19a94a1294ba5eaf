//! Hash codes as Java computes them.

/// `String.hashCode` of Java: over UTF-16 code units, wrapping.
pub fn java_hash_code(text: &str) -> i32 {
    if text.is_ascii() {
        return text.bytes().fold(0i32, |hash, byte| hash.wrapping_mul(31).wrapping_add(i32::from(byte)));
    }
    text.encode_utf16().fold(0i32, |hash, unit| hash.wrapping_mul(31).wrapping_add(i32::from(unit)))
}

/// The tag hash kept in the consume queue (`MessageExtBrokerInner.tagsString2tagsCode`): 0 without a tag.
pub fn tags_code(tags: &str) -> i64 {
    i64::from(java_hash_code(tags))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_codes_are_those_of_java() {
        let table = [
            ("", 0),
            ("a", 97),
            ("TagA", 2_598_919),
            ("TopicTest", -1_902_610_879),
            ("polygenelubricants", i32::MIN),
            ("日本", 835_047),
            ("😀", 1_772_899),
        ];
        for (text, expected) in table {
            assert_eq!(java_hash_code(text), expected, "{text}");
        }
        assert_eq!(tags_code(""), 0);
        assert_eq!(tags_code("TopicTest"), -1_902_610_879);
    }
}
