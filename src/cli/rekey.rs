//! `chatforge rekey`

use clap::Args;
use pollster::block_on;

use crate::auth::vault::{MasterKey, Vault};
use crate::cli::Context;
use crate::server;
use crate::storage::{Error, Store, Use};
use crate::world::World;

/// Generate a new master key and encrypt every secret with it; stop the server first
///
/// Webhook secrets do not change, so receivers are not affected. Visitors with an open chat start a new one. Older backups
/// need the old key, so store a copy of master.key with each of them.
#[derive(Args)]
pub struct Rekey {}

impl Rekey {
    pub fn run(self, context: &Context) -> anyhow::Result<()> {
        let config = context.config(&[])?;
        let world = World::machine(config.testing.clock_offset_ms);
        let store = Store::open(&context.data, world.clone(), Use::Server)?;
        let done = block_on(rekey(context, &store, &world));
        store.close();
        let resealed = done?;
        eprintln!("Created a new {}. Re-encrypted secrets: {resealed}.", MasterKey::path(&context.data).display());
        Ok(())
    }
}

/// A crash at any line leaves a key that opens what is sealed: the next start settles which of the two it is.
async fn rekey(context: &Context, store: &Store, world: &World) -> anyhow::Result<usize> {
    let old = server::master_key(&context.data, store, world).await?;
    let new = MasterKey::stage(&context.data, world)?;
    let (opens, seals, chance) = (Vault::new(&old), Vault::new(&new), world.clone());
    let resealed = store
        .reseal(move |place, sealed| {
            let plain = opens.open(sealed, place).map_err(|error| Error::Corrupt(format!("{place}: {error}")))?;
            Ok(seals.seal(&chance, &plain, place))
        })
        .await?;
    MasterKey::promote(&context.data)?;
    Ok(resealed)
}
