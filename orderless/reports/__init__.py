"""Reports: what a run writes for people.

Comes in: the tidy metrics (one row a figure), scores, timings and tables of studies. Goes out: pages (HTML), plots (SVG) and
contact sheets (PNG), none of which reaches a host.

metrics     the names of figures, how people read them, seconds for one image
pages       HTML by the templates in templates/, everything that is put in escaped
comparison  every representation on a data set: figures, intervals, costs
notes       what a reader must know beside a figure
classes     the figures class by class
claims      the papers' claims and whether they hold
published   the papers' figures beside the run's
places      where every published figure is shown, a page of the documentation
timings     the page of seconds, with the papers' beside them
summary     the first page: what won, by how much, at what cost
plots       SVG, one figure a function, through seaborn
sheets      contact sheets: rows of small pictures
"""
