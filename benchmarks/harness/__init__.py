"""The one harness: finds benchmarks, measures sides in turn, names the machine, shows what came out."""
