//! What is in force and who said so, for people who wonder.

use super::{Settings, World};
use crate::config::connect::{Chosen, Origin};
use crate::output::Form;
use clap::ValueEnum;
use schemars::JsonSchema;
use serde::Serialize;

/// What stands for a secret.
pub const HIDDEN: &str = "******";

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explained {
    pub name: String,
    /// A secret is `******`; none where it is not set.
    pub value: Option<String>,
    /// Who said it.
    pub origin: String,
}

impl Explained {
    fn new(name: &str, value: impl Into<Option<String>>, origin: &Origin) -> Self {
        Explained { name: name.to_owned(), value: value.into(), origin: origin.to_string() }
    }
}

impl Settings {
    /// All settings with their origins, in the order in which people ask for them.
    pub fn explained(&self, world: &World, form: &Chosen<Form>) -> Vec<Explained> {
        let context = match world.selected() {
            Some(selected) => Explained::new("context", selected.name.clone(), &selected.origin),
            None => Explained::new("context", None, &Origin::Default),
        };
        let mut all = vec![context];
        all.push(Explained::new("name servers", self.namesrv.addrs.join(", "), &self.namesrv.source));
        match &self.keys {
            Some(keys) => {
                all.push(Explained::new("access key", keys.value.access_key.clone(), &keys.origin));
                all.push(Explained::new("secret key", HIDDEN.to_owned(), &keys.origin));
                if keys.value.security_token.is_some() {
                    all.push(Explained::new("security token", HIDDEN.to_owned(), &keys.origin));
                }
            }
            None => all.push(Explained::new("access key", None, &Origin::Default)),
        }
        match &self.tls {
            Some(tls) => all.extend(tls.parts.iter().map(|(part, value, origin)| {
                let name = if part.is_empty() { "tls".to_owned() } else { format!("tls {part}") };
                Explained::new(&name, value.clone(), origin)
            })),
            None => all.push(Explained::new("tls", "off".to_owned(), &Origin::Default)),
        }
        let timeout = humantime::format_duration(self.timeout.value).to_string();
        all.push(Explained::new("timeout", timeout, &self.timeout.origin));
        let form_name = form.value.to_possible_value().map(|value| value.get_name().to_owned());
        all.push(Explained::new("output", form_name, &form.origin));
        let guarded = world.selected().filter(|selected| selected.profile.protected);
        let origin = guarded.map_or(Origin::Default, |selected| Origin::Context(selected.name.clone()));
        all.push(Explained::new("protected", guarded.is_some().to_string(), &origin));
        all
    }
}
