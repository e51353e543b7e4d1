//! Rules about gates: queries, conditions and how measurements are counted.
