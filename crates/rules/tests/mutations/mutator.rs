//! What a mutator is, and those that start from a template in a seeded spelling.

use crate::dice::Dice;
use crate::judge::{Case, Mends};
use crate::spec::{Gate, Template};
use crate::spelling;
use crate::state::{State, TEMPLATE};

/// One kind of fault; `make` gives `None` where it does not fit what the dice chose.
pub(crate) struct Mutator {
    pub(crate) name: &'static str,
    pub(crate) make: fn(&mut Dice) -> Option<Case>,
}

pub(crate) const fn mutator(name: &'static str, make: fn(&mut Dice) -> Option<Case>) -> Mutator {
    Mutator { name, make }
}

/// A fault in the analysis template. `change` says whether it fits.
pub(crate) fn on_template(
    dice: &mut Dice,
    roots: &[&'static str],
    mends: Mends,
    change: impl FnOnce(&mut Template, &mut Dice) -> bool,
) -> Option<Case> {
    let sound = if dice.once_in(3) { spelling::plain() } else { spelling::template(dice) };
    let mut faulty = sound.clone();
    if !change(&mut faulty, dice) {
        return None;
    }
    let (mut before, mut after) = (State::clean(), State::clean());
    before.set(TEMPLATE, sound.render());
    after.set(TEMPLATE, faulty.render());
    Some(Case::new(String::new(), before, after, roots, mends))
}

/// A fault in the repository's own files.
pub(crate) fn on_files(roots: &[&'static str], mends: Mends, change: impl FnOnce(&mut State)) -> Option<Case> {
    let before = State::clean();
    let mut after = before.clone();
    change(&mut after);
    after.settle();
    Some(Case::new(String::new(), before, after, roots, mends))
}

/// One of the gates that fit.
pub(crate) fn any<'t>(
    template: &'t mut Template,
    dice: &mut Dice,
    fits: impl Fn(&Gate) -> bool,
) -> Option<&'t mut Gate> {
    let mut list: Vec<&mut Gate> = template.gates.iter_mut().filter(|g| fits(g)).collect();
    if list.is_empty() {
        return None;
    }
    let at = dice.below(list.len());
    Some(list.swap_remove(at))
}

/// One of the gates that fit, or the first where none does.
pub(crate) fn with<'t>(template: &'t mut Template, dice: &mut Dice, fits: impl Fn(&Gate) -> bool) -> &'t mut Gate {
    let fitting: Vec<usize> = template.gates.iter().enumerate().filter(|(_, g)| fits(g)).map(|(i, _)| i).collect();
    let at = if fitting.is_empty() { 0 } else { dice.pick(&fitting) };
    &mut template.gates[at]
}
