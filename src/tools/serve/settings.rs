//! Files of settings, as Java properties.

use std::path::Path;

use crate::admin::CommandError;
use crate::config::{ConfigError, Warning};
use crate::output::Out;

/// Reads a file of Java properties into a configuration by its `load`. What is accepted in vain is warned of.
///
/// # Errors
/// A file that cannot be read, and all settings in it that cannot be.
pub fn load_file(
    out: &Out,
    path: &Path,
    load: impl FnOnce(&str) -> Result<Vec<Warning>, Vec<ConfigError>>,
) -> Result<(), CommandError> {
    let bytes = std::fs::read(path).map_err(|error| CommandError::unreadable(path, &error))?;
    match load(&decoded(bytes)) {
        Ok(warnings) => {
            for warning in warnings {
                out.warn(&format!("{}: {warning}", path.display()));
            }
            Ok(())
        }
        Err(errors) => {
            let mut error =
                CommandError::config(format!("{} has settings that cannot be used", path.display()));
            error.causes.extend(errors.iter().map(ToString::to_string));
            Err(error)
        }
    }
}

/// Java reads properties as ISO 8859-1; files in UTF-8 are more common by now.
fn decoded(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| error.into_bytes().into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::ErrorKind;
    use crate::config::NamesrvConfig;
    use crate::output::OutOptions;
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;

    /// Bytes that can be looked at after they were written.
    #[derive(Clone, Default)]
    struct Buffer(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Buffer {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_told_by_line_and_key() {
        let stderr = Buffer::default();
        let out = Out::to_writers(OutOptions::default(), io::sink(), stderr.clone());
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("n.conf");
        let mut config = NamesrvConfig::default();
        let missing = load_file(&out, &path, |text| config.load(text)).unwrap_err();
        assert_eq!(missing.kind, ErrorKind::Config);
        std::fs::write(&path, "listenPort=x\nclusterTest=true\n").unwrap();
        let wrong = load_file(&out, &path, |text| config.load(text)).unwrap_err();
        assert_eq!(
            wrong.causes.len(),
            1 + usize::from(wrong.causes.iter().any(|c| c.contains("clusterTest")))
        );
        assert!(wrong.causes[0].contains("listenPort"), "{:?}", wrong.causes);
        std::fs::write(&path, b"listenPort=1\nlistenPrt=2\nproductEnvName=\xfc\n").unwrap();
        load_file(&out, &path, |text| config.load(text)).unwrap();
        assert_eq!((config.listen_port, config.product_env_name.as_str()), (1, "ü"));
        let said = String::from_utf8(stderr.0.lock().clone()).unwrap();
        assert!(said.contains("n.conf: line 2: listenPrt"), "{said}");
    }
}
