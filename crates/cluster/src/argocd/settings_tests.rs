use super::*;

/// As `argocd login` writes it, for two servers.
const LOGGED_IN: &str = "\
contexts:
- name: a.example
  server: a.example
  user: a.example
- name: second
  server: b.example:8080
  user: bot
current-context: a.example
prompts-enabled: false
servers:
- grpc-web: true
  grpc-web-root-path: /argo
  server: a.example
- grpc-web-root-path: \"\"
  insecure: true
  plain-text: true
  server: b.example:8080
users:
- auth-token: token-a
  name: a.example
  refresh-token: again
- auth-token: token-b
  name: bot
";

fn given(server: &str, token: &str, options: &str, file: &str) -> Given {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Given {
        server: some(server),
        token: some(token),
        options: super::options(options).expect("options"),
        file: parse(file).expect("a file"),
    }
}

/// Address, token, and how its certificate is taken.
fn found(server: &str, token: &str, options: &str, file: &str) -> String {
    match given(server, token, options, file).server() {
        Ok(None) => "none".to_owned(),
        Ok(Some((server, authorities))) => {
            let insecure = if server.insecure { ", insecure" } else { "" };
            let by = authorities.map(|path| format!(", by {path}")).unwrap_or_default();
            format!("{} as {}{insecure}{by}", server.address(), server.token.0)
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn it_is_found_where_the_command_line_finds_it() {
    assert_eq!(found("", "", "", ""), "none");
    assert_eq!(found("", "t", "", ""), "none");
    assert_eq!(found("argo.example", "t", "", ""), "https://argo.example as t");
    assert_eq!(found("argo.example:8443", "t", "--insecure", ""), "https://argo.example:8443 as t, insecure");
    assert_eq!(found("localhost:8080", "t", "--plaintext --grpc-web", ""), "http://localhost:8080 as t");
    assert_eq!(found("http://localhost/argo/", "t", "", ""), "http://localhost/argo as t");
    assert_eq!(found("x", "y", "--server=z --auth-token 't' --server-crt ca.pem", ""), "https://z as t, by ca.pem");
    assert_eq!(found("", "", "", LOGGED_IN), "https://a.example/argo as token-a");
    assert_eq!(found("", "", "--argocd-context second", LOGGED_IN), "http://b.example:8080 as token-b, insecure");
    assert_eq!(found("", "t", "", LOGGED_IN), "https://a.example/argo as t");
    assert_eq!(found("b.example:8080", "", "", LOGGED_IN), "http://b.example:8080 as token-b, insecure");
}

#[test]
fn a_token_goes_to_its_own_server_alone() {
    let none = "no Argo CD to talk to: there is no token for c.example";
    assert_eq!(found("c.example", "", "", LOGGED_IN), none);
    assert_eq!(found("c.example", "", "--argocd-context second", LOGGED_IN), none);
}

#[test]
fn who_is_logged_out_or_goes_to_kubernetes_has_none() {
    assert_eq!(found("", "", "", &LOGGED_IN.replace("auth-token: token-a", "auth-token: ''")), "none");
    let core = "contexts: [{name: k, server: kubernetes, user: ''}]\ncurrent-context: k\n\
                servers: [{server: kubernetes, core: true}]";
    assert_eq!(found("", "", "", core), "none");
}

#[test]
fn what_cannot_be_read_is_said_without_secrets() {
    let words = |server: &str, token: &str| found(server, token, "", "");
    for bad in ["http://me:hush@argo.example", "ftp://argo.example", "https://", "argo example hush"] {
        assert_eq!(words(bad, "t"), "no Argo CD to talk to: the server's address is no HOST[:PORT]");
    }
    assert_eq!(words("argo.example", "hu sh"), "no Argo CD to talk to: the token cannot be one");
    for bad in ["hush", "--auth-token 'hush", "--insecure true hush"] {
        let error = super::options(bad).expect_err(bad).to_string();
        assert_eq!(error, "no Argo CD to talk to: ARGOCD_OPTS cannot be read");
    }
    assert!(parse("users: [{auth-token: [hush]}]").is_none());
    let server = given("argo.example", "hush", "", "").server().expect("a server");
    assert!(!format!("{server:?}").contains("hush"), "{server:?}");
}
