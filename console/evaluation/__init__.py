"""How good the judge is on recorded runs: the judge lives them step by step, the labels are looked at afterwards."""
