//! What proves that somebody may look, and may change things.
//!
//! In: tokens, cookies, one-time codes and form marks, as they were sent. Out: yes or no. Everything is compared as
//! a keyed digest, in constant time; nothing here is shown by `Debug`, and the token itself is not kept.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use blake3::Hash;
use cached_core::{Error, ErrorKind};
use tokio::time::Instant;

/// How many bits a token has at the least.
const TOKEN_BITS: f64 = 128.0;
/// How long the one-time link works, and how long a browser stays logged in.
const CODE_LIFE: Duration = Duration::from_secs(60 * 60);
const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);

/// The secrets of one panel. They end with the process.
pub(crate) struct Secrets {
    /// Drawn at start; nobody is let in if the system gave no random numbers.
    key: Option<[u8; 32]>,
    token: Option<Hash>,
    /// Whether the application gave the token.
    pub(crate) is_given: bool,
    code: Mutex<Option<(Hash, Instant)>>,
    began: Instant,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets")
    }
}

impl Secrets {
    /// Secrets with a token that nobody knows: only a one-time link lets in.
    pub(crate) fn generated() -> Self {
        let mut secrets =
            Secrets { key: draw(), token: None, is_given: false, code: Mutex::new(None), began: Instant::now() };
        secrets.token = draw::<32>().map(|token| secrets.digest("token", &token));
        secrets
    }

    /// Secrets with the token of the application; the end of a file's line is no part of it.
    ///
    /// # Errors
    /// When it has fewer than 128 bits.
    pub(crate) fn given(token: &str) -> Result<Self, Error> {
        let token = token.trim();
        let bits = strength(token);
        if bits < TOKEN_BITS {
            let message = format!("the panel's token has about {bits:.0} bits, and at least {TOKEN_BITS} are needed");
            let remedy = "give it 32 hexadecimal digits, as `openssl rand -hex 16` prints them";
            return Err(Error::new(ErrorKind::Config, message).note(remedy));
        }
        let mut secrets = Self::generated();
        secrets.token = Some(secrets.digest("token", token.as_bytes()));
        secrets.is_given = true;
        Ok(secrets)
    }

    pub(crate) fn is_token(&self, token: &str) -> bool {
        self.key.is_some() && self.token == Some(self.digest("token", token.as_bytes()))
    }

    /// A code that works once, within the hour; the one before it works no longer.
    pub(crate) fn new_code(&self) -> Option<String> {
        let code = hex(&draw::<16>()?);
        let digest = self.digest("code", code.as_bytes());
        *self.code.lock().unwrap_or_else(PoisonError::into_inner) = Some((digest, Instant::now()));
        Some(code)
    }

    /// Whether this is the code; if so, it was.
    pub(crate) fn take_code(&self, code: &str) -> bool {
        let mut held = self.code.lock().unwrap_or_else(PoisonError::into_inner);
        let given = self.digest("code", code.as_bytes());
        let is_it = held.is_some_and(|(code, since)| code == given && since.elapsed() < CODE_LIFE);
        if is_it {
            *held = None;
        }
        is_it && self.key.is_some()
    }

    /// A session, as the cookie holds it: when it began, a number of its own, and the proof of both.
    pub(crate) fn new_session(&self) -> Option<String> {
        let head = format!("{:x}.{}", self.began.elapsed().as_secs(), hex(&draw::<16>()?));
        let proof = self.digest("session", head.as_bytes());
        Some(format!("{head}.{}", proof.to_hex()))
    }

    pub(crate) fn is_session(&self, session: &str) -> bool {
        let Some((head, proof)) = session.rsplit_once('.') else { return false };
        let Ok(proof) = Hash::from_hex(proof) else { return false };
        if self.key.is_none() || proof != self.digest("session", head.as_bytes()) {
            return false;
        }
        let since = head.split('.').next().and_then(|since| u64::from_str_radix(since, 16).ok());
        since.is_some_and(|since| self.began.elapsed() < Duration::from_secs(since) + SESSION_LIFE)
    }

    /// The mark that a form of this session carries: a page of another origin cannot read it.
    pub(crate) fn form_mark(&self, session: &str) -> String {
        self.digest("form", session.as_bytes()).to_hex().to_string()
    }

    pub(crate) fn is_form_mark(&self, session: &str, mark: &str) -> bool {
        self.key.is_some() && Hash::from_hex(mark).is_ok_and(|mark| mark == self.digest("form", session.as_bytes()))
    }

    /// How long these secrets have been there.
    pub(crate) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// A digest under the key; [`Hash`] compares in constant time.
    fn digest(&self, purpose: &str, text: &[u8]) -> Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key.unwrap_or_default());
        hasher.update(purpose.as_bytes()).update(&[0]).update(text);
        hasher.finalize()
    }
}

fn draw<const N: usize>() -> Option<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A sort of characters, and how many there are of it.
type Sort = (fn(char) -> bool, f64);

/// About how many bits a token has: its length, times what each character of its sorts can tell, unless it
/// repeats itself.
fn strength(token: &str) -> f64 {
    let sorts: [Sort; 5] = [
        (|c| c.is_ascii_digit(), 10.0),
        (|c| matches!(c, 'a'..='f'), 6.0),
        (|c| matches!(c, 'g'..='z'), 20.0),
        (|c| c.is_ascii_uppercase(), 26.0),
        (|c| !c.is_ascii_alphanumeric(), 2.0),
    ];
    let alphabet: f64 = sorts.iter().filter(|(is, _)| token.chars().any(is)).map(|(_, size)| size).sum();
    let mut distinct: Vec<char> = token.chars().collect();
    distinct.sort_unstable();
    distinct.dedup();
    let known = distinct.len() as f64;
    // Of a random token about as many characters are distinct as there is room for; of `aaaa…` one.
    let each = if known * 2.0 < alphabet.min(token.chars().count() as f64) { known.log2() } else { alphabet.log2() };
    token.chars().count() as f64 * each.max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_as_strong_as_its_length_and_its_alphabet() {
        assert!(strength("0123456789abcdef0123456789abcdef") >= 128.0);
        assert!(strength("uT4zQ0pW9sLkJh2BvNxR1c") >= 128.0, "22 characters of base64");
        for weak in ["", "secret", "0123456789abcdef0123456789abcde", &"a".repeat(100), "correct horse battery"] {
            assert!(strength(weak) < 128.0, "{weak}");
        }
    }

    #[test]
    fn a_token_that_was_read_from_a_file_is_the_one_that_is_typed() {
        let token = "0123456789abcdef0123456789abcdef";
        let secrets = Secrets::given(&format!(" {token}\r\n")).unwrap();
        assert!(secrets.is_token(token) && !secrets.is_token(&token[1..]));
        assert!(Secrets::given(&format!("{}{}", &token[4..], " ".repeat(20))).is_err(), "space makes none stronger");
    }

    #[test]
    fn a_code_works_once_and_a_session_only_with_its_proof() {
        let secrets = Secrets::generated();
        let code = secrets.new_code().unwrap();
        assert!(!secrets.take_code("") && secrets.take_code(&code) && !secrets.take_code(&code));
        let session = secrets.new_session().unwrap();
        assert!(secrets.is_session(&session));
        assert!(!Secrets::generated().is_session(&session), "another process made it");
        assert!(!secrets.is_session(&format!("f{session}")) && !secrets.is_session(&session[1..]));
        assert!(secrets.is_form_mark(&session, &secrets.form_mark(&session)));
        assert!(!secrets.is_form_mark("open", &secrets.form_mark(&session)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_session_and_a_code_end() {
        let secrets = Secrets::generated();
        let (session, code) = (secrets.new_session().unwrap(), secrets.new_code().unwrap());
        tokio::time::advance(CODE_LIFE).await;
        assert!(secrets.is_session(&session) && !secrets.take_code(&code));
        tokio::time::advance(SESSION_LIFE).await;
        assert!(!secrets.is_session(&session));
    }
}
