//! Who is let in, and what the answers carry.

use crate::fixture::{Answer, plain};
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode};
use hyperspace_web::{Door, Entry, Proxy, Token, behind};
use std::net::SocketAddr;
use tower::ServiceExt as _;

const TOKEN: &str = "correct-horse-battery";
/// Every kind of route; of each the status that it has for who is let in.
const ROUTES: [(&str, u16); 19] = [
    ("/", 307),
    ("/rollouts", 200),
    ("/rollouts/a/b", 404),
    ("/rollouts/a/b/analysis", 404),
    ("/events/rollouts", 404),
    ("/events/rollouts/a/b", 404),
    ("/events/rollouts/a/b/analysis", 404),
    ("/findings", 200),
    ("/pipeline", 200),
    ("/pipeline?node=x", 200),
    ("/rules", 200),
    ("/rules/gate/vacuous", 200),
    ("/browser-code", 200),
    ("/metrics", 200),
    ("/nowhere", 404),
    ("/assets/style.css", 200),
    ("/assets/none", 404),
    ("/healthz", 200),
    ("/readyz", 200),
];
/// What a login page is made of, and what probes ask.
const PUBLIC: [&str; 4] = ["/assets/style.css", "/assets/none", "/healthz", "/readyz"];

fn token() -> Door {
    Door { hosts: vec!["console.example".to_owned()], entry: Entry::Token(Token::new(TOKEN).unwrap()) }
}

async fn send(door: Door, peer: Option<&str>, request: Request<Body>) -> Answer {
    let mut request = request;
    if let Some(peer) = peer {
        request.extensions_mut().insert(ConnectInfo::<SocketAddr>(peer.parse().unwrap()));
    }
    let response = behind(plain(), door).oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = String::from_utf8(to_bytes(body, 1 << 24).await.unwrap().to_vec()).unwrap();
    Answer { status: parts.status, headers: parts.headers, body }
}

async fn ask(door: Door, path: &str, headers: &[(&str, &str)]) -> Answer {
    let mut request = Request::get(path);
    if !headers.iter().any(|(name, _)| *name == "host") {
        request = request.header("host", "127.0.0.1:8500");
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(door, None, request.body(Body::empty()).unwrap()).await
}

async fn post(form: &str) -> Answer {
    let request = Request::post("/login").header("host", "localhost");
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    send(token(), None, request.body(Body::from(form.to_owned())).unwrap()).await
}

fn cookie(answer: &Answer) -> String {
    answer.header("set-cookie").split(';').next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn without_the_token_nothing_is_shown() {
    let wrong =
        ["Bearer wrong-horse-battery", "Bearer ", "Bearer", "Basic correct-horse-battery", "correct-horse-battery"];
    for (path, status) in ROUTES {
        let open = PUBLIC.contains(&path);
        let answer = ask(token(), path, &[]).await;
        assert_eq!(answer.status.as_u16(), if open { status } else { 401 }, "{path}");
        assert!(!answer.body.contains("otel") && !answer.body.contains("deploy"), "{path}: {}", answer.body);
        if open {
            continue;
        }
        assert_eq!(answer.header("www-authenticate"), "Bearer", "{path}");
        assert!(answer.body.contains("<form class=\"login\" method=\"post\" action=\"/login\">"), "{path}");
        for said in wrong {
            let answer = ask(token(), path, &[("authorization", said)]).await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{path} {said}");
            assert_eq!(answer.body, "This console needs its token: Authorization: Bearer TOKEN.\n");
        }
        for cookie in ["hyperspace-console=", "hyperspace-console=correct-horse-battery", "other=correct-horse-battery"]
        {
            assert_eq!(
                ask(token(), path, &[("cookie", cookie)]).await.status,
                StatusCode::UNAUTHORIZED,
                "{path} {cookie}"
            );
        }
        let let_in = ask(token(), path, &[("authorization", "bearer correct-horse-battery")]).await;
        assert_eq!(let_in.status.as_u16(), status, "{path}");
    }
}

#[tokio::test]
async fn a_browser_exchanges_the_token_for_a_cookie() {
    let by_link = ask(token(), "/login?token=correct-horse-battery", &[]).await;
    let by_form = post("token=correct-horse-battery&to=%2Fpipeline%3Fnode%3Dx").await;
    for (answer, to) in [(&by_link, "/"), (&by_form, "/pipeline?node=x")] {
        assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, to));
        let cookie = answer.header("set-cookie");
        assert!(cookie.starts_with("hyperspace-console=") && cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"));
        assert!(!format!("{:?}{}", answer.headers, answer.body).contains(TOKEN), "it is nowhere any more");
    }
    let cookies = format!("a=b; {}; c", cookie(&by_link));
    assert_eq!(ask(token(), "/findings", &[("cookie", &cookies)]).await.status, StatusCode::OK);
    // Another token ends the session.
    let other = Door { entry: Entry::Token(Token::new("another-horse-battery").unwrap()), ..token() };
    assert_eq!(ask(other, "/findings", &[("cookie", &cookies)]).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_wrong_token_opens_nothing_and_leads_nowhere() {
    for form in
        ["token=wrong-horse-battery", "token=", "", "to=/", "token=%3Cxss%20a=%22b%22%3E&to=%3Cxss%20a=%22b%22%3E"]
    {
        let answer = post(form).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{form}");
        assert!(answer.header("set-cookie").is_empty() && answer.body.contains("That is not this console"), "{form}");
        assert!(
            !answer.body.contains("<xss") && !answer.body.contains("a=\"b\"") && !answer.body.contains("wrong-horse")
        );
    }
    assert_eq!(ask(token(), "/login?token=wrong-horse-battery", &[]).await.status, StatusCode::UNAUTHORIZED);
    for to in ["https://evil.example", "//evil.example", "/%5Cevil.example", "/a%0d%0aset-cookie:b"] {
        assert_eq!(post(&format!("token={TOKEN}&to={to}")).await.header("location"), "/", "{to}");
    }
    assert_eq!(post(&format!("token={TOKEN}&x={}", "y".repeat(9000))).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let hostile = ask(token(), "/pipeline?node=%22%3E%3Cxss%20a=%22b%22%3E", &[]).await;
    assert!(!hostile.body.contains("<xss") && !hostile.body.contains("a=\"b\""), "{}", hostile.body);
    // Without a token there is nothing to log in to.
    assert_eq!(ask(Door::default(), "/login", &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(ask(Door::default(), "/login?token=x", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn only_names_that_were_given_and_numbers_are_answered() {
    let let_in = ("authorization", "Bearer correct-horse-battery");
    for host in ["localhost", "console.example", "Console.Example:8500", "10.0.0.7:30104", "[fd00::7]:8500"] {
        assert_eq!(ask(token(), "/findings", &[("host", host), let_in]).await.status, StatusCode::OK, "{host}");
    }
    for path in ["/findings", "/healthz", "/assets/style.css", "/login?token=correct-horse-battery"] {
        for host in ["evil.example", "console.example.evil.example", "10.0.0.7.evil.example", ""] {
            let answer = ask(token(), path, &[("host", host), let_in]).await;
            assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{path} {host}");
            assert!(answer.header("set-cookie").is_empty());
        }
    }
    // A door that asks nothing has this machine's names only.
    for host in ["10.0.0.7:30104", "console.example"] {
        let answer = ask(Door::default(), "/findings", &[("host", host)]).await;
        assert_eq!(answer.status, StatusCode::MISDIRECTED_REQUEST, "{host}");
    }
}

#[tokio::test]
async fn only_the_proxy_is_believed() {
    let door = |from: &[String]| Door { entry: Entry::Proxy(Proxy::new("X-Forwarded-User", from).unwrap()), ..token() };
    let placed = vec!["10.0.0.7".to_owned()];
    for (from, peer, user, status) in [
        (&[][..], Some("127.0.0.1:5000"), Some("ada"), StatusCode::OK),
        (&[], Some("10.0.0.7:5000"), Some("ada"), StatusCode::FORBIDDEN),
        (&placed, Some("10.0.0.7:5000"), Some("ada"), StatusCode::OK),
        (&placed, Some("[::ffff:10.0.0.7]:5000"), Some("ada"), StatusCode::OK),
        (&placed, Some("10.0.0.8:5000"), Some("ada"), StatusCode::FORBIDDEN),
        (&placed, Some("10.0.0.7:5000"), None, StatusCode::FORBIDDEN),
        (&placed, Some("10.0.0.7:5000"), Some(" "), StatusCode::FORBIDDEN),
        (&placed, None, Some("ada"), StatusCode::FORBIDDEN),
    ] {
        let mut request = Request::get("/findings").header("host", "localhost");
        if let Some(user) = user {
            request = request.header("x-forwarded-user", user);
        }
        let answer = send(door(from), peer, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, status, "{from:?} {peer:?} {user:?}");
    }
    let probe = Request::get("/healthz").header("host", "10.0.0.9:8500").body(Body::empty()).unwrap();
    assert_eq!(send(door(&placed), Some("10.0.0.1:1"), probe).await.status, StatusCode::OK);
}

#[test]
fn strangers_need_a_door() {
    let proxy = |from: &[String]| Door { entry: Entry::Proxy(Proxy::new("x-user", from).unwrap()), ..Door::default() };
    for (door, anywhere) in
        [(Door::default(), false), (proxy(&[]), false), (proxy(&["10.0.0.7".to_owned()]), true), (token(), true)]
    {
        assert_eq!(door.may_listen("0.0.0.0".parse().unwrap()), anywhere, "{door:?}");
        assert!(door.may_listen("127.0.0.1".parse().unwrap()) && door.may_listen("::1".parse().unwrap()));
    }
    let error = hyperspace_web::run(([0, 0, 0, 0], 0).into(), plain(), Door::default(), |_| panic!("it listens"));
    assert_eq!(error.unwrap_err().kind(), std::io::ErrorKind::PermissionDenied);
}

#[tokio::test]
async fn every_answer_has_the_headers() {
    let foreign: &[(&str, &str)] = &[("host", "evil.example")];
    for (path, _) in ROUTES.into_iter().chain([("/login", 0), ("/login?token=x", 0)]) {
        for (door, headers) in [(Door::default(), &[][..]), (token(), &[]), (token(), foreign)] {
            let answer = ask(door, path, headers).await;
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'; ") && policy.contains("frame-ancestors 'none'"), "{path}");
            assert!(!policy.contains("unsafe") && !policy.contains('*'), "{path}: {policy}");
            // Only the login page has a form, and it runs no script.
            assert_eq!(policy.contains("form-action 'self'"), answer.body.contains("<form"), "{path}: {policy}");
            assert_eq!(policy.contains("script-src 'self'"), !answer.body.contains("<form"), "{path}: {policy}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{path}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{path}");
            let asset = path == "/assets/style.css" && answer.status == StatusCode::OK;
            assert_eq!(answer.header("cache-control"), if asset { "no-cache" } else { "no-store" }, "{path}");
        }
    }
}
