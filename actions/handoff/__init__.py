"""Handing a case over: a ticket is made once and never lost."""
