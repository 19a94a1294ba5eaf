//! TLS of a client: whom it trusts and who it is (Java: `TlsHelper.buildSslContext(true)`).

use std::collections::HashMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::config::connect::{ServerCheck, TlsSettings};

/// TLS settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ClientTlsError {
    /// A file cannot be read, or has not what it should have.
    #[error("{what} {path}: {reason}")]
    File {
        /// What the file is for.
        what: &'static str,
        /// Its path.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A certificate without a key, or a key without a certificate.
    #[error("{0} is given without {1}")]
    Half(&'static str, &'static str),
    /// A name that is no name of a server.
    #[error("'{0}' is not the name of a server")]
    ServerName(String),
    /// The parts do not fit together.
    #[error(transparent)]
    Setup(#[from] Error),
}

/// What the connections of a client are encrypted with. Cheap to clone.
#[derive(Clone)]
pub struct ClientTls {
    connector: TlsConnector,
    server_name: Option<ServerName<'static>>,
    /// The names of servers that were looked up, by the address that came out.
    names: Arc<HashMap<String, String>>,
}

impl std::fmt::Debug for ClientTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ClientTls").field("server_name", &self.server_name).finish_non_exhaustive()
    }
}

impl ClientTls {
    /// Reads the files that the settings name.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn new(settings: &TlsSettings) -> Result<Self, ClientTlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = verifier(settings, &provider)?;
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let config = match (&settings.cert, &settings.key) {
            (None, None) => builder.with_no_client_auth(),
            (Some(cert), Some(key)) => builder
                .with_client_auth_cert(certificates("the client's certificate", cert)?, private_key(key)?)?,
            (Some(_), None) => return Err(ClientTlsError::Half("a client's certificate", "its key")),
            (None, Some(_)) => return Err(ClientTlsError::Half("a client's key", "its certificate")),
        };
        let server_name = settings.server_name.as_deref().map(name_of).transpose()?;
        Ok(Self { connector: Arc::new(config).into(), server_name, names: Arc::default() })
    }

    /// With the names by which addresses were looked up, as the certificates are for those.
    #[must_use]
    pub fn known_as(mut self, names: HashMap<String, String>) -> Self {
        self.names = Arc::new(names);
        self
    }

    /// Does the handshake with the server that was asked for as `addr`.
    pub(super) async fn connect(
        &self,
        addr: &str,
        socket: TcpStream,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let name = match &self.server_name {
            Some(name) => name.clone(),
            None => {
                let host = self.names.get(addr).map_or_else(|| host_of(addr), String::as_str);
                name_of(host).map_err(std::io::Error::other)?
            }
        };
        self.connector.connect(name, socket).await
    }
}

/// The host in `HOST:PORT`, without the brackets of an IPv6 address.
fn host_of(addr: &str) -> &str {
    let host = addr.rsplit_once(':').map_or(addr, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

fn name_of(host: &str) -> Result<ServerName<'static>, ClientTlsError> {
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(ServerName::from(ip));
    }
    ServerName::try_from(host.to_owned()).map_err(|_| ClientTlsError::ServerName(host.to_owned()))
}

fn verifier(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, ClientTlsError> {
    if settings.check == ServerCheck::Nothing {
        return Ok(Arc::new(Lenient { chain: None, provider: provider.clone() }));
    }
    let mut roots = RootCertStore::empty();
    match &settings.ca {
        Some(path) => {
            for certificate in certificates("the trusted certificates", path)? {
                roots.add(certificate)?;
            }
        }
        None => {
            // Some of a system's certificates are always too old for this; those that are left count.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        return Err(ClientTlsError::Half("TLS", "certificates to trust: this system has none"));
    }
    let chain = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| Error::General(error.to_string()))?;
    Ok(match settings.check {
        ServerCheck::Chain => Arc::new(Lenient { chain: Some(chain), provider: provider.clone() }),
        ServerCheck::Full | ServerCheck::Nothing => chain,
    })
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, ClientTlsError> {
    let bad = |reason: String| ClientTlsError::File { what, path: path.display().to_string(), reason };
    let found: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<_, _>>)
        .map_err(|error| bad(error.to_string()))?;
    if found.is_empty() { Err(bad("there is no certificate in it".to_owned())) } else { Ok(found) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, ClientTlsError> {
    let bad = |reason: &str| ClientTlsError::File {
        what: "the client's key",
        path: path.display().to_string(),
        reason: reason.to_owned(),
    };
    PrivateKeyDer::from_pem_file(path).map_err(|error| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if text.contains("ENCRYPTED") {
            bad("it is encrypted; openssl pkey -in FILE -out PLAIN takes the password off")
        } else {
            bad(&error.to_string())
        }
    })
}

/// Checks less than the whole: who signed the certificate but not for which name (what Java's clients do with
/// `tls.client.authServer=true`), or nothing but that the server has the key to it.
#[derive(Debug)]
struct Lenient {
    chain: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(chain) = &self.chain else { return Ok(ServerCertVerified::assertion()) };
        match chain.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // Names are looked at last, when all else is well.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            result => result,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests;
