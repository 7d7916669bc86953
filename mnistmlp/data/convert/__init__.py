"""From the forms in which people have digits to arrays as IDX files hold them.

A source is found by name (`sources`), read a block at a time (`tables`, `arrays` from
`archives` and `idx_files`), and collected in a temporary file (`parts`): memory stays the
same however large it is.  Other tools get them as a table or an archive (`writers`).
"""
