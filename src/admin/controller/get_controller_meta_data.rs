//! `getControllerMetaData`: the controllers and their leader.

use super::leader;
use crate::admin::{CommandError, Context};
use crate::output::{Cell, Render, Table, Tone};
use crate::protocol::controller::MetadataReply;
use schemars::JsonSchema;
use serde::Serialize;
use std::fmt::{self, Write};

/// Show the controllers and which of them leads
#[derive(Debug, Clone, clap::Args)]
#[command(after_long_help = "Examples:\n  rmq getControllerMetaData -a 127.0.0.1:9878\n  \
        rmq getControllerMetaData -a '10.0.0.1:9878;10.0.0.2:9878' --output json")]
pub struct Args {
    /// Controllers, asked in turn until one answers
    #[arg(short = 'a', long = "controllerAddress", value_name = "HOST:PORT")]
    pub controllers: String,
}

/// The group of controllers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    pub group: Option<String>,
    /// None while there is no leader.
    pub leader_id: Option<String>,
    pub leader_address: Option<String>,
    /// In the order in which the controllers are configured.
    pub peers: Vec<Peer>,
}

/// A controller.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Peer {
    pub id: String,
    /// Where controllers talk to one another; may be another port than the one for commands.
    pub address: String,
    pub leader: bool,
}

impl From<MetadataReply> for Output {
    fn from(reply: MetadataReply) -> Self {
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let leader_id = given(reply.leader_id);
        let peers = reply.peers.unwrap_or_default();
        let peers = peers.split(';').map(str::trim).filter(|peer| !peer.is_empty()).map(|peer| {
            let (id, address) = peer.split_once(':').unwrap_or(("", peer));
            Peer { leader: leader_id.as_deref() == Some(id), id: id.to_owned(), address: address.to_owned() }
        });
        let peers = peers.collect();
        Output { group: given(reply.group), leader_id, leader_address: given(reply.leader_address), peers }
    }
}

impl Render for Output {
    fn table(&self, _wide: bool) -> Table {
        let mut table = Table::new().text("GROUP").text("ID").text("ADDRESS").text("ROLE");
        for peer in &self.peers {
            table.row([
                Cell::optional(self.group.as_ref()),
                Cell::new(&peer.id),
                Cell::new(&peer.address),
                if peer.leader { Cell::toned("leader", Tone::Good) } else { Cell::new("follower") },
            ]);
        }
        table
    }

    fn classic(&self, w: &mut dyn Write) -> fmt::Result {
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "null".to_owned());
        write!(w, "\n#ControllerGroup\t{}", text(&self.group))?;
        write!(w, "\n#ControllerLeaderId\t{}", text(&self.leader_id))?;
        write!(w, "\n#ControllerLeaderAddress\t{}", text(&self.leader_address))?;
        for peer in &self.peers {
            let mark = if peer.id.is_empty() { "" } else { ":" };
            write!(w, "\n#Peer:\t{}{mark}{}", peer.id, peer.address)?;
        }
        writeln!(w)
    }

    fn notes(&self) -> Vec<String> {
        let leaderless = self.leader_address.is_none();
        leaderless.then(|| "there is no leader at the moment".to_owned()).into_iter().collect()
    }
}

/// Asks the controllers in turn.
///
/// # Errors
/// None answers.
pub async fn run(ctx: &Context, args: Args) -> Result<Output, CommandError> {
    leader::metadata(ctx, &args.controllers).await.map(Output::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_is_mqadmins() {
        let output = Output::from(MetadataReply {
            group: Some("group1".into()),
            leader_id: Some("n0".into()),
            leader_address: Some("127.0.0.1:19878".into()),
            is_leader: Some(true),
            peers: Some("n0:127.0.0.1:19878;n1:127.0.0.1:19879;".into()),
        });
        let mut text = String::new();
        output.classic(&mut text).unwrap();
        assert_eq!(
            text,
            "\n#ControllerGroup\tgroup1\n#ControllerLeaderId\tn0\n#ControllerLeaderAddress\t127.0.0.1:19878\n\
             #Peer:\tn0:127.0.0.1:19878\n#Peer:\tn1:127.0.0.1:19879\n"
        );
        assert_eq!(output.peers.iter().map(|peer| peer.leader).collect::<Vec<_>>(), [true, false]);
        assert_eq!(output.peers[1].address, "127.0.0.1:19879");
    }
}
