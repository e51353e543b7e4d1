//! What the collector distribution holds: components, signals, keys, and when each came and went.
