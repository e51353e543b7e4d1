// Functions without a body, as go:linkname needs them, are only allowed beside an assembly file.
