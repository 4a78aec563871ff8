"""The auditors' room: the change log with what was before and after, its filters, its proof, its export."""
