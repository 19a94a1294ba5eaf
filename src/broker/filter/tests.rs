//! Apache's parser and evaluation as the judge: `tests/fixtures/filter/sql92-5.5.0.tsv` holds what RocketMQ 5.5.0 says
//! of each expression for [`PROPERTIES`].

use proptest::prelude::*;

use super::{Expression, Expressions};

const RECORDED: &str = include_str!("../../../tests/fixtures/filter/sql92-5.5.0.tsv");

const PROPERTIES: [(&str, &str); 11] = [
    ("a", "5"),
    ("b", "hello"),
    ("c", "3.5"),
    ("t", "true"),
    ("n", "-7"),
    ("big", "9999999999"),
    ("e", ""),
    ("q", "it's"),
    ("TAGS", "TagA"),
    ("_x$1", "x"),
    ("blank", " 5 "),
];

fn property(name: &str) -> Option<&'static str> {
    PROPERTIES.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
}

/// What we say, in the words of the record.
fn verdict(sql: &str) -> String {
    match Expression::parse(sql) {
        Err(e) => format!("refused {e}"),
        Ok(expression) => match expression.0.truth(&|name| property(name)) {
            Err(_) => "fails".to_owned(),
            Ok(None) => "unknown".to_owned(),
            Ok(Some(holds)) => holds.to_string(),
        },
    }
}

/// What is compared of a verdict: the words that Java's parser expected, and its classes' names, are left out.
fn essence(verdict: &str) -> &str {
    let marks =
        ["Encountered", "Lexical error", "java.lang.ClassCastException", "java.lang.NumberFormatException"];
    let refused = marks.iter().any(|mark| verdict.contains(mark));
    if refused { "refused" } else { verdict }
}

#[test]
fn every_recorded_verdict_is_ours() {
    let mut count = 0;
    let mut differences = Vec::new();
    for line in RECORDED.lines() {
        let (expected, sql) = line.split_once('\t').expect("two columns");
        let got = verdict(&sql.replace("\\n", "\n").replace("\\t", "\t"));
        if essence(&got) != essence(expected) {
            differences.push(format!("{sql}\n  Java: {expected}\n  ours: {got}"));
        }
        count += 1;
    }
    assert!(differences.is_empty(), "{} of {count} differ:\n{}", differences.len(), differences.join("\n"));
    assert!(count > 800);
}

#[test]
fn where_an_expression_goes_wrong_is_told() {
    let table = [
        ("a = 5 AND", "Encountered \"<EOF>\" at line 1, column 10."),
        ("a = 5\n AND )", "at line 2, column 6."),
        ("a = #", "Lexical error at line 1, column 5.  Encountered: '#'"),
        ("a = 'x", "Encountered: <EOF>"),
    ];
    for (sql, expected) in table {
        let error = Expression::parse(sql).unwrap_err().to_string();
        assert!(error.contains(expected), "{sql}: {error}");
    }
}

#[test]
fn nesting_has_a_limit_and_length_has_none() {
    let nested = |depth: usize| format!("{}a = 5{}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(verdict(&nested(90)), "true");
    assert_eq!(verdict(&nested(100_000)), "refused java.lang.StackOverflowError");
    assert_eq!(verdict(&"NOT ".repeat(100_000)), "refused java.lang.StackOverflowError");
    assert_eq!(verdict(&format!("a{}", " = a".repeat(100_000))), "refused java.lang.StackOverflowError");
    assert_eq!(verdict(&format!("a = 6{}", " OR a = 6".repeat(100_000))), "false");
}

#[test]
fn only_what_is_true_is_wanted() {
    let table = [("a = 5", true), ("a = 6", false), ("miss = 1", false), ("b > 1", false), ("a", false)];
    for (sql, expected) in table {
        assert_eq!(Expression::parse(sql).unwrap().wants(&|name| property(name)), expected, "{sql}");
    }
}

#[test]
fn what_was_read_is_kept() {
    let expressions = Expressions::default();
    let first = expressions.get("a = 5").unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &expressions.get("a = 5").unwrap()));
    assert!(expressions.get("a =").is_err() && expressions.get("a =").is_err());
    for number in 0..3000 {
        expressions.get(&format!("a = {number}")).unwrap();
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(sql in "\\PC{0,60}") {
        verdict(&sql);
    }

    #[test]
    fn any_words_are_read_or_refused(words in prop::collection::vec(
        prop::sample::select(vec!["a", "5", "'x'", "(", ")", "=", "<>", "AND", "OR", "NOT", "IN", "BETWEEN", "IS",
            "NULL", "TRUE", "-", "+", ",", "CONTAINS", "3.5", "1e", "--", "/*", "*/", "'", "\n"]), 0..20)) {
        verdict(&words.join(" "));
    }
}
