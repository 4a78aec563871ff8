"""Letters to customers. Each is a job (`portal.jobs`): put off together with the change that it is about, and handed to
the company's mail server by a worker."""

from portal.mail.kinds import MailKind, address_mail, addresses, invitation_mail, mails

__all__ = ["MailKind", "address_mail", "addresses", "invitation_mail", "mails"]
