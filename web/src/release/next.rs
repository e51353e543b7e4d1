//! What a person can do now, as commands to copy.

use super::outlook::{Kind, Outlook};
use crate::html::shown;
use delivery::Name;

pub(crate) struct Command {
    pub(crate) line: String,
    /// What it does.
    pub(crate) what: &'static str,
}

pub(crate) fn commands(program: &str, name: &Name, outlook: &Outlook) -> Vec<Command> {
    let of = |verb: &str, what| Command { line: format!("{program} {verb} {}", argument(&name.to_string())), what };
    let plain = |verb: &str, what| Command { line: format!("{program} {verb}"), what };
    let promote = |what| Command {
        line: format!("kubectl argo rollouts promote {} -n {}", argument(&name.name), argument(&name.namespace)),
        what,
    };
    match outlook.kind {
        Kind::Aborted => vec![
            plain("fix-and-push", "mends what the rules find in the repository, and follows the release"),
            of("retry", "tries the same version again"),
        ],
        Kind::Paused => {
            vec![promote("lets the canary go on"), of("abort", "gives all requests back to the stable version")]
        }
        Kind::Degraded => {
            vec![plain("status", "says more about pods and Applications"), plain("check", "judges the repository")]
        }
        Kind::Unproven => vec![plain("gates", "says what each gate reads; the next release goes through them")],
        Kind::Going => vec![
            plain("watch", "follows it in the terminal, and tells the verdict by its exit code"),
            of("abort", "gives all requests back to the stable version"),
        ],
        Kind::Done => vec![],
    }
}

/// As a shell takes it: the names that Kubernetes allows need no quotes, and nothing else becomes a command.
fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | '/');
    if !text.is_empty() && text.chars().all(plain) && !text.starts_with('-') {
        text.to_owned()
    } else {
        format!("'{}'", shown(text).replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::argument;

    #[test]
    fn a_name_is_one_word_of_the_shell() {
        assert_eq!(argument("shop/checkout-2.0"), "shop/checkout-2.0");
        assert_eq!(argument("a; rm -rf 'b'"), r"'a; rm -rf '\''b'\'''");
        assert_eq!(argument("$(x)"), "'$(x)'");
        assert_eq!(argument("-x"), "'-x'");
    }
}
