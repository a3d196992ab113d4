//! A node on the command line, and what a replay found.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use chain::Network;
use feed::limits::ANSWER_SECONDS_MAX;
use feed::{Auth, BitcoinNode, Endpoint, Limits};
use trace::Replay;

/// How a node is opened.
#[derive(clap::Args, Clone)]
pub struct Secret {
    /// The file with the node's password of the moment, `.cookie` in its data folder; else the name
    /// and password in the address are used, `http://USER:PASSWORD@HOST:PORT`.
    #[arg(long)]
    cookie: Option<PathBuf>,
    /// Seconds that one answer of the node may take; tracing an old EVM block takes long.
    #[arg(long, default_value_t = ANSWER_SECONDS_MAX, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    answer_within: u64,
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

    /// How long the node may take.
    pub fn limits(&self) -> Limits {
        Limits { answer: Duration::from_secs(self.answer_within), ..Limits::default() }
    }

    /// A node that is asked by JSON-RPC.
    pub async fn rpc(&self, url: &str, network: Network) -> anyhow::Result<BitcoinNode> {
        Ok(BitcoinNode::rpc(self.endpoint(url)?, network, self.limits()).await?)
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
