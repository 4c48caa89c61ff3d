"""Direct Line 3.0, served by ourselves, for Web Chat in a browser and for other clients.

A browser gets a short-lived token bound to one conversation and one user, never a secret. The
activities of a conversation are kept in the state folder, without secrets, so that the chat
survives a reload, a lost connection and a restart of the server.
Protocol: https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-direct-line-3-0-api-reference
"""

from channels.directline.inbound import BODY_LIMIT, UPLOAD_LIMIT
from channels.directline.limits import Limits
from channels.directline.line import LINE, Line
from channels.directline.refused import Refused
from channels.directline.routes import GATES, Gates, Handler, close_sockets, errors, routes
from channels.directline.store import Store
from channels.directline.tokens import Tokens

__all__ = [
    "BODY_LIMIT",
    "GATES",
    "LINE",
    "UPLOAD_LIMIT",
    "Gates",
    "Handler",
    "Limits",
    "Line",
    "Refused",
    "Store",
    "Tokens",
    "close_sockets",
    "errors",
    "routes",
]
