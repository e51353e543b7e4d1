//! Where the console listens, and what its readers must show.

use crate::args::DoorArgs;
use crate::error::{CommandError, Doing as _};
use crate::ui::Ui;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use web::{Door, Entry, Proxy, Token};

const VARIABLE: &str = "HYPERSPACE_CONSOLE_TOKEN";

/// The door, and where it is.
pub(super) struct Opened {
    pub(super) address: SocketAddr,
    pub(super) door: Door,
    /// A token that was made up, and its file.
    made: Option<(String, PathBuf)>,
}

impl Opened {
    /// For this machine.
    pub(super) fn here(port: u16) -> Opened {
        Opened { address: (Ipv4Addr::LOCALHOST, port).into(), door: Door::default(), made: None }
    }

    /// As the arguments say. What is wrong with them is told before anything else is done.
    pub(super) fn by(args: &DoorArgs, port: u16) -> Result<Opened, CommandError> {
        let variable = std::env::var_os(VARIABLE).filter(|text| !text.is_empty());
        let mut made = None;
        let entry = if let Some(header) = &args.trust_proxy_auth {
            if args.proxies.is_empty() && !args.listen.is_loopback() {
                return Err(CommandError::user(format!("who may say {header} is not known"))
                    .hint("`--proxy IP` names the proxy; anybody who reaches this address could send that header"));
            }
            Entry::Proxy(Proxy::new(header, &args.proxies).map_err(CommandError::user)?)
        } else if let Some(file) = &args.token_file {
            let text = std::fs::read_to_string(file).doing(format!("read {}", file.display()))?;
            token(&text, &file.display().to_string())?
        } else if let Some(text) = variable {
            token(&text.to_string_lossy(), VARIABLE)?
        } else if args.listen.is_loopback() {
            Entry::Open
        } else {
            let (text, file) = kept()?;
            let entry = token(&text, &file.display().to_string())?;
            made = Some((text, file));
            entry
        };
        let address = (args.listen, port).into();
        Ok(Opened { address, door: Door { hosts: args.hosts.clone(), entry }, made })
    }

    /// Says where it is. The token itself is told to a person only, who can see who looks at the screen.
    pub(super) fn tell(&self, ui: &Ui, address: SocketAddr) {
        ui.status(&format!("the console is on http://{address}, Ctrl-C ends it"));
        let Some((token, file)) = &self.made else { return };
        ui.status(&format!("its token is in {}", file.display()));
        if std::io::stderr().is_terminal() {
            let host = self.door.hosts.first().cloned().unwrap_or_else(|| reached(address.ip()));
            ui.status(&format!("open http://{host}:{}/login?token={token}", address.port()));
        }
    }

    /// Why it cannot be served.
    pub(super) fn taken(&self, error: &std::io::Error) -> CommandError {
        let cannot = CommandError::user(format!("cannot serve on {}", self.address)).because(error);
        cannot.hint("`--port 0` takes a free port, `--listen` another address")
    }
}

fn token(text: &str, whence: &str) -> Result<Entry, CommandError> {
    let refused = |why| {
        CommandError::user(format!("the token of {whence} cannot be one: {why}"))
            .hint("`openssl rand -hex 32` makes one up")
    };
    Token::new(text).map(Entry::Token).map_err(refused)
}

/// How an address that is every address is reached from here.
fn reached(address: IpAddr) -> String {
    match address {
        IpAddr::V6(six) if !six.is_unspecified() => format!("[{six}]"),
        four if !four.is_unspecified() => four.to_string(),
        _ => "127.0.0.1".to_owned(),
    }
}

/// The token in the state folder, made up the first time: a reader's bookmark and cookie outlast the program.
fn kept() -> Result<(String, PathBuf), CommandError> {
    let folder = lab::state_folder().map(|lab| lab.with_file_name("console")).ok_or_else(|| {
        CommandError::user("a token is needed, and there is no home folder to keep one in")
            .hint(format!("`--token-file FILE` or {VARIABLE} gives it"))
    })?;
    keep(&folder)
}

fn keep(folder: &Path) -> Result<(String, PathBuf), CommandError> {
    let file = folder.join("token");
    if file.exists() {
        private(&file)?;
        let text = std::fs::read_to_string(&file).doing(format!("read {}", file.display()))?;
        return Ok((text.trim().to_owned(), file));
    }
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)
        .map_err(|error| CommandError::internal("the system has no random numbers").because(&error))?;
    let mut text = String::new();
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    std::fs::create_dir_all(folder).doing(format!("create {}", folder.display()))?;
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&file).and_then(|mut file| writeln!(file, "{text}"));
    written.doing(format!("write {}", file.display()))?;
    Ok((text, file))
}

/// What others can read is no secret.
fn private(file: &Path) -> Result<(), CommandError> {
    #[cfg(unix)]
    {
        let facts = std::fs::metadata(file).doing(format!("read {}", file.display()))?;
        if std::os::unix::fs::PermissionsExt::mode(&facts.permissions()) & 0o077 != 0 {
            return Err(CommandError::user(format!("others can read the token in {}", file.display()))
                .hint(format!("remove it: `rm {}`; the next start makes up another", file.display())));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Opened, keep};
    use crate::args::DoorArgs;
    use std::os::unix::fs::PermissionsExt as _;
    use web::Entry;

    fn args(listen: &str) -> DoorArgs {
        let listen = listen.parse().expect("an address");
        DoorArgs { listen, hosts: vec![], token_file: None, trust_proxy_auth: None, proxies: vec![] }
    }

    #[test]
    fn a_token_is_made_up_once_and_for_its_owner_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let folder = folder.path().join("console");
        let (text, file) = keep(&folder).expect("a token");
        assert_eq!(text.len(), 64);
        assert_eq!(std::fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
        assert_eq!(keep(&folder).expect("the same").0, text);
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).expect("permissions");
        let error = keep(&folder).expect_err("it is known to others");
        assert!(error.message.contains("others can read") && !error.message.contains(&text), "{}", error.message);
    }

    #[test]
    fn what_is_asked_at_the_door() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("token");
        std::fs::write(&file, "a-token-of-22-letters\n").expect("a file");
        let by = |args: DoorArgs| Opened::by(&args, 0).map(|opened| opened.door.entry);
        assert!(matches!(by(args("127.0.0.1")), Ok(Entry::Open)));
        assert!(matches!(by(DoorArgs { token_file: Some(file.clone()), ..args("0.0.0.0") }), Ok(Entry::Token(_))));
        let header = || Some("X-Forwarded-User".to_owned());
        assert!(matches!(by(DoorArgs { trust_proxy_auth: header(), ..args("::1") }), Ok(Entry::Proxy(_))));
        let proxies = vec!["10.0.0.7".to_owned()];
        let named = DoorArgs { trust_proxy_auth: header(), proxies, ..args("0.0.0.0") };
        assert!(matches!(by(named), Ok(Entry::Proxy(_))));
        // Anybody could send the header.
        assert!(by(DoorArgs { trust_proxy_auth: header(), ..args("0.0.0.0") }).is_err());
        std::fs::write(&file, "short\n").expect("a file");
        let error = by(DoorArgs { token_file: Some(file), ..args("0.0.0.0") }).expect_err("too short");
        assert!(error.message.contains("fewer than 16") && !error.message.contains("short\n"), "{}", error.message);
    }
}
