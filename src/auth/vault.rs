//! The master key, and the seal on secrets that the store keeps: webhook secrets, one-time-password seeds, foreign keys.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};

use crate::auth::hmac;
use crate::world::World;

const FILE: &str = "master.key";
/// The key that is to take over, while values are moved to it.
const STAGED: &str = "master.key.next";
const NONCE_BYTES: usize = 24;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{} can be read by other users (mode {mode:03o}); run: chmod 600 {}", path.display(), path.display())]
    Exposed { path: PathBuf, mode: u32 },
    #[error("the master key must be 32 bytes in base64, such as the output of `openssl rand -base64 32`")]
    Malformed,
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("this value was encrypted with another master key")]
    OtherKey,
    #[error("an encrypted value is damaged or in the wrong place")]
    Damaged,
}

/// The secret from which all others of this installation are derived. Kept beside the database, never in it.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

impl MasterKey {
    /// Reads base64, with or without a line end.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text.trim()).map_err(|_| Error::Malformed)?;
        bytes.try_into().map(Self).map_err(|_| Error::Malformed)
    }

    /// Reads `master.key` of the data directory; `None` if there is none yet.
    pub fn load(directory: &Path) -> Result<Option<Self>, Error> {
        let path = directory.join(FILE);
        let mode = match fs::metadata(&path) {
            Ok(metadata) => metadata.permissions().mode() & 0o777,
            Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::File { path, source }),
        };
        if mode & 0o077 != 0 {
            return Err(Error::Exposed { path, mode });
        }
        let text = fs::read_to_string(&path).map_err(|source| Error::File { path, source })?;
        Self::parse(&text).map(Some)
    }

    /// Draws a key and writes it to `master.key`, which must not exist.
    pub fn create(directory: &Path, world: &World) -> Result<Self, Error> {
        let (key, text) = Self::draw(world);
        write_once(directory, &text).map_err(|source| Error::File { path: directory.join(FILE), source })?;
        Ok(key)
    }

    /// A key for one purpose; knowing it tells nothing about the others.
    pub fn derive(&self, label: &str) -> [u8; 32] {
        hmac(&self.0, &[label.as_bytes()])
    }
}

impl MasterKey {
    pub fn path(directory: &Path) -> PathBuf {
        directory.join(FILE)
    }

    /// Draws the key that is to follow, beside the one in force. It takes over by [`Self::promote`].
    pub fn stage(directory: &Path, world: &World) -> Result<Self, Error> {
        let (key, text) = Self::draw(world);
        let unfinished = directory.join("master.key.next.new");
        write(&unfinished, &text)
            .and_then(|()| fs::rename(&unfinished, directory.join(STAGED)))
            .and_then(|()| File::open(directory)?.sync_all())
            .map_err(|source| Error::File { path: directory.join(STAGED), source })?;
        Ok(key)
    }

    /// A key, and the text that its file holds.
    fn draw(world: &World) -> (Self, String) {
        let mut key = [0; 32];
        world.fill(&mut key);
        (Self(key), format!("{}\n", STANDARD.encode(key)))
    }

    /// A key that was staged, and has not taken over.
    pub fn staged(directory: &Path) -> Result<Option<Self>, Error> {
        match fs::read_to_string(directory.join(STAGED)) {
            Ok(text) => Self::parse(&text).map(Some),
            Err(source) if source.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(Error::File { path: directory.join(STAGED), source }),
        }
    }

    pub fn promote(directory: &Path) -> Result<(), Error> {
        let moved = fs::rename(directory.join(STAGED), directory.join(FILE));
        let kept = moved.and_then(|()| File::open(directory)?.sync_all());
        kept.map_err(|source| Error::File { path: directory.join(FILE), source })
    }

    pub fn discard(directory: &Path) -> Result<(), Error> {
        let removed = fs::remove_file(directory.join(STAGED));
        removed.map_err(|source| Error::File { path: directory.join(STAGED), source })
    }
}

/// Through a second name, so that a crash leaves the whole key or none; a link, so that nothing is overwritten.
fn write_once(directory: &Path, text: &str) -> io::Result<()> {
    let unfinished = directory.join("master.key.new");
    write(&unfinished, text)?;
    fs::hard_link(&unfinished, directory.join(FILE))?;
    fs::remove_file(&unfinished)?;
    File::open(directory)?.sync_all()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Encrypts single values for the store.
#[derive(Clone)]
pub struct Vault {
    cipher: XChaCha20Poly1305,
    key_id: u8,
}

impl Vault {
    pub fn new(master: &MasterKey) -> Self {
        let cipher = XChaCha20Poly1305::new(&master.derive("seal").into());
        Self { cipher, key_id: master.derive("seal key id")[0] }
    }

    /// Key id, nonce and ciphertext. `associated` names the value's place (`webhooks/wh_…/secret`), outside of which
    /// it does not open.
    pub fn seal(&self, world: &World, plain: &str, associated: &str) -> Vec<u8> {
        let mut sealed = vec![self.key_id; 1 + NONCE_BYTES];
        world.fill(&mut sealed[1..]);
        let nonce = XNonce::try_from(&sealed[1..]).expect("the nonce was made of its size");
        let payload = Payload { msg: plain.as_bytes(), aad: associated.as_bytes() };
        let ciphertext = self.cipher.encrypt(&nonce, payload).expect("the value is shorter than 256 GiB");
        sealed.extend(ciphertext);
        sealed
    }

    pub fn open(&self, sealed: &[u8], associated: &str) -> Result<String, Error> {
        let (key_id, rest) = sealed.split_first().ok_or(Error::Damaged)?;
        if *key_id != self.key_id {
            return Err(Error::OtherKey);
        }
        let (nonce, msg) = rest.split_at_checked(NONCE_BYTES).ok_or(Error::Damaged)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| Error::Damaged)?;
        let payload = Payload { msg, aad: associated.as_bytes() };
        let plain = self.cipher.decrypt(&nonce, payload).map_err(|_| Error::Damaged)?;
        String::from_utf8(plain).map_err(|_| Error::Damaged)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: &str = "webhooks/wh_a1b2c3d4e5/secret";

    #[test]
    fn the_key_that_was_created_is_the_one_that_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        assert!(MasterKey::load(directory.path()).unwrap().is_none());
        let created = MasterKey::create(directory.path(), &World::machine(0)).unwrap();
        assert!(MasterKey::load(directory.path()).unwrap() == Some(created));
        let names: Vec<_> = fs::read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, [FILE]);
        let mode = fs::metadata(directory.path().join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_existing_key_is_never_overwritten() {
        let directory = tempfile::tempdir().unwrap();
        let first = MasterKey::create(directory.path(), &World::machine(0)).unwrap();
        assert!(matches!(MasterKey::create(directory.path(), &World::machine(0)), Err(Error::File { .. })));
        assert!(MasterKey::load(directory.path()).unwrap() == Some(first));
    }

    #[test]
    fn a_key_that_others_can_read_is_refused_with_the_way_out() {
        let directory = tempfile::tempdir().unwrap();
        MasterKey::create(directory.path(), &World::machine(0)).unwrap();
        let path = directory.path().join(FILE);
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let message = MasterKey::load(directory.path()).err().unwrap().to_string();
        assert!(message.contains("mode 640") && message.contains("chmod 600"), "{message}");
    }

    #[test]
    fn a_key_of_another_size_is_refused() {
        assert!(MasterKey::parse(&format!("{}\n", STANDARD.encode([1; 32]))).is_ok());
        for wrong in ["", "AAAA", "not base64!", &STANDARD.encode([1; 31]), &STANDARD.encode([1; 33])] {
            assert!(matches!(MasterKey::parse(wrong), Err(Error::Malformed)), "{wrong}");
        }
    }

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let master = MasterKey([1; 32]);
        assert_ne!(master.derive("visitor-token"), master.derive("seal"));
        assert_ne!(master.derive("seal"), MasterKey([2; 32]).derive("seal"));
    }

    #[test]
    fn a_sealed_value_opens_in_its_place() {
        let (world, vault) = (World::machine(0), Vault::new(&MasterKey([1; 32])));
        for plain in ["", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "ключ 🔑"] {
            let sealed = vault.seal(&world, plain, PLACE);
            assert_eq!(vault.open(&sealed, PLACE).unwrap(), plain);
            assert_ne!(sealed, vault.seal(&world, plain, PLACE));
        }
    }

    #[test]
    fn a_value_moved_to_another_row_does_not_open() {
        let (world, vault) = (World::machine(0), Vault::new(&MasterKey([1; 32])));
        let sealed = vault.seal(&world, "secret", PLACE);
        assert!(matches!(vault.open(&sealed, "webhooks/wh_zzzzzzzzzz/secret"), Err(Error::Damaged)));
    }

    #[test]
    fn a_changed_byte_is_noticed_wherever_it_is() {
        let (world, vault) = (World::machine(0), Vault::new(&MasterKey([1; 32])));
        let sealed = vault.seal(&world, "secret", PLACE);
        for position in 0..sealed.len() {
            let mut wrong = sealed.clone();
            wrong[position] ^= 1;
            assert!(vault.open(&wrong, PLACE).is_err(), "{position}");
            assert!(vault.open(&sealed[..position], PLACE).is_err(), "{position}");
        }
    }

    #[test]
    fn another_master_key_is_named_as_the_cause() {
        let sealed = Vault::new(&MasterKey([1; 32])).seal(&World::machine(0), "secret", PLACE);
        assert!(matches!(Vault::new(&MasterKey([2; 32])).open(&sealed, PLACE), Err(Error::OtherKey)));
    }
}
