//! Which driver.

use super::Driver;
use super::error::ClusterError;
use super::kind::Kind;
use super::layout::Layout;
use super::native::Native;

/// A way to a lab.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Processes of this machine: [`Native`].
    Native,
    /// A container: [`Kind`].
    Kind,
}

impl Choice {
    /// Its name on the command line.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Choice::Native => "native",
            Choice::Kind => "kind",
        }
    }

    fn driver(self, layout: Layout) -> Box<dyn Driver> {
        match self {
            Choice::Native => Box::new(Native::new(layout)),
            Choice::Kind => Box::new(Kind::new(layout)),
        }
    }
}

/// The driver of the lab that is up, or was left half up; the native one where none is.
#[must_use]
pub fn present(layout: Layout) -> Box<dyn Driver> {
    there(&layout).unwrap_or(Choice::Native).driver(layout)
}

/// The driver to bring a lab up with: the one that was asked for, else that of the lab that is there, else what this machine
/// can do, kind first.
///
/// # Errors
/// Where the other driver's lab is up, or the machine can do neither.
pub fn choose(asked: Option<Choice>, layout: Layout) -> Result<(Choice, Box<dyn Driver>), ClusterError> {
    let can = |choice: Choice| match choice {
        Choice::Kind => Kind::new(layout.clone()).can_run(),
        Choice::Native => cfg!(target_os = "linux") && rustix::process::geteuid().is_root(),
    };
    let choice = decide(asked, there(&layout), can)?;
    Ok((choice, choice.driver(layout)))
}

fn there(layout: &Layout) -> Option<Choice> {
    if Kind::new(layout.clone()).is_here() {
        return Some(Choice::Kind);
    }
    layout.root().exists().then_some(Choice::Native)
}

fn decide(asked: Option<Choice>, there: Option<Choice>, can: impl Fn(Choice) -> bool) -> Result<Choice, ClusterError> {
    match (asked, there) {
        (Some(asked), Some(there)) if asked != there => Err(ClusterError::OtherDriver(there.name())),
        (Some(choice), _) | (None, Some(choice)) => Ok(choice),
        (None, None) => {
            [Choice::Kind, Choice::Native].into_iter().find(|choice| can(*choice)).ok_or(ClusterError::NoDriver)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Choice::{Kind, Native};
    use super::*;

    /// Asked for, there, what the machine can do; what comes of it.
    type Case = (Option<Choice>, Option<Choice>, &'static [Choice], Result<Choice, &'static str>);

    const CASES: &[Case] = &[
        (None, None, &[Kind, Native], Ok(Kind)),
        (None, None, &[Native], Ok(Native)),
        (None, None, &[], Err("this machine can run neither")),
        (None, Some(Native), &[Kind], Ok(Native)),
        (None, Some(Kind), &[Native], Ok(Kind)),
        (Some(Native), None, &[], Ok(Native)),
        (Some(Kind), Some(Kind), &[], Ok(Kind)),
        (Some(Kind), Some(Native), &[Kind], Err("the native lab is up")),
        (Some(Native), Some(Kind), &[Native], Err("the kind lab is up")),
    ];

    #[test]
    fn what_is_there_goes_on_and_kind_comes_first() {
        for (asked, there, able, expected) in CASES {
            let decided = decide(*asked, *there, |choice| able.contains(&choice));
            match (decided, expected) {
                (Ok(choice), Ok(expected)) => assert_eq!(choice, *expected),
                (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
                (decided, expected) => panic!("{asked:?} {there:?} {able:?}: {decided:?}, not {expected:?}"),
            }
        }
    }
}
