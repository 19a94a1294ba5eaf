//! The types that a setting can have.

use secrecy::SecretString;

/// A value that stands in a `.properties` file.
pub trait Value: Sized {
    /// What the value must be, for the message when it is not.
    const EXPECTED: &'static str;

    /// Reads the text of a file; none if it is no such value.
    fn read(text: &str) -> Option<Self>;

    /// The text as Java prints it; none where Java has null, which it does not print.
    fn show(&self) -> Option<String>;
}

impl Value for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("true") {
            Some(true)
        } else if text.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            None
        }
    }

    fn show(&self) -> Option<String> {
        Some(self.to_string())
    }
}

macro_rules! number {
    ($($type:ty: $expected:literal),*) => {
        $(impl Value for $type {
            const EXPECTED: &'static str = $expected;

            fn read(text: &str) -> Option<Self> {
                text.trim().parse().ok()
            }

            fn show(&self) -> Option<String> {
                Some(self.to_string())
            }
        })*
    };
}

number! {
    u16: "a port",
    u32: "a whole number from 0 to 4294967295",
    i32: "a whole number",
    u64: "a whole number from 0",
    i64: "a whole number",
    usize: "a whole number from 0"
}

impl Value for f64 {
    const EXPECTED: &'static str = "a number";

    fn read(text: &str) -> Option<Self> {
        text.trim().parse().ok().filter(|number: &f64| number.is_finite())
    }

    fn show(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }
}

impl Value for String {
    const EXPECTED: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        Some(text.trim().to_owned())
    }

    fn show(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl Value for Option<String> {
    const EXPECTED: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Some((!text.is_empty()).then(|| text.to_owned()))
    }

    fn show(&self) -> Option<String> {
        self.clone()
    }
}

/// A text that is shown to nobody.
impl Value for Option<SecretString> {
    const EXPECTED: &'static str = "a text";

    fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        Some((!text.is_empty()).then(|| text.into()))
    }

    fn show(&self) -> Option<String> {
        self.as_ref().map(|_| "***".to_owned())
    }
}

/// When a message counts as written (`org.apache.rocketmq.store.config.FlushDiskType`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlushDiskType {
    /// When it is on the disk.
    SyncFlush,
    /// When the operating system has it.
    AsyncFlush,
}

impl Value for FlushDiskType {
    const EXPECTED: &'static str = "SYNC_FLUSH or ASYNC_FLUSH";

    fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "SYNC_FLUSH" => Some(FlushDiskType::SyncFlush),
            "ASYNC_FLUSH" => Some(FlushDiskType::AsyncFlush),
            _ => None,
        }
    }

    fn show(&self) -> Option<String> {
        let text = match self {
            FlushDiskType::SyncFlush => "SYNC_FLUSH",
            FlushDiskType::AsyncFlush => "ASYNC_FLUSH",
        };
        Some(text.to_owned())
    }
}

/// The part a broker plays in its group (`org.apache.rocketmq.store.config.BrokerRole`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerRole {
    AsyncMaster,
    SyncMaster,
    Slave,
}

impl Value for BrokerRole {
    const EXPECTED: &'static str = "ASYNC_MASTER, SYNC_MASTER or SLAVE";

    fn read(text: &str) -> Option<Self> {
        match text.trim() {
            "ASYNC_MASTER" => Some(BrokerRole::AsyncMaster),
            "SYNC_MASTER" => Some(BrokerRole::SyncMaster),
            "SLAVE" => Some(BrokerRole::Slave),
            _ => None,
        }
    }

    fn show(&self) -> Option<String> {
        let text = match self {
            BrokerRole::AsyncMaster => "ASYNC_MASTER",
            BrokerRole::SyncMaster => "SYNC_MASTER",
            BrokerRole::Slave => "SLAVE",
        };
        Some(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_shown_as_java_does() {
        assert_eq!(bool::read(" TRUE "), Some(true));
        assert_eq!(bool::read("yes"), None);
        assert_eq!(u16::read("65536"), None);
        assert_eq!(u64::read("-1"), None);
        assert_eq!(f64::read("NaN"), None);
        assert_eq!(0.8.show().as_deref(), Some("0.8"));
        assert_eq!(200_000.0.show().as_deref(), Some("200000.0"));
        assert_eq!(Option::<String>::read(" "), Some(None));
        assert_eq!(FlushDiskType::read("SYNC_FLUSH").and_then(|v| v.show()).as_deref(), Some("SYNC_FLUSH"));
        assert_eq!(BrokerRole::read("MASTER"), None);
    }
}
