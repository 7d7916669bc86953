"""From the formats in which people have digits to the arrays of IDX files.

A source is found by name (`sources`), read a block at a time (`tables`, `arrays` from
`archives` and `idx_files`), and collected in a temporary file (`parts`): memory use does
not depend on its size.  `writers` writes tables and archives for other tools.
"""
