# Data files, each installed where its reader looks for it.
