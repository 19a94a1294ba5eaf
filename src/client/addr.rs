//! Addresses of name servers as people write them.

/// The port of a name server where none is given (Java: `NamesrvStartup`, `listenPort`).
pub const DEFAULT_NAMESRV_PORT: u16 = 9876;

/// The addresses in `list`, separated by `;` or `,`, each once, in their order. One without a port gets
/// [`DEFAULT_NAMESRV_PORT`]; an IPv6 address needs its brackets to have a port.
pub fn namesrv_addrs<S: AsRef<str>>(list: impl IntoIterator<Item = S>) -> Vec<String> {
    let mut addrs: Vec<String> = Vec::new();
    for text in list {
        for addr in text.as_ref().split([';', ',']).map(str::trim).filter(|addr| !addr.is_empty()) {
            let addr = with_port(addr);
            if !addrs.contains(&addr) {
                addrs.push(addr);
            }
        }
    }
    addrs
}

fn with_port(addr: &str) -> String {
    let bare_v6 = !addr.starts_with('[') && addr.matches(':').count() > 1;
    if bare_v6 {
        return format!("[{addr}]:{DEFAULT_NAMESRV_PORT}");
    }
    let has_port = addr.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    if has_port { addr.to_owned() } else { format!("{addr}:{DEFAULT_NAMESRV_PORT}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_split_and_ports_filled_in() {
        let table: &[(&[&str], &[&str])] = &[
            (&["a:1;b:2, c:3"], &["a:1", "b:2", "c:3"]),
            (&["a", "b:1", "a:9876"], &["a:9876", "b:1"]),
            (&["[::1]", "[::1]:1", "::1"], &["[::1]:9876", "[::1]:1"]),
            (&["", " ; ,"], &[]),
        ];
        for (list, expected) in table {
            assert_eq!(namesrv_addrs(*list), *expected, "{list:?}");
        }
    }
}
