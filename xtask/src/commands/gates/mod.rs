//! `gates`: what each gate reads, when it passes, and what it misses.

mod card;
mod power;

use crate::args::GatesArgs;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::input::Input;
use crate::ui::Ui;
use contract::Contract;
use model::Repository;

/// Runs `gates`. It explains and does not judge, so it exits 0 whatever the gates are worth: `check` judges.
pub(crate) fn cmd_gates(ui: &Ui, args: &GatesArgs) -> Result<Exit, CommandError> {
    let input = Input::load(&args.target)?;
    let repository = Repository::read(&input.files, &input.context);
    let contract = Contract::derive(&repository, &input.context);
    let cards = contract::cards(&contract);
    if cards.is_empty() {
        ui.line("no gates here: no metric of an AnalysisTemplate or ClusterAnalysisTemplate was found")?;
    }
    for card in &cards {
        ui.heading(&card::title(card))?;
        ui.out(&card::body(card))?;
        let gate = contract.gates.iter().find(|gate| card::is_of(card, gate, &contract));
        if let Some(lines) = gate.and_then(|gate| power::lines(gate, &input.context)) {
            ui.out(&lines)?;
        }
    }
    Ok(Exit::Done)
}
