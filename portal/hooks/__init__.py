"""The door for CRMs that tell of an edit by themselves."""
