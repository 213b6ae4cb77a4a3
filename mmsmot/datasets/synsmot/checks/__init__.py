"""SynSMOT's independent checker: every label against the script that it came from."""
