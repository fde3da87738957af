//! Passwords: which ones are taken, and how they are stored.
//!
//! Hashing holds a core for up to 100 ms and 19 MiB: callers keep it off the async threads and do few at a time.

use std::borrow::Cow;

use argon2::password_hash::Error;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};

use crate::auth::own_words::{self, Whose};
use crate::domain::spelling::composed;
use crate::world::World;

pub const CHARS_MIN: usize = 8;
pub const CHARS_MAX: usize = 256;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT_BYTES: usize = 16;

/// What guessers try first, in lower case, one a line.
const COMMON: &str = include_str!("common_passwords.txt");

/// Of no password anyone knows; see [`verify_dummy`].
const DUMMY: &str = "$argon2id$v=19$m=19456,t=2,p=1$Zm9yIHRpbWluZyBvbmx5$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Refuses passwords that are too short, too long, or among the first that anyone guesses of this person.
pub fn check(password: &str, whose: &Whose) -> Result<(), String> {
    let spelt = composed(password);
    // Both, for the longer spelling must be taken at the door, too.
    if !(CHARS_MIN..=CHARS_MAX).contains(&spelt.chars().count()) || CHARS_MAX < password.chars().count() {
        return Err(format!("must be {CHARS_MIN} to {CHARS_MAX} characters"));
    }
    if is_common(&spelt.to_lowercase()) {
        return Err("is too common; choose another one".into());
    }
    if own_words::rest(password, whose).is_some_and(|rest| own_words::is_little(&rest) || is_common(&rest)) {
        return Err("is too similar to your name, e-mail address or account; choose another one".into());
    }
    Ok(())
}

fn is_common(lower: &str) -> bool {
    COMMON.lines().any(|common| common == lower)
}

/// The memory that one hash after the other is computed in; taken when the first needs it.
#[derive(Default)]
pub struct WorkArea(Vec<Block>);

impl WorkArea {
    fn compute(&mut self, argon2: &Argon2, password: &str, salt: &Salt, length: usize) -> Result<Output, Error> {
        let blocks = argon2.params().block_count();
        if self.0.len() < blocks {
            self.0 = vec![Block::default(); blocks];
        }
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer.get_mut(..length).ok_or(Error::OutputSize)?;
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, output, &mut self.0[..blocks])?;
        Ok(Output::new(output)?)
    }
}

/// The password's hash in PHC form, with a salt of its own.
pub fn hash(world: &World, password: &str, area: &mut WorkArea) -> Result<String, Error> {
    let mut salt = [0; SALT_BYTES];
    world.fill(&mut salt);
    let salt = Salt::new(&salt)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params());
    let output = area.compute(&argon2, &composed(password), &salt, Params::DEFAULT_OUTPUT_LEN)?;
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(salt),
        hash: Some(output),
    };
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed, with whatever parameters it was hashed.
pub fn verify(password: &str, hash: &str, area: &mut WorkArea) -> bool {
    let Ok(hash) = PasswordHash::new(hash) else { return false };
    spellings(password).any(|password| matches(&password, &hash, area).unwrap_or_default())
}

/// None where `hash` is no hash of ours.
fn matches(password: &str, hash: &PasswordHash, area: &mut WorkArea) -> Option<bool> {
    let (salt, expected) = (hash.salt?, hash.hash?);
    let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
    let version = hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
    let argon2 = Argon2::new(algorithm, version, Params::try_from(hash).ok()?);
    let found = area.compute(&argon2, password, &salt, expected.len()).ok()?;
    // `Output` compares in constant time.
    Some(found == expected)
}

/// As it was typed, for it may have been hashed so once, and in the one spelling that is hashed today; mostly they are one.
fn spellings(password: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let spelt = composed(password);
    let other = (spelt != password).then_some(spelt);
    [Cow::Borrowed(password)].into_iter().chain(other)
}

/// The same work for a user who does not exist, so that the time of an answer does not tell who does.
pub fn verify_dummy(password: &str, area: &mut WorkArea) {
    verify(password, DUMMY, area);
}

/// Whether a hash was made with other parameters than those of today.
pub fn needs_rehash(hash: &str) -> bool {
    let today = |hash: PasswordHash| {
        hash.algorithm == Algorithm::Argon2id.ident() && Params::try_from(&hash).is_ok_and(|used| same_cost(&used, &params()))
    };
    !PasswordHash::new(hash).is_ok_and(today)
}

fn same_cost(left: &Params, right: &Params) -> bool {
    (left.m_cost(), left.t_cost(), left.p_cost()) == (right.m_cost(), right.t_cost(), right.p_cost())
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds")
}

#[cfg(test)]
mod tests {
    use argon2::PasswordHasher;

    use super::*;

    const NOBODY: &Whose = &Whose { email: "", name: "", account: "" };

    #[test]
    fn the_length_counts_characters() {
        let taken = |password: &str| check(password, NOBODY).is_ok();
        assert!(!taken("1f9ö…xk") && taken("1f9ö…xkß"));
        assert!(taken(&"ñ5".repeat(128)) && !taken(&"ñ5".repeat(129)));
        // Seven letters are seven, in whatever spelling.
        assert!(!taken("no\u{308}n-9a\u{301}x") && taken("no\u{308}n-9a\u{301}xb"));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in ["password", "PassWord1", "12345678", "qwertyuiop", "iloveyou", "chatforge"] {
            assert!(check(common, NOBODY).is_err(), "{common}");
        }
        assert!(check("correct horse battery staple", NOBODY).is_ok());
    }

    #[test]
    fn what_anybody_knows_of_a_person_is_no_password_of_theirs() {
        let jane = Whose { email: "j.baker+work@mail.kestrel.example", name: "Jane Øster Müller", account: "Northwind & Sons" };
        let refused = "jane2026 JANE-jane janejane Jane1234! 19840229jane janebaker Baker!2026 j.baker+work kestrel99 KESTREL-2026 \
                       Müller12 mu\u{308}ller12 northwind northwind2026! North-Wind-1 NorthwindSons1 northwindpassword \
                       jane_baker@kestrel j.baker+work@mail.kestrel.example 1janeøstermüller1 øster!øster bakerkestrel1 sons1234";
        for password in refused.split_whitespace() {
            assert!(check(password, &jane).is_err(), "{password}");
        }
        let taken = "janerides7bikes kestrel-sees-seven-hills example2026 workshopping correcthorse j.b.k.n.s.o mail4vex9qz";
        for password in taken.split_whitespace() {
            assert!(check(password, &jane).is_ok(), "{password}");
        }
        // Three letters stand in many words.
        let short = Whose { email: "ann@acm.example", name: "Ann Li", account: "Acm" };
        assert!(check("annual-acme", &short).is_ok() && check("ann-li-acm", NOBODY).is_ok());
        assert!(check("Ann.Li.2026", &short).is_err(), "a whole name of five letters");
    }

    #[test]
    fn a_password_is_right_in_every_spelling_of_it() {
        let (composed, decomposed) = ("zwölf Bäume im Wind", "zwo\u{308}lf Ba\u{308}ume im Wind");
        let (world, area) = (World::machine(0), &mut WorkArea::default());
        for set in [composed, decomposed] {
            let hashed = hash(&world, set, area).unwrap();
            let mut verified = |password: &str| verify(password, &hashed, area);
            assert!(verified(composed) && verified(decomposed) && !verified("zwolf Baume im Wind"));
        }
        // Hashed as it was typed, before there was one spelling.
        let older: PasswordHash =
            Argon2::from(params()).hash_password_with_salt(decomposed.as_bytes(), b"salt of sixteen!").unwrap();
        assert!(verify(decomposed, &older.to_string(), area));
        let tried = |password| spellings(password).count();
        assert_eq!((tried("correct horse"), tried(composed), tried(decomposed)), (1, 1, 2));
    }

    #[test]
    fn the_list_holds_what_the_length_alone_lets_through() {
        for common in COMMON.lines() {
            assert!(common.chars().count() >= CHARS_MIN && common == common.to_lowercase(), "{common}");
        }
        assert!(COMMON.lines().is_sorted() && COMMON.lines().count() > 300);
    }

    #[test]
    fn only_the_password_that_was_hashed_verifies() {
        let area = &mut WorkArea::default();
        let hashed = hash(&World::machine(0), "correct horse battery", area).unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("correct horse battery", &hashed, area));
        assert!(!verify("correct horse batterY", &hashed, area));
        assert!(!verify("correct horse battery", "not a hash", area));
        assert!(!needs_rehash(&hashed));
    }

    #[test]
    fn the_same_password_never_hashes_the_same() {
        let (world, area) = (World::machine(0), &mut WorkArea::default());
        let mut hashed = || hash(&world, "correct horse", area).unwrap();
        assert_ne!(hashed(), hashed());
    }

    #[test]
    fn an_unknown_user_costs_the_work_of_a_known_one() {
        assert!(!needs_rehash(DUMMY));
        assert!(!verify("", DUMMY, &mut WorkArea::default()));
    }

    #[test]
    fn a_hash_with_older_parameters_verifies_and_asks_for_a_new_one() {
        let older = Argon2::from(Params::new(8_192, 1, 1, None).unwrap());
        let hash: PasswordHash = older.hash_password_with_salt(b"correct horse", b"salt of sixteen!").unwrap();
        // In an area that was made for smaller ones, and for larger ones.
        let (smaller, larger) = (&mut WorkArea(vec![Block::default(); 8]), &mut WorkArea(vec![Block::default(); 19_456]));
        assert!(verify("correct horse", &hash.to_string(), smaller) && verify("correct horse", &hash.to_string(), larger));
        assert!(needs_rehash(&hash.to_string()) && needs_rehash("not a hash"));
    }
}
