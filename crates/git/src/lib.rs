//! Git through git2: what is changed, commit only that, push, and a journal that survives a kill.
