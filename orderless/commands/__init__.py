"""The command line: a file for each command, with its options (`add`) and what it does (`run`).

rank        which representation tells the classes of a folder best: the workflow in one command
search      the images of a folder that are most like others
duplicates  the near copies within a folder
describe    images as vectors, in a file
listing     what the catalog has (`orderless list`)
data        the papers' data sets outside the workflow
results     what the workflow keeps in a folder, and what of it may go
workflow    the workflow as a child process, for `rank`
shared      options and checks that several commands have

Nothing heavy is imported before a command runs.
"""
