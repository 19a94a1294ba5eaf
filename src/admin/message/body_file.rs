//! The files that bodies are written to, as mqadmin writes them.

use super::shown::ShownMessage;
use crate::admin::{CommandError, Context};
use crate::output::Form;
use std::path::{Path, PathBuf};

/// Where mqadmin writes bodies.
const MQADMIN_DIR: &str = "/tmp/rocketmq/msgbodys";

/// Where bodies are to be written: where the user says, in classic output where mqadmin does, else nowhere.
pub fn directory(ctx: &Context, chosen: Option<&PathBuf>) -> Option<PathBuf> {
    chosen.cloned().or_else(|| (ctx.out.form() == Form::Classic).then(|| PathBuf::from(MQADMIN_DIR)))
}

/// Writes a body to a file named after the message, with `_NUMBER` behind it from the second one on, and notes the
/// path in the message.
///
/// # Errors
/// The directory cannot be made or the file not be written.
pub fn write(dir: &Path, shown: &mut ShownMessage, body: &[u8], number: usize) -> Result<(), CommandError> {
    std::fs::create_dir_all(dir).map_err(|error| CommandError::file("make the directory", dir, &error))?;
    let suffix = if number > 0 { format!("_{number}") } else { String::new() };
    let path = dir.join(format!("{}{suffix}", safe_name(&shown.summary.msg_id)));
    std::fs::write(&path, body).map_err(|error| CommandError::file("write", &path, &error))?;
    shown.body_path = Some(path);
    Ok(())
}

/// A message's id as the name of a file. Producers choose ids: one with separators in it must not lead elsewhere.
fn safe_name(id: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = id.chars().map(plain).take(200).collect();
    if name.is_empty() { "_".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_cannot_lead_out_of_the_directory() {
        let table = [("7F00AB", "7F00AB"), ("../../etc/passwd", "______etc_passwd"), ("", "_"), ("..", "__")];
        for (id, want) in table {
            assert_eq!(safe_name(id), want, "{id}");
        }
        assert_eq!(safe_name(&"x".repeat(999)).len(), 200);
    }
}
