### What stands around every page, and the problems that any page can have.

skip = Skip to the content
nav = Rooms
nav-people = Staff
nav-agencies = Agencies
log-out = Log out
fiction = Made up:
footer = Every act on these pages is an entry of a public, tamper-evident log.
mistakes = There is something to correct
what-to-do = What to do:
to-the-start = To the start
back = Back
name = Name
email = E-mail
email-hint = Only “look at the portal” is ever sent there
state = State
roles = Roles
country = Country
post = Post and rank
passkey = Passkey
prove-hint = Asks for your passkey

problem-hidden = There is nothing here for you
problem-hidden-next = Either the page does not exist, or it is not for the person you are logged in as.
problem-refused = The desk says no
problem-refused-next = Nothing was changed.
problem-input = Something in the form is not right
problem-input-next = Nothing was changed. Go back, correct it and send it again.
problem-too-large = That is too large
problem-too-large-next = Nothing was stored. Send smaller files, or fewer at once.
problem-busy = Somebody else acted at the same moment
problem-busy-next = Nothing was changed. Load the page again, look what changed, and decide anew.
problem-unavailable = The desk takes no acts at the moment
problem-unavailable-next = Nothing was changed. Try again in a minute; if it stays so, tell whoever runs this desk.
problem-internal = A fault of this server
problem-internal-next = It is in the server’s log. Nothing was changed unless the page says so when you load it again.
problem-door = Log in first
problem-door-next = You will come back to the page.
problem-foreign-form = This form is too old, or came from another site
problem-foreign-form-next = Nothing was changed. Load the page again and send the form from there.
problem-too-often = Too often in a short time
problem-too-often-next = Nothing was changed.
problem-wait =
    { $seconds ->
        [one] Try again in a second.
       *[other] Try again in { $seconds } seconds.
    }
problem-passkey = The passkey was not accepted
problem-passkey-next = Nothing was changed. Use the passkey that you enrolled here; if you did and it still fails, your access may have ended: call the desk.

role-verifier = Verifier
role-counsel = Counsel
role-analyst = Analyst
role-approver = Approver
role-on-call = On call
role-intake = Intake
role-auditor = Auditor
role-administrator = Administrator
role-what-verifier = proves who sent a request, admits officers
role-what-counsel = judges requests in law
role-what-analyst = searches and assembles the answer
role-what-approver = approves what leaves, never the own work
role-what-on-call = does all of these in an emergency, still with a second person
role-what-intake = files what came by post or mail
role-what-auditor = reads everything, acts on nothing
role-what-administrator = runs the desk, reads no case
