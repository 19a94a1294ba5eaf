//! The options of servers about TLS.

use std::path::PathBuf;

use crate::admin::CommandError;
use crate::config::TlsConfig;

/// What most need to say of TLS; the rest stands in the file.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct TlsOptions {
    /// Whether connections may use TLS: disabled, permissive (the default) or enforcing
    ///
    /// Wins over tls.server.mode in the file of settings. A client chooses by how it begins; both kinds use the same
    /// port. Without a certificate of its own the server makes one, which no client can check.
    #[arg(long = "tls-mode", value_name = "MODE")]
    pub tls_mode: Option<String>,
    /// A file with tls.server.keyPath, tls.server.certPath and the like (.properties)
    ///
    /// As tls.config.file of Apache's servers: the settings in it win over others.
    #[arg(long = "tls-config", value_name = "FILE")]
    pub tls_config: Option<PathBuf>,
}

impl TlsOptions {
    /// Puts what is given over the settings.
    ///
    /// # Errors
    /// A mode that is none; a file that is not there.
    pub fn apply(&self, tls: &mut TlsConfig) -> Result<(), CommandError> {
        if let Some(mode) = &self.tls_mode {
            tls.set("tls.server.mode", mode).map_err(|error| CommandError::usage(error.to_string()))?;
        }
        if let Some(path) = &self.tls_config {
            if !path.is_file() {
                return Err(CommandError::config(format!("there is no file {}", path.display())));
            }
            tls.config_file = path.display().to_string();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admin::ErrorKind;
    use crate::config::TlsMode;

    #[test]
    fn options_win_over_settings() {
        let mut tls = TlsConfig::default();
        let options =
            TlsOptions { tls_mode: Some("enforcing".into()), tls_config: Some("Cargo.toml".into()) };
        options.apply(&mut tls).unwrap();
        assert_eq!((tls.mode, tls.config_file.as_str()), (TlsMode::Enforcing, "Cargo.toml"));
        TlsOptions::default().apply(&mut tls).unwrap();
        assert_eq!(tls.mode, TlsMode::Enforcing);
        let wrong = TlsOptions { tls_mode: Some("on".into()), tls_config: None }.apply(&mut tls).unwrap_err();
        assert_eq!(wrong.kind, ErrorKind::Usage);
        let missing = TlsOptions { tls_mode: None, tls_config: Some("no/such/file".into()) };
        assert_eq!(missing.apply(&mut tls).unwrap_err().kind, ErrorKind::Config);
    }
}
