//! How long `parse` takes per manifest: `cargo run --release -p hyperspace-yaml --example speed -- FILE...`

#![allow(clippy::print_stdout, reason = "an example prints its figures")]

use std::hint::black_box;
use std::time::Instant;

fn main() -> Result<(), std::io::Error> {
    for file in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&file)?;
        // Many short batches, the best of them: the machine may be busy with other things.
        let rounds = (100_000 / text.len().max(1)).clamp(1, 200);
        let mut best = f64::MAX;
        let begun = Instant::now();
        for _ in 0..300 {
            if begun.elapsed().as_secs() >= 2 {
                break;
            }
            let start = Instant::now();
            for _ in 0..rounds {
                black_box(hyperspace_yaml::parse(black_box(text.as_str())));
            }
            best = best.min(start.elapsed().as_secs_f64() / rounds as f64);
        }
        println!("{file}: {} bytes, {:.1} µs, {:.0} MB/s", text.len(), best * 1e6, text.len() as f64 / best / 1e6);
    }
    Ok(())
}
