//! Passwords: which ones are taken, and how they are stored.
//!
//! Hashing holds a core for about 100 ms and 19 MiB: callers keep it off the async threads and do few at a time.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};

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

/// Refuses passwords that are too short, too long, or among the first that anyone guesses.
pub fn check(password: &str) -> Result<(), String> {
    if !(CHARS_MIN..=CHARS_MAX).contains(&password.chars().count()) {
        return Err(format!("must be {CHARS_MIN} to {CHARS_MAX} characters"));
    }
    let lower = password.to_lowercase();
    if COMMON.lines().any(|common| common == lower) {
        return Err("is among the most common passwords; choose another".into());
    }
    Ok(())
}

/// The password's hash in PHC form, with a salt of its own.
pub fn hash(world: &World, password: &str) -> Result<String, argon2::password_hash::Error> {
    let mut salt = [0; SALT_BYTES];
    world.fill(&mut salt);
    let hash: PasswordHash = argon2().hash_password_with_salt(password.as_bytes(), &salt)?;
    Ok(hash.to_string())
}

/// Whether the password is the one that was hashed, with whatever parameters it was hashed.
pub fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| argon2().verify_password(password.as_bytes(), &hash).is_ok())
}

/// The same work for a user who does not exist, so that the time of an answer does not tell who does.
pub fn verify_dummy(password: &str) {
    verify(password, DUMMY);
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

fn argon2() -> Argon2<'static> {
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params())
}

fn params() -> Params {
    Params::new(MEMORY_KIB, PASSES, LANES, None).expect("the parameters are within Argon2's bounds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_length_counts_characters() {
        let taken = |password: &str| check(password).is_ok();
        assert!(!taken("1f9ö…xk") && taken("1f9ö…xkß"));
        assert!(taken(&"ñ5".repeat(128)) && !taken(&"ñ5".repeat(129)));
    }

    #[test]
    fn common_passwords_are_refused_in_any_case() {
        for common in ["password", "PassWord1", "12345678", "qwertyuiop", "iloveyou", "chatforge"] {
            assert!(check(common).is_err(), "{common}");
        }
        assert!(check("correct horse battery staple").is_ok());
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
        let hashed = hash(&World::machine(0), "correct horse battery").unwrap();
        assert!(hashed.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hashed}");
        assert!(verify("correct horse battery", &hashed));
        assert!(!verify("correct horse batterY", &hashed));
        assert!(!verify("correct horse battery", "not a hash"));
        assert!(!needs_rehash(&hashed));
    }

    #[test]
    fn the_same_password_never_hashes_the_same() {
        let world = World::machine(0);
        assert_ne!(hash(&world, "correct horse").unwrap(), hash(&world, "correct horse").unwrap());
    }

    #[test]
    fn an_unknown_user_costs_the_work_of_a_known_one() {
        assert!(!needs_rehash(DUMMY));
        assert!(!verify("", DUMMY));
    }

    #[test]
    fn a_hash_with_older_parameters_verifies_and_asks_for_a_new_one() {
        let older = Argon2::from(Params::new(8_192, 1, 1, None).unwrap());
        let hash: PasswordHash = older.hash_password_with_salt(b"correct horse", b"salt of sixteen!").unwrap();
        assert!(verify("correct horse", &hash.to_string()));
        assert!(needs_rehash(&hash.to_string()) && needs_rehash("not a hash"));
    }
}
