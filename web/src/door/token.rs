//! The token that opens the console, kept as its hash.

use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use subtle::ConstantTimeEq as _;

/// Shorter ones can be guessed.
const LEAST: usize = 16;

/// A token. What it is cannot be read from it.
#[derive(Clone)]
pub struct Token {
    hash: [u8; 32],
    /// What a browser keeps instead of it; another token ends every session.
    session: String,
}

impl Token {
    /// The token as it is written, without white space around it.
    ///
    /// # Errors
    /// Where it is too short, or has characters that no header carries.
    pub fn new(text: &str) -> Result<Token, &'static str> {
        let text = text.trim();
        if text.len() < LEAST {
            return Err("it has fewer than 16 characters");
        }
        if !text.chars().all(|c| c.is_ascii_graphic()) {
            return Err("it has characters other than ASCII letters, digits and signs");
        }
        let mut session = String::new();
        for byte in Sha256::new().chain_update("hyperspace console session\0").chain_update(text).finalize() {
            // Writing to a String cannot fail.
            let _ = write!(session, "{byte:02x}");
        }
        Ok(Token { hash: Sha256::digest(text).into(), session })
    }

    /// Whether that is it; how long the answer takes does not tell how much of it was right.
    pub(super) fn is(&self, text: &str) -> bool {
        let hash: [u8; 32] = Sha256::digest(text).into();
        hash.ct_eq(&self.hash).into()
    }

    /// Whether that is the cookie that it is exchanged for.
    pub(super) fn is_session(&self, value: &str) -> bool {
        value.as_bytes().ct_eq(self.session.as_bytes()).into()
    }

    pub(super) fn session(&self) -> &str {
        &self.session
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::Token;

    #[test]
    fn it_knows_itself_and_shows_nothing() {
        let token = Token::new(" a-token-of-22-letters \n").expect("a token");
        assert!(token.is("a-token-of-22-letters"));
        for other in ["", "a-token-of-22-letterS", "a-token-of-22-letters-", token.session()] {
            assert!(!token.is(other), "{other}");
        }
        assert!(token.is_session(token.session()) && !token.is_session("a-token-of-22-letters"));
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(Token::new("too-short").is_err() && Token::new("sixteen letters and more").is_err());
    }
}
