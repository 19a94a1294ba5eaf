//! mqadmin's looser way of writing a command line, made strict before clap sees it.
//!
//! mqadmin reads options with commons-cli's `DefaultParser`. What scripts made for it rely on: command names in
//! any case; `-namesrvAddr x` for `--namesrvAddr x`; the beginning of a long name where only one option begins
//! so (`--top T`); a value glued to its letter (`-tT`); options of two letters (`-bn`); values that begin with a
//! hyphen but are no option; `true` after a flag; values trimmed; `-h` anywhere.

use super::grammar::{CommandRule, CommandTable, OptionRule, Takes};
use std::collections::HashSet;
use std::ffi::OsString;

/// Rewrites a command line (with the program's name first) into the one form that clap accepts. Words that mean
/// nothing to the table are handed on for clap to complain about.
pub fn normalise(argv: Vec<OsString>, table: &CommandTable) -> Vec<OsString> {
    rewritten(argv, table, None)
}

/// As [`normalise`], for a script that means mqadmin: as there, of an option that is given again the first value
/// counts, and words that belong to no option do not. Also says what was left out so.
pub fn normalise_as_mqadmin(argv: Vec<OsString>, table: &CommandTable) -> (Vec<OsString>, Vec<String>) {
    let mut ignored = Vec::new();
    (rewritten(argv, table, Some(&mut ignored)), ignored)
}

fn rewritten(argv: Vec<OsString>, table: &CommandTable, ignored: Option<&mut Vec<String>>) -> Vec<OsString> {
    let Some(words) = argv.iter().map(|word| word.to_str()).collect::<Option<Vec<_>>>() else {
        // What is not Unicode is no command of mqadmin's.
        return argv;
    };
    let Some(at) = command_position(&words, table) else { return argv };
    let mut out: Vec<String> = words[..at].iter().map(|word| (*word).to_owned()).collect();
    if words[at].eq_ignore_ascii_case("help") {
        out.push("help".to_owned());
        out.extend(
            words[at + 1..].iter().map(|word| {
                table.find(word).map_or_else(|| (*word).to_owned(), |command| command.name.clone())
            }),
        );
    } else if let Some(command) = table.find(words[at]) {
        out.push(command.name.clone());
        let mut rest = &words[at + 1..];
        let mut called = command;
        if let Some(at) = word_position(rest, 0, table)
            && let Some(kind) = command.kind(rest[at])
        {
            out.extend(rest[..at].iter().map(|word| (*word).to_owned()));
            out.push(kind.name.clone());
            (called, rest) = (kind, &rest[at + 1..]);
        }
        if called.mqadmin {
            let read = Reader { table, command: called, rest, at: 0 }.read();
            out.extend(match ignored {
                Some(ignored) => without_surplus(read, called, ignored),
                None => read,
            });
        } else {
            out.extend(rest.iter().map(|word| (*word).to_owned()));
        }
    } else {
        return argv;
    }
    out.into_iter().map(OsString::from).collect()
}

/// Leaves out what mqadmin does not look at, and notes it.
fn without_surplus(words: Vec<String>, command: &CommandRule, ignored: &mut Vec<String>) -> Vec<String> {
    if command.options.iter().any(|option| option.takes == Takes::Many) {
        // Their values stand apart.
        return words;
    }
    let mut seen = HashSet::new();
    let mut ended = false;
    let (kept, surplus) = words.into_iter().partition(|word| {
        ended |= word == "--";
        let name = word.split('=').next().unwrap_or_default();
        let known = command.options.iter().find(|option| option.canonical == name);
        let again = known.is_some_and(|option| !option.repeats && !seen.insert(name.to_owned()));
        !ended && word.starts_with('-') && !again
    });
    let surplus: Vec<String> = surplus;
    ignored.extend(surplus.into_iter().filter(|word| word != "--"));
    kept
}

/// The word that should be the name of a command.
pub fn command_word<'a>(argv: &'a [OsString], table: &CommandTable) -> Option<&'a str> {
    let words = argv.iter().map(|word| word.to_str()).collect::<Option<Vec<_>>>()?;
    command_position(&words, table).map(|at| words[at])
}

/// Where the name of the command stands: the first word that is neither an option of all commands nor its value.
fn command_position(words: &[&str], table: &CommandTable) -> Option<usize> {
    word_position(words, 1, table)
}

/// The first word from `at` on that is neither an option of all commands nor its value.
fn word_position(words: &[&str], mut at: usize, table: &CommandTable) -> Option<usize> {
    while at < words.len() {
        let word = words[at];
        if !word.starts_with('-') || word == "-" {
            return Some(at);
        }
        if word == "--" {
            return None;
        }
        let takes_next = table.globals.iter().any(|option| {
            option.takes == Takes::One
                && (option.longs.iter().any(|long| word.strip_prefix("--") == Some(long))
                    || option.shorts.iter().any(|short| *word == format!("-{short}")))
        });
        at += if takes_next { 2 } else { 1 };
    }
    None
}

/// Reads the words behind the name of one of mqadmin's commands.
struct Reader<'a> {
    table: &'a CommandTable,
    command: &'a CommandRule,
    rest: &'a [&'a str],
    at: usize,
}

impl<'a> Reader<'a> {
    fn read(mut self) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(word) = self.rest.get(self.at).copied() {
            self.at += 1;
            if word == "--" {
                out.extend(self.rest[self.at - 1..].iter().map(|word| (*word).to_owned()));
                return out;
            }
            match self.resolve(word) {
                Some((option, _)) if option.is_help() => return vec!["--help".to_owned()],
                Some((option, glued)) => self.take(option, glued, &mut out),
                None => match self.letters(word) {
                    Some(found) if found.iter().any(|(option, _)| option.is_help()) => {
                        return vec!["--help".to_owned()];
                    }
                    Some(found) => {
                        for (option, glued) in found {
                            self.take(option, glued, &mut out);
                        }
                    }
                    None => out.push(word.to_owned()),
                },
            }
        }
        out
    }

    /// Writes one option with its value, which may be the next word.
    fn take(&mut self, option: &OptionRule, glued: Option<&str>, out: &mut Vec<String>) {
        match option.takes {
            Takes::Many => {
                out.push(option.canonical.clone());
                out.extend(glued.map(str::to_owned));
            }
            Takes::One => match glued.or_else(|| self.next_value()) {
                Some(value) => out.push(format!("{}={}", option.canonical, option.spelt(value))),
                None => out.push(option.canonical.clone()),
            },
            Takes::Nothing | Takes::Perhaps => {
                let value = glued.or_else(|| self.next_truth()).map(|value| option.spelt(value));
                match (option.takes, value.as_ref()) {
                    (_, None) => out.push(option.canonical.clone()),
                    (Takes::Perhaps, Some(value)) => out.push(format!("{}={value}", option.canonical)),
                    (_, Some(value)) if value.eq_ignore_ascii_case("false") => {}
                    (_, Some(value)) if value.eq_ignore_ascii_case("true") => {
                        out.push(option.canonical.clone());
                    }
                    (_, Some(value)) => out.push(format!("{}={value}", option.canonical)),
                }
            }
        }
    }

    /// The next word, unless it is an option.
    fn next_value(&mut self) -> Option<&'a str> {
        let word = *self.rest.get(self.at)?;
        if self.resolve(word).is_some() || word == "--" || self.letters(word).is_some() {
            return None;
        }
        self.at += 1;
        Some(word)
    }

    /// The next word, if it is `true` or `false`.
    fn next_truth(&mut self) -> Option<&'a str> {
        let word = *self.rest.get(self.at)?;
        let truth = word.eq_ignore_ascii_case("true") || word.eq_ignore_ascii_case("false");
        truth.then(|| {
            self.at += 1;
            word
        })
    }

    fn options(&self) -> impl Iterator<Item = &'a OptionRule> {
        self.command.options.iter().chain(&self.table.globals)
    }

    /// The option that a word names, and the value behind its `=`.
    fn resolve(&self, word: &'a str) -> Option<(&'a OptionRule, Option<&'a str>)> {
        let double = word.starts_with("--");
        let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
        let (name, value) = match bare.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value)),
            None => (bare.trim(), None),
        };
        let mut letters = name.chars();
        if let (false, Some(letter), None) = (double, letters.next(), letters.next()) {
            return self.letter(letter).map(|option| (option, value));
        }
        if name.is_empty() || name.starts_with('-') {
            return None;
        }
        let exact = self.options().find(|o| o.longs.iter().any(|long| long.trim() == name));
        exact.or_else(|| self.abbreviated(name)).map(|option| (option, value))
    }

    fn letter(&self, letter: char) -> Option<&'a OptionRule> {
        self.options().find(|option| option.shorts.contains(&letter))
    }

    /// The only option whose long name begins so; mqadmin's own before those of all commands.
    fn abbreviated(&self, name: &str) -> Option<&'a OptionRule> {
        let only = |options: &'a [OptionRule]| {
            let mut found = options.iter().filter(|o| o.longs.iter().any(|long| long.starts_with(name)));
            let first = found.next()?;
            found.next().is_none().then_some(first)
        };
        only(&self.command.options).or_else(|| only(&self.table.globals))
    }

    /// `-tVALUE`, `-lm` or `-topicVALUE`.
    fn letters(&self, word: &'a str) -> Option<Vec<(&'a OptionRule, Option<&'a str>)>> {
        let bare =
            word.strip_prefix('-').filter(|bare| !bare.starts_with('-') && bare.chars().count() > 1)?;
        let longest = self
            .options()
            .filter(|option| option.takes == Takes::One)
            .flat_map(|option| option.longs.iter().map(move |long| (long, option)))
            .filter(|(long, _)| long.len() > 1 && bare.len() > long.len() && bare.starts_with(long.as_str()))
            .max_by_key(|(long, _)| long.len());
        if let Some((long, option)) = longest {
            return Some(vec![(option, Some(&bare[long.len()..]))]);
        }
        let mut found = Vec::new();
        for (i, letter) in bare.char_indices() {
            let option = self.letter(letter)?;
            let rest = &bare[i + letter.len_utf8()..];
            if option.takes == Takes::Nothing || rest.is_empty() {
                found.push((option, None));
            } else {
                found.push((option, Some(rest.strip_prefix('=').unwrap_or(rest))));
                break;
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::{Arg, ArgAction, Command};

    fn table() -> CommandTable {
        let value = |short: char, long: &'static str| Arg::new(long).short(short).long(long);
        let flag = |short: char, long: &'static str| value(short, long).action(ArgAction::SetTrue);
        let root = Command::new("rmq")
            .arg(value('n', "namesrvAddr").alias("namesrv").action(ArgAction::Append))
            .arg(Arg::new("output").long("output"))
            .arg(Arg::new("yes").long("yes").action(ArgAction::SetTrue))
            .subcommand(
                Command::new("updateTopic")
                    .arg(value('t', "topic"))
                    .arg(value('c', "clusterName"))
                    .arg(
                        value('o', "order")
                            .num_args(0..=1)
                            .default_missing_value("true")
                            .value_parser(clap::value_parser!(bool)),
                    )
                    .arg(value('u', "unit").value_parser(clap::value_parser!(bool)))
                    .arg(value('a', "attributes")),
            )
            .subcommand(
                Command::new("clusterList")
                    .arg(value('c', "clusterName"))
                    .arg(flag('m', "moreStats"))
                    .arg(flag('l', "list"))
                    .arg(value('i', "interval")),
            )
            .subcommand(
                Command::new("electMaster").arg(Arg::new("brokerName").long("brokerName").alias("bn")),
            )
            .subcommand(
                Command::new("resetOffsetByTime")
                    .alias("resetOffset")
                    .arg(value('s', "timestamp"))
                    .arg(value('t', "topic"))
                    .arg(value('e', "timestampEnd")),
            )
            .subcommand(Command::new("sendMessage").arg(value('p', "body").value_name("BODY")))
            .subcommand(Command::new("produce").arg(value('t', "tag")))
            .subcommand(
                Command::new("bench").subcommand(
                    Command::new("batch")
                        .arg(value('w', "concurrency").alias("threadCount"))
                        .arg(Arg::new("report").long("report").alias("ri"))
                        .arg(Arg::new("topic")),
                ),
            );
        CommandTable::of(&root, |name| !matches!(name, "produce" | "bench"))
    }

    fn run(line: &[&str]) -> String {
        let argv = std::iter::once("rmq").chain(line.iter().copied()).map(OsString::from).collect();
        let words: Vec<String> =
            normalise(argv, &table()).into_iter().map(|w| w.into_string().unwrap()).collect();
        words[1..].join(" | ")
    }

    #[test]
    fn loose_forms_become_one_strict_form() {
        let lines: &[(&[&str], &str)] = &[
            // The name of the command in any case, behind options of all commands.
            (&["CLUSTERLIST"], "clusterList"),
            (&["-n", "h:1", "clusterlist"], "-n | h:1 | clusterList"),
            (
                &["--output=json", "--yes", "clusterlist", "-m"],
                "--output=json | --yes | clusterList | --moreStats",
            ),
            (&["RESETOFFSET"], "resetOffsetByTime"),
            // Long names: one hyphen, the beginning only, blanks around, with '='.
            (&["clusterList", "-namesrvAddr", "h:1"], "clusterList | --namesrvAddr=h:1"),
            (&["clusterList", "--namesrv", "h:1"], "clusterList | --namesrvAddr=h:1"),
            (&["clusterList", "--names", "h:1"], "clusterList | --namesrvAddr=h:1"),
            (&["updateTopic", "--top", "T"], "updateTopic | --topic=T"),
            (&["updateTopic", "-top", "T"], "updateTopic | --topic=T"),
            (&["updateTopic", "--topic=T"], "updateTopic | --topic=T"),
            (&["updateTopic", "-t=T"], "updateTopic | --topic=T"),
            (&["updateTopic", "-topicT"], "updateTopic | --topic=T"),
            (&["resetOffsetByTime", "--time", "1"], "resetOffsetByTime | --time | 1"),
            (&["resetOffsetByTime", "--timestamp", "1"], "resetOffsetByTime | --timestamp=1"),
            (&["resetOffsetByTime", "--timestamp ", "1"], "resetOffsetByTime | --timestamp=1"),
            // Letters: glued values, several flags, two-letter options.
            (&["updateTopic", "-tT", "-nh:1"], "updateTopic | --topic=T | --namesrvAddr=h:1"),
            (&["clusterList", "-ml"], "clusterList | --moreStats | --list"),
            (&["clusterList", "-mi5"], "clusterList | --moreStats | --interval=5"),
            (&["electMaster", "-bn", "b"], "electMaster | --brokerName=b"),
            // Values: trimmed, negative, with a hyphen, missing.
            (&["updateTopic", "-t", " T "], "updateTopic | --topic=T"),
            (&["sendMessage", "-p", " b "], "sendMessage | --body= b "),
            (&["resetOffsetByTime", "-s", "-1"], "resetOffsetByTime | --timestamp=-1"),
            (&["updateTopic", "-t", "-x"], "updateTopic | --topic=-x"),
            (&["updateTopic", "-t", "-c", "C"], "updateTopic | --topic | --clusterName=C"),
            (&["updateTopic", "-t", "-"], "updateTopic | --topic=-"),
            (&["updateTopic", "-a", "+a=b,-c"], "updateTopic | --attributes=+a=b,-c"),
            // Booleans with a value.
            (&["clusterList", "-m", "true", "-l", "FALSE"], "clusterList | --moreStats"),
            (&["clusterList", "-m=true"], "clusterList | --moreStats"),
            (&["updateTopic", "-o", "true", "-t", "T"], "updateTopic | --order=true | --topic=T"),
            (&["updateTopic", "-o", "-t", "T"], "updateTopic | --order | --topic=T"),
            (&["updateTopic", "-o", "TRUE", "-t", "TRUE"], "updateTopic | --order=true | --topic=TRUE"),
            (&["updateTopic", "-u", "False"], "updateTopic | --unit=false"),
            (&["updateTopic", "-u=TRUE"], "updateTopic | --unit=true"),
            (&["updateTopic", "-u", "yes"], "updateTopic | --unit=yes"),
            // Help wins over everything.
            (&["updateTopic", "-h"], "updateTopic | --help"),
            (&["updateTopic", "--nope", "-t", "T", "-help"], "updateTopic | --help"),
            (&["clusterList", "-mh"], "clusterList | --help"),
            (&["help", "CLUSTERLIST"], "help | clusterList"),
            (&["HELP", "exit-codes"], "help | exit-codes"),
            // What is not understood is left for clap.
            (&["updateTopic", "--nope", "x"], "updateTopic | --nope | x"),
            (&["updateTopic", "stray", "-t", "T"], "updateTopic | stray | --topic=T"),
            (&["noSuch", "-tT"], "noSuch | -tT"),
            (&["updateTopic", "--", "-tT"], "updateTopic | -- | -tT"),
            (&["--", "clusterlist"], "-- | clusterlist"),
            (&[], ""),
            // One below another.
            (
                &["bench", "BATCH", "-w64", "T", "-ri", "5"],
                "bench | batch | --concurrency=64 | T | --report=5",
            ),
            (
                &["bench", "--output", "csv", "batch", "-w", "1"],
                "bench | --output | csv | batch | --concurrency=1",
            ),
            (&["bench", "batch", "-threadCount", "2"], "bench | batch | --concurrency=2"),
            (&["bench", "other", "-w64"], "bench | other | -w64"),
            (&["bench"], "bench"),
            // Commands of ours are strict.
            (&["PRODUCE", "-top", "T"], "produce | -top | T"),
        ];
        for (line, want) in lines {
            assert_eq!(run(line), *want, "{line:?}");
        }
    }

    #[test]
    fn a_script_may_say_more_than_mqadmin_looks_at() {
        let lines: &[(&[&str], &str, &str)] = &[
            (&["updateTopic", "stray", "-t", "T", "other"], "updateTopic | --topic=T", "stray other"),
            (&["updateTopic", "-t", "A", "--topic", "B"], "updateTopic | --topic=A", "--topic=B"),
            (&["clusterList", "-n", "a", "-n", "b"], "clusterList | --namesrvAddr=a | --namesrvAddr=b", ""),
            (&["updateTopic", "-t", "T", "--", "-c", "C"], "updateTopic | --topic=T", "-c C"),
            (&["updateTopic", "--nope", "-t", "T"], "updateTopic | --nope | --topic=T", ""),
            (&["updateTopic", "-h", "x"], "updateTopic | --help", ""),
        ];
        for (line, want, left_out) in lines {
            let argv = std::iter::once("mqadmin").chain(line.iter().copied()).map(OsString::from).collect();
            let (words, ignored) = normalise_as_mqadmin(argv, &table());
            let words: Vec<String> = words.into_iter().map(|w| w.into_string().unwrap()).collect();
            assert_eq!((words[1..].join(" | ").as_str(), ignored.join(" ").as_str()), (*want, *left_out));
        }
    }

    #[cfg(unix)]
    #[test]
    fn words_that_are_not_unicode_are_left_alone() {
        use std::os::unix::ffi::OsStringExt;
        let argv = vec![OsString::from("rmq"), OsString::from("CLUSTERLIST"), OsString::from_vec(vec![0xff])];
        assert_eq!(normalise(argv.clone(), &table()), argv);
    }
}
