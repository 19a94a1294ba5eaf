//! Where a request may come from: addresses and networks (Java: `IPAddressUtils`, `Environment`).

use std::net::IpAddr;

/// An address, or a network in CIDR notation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source {
    addr: IpAddr,
    /// How many bits of the address count.
    bits: u32,
}

impl Source {
    /// `10.1.2.3`, `10.0.0.0/8`, `::1` or `2001:db8::/32`.
    pub fn parse(text: &str) -> Option<Self> {
        let (addr, bits) = match text.split_once('/') {
            Some((addr, bits)) => (addr, Some(bits.parse::<u32>().ok()?)),
            None => (text, None),
        };
        let addr: IpAddr = addr.parse().ok()?;
        let all = if addr.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        (bits <= all).then_some(Self { addr, bits })
    }

    /// Whether the address is this one, or in this network.
    pub fn contains(&self, addr: IpAddr) -> bool {
        let differing = match (self.addr, addr.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => u128::from(own.to_bits() ^ other.to_bits()) << 96,
            (IpAddr::V6(own), IpAddr::V6(other)) => own.to_bits() ^ other.to_bits(),
            _ => return false,
        };
        differing.leading_zeros() >= self.bits
    }
}

/// An address as Java writes it: an IPv6 one without leaving anything out.
pub fn java_text(addr: IpAddr) -> String {
    match addr.to_canonical() {
        IpAddr::V4(addr) => addr.to_string(),
        IpAddr::V6(addr) => addr.segments().map(|segment| format!("{segment:x}")).join(":"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks() {
        let table = [
            ("192.168.0.1", "192.168.0.1", Some(true)),
            ("192.168.0.1", "192.168.0.2", Some(false)),
            ("192.168.0.0/16", "192.168.255.1", Some(true)),
            ("192.168.3.4/16", "192.168.255.1", Some(true)),
            ("192.168.0.0/16", "192.169.0.1", Some(false)),
            ("0.0.0.0/0", "8.8.8.8", Some(true)),
            ("10.0.0.0/32", "10.0.0.0", Some(true)),
            ("10.0.0.0/8", "::ffff:10.1.2.3", Some(true)),
            ("10.0.0.0/8", "::1", Some(false)),
            ("::1", "::1", Some(true)),
            ("2001:db8::/32", "2001:db8:1::5", Some(true)),
            ("2001:db8::/32", "2001:db9::5", Some(false)),
            ("::/0", "2001:db9::5", Some(true)),
            ("10.0.0.0/33", "10.0.0.0", None),
            ("::/129", "::", None),
            ("10.0.0.0/", "10.0.0.0", None),
            ("10.0.0.0/8/8", "10.0.0.0", None),
            ("localhost", "127.0.0.1", None),
            ("", "127.0.0.1", None),
        ];
        for (text, addr, expected) in table {
            let found = Source::parse(text).map(|source| source.contains(addr.parse().unwrap()));
            assert_eq!(found, expected, "{text} {addr}");
        }
    }

    #[test]
    fn addresses_are_written_as_java_does() {
        let text = |addr: &str| java_text(addr.parse().unwrap());
        assert_eq!(text("127.0.0.1"), "127.0.0.1");
        assert_eq!(text("::1"), "0:0:0:0:0:0:0:1");
        assert_eq!(text("::ffff:10.1.2.3"), "10.1.2.3");
    }
}
