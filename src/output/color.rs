//! When to colour, and with what.

use clap::ValueEnum;

/// What `--color` accepts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum ColorChoice {
    /// Colour on a terminal only
    #[default]
    Auto,
    /// Colour always
    Always,
    /// Never colour
    Never,
}

/// The part of the environment that decides about colour.
#[derive(Clone, Copy, Debug, Default)]
pub struct ColorEnv<'a> {
    pub no_color: Option<&'a str>,
    pub clicolor_force: Option<&'a str>,
    pub term: Option<&'a str>,
}

/// Decides whether a stream is coloured: the option wins, then `NO_COLOR` (set and not empty), then
/// `CLICOLOR_FORCE` (set and not 0), then `TERM=dumb`, then whether the stream is a terminal.
pub fn is_colored(choice: ColorChoice, env: ColorEnv<'_>, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto if env.no_color.is_some_and(|v| !v.is_empty()) => false,
        ColorChoice::Auto if env.clicolor_force.is_some_and(|v| !v.is_empty() && v != "0") => true,
        ColorChoice::Auto if env.term == Some("dumb") => false,
        ColorChoice::Auto => terminal,
    }
}

/// What a piece of text means; colours follow from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    #[default]
    Plain,
    /// The header of a table.
    Header,
    Good,
    Warn,
    Bad,
    Dim,
}

impl Tone {
    /// Wraps `text` in the escape sequence of this tone, or leaves it alone when `colored` is false.
    pub fn paint(self, text: &str, colored: bool) -> String {
        let code = match self {
            Tone::Plain => return text.to_owned(),
            Tone::Header => "1",
            Tone::Good => "32",
            Tone::Warn => "33",
            Tone::Bad => "31",
            Tone::Dim => "2",
        };
        if colored && !text.is_empty() { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn option_then_environment_then_terminal_decide() {
        let none = ColorEnv::default();
        let no_color = ColorEnv { no_color: Some("1"), ..none };
        let empty_no_color = ColorEnv { no_color: Some(""), ..none };
        let force = ColorEnv { clicolor_force: Some("1"), ..none };
        let force_zero = ColorEnv { clicolor_force: Some("0"), ..none };
        let dumb = ColorEnv { term: Some("dumb"), ..none };
        let both = ColorEnv { no_color: Some("1"), clicolor_force: Some("1"), ..none };
        let table = [
            (ColorChoice::Auto, none, true, true),
            (ColorChoice::Auto, none, false, false),
            (ColorChoice::Auto, no_color, true, false),
            (ColorChoice::Auto, empty_no_color, true, true),
            (ColorChoice::Auto, force, false, true),
            (ColorChoice::Auto, force_zero, false, false),
            (ColorChoice::Auto, dumb, true, false),
            (ColorChoice::Auto, both, true, false),
            (ColorChoice::Always, no_color, false, true),
            (ColorChoice::Never, force, true, false),
        ];
        for (choice, env, terminal, want) in table {
            assert_eq!(is_colored(choice, env, terminal), want, "{choice:?} {env:?} terminal={terminal}");
        }
    }

    #[test]
    fn paints_only_when_colored() {
        assert_eq!(Tone::Bad.paint("x", false), "x");
        assert_eq!(Tone::Bad.paint("x", true), "\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Tone::Plain.paint("x", true), "x");
    }
}
