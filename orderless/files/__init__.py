"""Files: everything that reads or writes a disk, or fetches from the internet. It knows no data set, network or representation.

storage    safetensors files with a checked header; recipes and hashes
results    results as files: name and recipe's hash in the path; several files read as one
contents   digests of code, files and folders
images     find image files, decode them to RGB
disk       sizes of files; a full disk as a clear error
downloads  fetch a file from its mirrors, verify it, pin its hash
transfers  the bytes of one URL: HTTP that resumes, FTP
archives   unpack .tar and .zip safely
versions   of installed packages
seeds      random generators seeded by names
jobs       what every script of the workflow shares: log, errors, progress
"""
