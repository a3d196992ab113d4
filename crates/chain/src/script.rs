//! What an output asks of its spender. Runs no scripts.

use crate::Network;
use bitcoin::{PublicKey, Script, ScriptBuf};
use std::fmt;

/// The standard shape of an output script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ScriptType {
    /// Pay to public key: the bare key stands in the output, and there is no address.
    P2pk,
    /// Pay to public key hash.
    P2pkh,
    /// Pay to script hash (BIP 16).
    P2sh,
    /// Pay to witness public key hash (BIP 141).
    P2wpkh,
    /// Pay to witness script hash (BIP 141).
    P2wsh,
    /// Pay to taproot (BIP 341).
    P2tr,
    /// A witness program that no rule of today defines.
    WitnessUnknown,
    /// Several bare keys of which some must sign; there is no address.
    Multisig,
    /// `OP_RETURN`: carries data, can never be spent.
    OpReturn,
    /// Anything else.
    Nonstandard,
}

impl ScriptType {
    /// Classifies an output script.
    pub fn of(script: &[u8]) -> ScriptType {
        let script = Script::from_bytes(script);
        match () {
            () if script.is_p2pkh() => ScriptType::P2pkh,
            () if script.is_p2sh() => ScriptType::P2sh,
            () if script.is_p2wpkh() => ScriptType::P2wpkh,
            () if script.is_p2wsh() => ScriptType::P2wsh,
            () if script.is_p2tr() => ScriptType::P2tr,
            () if script.is_witness_program() => ScriptType::WitnessUnknown,
            () if script.is_op_return() => ScriptType::OpReturn,
            () if script.is_p2pk() => ScriptType::P2pk,
            () if script.is_multisig() => ScriptType::Multisig,
            () => ScriptType::Nonstandard,
        }
    }

    /// The name used in exhibits.
    pub fn name(self) -> &'static str {
        match self {
            ScriptType::P2pk => "p2pk",
            ScriptType::P2pkh => "p2pkh",
            ScriptType::P2sh => "p2sh",
            ScriptType::P2wpkh => "p2wpkh",
            ScriptType::P2wsh => "p2wsh",
            ScriptType::P2tr => "p2tr",
            ScriptType::WitnessUnknown => "witness_unknown",
            ScriptType::Multisig => "multisig",
            ScriptType::OpReturn => "op_return",
            ScriptType::Nonstandard => "nonstandard",
        }
    }
}

impl fmt::Display for ScriptType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The address of an output script, where its type has one.
pub fn address(script: &[u8], network: Network) -> Option<String> {
    bitcoin::Address::from_script(Script::from_bytes(script), network.inner().params())
        .ok()
        .map(|address| address.to_string())
}

/// The output script that pays an address, or why the text is no address of this network.
pub fn script_of(address: &str, network: Network) -> Result<Vec<u8>, BadAddress> {
    let bad = |reason: String| BadAddress { text: address.chars().take(90).collect(), reason };
    let parsed: bitcoin::Address<_> =
        address.parse().map_err(|error: bitcoin::address::ParseError| bad(error.to_string()))?;
    let checked = parsed
        .require_network(network.inner())
        .map_err(|_| bad(format!("it is of another network than {network}")))?;
    Ok(checked.script_pubkey().into_bytes())
}

/// The output scripts that pay the single keys of a bare multisig script, as bare key and as key
/// hash, in the script's order; none for any other script.
pub fn keys_of_multisig(script: &[u8]) -> Vec<Vec<u8>> {
    let script = Script::from_bytes(script);
    if !script.is_multisig() {
        return Vec::new();
    }
    let pushed = script.instructions().filter_map(Result::ok);
    let keys = pushed
        .filter_map(|instruction| PublicKey::from_slice(instruction.push_bytes()?.as_bytes()).ok());
    let scripts =
        keys.flat_map(|key| [ScriptBuf::new_p2pk(&key), ScriptBuf::new_p2pkh(&key.pubkey_hash())]);
    scripts.map(ScriptBuf::into_bytes).collect()
}

/// Text that is no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an address: {reason}")]
pub struct BadAddress {
    /// What was given, shortened.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}
