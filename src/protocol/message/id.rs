//! Message ids of both kinds: the broker's (host and commit log offset) and the client's unique id.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::atomic::{AtomicI64, AtomicU16, Ordering};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};

use super::error::MessageError;

/// Bytes of an id with an IPv6 address.
const LONGEST: usize = 28;

/// The id a broker gives: its address and the commit log offset, 32 hex digits for IPv4 and 56 for IPv6
/// (`MessageDecoder.createMessageId`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OffsetId {
    /// The broker that stored the message.
    pub host: SocketAddr,
    /// Commit log offset.
    pub offset: i64,
}

impl fmt::Display for OffsetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; LONGEST];
        let len = write_ip(self.host.ip(), &mut bytes);
        let tail = [&u32::from(self.host.port()).to_be_bytes()[..], &self.offset.to_be_bytes()].concat();
        bytes.iter_mut().skip(len).zip(tail).for_each(|(to, from)| *to = from);
        write_hex(f, bytes.get(..len + 12).unwrap_or_default())
    }
}

impl FromStr for OffsetId {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let refuse = || MessageError::Id(text.to_owned());
        let bytes = parse_hex(text).filter(|b| matches!(b.len(), 16 | LONGEST)).ok_or_else(refuse)?;
        let (ip, rest) = read_ip(&bytes).ok_or_else(refuse)?;
        let (port, rest) = rest.split_first_chunk::<4>().ok_or_else(refuse)?;
        let offset = rest.first_chunk::<8>().ok_or_else(refuse)?;
        let port = u16::try_from(u32::from_be_bytes(*port)).map_err(|_| refuse())?;
        Ok(Self { host: SocketAddr::new(ip, port), offset: i64::from_be_bytes(*offset) })
    }
}

/// The id a client gives: address, process id, class loader's hash, milliseconds since the start of the
/// month, counter (`MessageClientIDSetter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct UniqueId {
    /// Address of the client.
    pub ip: IpAddr,
    /// The lower half of the client's process id.
    pub pid: u16,
    /// In Java the hash of the class loader; any number that tells clients of one process apart.
    pub loader_hash: u32,
    /// Milliseconds since the start of the month, where the client was.
    pub millis_of_month: i32,
    /// Counts the ids of one client.
    pub counter: u16,
}

impl UniqueId {
    /// When the id was made, in milliseconds since 1970, as seen at `now`: in this month, or in the one
    /// before when it would lie in the future (`getNearlyTimeFromID`).
    pub fn time(&self, now: i64, zone: &TimeZone) -> Option<i64> {
        let span = i64::from(u32::from_be_bytes(self.millis_of_month.to_be_bytes()));
        let start = month_start(now, zone)?;
        let this_month = start.timestamp().as_millisecond() + span;
        if this_month < now {
            return Some(this_month);
        }
        let before = start.checked_sub(1.month()).ok()?;
        Some(before.timestamp().as_millisecond() + span)
    }
}

impl fmt::Display for UniqueId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = [0; LONGEST];
        let len = write_ip(self.ip, &mut bytes);
        let tail = [
            &self.pid.to_be_bytes()[..],
            &self.loader_hash.to_be_bytes(),
            &self.millis_of_month.to_be_bytes(),
            &self.counter.to_be_bytes(),
        ]
        .concat();
        bytes.iter_mut().skip(len).zip(tail).for_each(|(to, from)| *to = from);
        write_hex(f, bytes.get(..len + 12).unwrap_or_default())
    }
}

impl FromStr for UniqueId {
    type Err = MessageError;

    fn from_str(text: &str) -> Result<Self, MessageError> {
        let refuse = || MessageError::Id(text.to_owned());
        let bytes = parse_hex(text).filter(|b| matches!(b.len(), 16 | LONGEST)).ok_or_else(refuse)?;
        let (ip, rest) = read_ip(&bytes).ok_or_else(refuse)?;
        let (pid, rest) = rest.split_first_chunk::<2>().ok_or_else(refuse)?;
        let (loader_hash, rest) = rest.split_first_chunk::<4>().ok_or_else(refuse)?;
        let (millis, rest) = rest.split_first_chunk::<4>().ok_or_else(refuse)?;
        let counter = rest.first_chunk::<2>().ok_or_else(refuse)?;
        Ok(Self {
            ip,
            pid: u16::from_be_bytes(*pid),
            loader_hash: u32::from_be_bytes(*loader_hash),
            millis_of_month: i32::from_be_bytes(*millis),
            counter: u16::from_be_bytes(*counter),
        })
    }
}

/// Makes unique ids for one client. Free of locks; the caller brings the time.
#[derive(Debug)]
pub struct UniqueIds {
    ip: IpAddr,
    pid: u16,
    loader_hash: u32,
    zone: TimeZone,
    month_start: AtomicI64,
    next_month_start: AtomicI64,
    counter: AtomicU16,
}

impl UniqueIds {
    /// Ids of the client at `ip` in process `pid`; `loader_hash` tells apart clients that share both.
    pub fn new(ip: IpAddr, pid: u32, loader_hash: u32, zone: TimeZone) -> Self {
        let [_, _, high, low] = pid.to_be_bytes();
        Self {
            ip,
            pid: u16::from_be_bytes([high, low]),
            loader_hash,
            zone,
            month_start: AtomicI64::new(0),
            next_month_start: AtomicI64::new(i64::MIN),
            counter: AtomicU16::new(0),
        }
    }

    /// The next id, made at `now` (milliseconds since 1970).
    pub fn next(&self, now: i64) -> UniqueId {
        if now >= self.next_month_start.load(Ordering::Acquire) {
            self.enter_month(now);
        }
        // A clock set back over the start of the month counts as the start of the month.
        let millis = (now - self.month_start.load(Ordering::Acquire)).max(0);
        UniqueId {
            ip: self.ip,
            pid: self.pid,
            loader_hash: self.loader_hash,
            millis_of_month: wrap(millis),
            counter: self.counter.fetch_add(1, Ordering::Relaxed),
        }
    }

    fn enter_month(&self, now: i64) {
        let Some(start) = month_start(now, &self.zone) else { return };
        self.month_start.store(start.timestamp().as_millisecond(), Ordering::Release);
        if let Ok(next) = start.checked_add(1.month()) {
            self.next_month_start.store(next.timestamp().as_millisecond(), Ordering::Release);
        }
    }
}

/// The lower 32 bits: a month of 31 days has more milliseconds than `i32::MAX`, and Java lets them wrap.
fn wrap(millis: i64) -> i32 {
    let [_, _, _, _, a, b, c, d] = millis.to_be_bytes();
    i32::from_be_bytes([a, b, c, d])
}

fn month_start(now: i64, zone: &TimeZone) -> Option<ZonedDateTime> {
    let now = Timestamp::from_millisecond(now).ok()?.to_zoned_datetime(zone.clone());
    now.first_of_month().ok()?.start_of_day().ok()
}

fn write_ip(ip: IpAddr, out: &mut [u8; LONGEST]) -> usize {
    match ip {
        IpAddr::V4(ip) => {
            out.iter_mut().zip(ip.octets()).for_each(|(to, from)| *to = from);
            4
        }
        IpAddr::V6(ip) => {
            out.iter_mut().zip(ip.octets()).for_each(|(to, from)| *to = from);
            16
        }
    }
}

/// The address at the start of an id of 16 bytes (IPv4) or 28 (IPv6), and what follows.
fn read_ip(bytes: &[u8]) -> Option<(IpAddr, &[u8])> {
    if bytes.len() == LONGEST {
        bytes.split_first_chunk::<16>().map(|(ip, rest)| (IpAddr::from(*ip), rest))
    } else {
        bytes.split_first_chunk::<4>().map(|(ip, rest)| (IpAddr::from(*ip), rest))
    }
}

/// In one piece: brokers and producers write an id for each message.
fn write_hex(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut text = [0; 2 * LONGEST];
    for (to, byte) in text.chunks_exact_mut(2).zip(bytes) {
        to.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
    }
    f.write_str(std::str::from_utf8(&text[..2 * bytes.len()]).map_err(|_| fmt::Error)?)
}

fn parse_hex(text: &str) -> Option<Vec<u8>> {
    if text.len() > 64 || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    text.as_bytes().chunks(2).map(|pair| Some(digit(*pair.first()?)? << 4 | digit(*pair.last()?)?)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn offset_ids_are_those_of_java() {
        let id: OffsetId = "7F00000100002A9F0000000000000000".parse().unwrap();
        assert_eq!(id, OffsetId { host: "127.0.0.1:10911".parse().unwrap(), offset: 0 });
        assert_eq!(id.to_string(), "7F00000100002A9F0000000000000000");
        let v6 = OffsetId { host: "[::1]:10911".parse().unwrap(), offset: 300 };
        assert_eq!(v6.to_string(), "0000000000000000000000000000000100002A9F000000000000012C");
        assert_eq!("7f00000100002a9f0000000000000000".parse(), Ok(id));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "7F", "7F00000100002A9F000000000000000", "7F00000100012A9F0000000000000000", "é", "zz"]
        {
            assert!(text.parse::<OffsetId>().is_err(), "{text}");
        }
        assert!("7F00000100002A9F00000000000000GG".parse::<UniqueId>().is_err());
    }

    #[test]
    fn times_of_unique_ids() {
        let zone = TimeZone::UTC;
        let ids = UniqueIds::new("10.0.0.1".parse().unwrap(), 0x12_3456, 7, zone.clone());
        let now = 1_795_513_893_155; // 2026-11-24
        let first = ids.next(now);
        assert_eq!((first.pid, first.counter), (0x3456, 0));
        assert_eq!(ids.next(now).counter, 1);
        assert_eq!(first.time(now + 1, &zone), Some(now));
        assert_eq!(first.to_string().len(), 32);
        // In the first days of the next month the time still lies in the month before.
        let later = now + 8 * 86_400_000;
        assert_eq!(first.time(later, &zone), Some(now));
        // A month of 31 days is longer than a positive int of milliseconds.
        let late: i64 = "2026-12-31T23:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        let id = ids.next(late);
        assert!(id.millis_of_month < 0);
        assert_eq!(id.time(late + 1, &zone), Some(late));
    }

    proptest! {
        #[test]
        fn round_trip(ip: IpAddr, port: u16, offset: i64, pid: u16, loader_hash: u32, millis_of_month: i32, counter: u16) {
            let id = OffsetId { host: SocketAddr::new(ip, port), offset };
            prop_assert_eq!(id.to_string().parse::<OffsetId>().unwrap(), id);
            let id = UniqueId { ip, pid, loader_hash, millis_of_month, counter };
            prop_assert_eq!(id.to_string().parse::<UniqueId>().unwrap(), id);
        }

        #[test]
        fn noise_never_panics(text in ".{0,60}") {
            let _ = text.parse::<OffsetId>();
            let _ = text.parse::<UniqueId>();
        }
    }
}
