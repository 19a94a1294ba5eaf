//! Where a password comes from: words of the command line are seen by everyone on the machine.

use crate::admin::{CommandError, ErrorKind};
use crate::output::ask_new_secret;
use secrecy::SecretString;
use std::convert::Infallible;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A longer password is a mistake, in bytes.
const LONGEST: u64 = 4096;

/// The ways to give a password.
#[derive(Debug, Clone, Default, clap::Args)]
#[group(multiple = false)]
pub struct PasswordArgs {
    /// The password; others see it in the list of processes, so a file or a question is better
    #[arg(short = 'p', long = "password", value_name = "PASSWORD", value_parser = secret, allow_hyphen_values = true)]
    pub password: Option<SecretString>,
    /// A file with the password as its first line; - is stdin
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
    /// Ask for the password on the terminal
    #[arg(long)]
    pub ask_password: bool,
}

fn secret(text: &str) -> Result<SecretString, Infallible> {
    Ok(SecretString::from(text))
}

impl PasswordArgs {
    /// The password, if one was given or asked for.
    ///
    /// # Errors
    /// A file that cannot be read or has no line; nobody to ask; an interrupt.
    pub fn given(&self, user: &str) -> Result<Option<SecretString>, CommandError> {
        if let Some(password) = &self.password {
            return Ok(Some(password.clone()));
        }
        if let Some(path) = &self.password_file {
            return of_file(path).map(Some);
        }
        if self.ask_password { asked(user).map(Some) } else { Ok(None) }
    }
}

/// Asks the person at the terminal, twice.
///
/// # Errors
/// There is no terminal; an interrupt.
pub fn asked(user: &str) -> Result<SecretString, CommandError> {
    match ask_new_secret(&format!("Password of {user}")) {
        Ok(Some(password)) => Ok(SecretString::from(password)),
        Ok(None) => Err(CommandError::usage("a password is needed, and there is no terminal to ask on")
            .hint("--password-file FILE reads it from a file, --password-file - from stdin")),
        Err(error) if error.kind() == std::io::ErrorKind::Interrupted => Err(CommandError::interrupted()),
        Err(error) => {
            Err(CommandError::new(ErrorKind::Local, "cannot ask for a password").cause(error.to_string()))
        }
    }
}

fn of_file(path: &Path) -> Result<SecretString, CommandError> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|error| {
        CommandError::config(format!("cannot read the password in {}", path.display()))
            .cause(error.to_string())
    })?;
    match text.lines().next().filter(|line| !line.trim().is_empty()) {
        Some(line) => Ok(SecretString::from(line)),
        None => Err(CommandError::config(format!("there is no password in {}", path.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn the_first_line_of_a_file_is_the_password() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p");
        let args = PasswordArgs { password_file: Some(path.clone()), ..PasswordArgs::default() };
        std::fs::write(&path, "s3cret with blanks \r\nmore\n").unwrap();
        assert_eq!(args.given("u").unwrap().unwrap().expose_secret(), "s3cret with blanks ");
        std::fs::write(&path, "\ns\n").unwrap();
        assert_eq!(args.given("u").unwrap_err().kind.exit_code(), 2);
        assert!(PasswordArgs::default().given("u").unwrap().is_none());
    }

    #[test]
    fn no_password_is_in_the_debug_form() {
        let args = PasswordArgs { password: Some("canary".into()), ..PasswordArgs::default() };
        assert!(!format!("{args:?}").contains("canary"));
    }
}
