//! The cluster's certificates: one authority, and who is who.

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};

use super::error::ClusterError;
use super::layout::{API_SERVICE_IP, NODE, NODE_IP};

/// Somebody with a certificate: a file name, the user and the group that Kubernetes takes it for.
pub(super) struct Identity {
    /// The names of its files: `NAME.crt`, `NAME.key`.
    pub(super) name: &'static str,
    user: &'static str,
    group: Option<&'static str>,
}

/// Clients of the API.
pub(super) const CLIENTS: [Identity; 6] = [
    Identity { name: "admin", user: "hyperspace-lab", group: Some("system:masters") },
    Identity { name: "apiserver-to-kubelet", user: "kube-apiserver", group: Some("system:masters") },
    Identity { name: "controller-manager", user: "system:kube-controller-manager", group: None },
    Identity { name: "scheduler", user: "system:kube-scheduler", group: None },
    Identity { name: "kubelet", user: "system:node:lab", group: Some("system:nodes") },
    Identity { name: "kube-proxy", user: "system:kube-proxy", group: None },
];

/// The certificate that every component serves with: all of them are reached at the node's address.
pub(super) const SERVING: &str = "serving";

/// Files below `pki/`: name and text.
pub(super) type Files = Vec<(String, String)>;

/// A new authority, everybody's certificates, and the keys that sign service accounts' tokens.
pub(super) fn generate() -> Result<Files, ClusterError> {
    let failed = |name: &str| {
        let name = name.to_owned();
        move |source| ClusterError::Certificate { name, source }
    };
    let mut files = Files::new();
    let key = KeyPair::generate().map_err(failed("the authority"))?;
    let mut authority = named("hyperspace-lab-ca", None);
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    let certificate = authority.self_signed(&key).map_err(failed("the authority"))?;
    files.push(("ca.crt".to_owned(), certificate.pem()));
    let issuer = Issuer::new(authority, key);
    let mut sign = |name: &str, params: CertificateParams| {
        let key = KeyPair::generate().map_err(failed(name))?;
        let certificate = params.signed_by(&key, &issuer).map_err(failed(name))?;
        files.push((format!("{name}.crt"), certificate.pem()));
        files.push((format!("{name}.key"), key.serialize_pem()));
        Ok::<_, ClusterError>(())
    };
    for identity in &CLIENTS {
        let mut params = named(identity.user, identity.group);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        sign(identity.name, params)?;
    }
    let mut serving = CertificateParams::new(serving_names()).map_err(failed(SERVING))?;
    serving.distinguished_name = named("hyperspace-lab", None).distinguished_name;
    // etcd dials itself with it.
    serving.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
    sign(SERVING, serving)?;
    let accounts = KeyPair::generate().map_err(failed("service accounts"))?;
    files.push(("service-accounts.key".to_owned(), accounts.serialize_pem()));
    files.push(("service-accounts.pub".to_owned(), accounts.public_key_pem()));
    Ok(files)
}

fn named(user: &str, group: Option<&str>) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, user);
    if let Some(group) = group {
        params.distinguished_name.push(DnType::OrganizationName, group);
    }
    params
}

fn serving_names() -> Vec<String> {
    let names = ["localhost", "127.0.0.1", NODE, NODE_IP, API_SERVICE_IP];
    let service =
        ["kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"];
    names.into_iter().chain(service).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_gets_a_pair_and_no_key_twice() {
        let files = generate().expect("certificates");
        let text = |name: &str| &files.iter().find(|(file, _)| file == name).expect(name).1;
        for name in CLIENTS.iter().map(|client| client.name).chain([SERVING]) {
            assert!(text(&format!("{name}.crt")).starts_with("-----BEGIN CERTIFICATE-----"), "{name}");
            assert!(text(&format!("{name}.key")).starts_with("-----BEGIN PRIVATE KEY-----"), "{name}");
        }
        assert!(text("service-accounts.pub").starts_with("-----BEGIN PUBLIC KEY-----"));
        let mut keys: Vec<_> = files.iter().filter(|(name, _)| name.ends_with(".key")).map(|(_, text)| text).collect();
        let count = keys.len();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), count);
    }

    #[test]
    fn the_node_is_who_the_node_authorizer_wants() {
        let kubelet = CLIENTS.iter().find(|client| client.name == "kubelet").expect("kubelet");
        assert_eq!(kubelet.user, format!("system:node:{NODE}"));
    }
}
