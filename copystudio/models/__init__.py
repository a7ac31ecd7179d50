from copystudio.models.event import Event
from copystudio.models.outbox import Outbox
from copystudio.models.user import User
from copystudio.models.workspace import Membership, Role, Workspace

__all__ = ["Event", "Membership", "Outbox", "Role", "User", "Workspace"]
