//! Faults as hands make them, by lines: blocks are dropped, moved, re-indented, doubled; names and values changed.

/// Seeded throws: a run is the same everywhere.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// SplitMix64.
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.throw() % u64::try_from(limit.max(1)).unwrap_or(1)).unwrap_or(0)
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// One fault in `text`, and its name. `None` where the throw fits no place.
pub(crate) fn mutate(text: &str, dice: &mut Dice) -> Option<(&'static str, String)> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let at = dice.below(lines.len());
    let block = block(&lines, at);
    let name = match dice.below(9) {
        0 => {
            lines.drain(block);
            "drop"
        }
        1 => {
            lines[at] = renamed(&lines[at], dice)?;
            "rename"
        }
        2 => {
            let moved: Vec<String> = lines.drain(block).collect();
            let to = dice.below(lines.len());
            let by = indent(lines.get(to)?);
            let own = indent(moved.first()?);
            let shifted = moved.iter().map(|line| format!("{}{}", " ".repeat(by), &line[own..]));
            lines.splice(to..to, shifted.collect::<Vec<_>>());
            "move"
        }
        3 => {
            for line in &mut lines[block] {
                *line = format!("  {line}");
            }
            "indent"
        }
        4 => {
            for line in &mut lines[block] {
                *line = line.strip_prefix("  ")?.to_owned();
            }
            "dedent"
        }
        5 => {
            let other = dice.below(lines.len());
            let (one, two) = (split(&lines[at])?, split(&lines[other])?);
            let (first, second) = (format!("{}: {}", one.0, two.1), format!("{}: {}", two.0, one.1));
            lines[at] = first;
            lines[other] = second;
            "swap"
        }
        6 => {
            let (key, _) = split(&lines[at])?;
            let values = ["true", "12", "word", "[]", "{}", "1.5", "-1", "null", "10s", "\"5\"", "[a, b]", "{a: b}"];
            lines[at] = format!("{key}: {}", dice.pick(&values));
            "type"
        }
        7 => {
            let signals = ["traces", "metrics", "logs", "logs/in", "traces/two", "profiles", "metric"];
            let pipelines = lines.iter().position(|line| line.trim() == "pipelines:")?;
            let heads: Vec<usize> = (pipelines + 1..lines.len()).filter(|i| indent(&lines[*i]) == 4).collect();
            let head = *heads.get(dice.below(heads.len()))?;
            lines[head] = format!("    {}:", dice.pick(&signals));
            "signal"
        }
        _ => {
            let copy: Vec<String> = lines[block.clone()].to_vec();
            lines.splice(block.end..block.end, copy);
            "duplicate"
        }
    };
    let mutated = lines.join("\n") + "\n";
    (mutated != text).then_some((name, mutated))
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The line and what stands deeper below it.
fn block(lines: &[String], at: usize) -> std::ops::Range<usize> {
    let deeper = lines[at + 1..].iter().take_while(|line| indent(line) > indent(&lines[at])).count();
    at..at + 1 + deeper
}

/// `    key`, `value`.
fn split(line: &str) -> Option<(String, String)> {
    line.split_once(": ").map(|(key, value)| (key.to_owned(), value.to_owned()))
}

/// Statements and conditions of the transformation language are not ours to judge: no slip is put in their words.
const STATEMENTS: [&str; 4] = ["- set(", "- name ==", "- severity_number", "- attributes["];

/// A slip in one of the line's words: a letter lost, doubled or exchanged, a `_` or an `s` too many.
fn renamed(line: &str, dice: &mut Dice) -> Option<String> {
    if STATEMENTS.iter().any(|start| line.trim_start().starts_with(start)) {
        return None;
    }
    let places: Vec<usize> = line.char_indices().filter(|(_, c)| c.is_ascii_alphabetic()).map(|(at, _)| at).collect();
    let at = *places.get(dice.below(places.len()))?;
    let (before, letter, after) = (&line[..at], &line[at..=at], &line[at + 1..]);
    Some(match dice.below(5) {
        0 => format!("{before}{after}"),
        1 => format!("{before}{letter}{letter}{after}"),
        2 => format!("{before}_{letter}{after}"),
        3 => format!("{before}{}{after}", letter.to_uppercase()),
        _ => format!("{before}{letter}s{after}"),
    })
}
