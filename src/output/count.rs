//! Numbers of things in notes and questions.

use std::fmt::Display;

/// `1 broker`, `2 brokers`: the number with its noun, which is regular and given in the singular.
pub fn counted<N: Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    let ending = if number == N::from(1) { "" } else { "s" };
    format!("{number} {noun}{ending}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        let table = [(-1, "-1 brokers"), (0, "0 brokers"), (1, "1 broker"), (2, "2 brokers")];
        for (number, want) in table {
            assert_eq!(counted(number, "broker"), want);
        }
    }
}
