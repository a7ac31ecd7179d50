from copystudio.models.event import Event
from copystudio.models.notification import Notification
from copystudio.models.outbox import Outbox
from copystudio.models.user import User
from copystudio.models.workspace import Membership, Role, Workspace

__all__ = ["Event", "Membership", "Notification", "Outbox", "Role", "User", "Workspace"]
