### The desk of the staff.

nav-queue = Queue
nav-search = Search
queue-who = Who works on it
queue-me = me
queue-nobody = nobody yet
queue-choose = Choose
queue-choose-one = Choose { $request }
queue-give-to = Give the chosen ones to
queue-give = Give
views = My views
view-name = Name of this view
view-hint = What the queue shows now can be kept under a name of your own.
view-save = Keep this view
view-remove = Take away “{ $name }”
find-title = Search
find-words = Words
find-hint = Names, references, selectors, file digests, or words of messages. All words must stand in one request; "words in quotation marks" must follow each other. A * after at least five characters stands for the rest of a word.
find = Search
find-found = Found
find-nothing = No request has all of these words. Try fewer words, or the selector exactly as it was sent.
find-none-yet = None of the newest requests with these words has them in this order. There are older ones: go on to the next page.
find-empty = This page will show the requests whose filings or messages have the words, the newest on top. Each search is noted in the read audit, without the words.
find-at = Last written
find-order = On top
find-newest = The newest
find-relevance = What says it most
find-ranked = Of the newest { $count } requests that have the words, those on top say them most often in the fewest words.
nav-intake = Intake
all = All
yes = Yes
no = No
why = Why
when = When
what = What
whom = By whom
leaf = Leaf of the log
next-page = Next page
unchecked = not compared with the text of the law
queue-title = Queue
queue-open = Open
queue-urgent = Open emergencies
nav-emergencies = Emergencies
queue-closed = Closed
queue-agency = Agency
queue-kind = What is asked
queue-order = On top
queue-due = What is due next
queue-newest = The newest
queue-show = Show
queue-empty = Nothing here. This page lists the requests that wait for the desk, what breaches next on top.
queue-whose = Whose requests
queue-mine = Mine
queue-of-nobody = Nobody's yet
queue-of-all = All
queue-mine-empty = Requests that are given to you will stand here, the next deadline on top. Take one from those that are nobody's yet.
queue-due-in = Due
queue-request = Request
queue-asks = Asks
queue-received = Received
left-over = overdue
left-minutes = { $count ->
        [one] one minute left
       *[other] { $count } minutes left
    }
left-hours = { $count ->
        [one] one hour left
       *[other] { $count } hours left
    }
left-days = { $count ->
        [one] one day left
       *[other] { $count } days left
    }
tag-emergency = Emergency
tag-practice = Practice: made up
tag-held = Held: a key of this agency is stopped or suspected
case-title = Request { $reference }
case-order = The order
case-sender = Who sends it
case-unproven = Nothing has proven the sender yet.
case-method = How the sender was proven
case-call-note = Note of the call
case-call-hint = Number from our directory, who answered, what was said
case-file = File of the order
case-files = Files
case-ask = Ask { $number }
case-reasons = The rules say no, because:
case-despite = Knowingly set aside
case-exhibits = Exhibits
case-exhibit = Exhibit
case-exhibit-title = What it holds
case-rows = Rows
case-withheld = Kept back
case-approve-text = You approve exactly the package with this digest. If anything in it changes, the approval is worth nothing.
case-justified = Was the emergency justified?
case-more-acts = Everything else that can be done now
case-code = Reason
case-question = What the authority should clarify
case-digest = SHA-256 of the order, 64 hexadecimal digits
case-assemble = Put the answer together
case-assemble-text = Another person must approve it. An answer with nothing found is signed as well.
case-missing = Only for a part: what is missing
case-statement = One sentence for the authority
case-messages = Messages on the record
case-messages-empty = Nothing has been said yet. Questions, answers and messages of both sides will stand here.
case-message = Message
case-message-hint = The agency reads it, and so may a court
case-history = History
outcome = Answer
outcome-full = everything that was asked for
outcome-partial = a part
outcome-no-data = nothing was found
clock-due = due
clock-not-before = not before
clock-running = running
clock-paused = paused
clock-stopped = ended in time
clock-breached = missed
effect-requested = asked of the systems
effect-confirmed = confirmed
effect-failed = failed
effect-freeze = Freeze
effect-unfreeze = Release
effect-notify-user = Notice to the user
effect-delete-copy = Deletion of the copy
preview-title = What the searches find
preview-lead = Nothing is on the record yet. Tick rows that must be kept back and say why.
preview-empty = The catalog’s searches find nothing in this scope. Put that on the record too: “nothing was found” is a signed answer.
preview-rows = { $count ->
        [one] one row
       *[other] { $count } rows
    }
preview-reached = { $count ->
        [one] one address of this company was reached
       *[other] { $count } addresses of this company were reached
    }
preview-withhold = Keep back
preview-withhold-row = Keep back row { $number }
preview-reason = Why they are kept back
preview-reason-hint = The authority reads it
preview-record = Put it on the record
intake-title = File an order from post or mail
intake-lead = Nothing proves its sender: a recorded call to a number of our directory comes before legal review.
intake-file = File it
act-start-identity-check = Take up who sent it
act-verify-identity = The sender is proven
act-accept-legal = Accept in law
act-request-information = Ask the authority
act-provide-information = Note the clarification
act-hold = Stop for an authority or court
act-end-hold = Let it go on
act-clear-by-authority = Note the clearance
act-search = Search the records
act-follow-money = Follow money for this ask
act-freeze = Freeze
act-unfreeze = Release the freeze
act-release = End it now
act-link = Link the order
act-confirm-freeze = Confirm by an order
act-receive-ex-post-order = Link the order that followed
act-review-emergency = Record the review
act-withdraw = Note the withdrawal
act-confirm-deletion = Note the deletion
act-close = Put away
act-refuse = Refuse
act-assemble = Assemble the package
act-return-package = Send back to the analyst
act-approve = Approve this package
act-post-message = Send the message
said-message = Message
said-question = Question
said-answer = Answer
said-refusal = Refusal
said-hold = Hold
said-identity = Proof of the sender
said-return = Package sent back
