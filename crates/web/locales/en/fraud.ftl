### Signs of fraud, quarantine, marks exchanged between desks, what emergencies still owe.

nav-marks = Fraud marks
tag-signs = Held: signs of fraud
tag-watched = Watched: a decoy was named
tag-unvalidated = Unvalidated
unvalidated-text = No order has followed this emergency in time. It was late from
event-assessed = looked at for signs of fraud
signs-title = Signs of fraud
signs-empty = This request came in before the desk looked for signs of fraud.
signs-none = No sign was found.
signs-score = { $score } of 100 points
signs-earlier = { $count ->
        [0] no earlier request of this agency to compare with
        [one] compared with one earlier request of this agency
       *[other] compared with { $count } earlier requests of this agency
    }
signs-rules = rules of { $version }
signs-sign = Sign
signs-points = Points
signs-source = Where it comes from
signs-source-history = this agency’s earlier requests here
signs-source-order = the order
signs-source-directory = the directory
signs-source-canaries = the list of decoys
signs-source-marks = marks of another desk
signs-call-back = Signs of fraud hold this request. Only a call to a number of our own directory proves its sender; a passkey or certificate may be stolen.
signs-unknown = The score decides nothing. It knows neither holidays, nor which court wrote the order, nor from where the sender connects, and a fraud that copies the agency’s habits has no points.
sign-velocity = More requests than usual
sign-breadth = More selectors than usual
sign-new-identifier = New kind of identifier
sign-off-hours = Off hours
sign-geography = Another country
sign-template = Unlike earlier orders
sign-new-key = New key
sign-emergency = Emergency
sign-canary = Decoy
sign-foreign-mark = Suspected elsewhere
finding-velocity = { $requests } requests by { $of } within { $hours } h; usually { $habit }
finding-velocity-new = { $requests } requests by { $of } within { $hours } h; no habit is known yet
finding-breadth = { $selectors } selectors in one request; the agency’s median is { $habit }
finding-breadth-new = { $selectors } selectors in one request; no habit is known yet
finding-new-identifier = { $kinds }: in none of the agency’s { $earlier } earlier requests
finding-off-hours = sent at { $local } in { $zone }, outside office hours
finding-weekend = sent at { $local } in { $zone }, on a weekend
finding-geography = issued in { $order }; the agency is in { $agency }
finding-template = the likest of { $compared } earlier orders of this kind is { $percent } % alike
finding-new-key = no request by this key among the agency’s { $earlier } earlier ones
finding-emergency = an emergency is claimed; { $earlier } of { $of } earlier requests did
finding-canary = { $selectors } of its selectors are decoys that no honest order names
finding-foreign-mark = { $by } suspects this sender: { $reason }
party-key = this key
party-agency = this agency
mark-stolen-key = the key is used by somebody else
mark-forged-order = the order is forged
mark-fake-agency = the agency does not exist or does not know the officer
mark-fake-emergency = the emergency was made up
mark-harvesting = records in bulk, without a case
mark-canary = a decoy was named
mark-other = another reason
selector-transaction-id = transaction
selector-device-id = device
selector-ip-port = IP address with port and time
selector-card = payment card
selector-name = name
emergencies-title = Owed after emergencies
emergencies-lead = An emergency goes ahead of its order. The order follows, and a third person looks at every answer.
emergencies-cut = More emergencies are open than this page looks through. Close what is done.
emergencies-unvalidated = Unvalidated: the order did not follow in time
emergencies-unvalidated-empty = None. Emergencies whose order is late will stand here, and are marked wherever they are shown.
emergencies-reviews = To be reviewed by a third person
emergencies-reviews-empty = None. Answers given in an emergency will stand here until somebody who had no part in them has reviewed them.
emergencies-awaited = Order still to come
emergencies-awaited-empty = None. Emergencies whose order may still follow in time will stand here.
quarantine-title = Quarantine
quarantine-of = Quarantine: { $name }
quarantine-lead = A frozen key opens nothing from that moment, and nothing it asked for leaves. Requests by other keys of the agency wait for staff.
quarantine-keys = Keys
quarantine-key = Key
quarantine-frozen = Frozen
quarantine-watched-text = Nothing this key asked for leaves, and its holder is not told. It named a decoy in
quarantine-foreign = { $desk } suspects this sender:
quarantine-reason = What is suspected
quarantine-freeze = Freeze this key
quarantine-found = What was found out, and how
quarantine-free = Take the mark away
quarantine-own-mark = You set this mark; another person must take it away.
quarantine-words-missing = Say why; it stays on the record
quarantine-requests = What this agency still asks, and what it received
quarantine-requests-empty = Nothing is open and nothing has left. Open asks and every package that was handed over will stand here.
quarantine-open = Open asks
quarantine-left = Packages that left
marks-title = Fraud marks
marks-lead = What this desk suspects, for other desks, and what they suspect. No case, no name of an officer.
marks-export = For other desks
marks-own = { $count ->
        [0] No key is marked.
        [one] One key is marked.
       *[other] { $count } keys are marked.
    }
marks-export-text = The document is signed with the key of this desk’s log and valid for 30 days. Officers stand in it as digests of their addresses.
marks-export-button = Download the signed document
marks-canaries = { $count ->
        [0] No decoy is set.
        [one] One decoy is set. Nobody can read which.
       *[other] { $count } decoys are set. Nobody can read which.
    }
marks-foreign = From other desks
marks-foreign-empty = None yet. Desks whose marks you take in will stand here, with who took them in and until when they count.
marks-desk = Desk
marks-count = Marks
marks-taken = Taken in
marks-until = Until
marks-over = over
marks-import = Take in marks
marks-import-text = They raise the score of requests by the senders they name and block nobody. They take the place of what that desk said before.
marks-document = Signed document
marks-document-hint = The whole text, with its signature line
marks-key = Key that you trust for it
marks-key-hint = The other desk’s log key, from its own hands: name+id+base64
marks-import-button = Take them in
