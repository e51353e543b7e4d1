//! The pictures of the docs: taken anew by command, and compared with the pages as they are.
//! `cargo test -p hyperspace-web --test browser -- --ignored pictures`

use crate::console::{Console, asking, broken_start, mended, nowhere, site};
use crate::driver::browse;
use crate::fleet::{How, live, release};
use crate::folder::Folder;
use crate::rides::upstreams;
use crate::tab::Tab;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyperspace_web::live::Cluster;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Each picture, what is shown, and its page.
const PICTURES: [(&str, Shown, &str); 6] = [
    ("console-release.png", Shown::Stopped, "/rollouts/hotrod/hotrod"),
    ("console-analysis.png", Shown::Stopped, "/rollouts/hotrod/hotrod/analysis"),
    ("console-traces.png", Shown::Stopped, "/rollouts/hotrod/hotrod/traces"),
    ("console-trace.png", Shown::Stopped, "/traces/70f4e9"),
    ("console-pipeline.png", Shown::Broken, "/pipeline"),
    ("console-findings.png", Shown::Broken, "/findings"),
];

#[derive(Clone, Copy)]
enum Shown {
    /// The broken start.
    Broken,
    /// The mended repository, and a release that its gates stopped.
    Stopped,
}

/// Bytes of a picture.
const MOST: usize = 100_000;
/// What is shown of a page, in CSS pixels.
const WIDTH: u32 = 1000;
const HEIGHT: u32 = 620;

/// How much of a page may look otherwise than its picture: other fonts and times do.
const LIKE: f64 = 0.06;

/// Which part of two pictures differs, looked at from so far away that letters blur.
const DIFFERENT: &str = "
    const done = arguments[2], cells = 48, pixels = async data => {
        const image = new Image();
        image.src = `data:image/png;base64,${data}`;
        await image.decode();
        const canvas = Object.assign(document.createElement('canvas'), {width: cells, height: cells});
        const context = canvas.getContext('2d', {willReadFrequently: true});
        context.imageSmoothingQuality = 'high';
        context.drawImage(image, 0, 0, cells, cells);
        return context.getImageData(0, 0, cells, cells).data;
    };
    Promise.all([pixels(arguments[0]), pixels(arguments[1])]).then(([a, b]) => {
        let different = 0;
        for (let i = 0; i < a.length; i += 4)
            if (Math.abs(a[i] - b[i]) + Math.abs(a[i + 1] - b[i + 1]) + Math.abs(a[i + 2] - b[i + 2]) > 60) different++;
        done(different / (cells * cells));
    }, fault => done(String(fault)))";

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join("docs").join(name)
}

async fn picture(tab: &Tab, consoles: &[Console; 2], shown: Shown, path: &str) -> Vec<u8> {
    tab.open(&consoles[shown as usize].at(path)).await;
    tab.until("!document.querySelector('#asof') || document.querySelector('#asof.on')").await;
    tab.picture(WIDTH, HEIGHT).await
}

async fn started() -> [Console; 2] {
    let server = upstreams().await;
    let stopped = Cluster::Live(live([release("hotrod", "hotrod", How::Aborted)]));
    [
        Console::start(site(Folder::new(broken_start()), nowhere())).await,
        Console::start(asking(site(mended(), stopped), &server.address)).await,
    ]
}

#[test]
#[ignore = "writes the docs' pictures"]
fn pictures() {
    browse(async |tab| {
        let consoles = started().await;
        for (name, shown, path) in PICTURES {
            let png = picture(tab, &consoles, shown, path).await;
            assert!(png.len() < MOST, "{name} has {} bytes", png.len());
            std::fs::write(file(name), png).unwrap();
        }
    });
}

#[test]
fn the_pages_look_as_in_the_docs() {
    browse(async |tab| {
        let consoles = started().await;
        let mut kept = Vec::new();
        for (name, ..) in PICTURES {
            let png = std::fs::read(file(name)).unwrap();
            assert!(png.len() < MOST, "{name} has {} bytes", png.len());
            kept.push(STANDARD.encode(&png));
        }
        for (here, (name, shown, path)) in PICTURES.into_iter().enumerate() {
            let now = STANDARD.encode(picture(tab, &consoles, shown, path).await);
            for (other, kept) in kept.iter().enumerate() {
                let different = tab.js_later(DIFFERENT, vec![json!(now), json!(kept)]).await;
                println!("{path} and {}: {different}", PICTURES[other].0);
                let different = different.as_f64().unwrap_or_else(|| panic!("{different}"));
                // Another page's picture tells that the comparison sees anything.
                assert_eq!(
                    different < LIKE,
                    here == other,
                    "{path} and {}: {different}; see {name}",
                    PICTURES[other].0
                );
            }
        }
    });
}
