"""Files: everything that touches a disk or a network. It knows nothing of networks, data sets or representations.

storage    safetensors files with a checked header; recipes and hashes
images     finding image files, decoding them
downloads  fetching files: resumed, verified, pinned
archives   unpacking what was fetched, refused where it would harm
seeds      random generators, one for each named purpose
jobs       what every script of the workflow does around its work: log, errors, progress
"""
