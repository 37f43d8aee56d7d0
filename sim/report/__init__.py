"""What people read: sentences, tables, plots. The only room that renders; results hold numbers.

`formatting` writes amounts with their units. `verdict`, `searches`, `best`, `sweeps`, `assumptions`, `thresholds` and
`reruns` each put one kind of result into sentences. `frames` makes DataFrames; `plots`, `timecourse` and `curves` draw;
`saving` writes a result's directory; `terminal` prints.

Results reach up to here through one door, `sim.rendering`. Left out: texts that are part of a document
whoever reads it, which are made where they are found out: errors (`sim.errors`), warnings about a question
(`sim.scenario.warnings`, `sim.experiment.doubts`), and the reasons for which deploys fail.
"""
