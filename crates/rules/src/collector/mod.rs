//! Rules about collector configurations.
