//! The macro that makes a configuration from its table.

/// `field: Type = default, "javaKey";` lines, each with its doc, become a struct with public fields, its default,
/// and access by key. `others` names the `.keys` file with the settings that nothing acts on; `with` the tables that
/// stand in the same file, of which servers tell nothing.
macro_rules! properties {
    (
        $(#[$meta:meta])*
        pub struct $name:ident, others $keys:literal $(, with $($(#[doc = $part_doc:literal])+ $part:ident: $part_type:ident),+)? {
            $($(#[doc = $doc:literal])+ $field:ident: $type:ty = $default:expr, $key:literal;)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $type,)*
            $($($(#[doc = $part_doc])+ pub $part: $part_type,)+)?
            /// The file that these settings came from and changes of them are written to; no setting itself.
            pub file: Option<std::path::PathBuf>,
            others: $crate::config::others::Others,
        }

        impl Default for $name {
            fn default() -> Self {
                static KEYS: std::sync::LazyLock<
                    std::collections::BTreeMap<&'static str, $crate::config::others::Other>,
                > = std::sync::LazyLock::new(|| $crate::config::others::read_keys(include_str!($keys)));
                $name {
                    $($field: $default,)*
                    $($($part: $part_type::default(),)+)?
                    file: None,
                    others: $crate::config::others::Others::new(&KEYS),
                }
            }
        }

        impl $name {
            /// The keys that are acted on, each with its documentation.
            pub const TYPED: &'static [(&'static str, &'static str)] =
                &[$(($key, concat!($($doc),+)),)*];

            /// Whether there is a setting of that key.
            pub fn has(key: &str) -> bool {
                Self::TYPED.iter().any(|(known, _)| *known == key) || Self::default().others.has(key)
            }

            /// The value of a setting by its Java key, as Java prints it; none if there is no such key or Java has
            /// null.
            pub fn get(&self, key: &str) -> Option<String> {
                match key {
                    $($key => $crate::config::value::Value::show(&self.$field),)*
                    $($(_ if $part_type::has(key) => self.$part.get(key),)+)?
                    _ => self.others.get(key),
                }
            }

            /// Changes one setting by its Java key. True when the setting has no effect here.
            ///
            /// # Errors
            /// An unknown key, a value that is none, a value that is not supported; nothing is changed then.
            pub fn set(&mut self, key: &str, value: &str) -> Result<bool, $crate::config::ConfigError> {
                let mut changed = self.clone();
                let in_vain = changed.assign(key, value)?;
                changed.check()?;
                *self = changed;
                Ok(in_vain)
            }

            pub(super) fn assign(&mut self, key: &str, value: &str) -> Result<bool, $crate::config::ConfigError> {
                match key {
                    $($key => {
                        self.$field = $crate::config::value::Value::read(value).ok_or_else(|| {
                            $crate::config::ConfigError::BadValue {
                                key: key.to_owned(),
                                value: value.to_owned(),
                                expected: <$type as $crate::config::value::Value>::EXPECTED,
                            }
                        })?;
                        Ok(false)
                    })*
                    $($(_ if $part_type::has(key) => self.$part.assign(key, value),)+)?
                    _ => self.others.set(key, value),
                }
            }

            /// Reads a `.properties` file over the values there are. What is accepted in vain comes back as
            /// warnings.
            ///
            /// # Errors
            /// Everything that is wrong with the file, in the order of its lines; nothing is changed then.
            pub fn load(
                &mut self,
                text: &str,
            ) -> Result<Vec<$crate::config::Warning>, Vec<$crate::config::ConfigError>> {
                use $crate::config::{ConfigError, Warning};
                let properties = $crate::config::parse_properties(text).map_err(|error| vec![error])?;
                let (mut warnings, mut errors) = (Vec::new(), Vec::new());
                let mut changed = self.clone();
                for $crate::config::Property { key, value, line } in properties {
                    match changed.assign(&key, &value) {
                        Ok(false) => {}
                        Ok(true) => warnings.push(Warning::NoEffect { key, line }),
                        Err(ConfigError::UnknownKey { key }) => warnings.push(Warning::UnknownKey { key, line }),
                        Err(error) => errors.push(error),
                    }
                }
                errors.extend(changed.check().err());
                if !errors.is_empty() {
                    return Err(errors);
                }
                *self = changed;
                Ok(warnings)
            }

            /// All settings by key, as a server lists them.
            pub fn pairs(&self) -> std::collections::BTreeMap<String, String> {
                let mut pairs: std::collections::BTreeMap<String, String> = self.others.listed().collect();
                $(if let Some(value) = $crate::config::value::Value::show(&self.$field) {
                    pairs.insert($key.to_owned(), value);
                })*
                pairs
            }

            /// The body of the answer to a request for the settings.
            pub fn to_properties(&self) -> String {
                $crate::config::write_properties(&self.pairs())
            }
        }
    };
}
pub(super) use properties;
