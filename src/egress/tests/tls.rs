//! Receivers whose TLS proves nothing, or is too old.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

use crate::egress::guard::Policy;
use crate::egress::script::{Lookup, Script};
use crate::egress::tests::{Stub, assert_failed, open_policy, post, post_within};
use crate::egress::{Egress, Failure, Outcome, Request};

/// An authority that only these tests trust.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    root: CertificateDer<'static>,
}

type Identity = (CertificateDer<'static>, KeyPair);

impl Authority {
    fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let root = params.self_signed(&key).unwrap().der().clone();
        Self { issuer: Issuer::new(params, key), root }
    }

    fn identity(&self, host: &str, last_year: i32) -> Identity {
        let key = KeyPair::generate().unwrap();
        (certificate(host, last_year).signed_by(&key, &self.issuer).unwrap().der().clone(), key)
    }

    /// What a POST to `hook.example` gives, where a server of this identity answers.
    fn post(&self, identity: Identity) -> Outcome {
        let server = serve(identity);
        let mut egress =
            Egress::scripted(Policy { allow_http: false, ..open_policy() }, Script::new(&[], Lookup::Finds(vec![server])));
        let roots = RootCerts::Specific(Arc::new(vec![Certificate::from_der(&self.root).to_owned()]));
        egress.tls = TlsConfig::builder().root_certs(roots).build();
        egress.post(&Request { url: "https://hook.example/", headers: &[], body: b"{}", timeout_ms: 5_000 })
    }
}

fn certificate(host: &str, last_year: i32) -> CertificateParams {
    let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(2000, 1, 1), date_time_ymd(last_year, 1, 1));
    params
}

fn serve((certificate, key): Identity) -> SocketAddr {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let config = Arc::new(versions.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut secure = StreamOwned::new(ServerConnection::new(config.clone()).unwrap(), stream);
            // A client that refuses the certificate ends the conversation here.
            if secure.read(&mut [0; 4096]).is_ok() {
                let _ = secure.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        }
    });
    address
}

#[test]
fn d11_only_a_certificate_that_is_valid_for_the_host_is_accepted() {
    let authority = Authority::new();
    assert_eq!(authority.post(authority.identity("hook.example", 2999)).status, Some(200));
    let own_key = KeyPair::generate().unwrap();
    let self_signed = certificate("hook.example", 2999).self_signed(&own_key).unwrap().der().clone();
    assert_failed(&authority.post((self_signed, own_key)), Failure::Tls);
    assert_failed(&authority.post(authority.identity("hook.example", 2001)), Failure::Tls);
    assert_failed(&authority.post(authority.identity("other.example", 2999)), Failure::Tls);
    assert_failed(&authority.post(Authority::new().identity("hook.example", 2999)), Failure::Tls);
}

/// Answers every greeting with the alert `protocol_version`, as a server does that knows no more than TLS 1.1.
#[test]
fn d11_tls_1_1_is_too_old() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[21, 3, 2, 0, 2, 2, 70]);
        }
    });
    assert_failed(&post(&format!("https://{address}/")), Failure::Tls);
}

#[test]
fn d11_a_server_that_speaks_no_tls_fails_as_such() {
    let stub = Stub::start(|_, _| ());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        }
    });
    assert_failed(&post(&format!("https://{plain}/")), Failure::Tls);
    assert_failed(&post_within(&format!("https://{}/", stub.address), 300), Failure::Timeout);
}
