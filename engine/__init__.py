"""The engine: a declarative AI gateway. This is the map; docs/house.md has the reasons.

floor 6  cli                 commands: the file's name is the command
floor 5  runtime             the interpreter, services, reload, workers
floor 4  stages              what is done, one file a stage
         server upstream observe    where the world is touched
floor 3  routes              routes.yaml -> complaints, or a program and its explanation
floor 2  formats strategies providers    wire formats, plans, the catalogue
floor 1  wire limits         bytes <-> frames; arithmetic of allowances
floor 0  the files beside this one: nouns

A room imports only from floors below it; floors 0 to 3 never touch the world.
"""

__version__ = "0.1.0"
