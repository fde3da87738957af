//! Gives every passage its vector, in the background: text is found by its words meanwhile.

use std::collections::HashSet;
use std::thread;

use pollster::block_on;

use crate::answer::encoder::Encoder;
use crate::answer::gate;
use crate::answer::index::{self, Index};
use crate::answer::smalltalk::near;
use crate::answer::vectors;
use crate::domain::id::{AccountId, AgentId};
use crate::storage::{Result, Store, TextHash};
use crate::supervise::Stop;
use crate::world::World;

/// Another name makes every vector anew.
const ENCODER: &str = "all-minilm-l6-v2-int8";
/// Texts whose vectors are kept together; what a stop can lose is encoded again.
const KEPT_TOGETHER: usize = 32;
const TURN: usize = 16;

/// Until the stop is set.
pub fn run(store: &Store, world: &World, stop: &Stop) {
    let Some(encoder) = Encoder::embedded() else { return };
    let mut ready = false;
    while !stop.is_set() {
        // Over a damaged database nothing can be kept.
        let worked = if store.damage().is_some() { Ok(false) } else { round(store, encoder, stop, &mut ready) };
        match worked {
            // There may be more.
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "vectors wait until the store works again"),
        }
        thread::sleep(world.tick());
    }
}

/// Whether there was an agent that lacked vectors.
fn round(store: &Store, encoder: &Encoder, stop: &Stop, ready: &mut bool) -> Result<bool> {
    if !*ready {
        if block_on(store.use_encoder(ENCODER))? {
            prepare();
        }
        *ready = true;
    }
    let mut worked = false;
    for (account, agent) in block_on(store.unencoded_agents())? {
        match learn(store, encoder, stop, account, agent.clone()) {
            Ok(()) => worked = true,
            // Whatever is wrong with one, the others have their turn.
            Err(error) => tracing::warn!(%agent, %error, "an agent's vectors wait"),
        }
    }
    if worked {
        prepare();
    }
    Ok(worked)
}

/// Encodes what questions are compared with besides knowledge, so that no visitor waits for it. Where there is no knowledge
/// yet, the model's pages stay out of memory.
fn prepare() {
    gate::prepare();
    near::prepare();
}

/// At most so much that agents which wait behind a large one have their turn soon.
fn learn(store: &Store, encoder: &Encoder, stop: &Stop, account: AccountId, agent: AgentId) -> Result<()> {
    let learnt = block_on(store.learnt(account.clone(), agent.clone()))?;
    let (chunks, language) = index::cut(&index::entries(&learnt.knowledge));
    let texts = if Index::encoder_for(language).is_some() { vectors::texts(&chunks) } else { Vec::new() };
    let wanted: HashSet<TextHash> = texts.iter().map(|(hash, _)| *hash).collect();
    let lacking: Vec<_> = texts.into_iter().filter(|(hash, _)| !learnt.vectors.contains_key(hash)).collect();
    for texts in lacking.chunks(KEPT_TOGETHER).take(TURN) {
        if stop.is_set() {
            return Ok(());
        }
        let made = texts.iter().map(|(hash, text)| (*hash, encoder.encode(text).to_bytes())).collect();
        block_on(store.keep_vectors(account.clone(), agent.clone(), made))?;
    }
    if lacking.len() > TURN * KEPT_TOGETHER {
        return Ok(());
    }
    let unused = learnt.vectors.into_keys().filter(|hash| !wanted.contains(hash)).collect();
    block_on(store.complete_vectors(account, agent, learnt.knowledge_version, unused))
}
