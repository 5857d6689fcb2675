//! Checkpoint file of an agent: its purpose, its learned values, and all state needed to resume training.
//!
//! ```text
//! "gridfleet agent\n"  version (u32)  length of the header (u64)
//! header               JSON: Purpose
//! length (u64), values        values used by a policy
//! length (u64), state         training state: current values, moments, memory, ..., and the state of the trainer
//! SHA-256 of all before
//! ```
//! Little-endian. Truncation and corruption are detected by the length fields and the SHA-256 trailer.

use super::bytes::{Corrupt, Reader, Writer};
use super::{Agent, AgentSpec, Space, Values};
use gridfleet_core::error::{Error, InputError, Result, input};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::path::Path;

/// Maximum file size [bytes].
const MOST_BYTES: u64 = 2048 << 20;

const MAGIC: &[u8] = b"gridfleet agent\n";
const VERSION: u32 = 2;
const HASH: usize = 32;
/// Maximum width of an observation, table or layer, and depth of a network; larger values in a header are rejected.
const MOST_WIDE: usize = 10_000;
const MOST_LAYERS: usize = 8;

/// Purpose of an agent's training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Purpose {
    /// Learning algorithm and parameters.
    pub agent: AgentSpec,
    /// Name of the observation.
    pub observation: String,
    /// Number of features of an observation.
    pub features: usize,
    /// Number of cells of a table.
    pub cells: usize,
    /// Number of actions.
    pub actions: usize,
    /// Name of the scenario.
    pub scenario: String,
    /// Hash of all inputs of the training: scenario, changes, files.
    pub scenario_sha256: String,
    /// Number of training steps.
    pub steps: u64,
}

/// A checkpoint in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Checkpoint {
    /// Purpose of the training.
    pub purpose: Purpose,
    values: Vec<u8>,
    state: Vec<u8>,
}

impl Purpose {
    /// Space of observations and actions.
    pub fn space(&self) -> Space {
        Space { features: self.features, cells: self.cells, actions: self.actions }
    }
}

impl Checkpoint {
    /// Creates a checkpoint of an agent, with the values for a policy to use and the state of the trainer.
    pub fn new(purpose: Purpose, policy: &Values, agent: &dyn Agent, trainer: &[u8]) -> Self {
        let mut values = Writer::default();
        policy.save(&mut values);
        let mut state = Writer::default();
        state.count(trainer.len() as u64);
        state.bytes.extend_from_slice(trainer);
        agent.values().save(&mut state);
        agent.save(&mut state);
        Self { purpose, values: values.bytes, state: state.bytes }
    }

    /// Encodes the checkpoint as the bytes of a file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let header = serde_json::to_vec(&self.purpose).unwrap_or_default();
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&VERSION.to_le_bytes());
        for part in [&header, &self.values, &self.state] {
            bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
            bytes.extend_from_slice(part);
        }
        let hash = Sha256::digest(&bytes);
        bytes.extend_from_slice(&hash);
        bytes
    }

    /// Writes a temporary file next to `path` and renames it into place, so that the previous checkpoint survives a
    /// kill.
    ///
    /// # Errors
    /// If writing or renaming fails.
    pub fn write(&self, path: &Path) -> Result<()> {
        gridfleet_core::files::write(path, &self.to_bytes()).map_err(|e| Error::writing(path, e))
    }

    /// Reads the file at `path`.
    ///
    /// # Errors
    /// [`Error::Input`] if the file is not a checkpoint, has a later version, or is truncated or corrupt.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = input::read(path, MOST_BYTES)?;
        Self::from_bytes(&bytes).map_err(|error| error.file(path).into())
    }

    /// Decodes a checkpoint from the bytes of a file.
    ///
    /// # Errors
    /// Same as [`read`](Self::read).
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, InputError> {
        const EXPECTED: &str = "a checkpoint of `gridfleet train`, whole";
        let help = "train again, or take another copy of the file";
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            return Err(InputError::new("another kind of file", EXPECTED));
        };
        let Some((version, mut rest)) = rest.split_first_chunk::<4>() else {
            return Err(InputError::new("a file that ends too early", EXPECTED).help(help));
        };
        let version = u32::from_le_bytes(*version);
        if version != VERSION {
            let found = format!("version {version} of the format");
            return Err(
                InputError::new(found, format!("version {VERSION}")).help("train again with this gridfleet")
            );
        }
        let mut parts: [&[u8]; 3] = [&[]; 3];
        for part in &mut parts {
            let taken = rest.split_first_chunk::<8>().and_then(|(length, rest)| {
                rest.split_at_checked(usize::try_from(u64::from_le_bytes(*length)).ok()?)
            });
            let Some((this, after)) = taken else {
                return Err(InputError::new(format!("a file truncated at {} bytes", bytes.len()), EXPECTED)
                    .help(help));
            };
            (*part, rest) = (this, after);
        }
        if rest.len() < HASH {
            return Err(
                InputError::new(format!("a file truncated at {} bytes", bytes.len()), EXPECTED).help(help)
            );
        }
        let (before, hash) = bytes.split_at(bytes.len() - rest.len());
        if *hash != *Sha256::digest(before) {
            return Err(InputError::new("a file that was changed after it was written", EXPECTED).help(help));
        }
        let [header, values, state] = parts;
        let purpose: Purpose = serde_json::from_slice(header)
            .map_err(|error| InputError::new(format!("a header that cannot be read ({error})"), EXPECTED))?;
        let widths = purpose.agent.hidden.iter().chain([&purpose.features, &purpose.cells, &purpose.actions]);
        if widths.copied().any(|width| !(1..=MOST_WIDE).contains(&width))
            || purpose.agent.hidden.len() > MOST_LAYERS
        {
            return Err(InputError::new("a network too large", EXPECTED));
        }
        Ok(Self { purpose, values: values.to_vec(), state: state.to_vec() })
    }

    /// Values for a policy to use.
    ///
    /// # Errors
    /// If the values do not have the shape given in the header.
    pub fn values(&self) -> Result<Values, InputError> {
        let space = self.purpose.space();
        let mut values = self.purpose.agent.values(space);
        let mut reader = Reader::new(&self.values);
        match values.load(&mut reader) {
            Ok(()) if reader.is_empty() => Ok(values),
            _ => Err(self.another_network()),
        }
    }

    /// Restores an agent to the state of the checkpoint; returns the state of its trainer.
    ///
    /// # Errors
    /// If the state does not belong to such an agent.
    pub fn restore(&self, agent: &mut dyn Agent) -> Result<Vec<u8>, InputError> {
        let restore = |agent: &mut dyn Agent| -> Result<Vec<u8>, Corrupt> {
            let mut reader = Reader::new(&self.state);
            let length = usize::try_from(reader.count()?).map_err(|_| Corrupt)?;
            let (trainer, rest) = self.state[8..].split_at_checked(length).ok_or(Corrupt)?;
            let mut reader = Reader::new(rest);
            agent.load(&mut reader)?;
            if reader.is_empty() { Ok(trainer.to_vec()) } else { Err(Corrupt) }
        };
        restore(agent).map_err(|Corrupt| self.another_network())
    }

    fn another_network(&self) -> InputError {
        let purpose = &self.purpose;
        let found = format!(
            "the state of another network than its header tells ({}, {} inputs, {:?} hidden, {} actions)",
            purpose.agent.kind.name(),
            purpose.features,
            purpose.agent.hidden,
            purpose.actions
        );
        InputError::new(found, "a checkpoint of one training").help("train again")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::learning::{AgentKind, Reward, Seen, Transition};
    use gridfleet_core::rng::{Purpose as Stream, Streams};

    const SPACE: Space = Space { features: 2, cells: 3, actions: 4 };
    const STREAMS: Streams = Streams { seed: 4, replication: 0 };

    fn purpose(kind: AgentKind) -> Purpose {
        let agent = AgentSpec { kind, batch: 4, memory: 16, fit_every: 5, ..AgentSpec::default() };
        Purpose {
            agent,
            observation: "test".to_owned(),
            features: SPACE.features,
            cells: SPACE.cells,
            actions: SPACE.actions,
            scenario: "none".to_owned(),
            scenario_sha256: String::new(),
            steps: 0,
        }
    }

    fn teach(agent: &mut dyn Agent, steps: std::ops::Range<u64>) {
        for i in steps {
            let random = &mut STREAMS.stream(Stream::Policy, i);
            let x = i as f64;
            let (before, after) = ([x.sin(), x.cos()], [(x + 1.0).sin(), (x + 1.0).cos()]);
            agent.learn(
                &Transition {
                    before: Seen { features: &before, cell: i as usize % 3 },
                    action: i as usize % 4,
                    reward: Reward::Done(x.sin()),
                    after: Seen { features: &after, cell: (i as usize + 1) % 3 },
                    next_action: (i as usize + 1) % 4,
                    terminal: i % 7 == 0,
                },
                1.0,
                random,
            );
        }
    }

    #[test]
    fn resuming_from_a_file_gives_identical_bits() {
        for kind in AgentKind::OF_VALUES {
            let purpose = purpose(kind);
            let new = || purpose.agent.build(SPACE, &mut STREAMS.stream(Stream::Policy, 1_000));
            let mut straight = new();
            teach(&mut *straight, 0..60);
            let mut first = new();
            teach(&mut *first, 0..37);
            let bytes = Checkpoint::new(purpose.clone(), first.values(), &*first, b"kept").to_bytes();
            let checkpoint = Checkpoint::from_bytes(&bytes).unwrap();
            assert_eq!(checkpoint.values().unwrap(), *first.values());
            let mut second = purpose.agent.build(SPACE, &mut STREAMS.stream(Stream::Policy, 2_000));
            assert_eq!(checkpoint.restore(&mut *second).unwrap(), b"kept");
            teach(&mut *second, 37..60);
            let [a, b] = [&straight, &second]
                .map(|agent| Checkpoint::new(purpose.clone(), agent.values(), &**agent, b"").to_bytes());
            assert!(a == b, "{}", kind.name());
            assert_ne!(straight.values(), first.values(), "{} learned nothing", kind.name());
        }
    }

    #[test]
    fn truncated_or_changed_files_are_rejected() {
        let purpose = purpose(AgentKind::DuelingDoubleDqn);
        let mut agent = purpose.agent.build(SPACE, &mut STREAMS.stream(Stream::Policy, 0));
        teach(&mut *agent, 0..9);
        let bytes = Checkpoint::new(purpose, agent.values(), &*agent, b"").to_bytes();
        for end in 0..bytes.len() {
            let error = Checkpoint::from_bytes(&bytes[..end]).unwrap_err().to_string();
            let known = ["another kind", "too early", "truncated", "changed"];
            assert!(known.iter().any(|known| error.contains(known)), "{end}: {error}");
        }
        let mut changed = bytes.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        assert!(Checkpoint::from_bytes(&changed).unwrap_err().to_string().contains("changed"));
        let mut later = bytes;
        later[MAGIC.len()] = 3;
        assert!(Checkpoint::from_bytes(&later).unwrap_err().to_string().contains("version 3"));
    }

    #[test]
    fn values_of_another_shape_are_refused() {
        let purpose = purpose(AgentKind::Dqn);
        let agent = purpose.agent.build(SPACE, &mut STREAMS.stream(Stream::Policy, 0));
        let wider = Purpose { features: 3, ..purpose };
        let checkpoint = Checkpoint::new(wider.clone(), agent.values(), &*agent, b"");
        assert!(checkpoint.values().unwrap_err().to_string().contains("another network"));
        let mut other = wider.agent.build(wider.space(), &mut STREAMS.stream(Stream::Policy, 0));
        assert!(checkpoint.restore(&mut *other).is_err());
    }
}
