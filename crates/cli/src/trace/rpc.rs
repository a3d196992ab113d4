//! A node on the command line, and what a replay found.

use std::path::PathBuf;
use std::process::ExitCode;

use chain::Network;
use feed::{Auth, BitcoinNode, Endpoint, Limits};
use trace::Replay;

/// How a node is opened.
#[derive(clap::Args, Clone)]
pub struct Secret {
    /// The file with the node's password of the moment, `.cookie` in its data folder; else the name
    /// and password in the address are used, `http://USER:PASSWORD@HOST:PORT`.
    #[arg(long)]
    cookie: Option<PathBuf>,
}

impl Secret {
    /// The node's address with what opens it.
    pub fn endpoint(&self, url: &str) -> anyhow::Result<Endpoint> {
        let endpoint = Endpoint::parse(url)?;
        Ok(match &self.cookie {
            Some(path) => endpoint.with(Auth::Cookie(path.clone())),
            None => endpoint,
        })
    }

    /// A node that is asked by JSON-RPC.
    pub async fn rpc(&self, url: &str, network: Network) -> anyhow::Result<BitcoinNode> {
        Ok(BitcoinNode::rpc(self.endpoint(url)?, network, Limits::default()).await?)
    }
}

/// Says what a replay found.
pub fn tell(replay: &Replay) -> anyhow::Result<ExitCode> {
    match replay {
        Replay::Same => {
            eprintln!("the same bytes");
            Ok(ExitCode::SUCCESS)
        }
        Replay::Different(difference) => {
            eprintln!("different: {difference}");
            Ok(ExitCode::FAILURE)
        }
    }
}
