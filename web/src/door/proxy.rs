//! A proxy in front of the console that asks who comes.

use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderName;
use ipnet::IpNet;
use std::net::{IpAddr, SocketAddr};

/// An authenticating proxy: who passes it has the header, and only what comes from it is believed.
#[derive(Clone, Debug)]
pub struct Proxy {
    header: HeaderName,
    from: Vec<IpNet>,
}

impl Proxy {
    /// One that names the user in `header` and speaks from one of the addresses and networks `from`; from this machine where
    /// there is none.
    ///
    /// # Errors
    /// Where there can be no such header, address or network.
    pub fn new(header: &str, from: &[String]) -> Result<Proxy, String> {
        let header = HeaderName::try_from(header).map_err(|_| format!("{header:?} is no header's name"))?;
        let net = |text: &String| {
            let one = text.parse::<IpAddr>().map(IpNet::from);
            one.or_else(|_| text.parse()).map_err(|_| format!("{text:?} is no address and no network"))
        };
        Ok(Proxy { header, from: from.iter().map(net).collect::<Result<_, _>>()? })
    }

    /// Whether its place in the network is known.
    pub(super) fn is_placed(&self) -> bool {
        !self.from.is_empty()
    }

    pub(super) fn let_in(&self, request: &Request) -> bool {
        let peer =
            request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical());
        let user = request.headers().get(&self.header).is_some_and(|user| !user.as_bytes().trim_ascii().is_empty());
        user && peer.is_some_and(|peer| self.is_it(peer))
    }

    fn is_it(&self, peer: IpAddr) -> bool {
        if self.from.is_empty() { peer.is_loopback() } else { self.from.iter().any(|net| net.contains(&peer)) }
    }
}

#[cfg(test)]
mod tests {
    use super::Proxy;

    #[test]
    fn only_what_comes_from_it_is_believed() {
        let proxy = |from: &[&str]| {
            let from: Vec<String> = from.iter().map(|text| (*text).to_owned()).collect();
            Proxy::new("X-Forwarded-User", &from)
        };
        for (from, peer, is) in [
            (&[] as &[&str], "127.0.0.1", true),
            (&[], "10.0.0.7", false),
            (&["10.0.0.7"], "10.0.0.7", true),
            (&["10.0.0.7"], "10.0.0.8", false),
            (&["10.0.0.7"], "127.0.0.1", false),
            (&["192.0.2.1", "10.244.0.0/16"], "10.244.3.4", true),
            (&["fd00::/8"], "fd00::1", true),
        ] {
            assert_eq!(proxy(from).expect("a proxy").is_it(peer.parse().expect("an address")), is, "{from:?} {peer}");
        }
        assert!(proxy(&["proxy.example"]).is_err() && Proxy::new("a b", &[]).is_err());
    }
}
