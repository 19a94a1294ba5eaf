//! mqadmin's command line: which commands and options there are, and that ours take them.

use crate::support::Env;
use clap::error::ErrorKind;
use rmq::cli::{self, CommandTable};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

/// What mqadmin 5.5.0 has, read off its help texts.
const TABLE: &str = include_str!("../fixtures/mqadmin-5.5.0-options.txt");

/// Options that mqadmin insists on and ours do not, and why.
const LAXER: &[(&str, &str, &str)] = &[
    ("createUser", "p", "a password is asked for, or read from a file"),
    (
        "checkRocksdbCqWriteProgress",
        "n",
        "the environment or the default name it, as for every other command",
    ),
];

/// Options that are understood only with others (`*`: no line without them), what to add, and why. mqadmin's parser
/// takes such a line; its command then does nothing, or something else.
const WITH: &[(&str, &str, &[&str], &str)] = &[
    ("updateSubGroup", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("setConsumeMode", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("deleteSubGroup", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("updateBrokerConfig", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("exportMetadata", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("exportPopRecord", "*", &["-c", "C"], "mqadmin does nothing"),
    ("rocksDBConfigToJson", "*", &["-c", "C"], "mqadmin shows what it is for"),
    ("haStatus", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("getSyncStateSet", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("getColdDataFlowCtrInfo", "*", &["-c", "C"], "mqadmin does nothing"),
    ("updateColdDataFlowCtrGroupConfig", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("removeColdDataFlowCtrGroupConfig", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("setCommitLogReadAheadMode", "*", &["-c", "C"], "mqadmin does nothing"),
    ("resetMasterFlushOffset", "b", &["-o", "1"], "mqadmin shows a stack trace"),
    ("resetMasterFlushOffset", "o", &["-b", "127.0.0.1:1"], "mqadmin shows a stack trace"),
    ("cleanBrokerMetadata", "b", &["-c", "C"], "mqadmin shows a stack trace without -c and -l"),
    ("cleanBrokerMetadata", "*", &["-c", "C"], "mqadmin shows a stack trace without -c and -l"),
    ("updateTopicPerm", "*", &["-c", "C"], "mqadmin shows its usage"),
    ("updateOrderConf", "m", &["-v", "b:1"], "mqadmin shows a stack trace"),
    ("updateOrderConf", "t", &["-v", "b:1"], "mqadmin shows a stack trace"),
    ("consumeMessage", "i", &["-b", "B"], "mqadmin says that the broker comes first"),
    ("consumeMessage", "o", &["-b", "B", "-i", "1"], "mqadmin says that the queue comes first"),
    ("sendMessage", "i", &["-b", "B"], "mqadmin says that the broker comes first"),
    ("consumerProgress", "t", &["-g", "G"], "mqadmin ignores the topic and shows all groups"),
    ("queryMsgById", "d", &["-g", "G"], "mqadmin ignores the client and pushes nothing"),
    ("queryMsgById", "g", &["-d", "D"], "mqadmin ignores the group and pushes nothing"),
    ("queryMsgByUniqueKey", "d", &["-g", "G"], "mqadmin ignores the client and pushes nothing"),
    ("queryMsgByUniqueKey", "g", &["-d", "D"], "mqadmin ignores the group and pushes nothing"),
    (
        "resetOffsetByTime",
        "o",
        &["-b", "B", "-q", "1"],
        "mqadmin ignores the offset and resets the whole topic",
    ),
    ("resetOffsetByTime", "q", &["-b", "B"], "mqadmin ignores the queue and resets the whole topic"),
];

/// Values that some option or other takes.
const VALUES: &[&str] = &[
    "1",
    "name",
    "true",
    "6",
    "127.0.0.1:1",
    "+a=b",
    "UTF-8",
    "put",
    "PULL",
    "User:name",
    "Topic:name",
    "Pub",
    "Allow",
    "K",
    "topics",
    "Super",
    "enable",
    "R",
];

/// What the parser has to say of an option that is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Needed<'a> {
    Not,
    Always,
    /// One of the options with these letters, and not two.
    OneOf(&'a str),
}

/// An option of mqadmin.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    /// One letter or two.
    letter: Option<&'a str>,
    long: Option<&'a str>,
    takes_value: bool,
    needed: Needed<'a>,
}

impl Known<'_> {
    /// What it is called in the table.
    fn name(&self) -> &str {
        self.letter.or(self.long).unwrap_or_default()
    }

    /// It with a value, in every way that commons-cli understands.
    fn spellings(&self, value: &str) -> Vec<Vec<String>> {
        let hyphened = self.letter.map(|letter| format!("-{letter}"));
        let long = self.long.into_iter().flat_map(|long| [format!("--{long}"), format!("-{long}")]);
        let names: Vec<String> = hyphened.into_iter().chain(long).collect();
        if !self.takes_value {
            return names.into_iter().map(|name| vec![name]).collect();
        }
        let apart = names.iter().map(|name| vec![name.clone(), value.to_owned()]);
        let two_letters = self.letter.filter(|letter| letter.len() > 1).map(|letter| format!("-{letter}"));
        let joined = names.iter().filter(|name| Some(*name) != two_letters.as_ref());
        let joined = joined.map(|name| vec![format!("{name}={value}")]);
        let one_letter = self.letter.filter(|letter| letter.len() == 1);
        let glued = one_letter.map(|letter| vec![format!("-{letter}{value}")]);
        apart.chain(joined).chain(glued).collect()
    }
}

/// mqadmin's commands with their options.
fn known() -> BTreeMap<&'static str, Vec<Known<'static>>> {
    let mut commands: BTreeMap<&str, Vec<Known>> = BTreeMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let [command, letter, long, takes, needed] = line.split_whitespace().collect::<Vec<_>>()[..] else {
            panic!("not a line of the table: {line}")
        };
        let options = commands.entry(command).or_default();
        let present = |text: &'static str| (text != "-").then_some(text);
        if present(takes).is_some() {
            options.push(Known {
                letter: present(letter),
                long: present(long),
                takes_value: takes == "value",
                needed: match needed.strip_prefix("one-of-") {
                    Some(letters) => Needed::OneOf(letters),
                    None if needed == "required" => Needed::Always,
                    None => Needed::Not,
                },
            });
        }
    }
    commands
}

/// Our clap tree with what is needed to ask it.
struct Ours {
    tree: clap::Command,
    table: CommandTable,
}

impl Ours {
    fn new() -> Self {
        let tree = cli::command();
        Ours { table: CommandTable::of(&tree, cli::is_mqadmin), tree }
    }

    /// mqadmin's commands that we have, with mqadmin's options.
    fn registered(&self) -> Vec<(&'static str, Vec<Known<'static>>)> {
        known().into_iter().filter(|(name, _)| self.tree.find_subcommand(name).is_some()).collect()
    }

    fn parse(&self, command: &str, words: &[String]) -> Result<clap::ArgMatches, clap::Error> {
        let line = ["mqadmin", command].into_iter().map(str::to_owned).chain(words.iter().cloned());
        let argv = cli::normalise(line.map(OsString::from).collect(), &self.table);
        let matches = self.tree.clone().try_get_matches_from(argv)?;
        Ok(matches.subcommand().map(|(_, matches)| matches.clone()).unwrap_or_default())
    }

    /// A value that the option takes; the first of [`VALUES`] if it takes none of them.
    fn value(&self, command: &str, option: &Known) -> &'static str {
        let refused = |value: &&&str| {
            let words = option.spellings(value)[0].clone();
            let kind = self.parse(command, &words).err().map(|error| error.kind());
            matches!(kind, Some(ErrorKind::InvalidValue | ErrorKind::ValueValidation))
        };
        let found = VALUES.iter().find(|value| !refused(value));
        found.unwrap_or(&VALUES[0])
    }

    /// The words that mqadmin insists on, of groups the first, without the option called `but`.
    fn base(&self, command: &str, options: &[Known], but: Option<&str>) -> Vec<String> {
        let mut words = Vec::new();
        for option in options.iter().filter(|option| Some(option.name()) != but) {
            let wanted = match option.needed {
                Needed::Always => true,
                Needed::OneOf(letters) => {
                    but.is_none_or(|name| !letters.contains(name)) && letters.starts_with(option.name())
                }
                Needed::Not => false,
            };
            if wanted {
                words.extend(option.spellings(self.value(command, option))[0].clone());
            }
        }
        words
    }

    /// What an option is understood only with.
    fn company(command: &str, option: &Known) -> Vec<String> {
        let of = |name: &str| WITH.iter().find(|(of, with, ..)| (*of, *with) == (command, name));
        let words = of(option.name()).or_else(|| of("*")).map_or(&[][..], |(_, _, words, _)| words);
        let own = option.letter.map(|letter| format!("-{letter}"));
        // An option that the company stands in for needs none.
        let instead = of(option.name()).is_none() && option.letter == Some("b");
        let stands_in = own.as_deref() == words.first().copied() || instead;
        if stands_in { Vec::new() } else { words.iter().map(|word| (*word).to_owned()).collect() }
    }

    /// The argument that an option of mqadmin is here.
    fn id(&self, command: &str, option: &Known) -> Option<String> {
        let found = self.tree.find_subcommand(command)?;
        let by = |name: &str| {
            let arguments = found.get_arguments().chain(self.tree.get_arguments());
            let named = arguments.filter(|arg| {
                let aliases = arg.get_all_aliases().unwrap_or_default();
                let letter = (name.chars().count() == 1).then(|| name.chars().next()).flatten();
                (letter.is_some() && arg.get_short() == letter)
                    || arg.get_long().is_some_and(|long| long.trim() == name)
                    || aliases.contains(&name)
            });
            named.map(|arg| arg.get_id().to_string()).next()
        };
        let ids: Vec<Option<String>> =
            option.letter.iter().chain(&option.long).map(|name| by(name)).collect();
        ids.iter().all(|id| *id == ids[0]).then(|| ids[0].clone()).flatten()
    }
}

#[test]
fn the_table_is_that_of_96_commands() {
    let known = known();
    assert_eq!(known.len(), 96);
    assert_eq!(known.values().map(Vec::len).sum::<usize>(), 359);
    assert!(known["topicRoute"].iter().any(|o| o.letter == Some("t") && o.needed == Needed::Always));
}

#[test]
fn a_command_of_an_operator_is_one_of_mqadmins_by_its_very_name() {
    let known = known();
    let areas = rmq::admin::AdminCommand::AREAS;
    let ours: BTreeSet<&str> = areas.iter().flat_map(|(_, entries)| *entries).map(|e| e.name).collect();
    let unknown: Vec<&&str> = ours.iter().filter(|name| !known.contains_key(**name)).collect();
    assert!(unknown.is_empty(), "mqadmin has no {unknown:?}");
}

#[test]
fn every_command_of_mqadmin_is_there() {
    let ours = Ours::new();
    let known = known();
    let missing: Vec<&&str> = known.keys().filter(|name| ours.tree.find_subcommand(name).is_none()).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
}

#[test]
fn every_option_of_mqadmin_is_taken_in_every_spelling() {
    let ours = Ours::new();
    let mut wrong = Vec::new();
    for (command, options) in ours.registered() {
        for option in &options {
            let place = format!("{command} -{}", option.name());
            let Some(id) = ours.id(command, option) else {
                wrong.push(format!(
                    "{place}: -{:?} and --{:?} are not one option",
                    option.letter, option.long
                ));
                continue;
            };
            let value = ours.value(command, option);
            let rest = ours.base(command, &options, Some(option.name()));
            let company = Ours::company(command, option);
            for spelled in option.spellings(value) {
                let words: Vec<String> = spelled.iter().chain(&rest).chain(&company).cloned().collect();
                let matches = match ours.parse(command, &words) {
                    Ok(matches) => matches,
                    Err(error) => {
                        wrong.push(format!(
                            "{place}: {words:?}: {}",
                            error.to_string().lines().next().unwrap()
                        ));
                        continue;
                    }
                };
                let given = matches.get_raw(&id).and_then(|mut values| values.next_back());
                if option.takes_value && given.is_none_or(|given| given != value) {
                    wrong.push(format!("{place}: {words:?} gives {given:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn options_of_ours_have_no_letter() {
    let ours = Ours::new();
    let mut wrong = Vec::new();
    for (command, options) in ours.registered() {
        let arguments = ours.tree.find_subcommand(command).into_iter().flat_map(clap::Command::get_arguments);
        for letter in arguments.filter_map(clap::Arg::get_short).map(String::from) {
            if letter != "h" && !options.iter().any(|option| option.letter == Some(&letter)) {
                wrong.push(format!("{command} -{letter}"));
            }
        }
    }
    assert!(wrong.is_empty(), "mqadmin has no {wrong:?}");
}

#[test]
fn what_mqadmin_insists_on_is_insisted_on() {
    let (ours, env) = (Ours::new(), Env::new());
    let mut wrong = Vec::new();
    for (command, options) in ours.registered() {
        for option in options.iter().filter(|option| option.needed != Needed::Not) {
            if LAXER.iter().any(|(of, name, _)| (*of, *name) == (command, option.name())) {
                continue;
            }
            let place = format!("{command} without -{}", option.name());
            wrong.extend(refusal(&env, &place, command, &ours.base(command, &options, Some(option.name()))));
            if let Needed::OneOf(letters) = option.needed
                && !letters.starts_with(option.name())
            {
                let mut both = ours.base(command, &options, None);
                both.extend(option.spellings(ours.value(command, option))[0].clone());
                let place = format!("{command} with two of -{letters}");
                wrong.extend(refusal(&env, &place, command, &both));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Runs a line that must be refused before anybody is asked; says what happened if it was not.
fn refusal(env: &Env, place: &str, command: &str, words: &[String]) -> Option<String> {
    let global = ["-n", "127.0.0.1:1", "--timeout", "1s", "--yes"];
    let line: Vec<&str> =
        std::iter::once(command).chain(words.iter().map(String::as_str)).chain(global).collect();
    let run = env.run(&line);
    let (code, stderr) = (run.status(), run.stderr());
    let good = code == Some(2) && stderr.starts_with("error: ") && stderr.contains("hint: ");
    (!good).then(|| format!("{place}: code {code:?}: {}", stderr.lines().next().unwrap_or_default()))
}
