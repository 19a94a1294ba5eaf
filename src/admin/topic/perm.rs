//! How the permissions of a topic are written.

use crate::protocol::route::{PERM_INHERIT, PERM_READ, PERM_WRITE};

/// `RW-` and the like (`PermName.perm2String`).
pub fn perm_text(perm: i32) -> String {
    let letter = |bit, letter| if perm & bit == bit { letter } else { '-' };
    [letter(PERM_READ, 'R'), letter(PERM_WRITE, 'W'), letter(PERM_INHERIT, 'X')].into_iter().collect()
}

/// Reads a permission: a number as mqadmin takes it, or its letters.
///
/// # Errors
/// What is neither.
pub fn parse_perm(text: &str) -> Result<i32, String> {
    let text = text.trim();
    if let Ok(perm) = text.parse::<i32>() {
        return if (0..8).contains(&perm) {
            Ok(perm)
        } else {
            Err(format!("{perm} is not a permission: 4 is read, 2 is write, 6 is both"))
        };
    }
    let letters = text.trim_matches('-').to_ascii_uppercase();
    match letters.as_str() {
        "R" => Ok(PERM_READ),
        "W" => Ok(PERM_WRITE),
        "RW" => Ok(PERM_READ | PERM_WRITE),
        _ => Err(format!(
            "'{text}' is not a permission: 4 (or R) is read, 2 (or W) is write, 6 (or RW) is both"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_in_both_directions() {
        let table = [(6, "RW-"), (4, "R--"), (2, "-W-"), (7, "RWX"), (0, "---"), (5, "R-X")];
        for (perm, text) in table {
            assert_eq!(perm_text(perm), text);
        }
        for (text, perm) in [("6", 6), ("rw", 6), ("R--", 4), ("-W-", 2), ("5", 5)] {
            assert_eq!(parse_perm(text), Ok(perm), "{text}");
        }
        for text in ["9", "-1", "x", ""] {
            assert!(parse_perm(text).is_err(), "{text}");
        }
    }
}
