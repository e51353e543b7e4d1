//! The conditions that are put to both evaluators: written by hand, generated from a grammar, and mutated.

/// Conditions as people write them, and the corners of the language that matter for a gate.
pub(crate) const WRITTEN: &str = include_str!("corpus.txt");

/// A generator of pseudo-random numbers (splitmix64): the same conditions in every run.
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.roll(items.len())]
    }
}

const NUMBERS: [&str; 14] =
    ["0", "1", "2", "0.05", "0.95", "1000", ".5", "1e3", "1_000", "0x10", "3.", "100", "5", "7"];
const COMPARISONS: [&str; 6] = ["<", "<=", ">", ">=", "==", "!="];
const PREDICATES: [&str; 9] = ["all", "none", "any", "one", "count", "filter", "find", "findIndex", "findLastIndex"];

/// A random condition, mostly well-typed.
pub(crate) fn condition(dice: &mut Dice, depth: usize, closure: bool) -> String {
    if depth == 0 {
        let (a, op, b) = (number(dice, 0, closure), dice.pick(&COMPARISONS), number(dice, 0, closure));
        return format!("{a} {op} {b}");
    }
    let d = depth - 1;
    match dice.roll(14) {
        0 | 1 => {
            let op = dice.pick(&["and", "&&", "or", "||"]);
            format!("{} {op} {}", condition(dice, d, closure), condition(dice, d, closure))
        }
        2 => format!("{}({})", dice.pick(&["!", "not "]), condition(dice, d, closure)),
        3 => format!("({})", condition(dice, d, closure)),
        4 => format!(
            "{} ? {} : {}",
            condition(dice, d, closure),
            condition(dice, d, closure),
            condition(dice, d, closure)
        ),
        5 => {
            let function = dice.pick(&["all", "none", "any", "one"]);
            let braces = dice.roll(2) == 0;
            let body = condition(dice, d, true);
            let body = if braces { format!("{{{body}}}") } else { body };
            format!("{function}({}, {body})", array(dice, d, closure))
        }
        6 => format!("isNaN({})", number(dice, d, closure)),
        7 => format!("isInf({})", number(dice, d, closure)),
        8 => {
            let not = dice.pick(&["", "not "]);
            format!("{} {not}in {}", number(dice, d, closure), array(dice, d, closure))
        }
        9 => {
            let predicate = dice.pick(&["all", "any", "none"]);
            format!("{} | {predicate}({})", array(dice, d, closure), condition(dice, d, true))
        }
        10 => format!("let x = {}; {}", number(dice, d, closure), condition(dice, d, closure)),
        11 => dice.pick(&["true", "false", "isNil(result)", "result == nil", "nil == nil"]).to_owned(),
        _ => {
            let (a, op, b) = (number(dice, d, closure), dice.pick(&COMPARISONS), number(dice, d, closure));
            format!("{a} {op} {b}")
        }
    }
}

fn number(dice: &mut Dice, depth: usize, closure: bool) -> String {
    if depth == 0 || dice.roll(3) == 0 {
        return match dice.roll(8) {
            0..=2 => dice.pick(&["result[0]", "result", "result[-1]", "result[1]", "first(result)"]).to_owned(),
            3 if closure => dice.pick(&["#", "#index", "#acc"]).to_owned(),
            4 => format!("-{}", dice.pick(&NUMBERS)),
            5 => dice.pick(&["x", "nil", "\"a\"", "result[0:1][0]"]).to_owned(),
            _ => dice.pick(&NUMBERS).to_owned(),
        };
    }
    let d = depth - 1;
    match dice.roll(13) {
        0..=2 => {
            let op = dice.pick(&["+", "-", "*", "/", "%", "**", "^", "??"]);
            format!("{} {op} {}", number(dice, d, closure), number(dice, d, closure))
        }
        3 => format!("({})", number(dice, d, closure)),
        4 => {
            let function = dice.pick(&["abs", "ceil", "floor", "round", "int", "float", "asInt", "asFloat"]);
            format!("{function}({})", number(dice, d, closure))
        }
        5 => {
            let function = dice.pick(&["len", "sum", "mean", "median", "first", "last"]);
            format!("{function}({})", array(dice, d, closure))
        }
        6 => {
            let function = dice.pick(&["max", "min"]);
            format!("{function}({}, {})", number(dice, d, closure), number(dice, d, closure))
        }
        7 => format!("default({}, {})", number(dice, d, closure), number(dice, d, closure)),
        8 => {
            let function = dice.pick(&PREDICATES[4..]);
            format!("{function}({}, {})", array(dice, d, closure), condition(dice, d, true))
        }
        9 => format!("{}[{}]", array(dice, d, closure), number(dice, 0, closure)),
        10 => format!("get({}, {})", array(dice, d, closure), number(dice, 0, closure)),
        11 => format!("reduce({}, #acc + #, {})", array(dice, d, closure), number(dice, 0, closure)),
        _ => format!("({} ? {} : {})", condition(dice, 0, closure), number(dice, d, closure), number(dice, d, closure)),
    }
}

fn array(dice: &mut Dice, depth: usize, closure: bool) -> String {
    if depth == 0 || dice.roll(2) == 0 {
        return dice
            .pick(&["result", "result", "result", "[1, 2, 3]", "1..3", "[]", "result[1:]", "result[:1]"])
            .to_owned();
    }
    let d = depth - 1;
    match dice.roll(6) {
        0 => format!("filter({}, {})", array(dice, d, closure), condition(dice, d, true)),
        1 => format!("map({}, {})", array(dice, d, closure), number(dice, d, true)),
        2 => format!("sort({})", array(dice, d, closure)),
        3 => format!("take({}, {})", array(dice, d, closure), number(dice, 0, closure)),
        4 => format!("[{}, {}]", number(dice, d, closure), number(dice, d, closure)),
        _ => {
            format!("{}[{}:{}]", array(dice, d, closure), dice.pick(&["", "0", "1", "-1"]), dice.pick(&["", "1", "-1"]))
        }
    }
}

/// A condition with something broken: characters or words dropped, doubled, exchanged or put in.
pub(crate) fn mutate(dice: &mut Dice, text: &str) -> String {
    let mut parts: Vec<String> = split(text);
    for _ in 0..=dice.roll(2) {
        if parts.is_empty() {
            break;
        }
        let at = dice.roll(parts.len());
        match dice.roll(5) {
            0 => {
                parts.remove(at);
            }
            1 => parts.insert(at, parts[at].clone()),
            2 => {
                let other = dice.roll(parts.len());
                parts.swap(at, other);
            }
            3 => {
                let new = dice.pick(&[
                    "result", "[0]", "(", ")", "!", "not ", "<", "=", "&&", "and ", " or ", "??", "?", ":", "|", ",",
                    "#", ".", "..", "in ", "0.05", "nil", "true", "len(", "isNaN(", "-", "%", "'a'", "{", "}", "let ",
                ]);
                parts.insert(at, new.to_owned());
            }
            _ => parts[at] = dice.pick(&NUMBERS).to_owned(),
        }
    }
    parts.concat()
}

/// Words, numbers, and single characters.
fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for c in text.chars() {
        let word = |c: char| c.is_alphanumeric() || c == '.';
        match parts.last_mut() {
            Some(last) if word(c) && last.ends_with(word) => last.push(c),
            _ => parts.push(c.to_string()),
        }
    }
    parts
}
