### The portal of the officers.

nav-portal = Requests
portal-title = Requests of your agency
portal-new = New request
portal-officers = Officers of your agency
portal-empty = Nothing here yet. This page lists the requests of your agency, with the state of each and what falls due next.
portal-next = Due next
portal-new-lead = One page. You see whether it will be accepted before anything is sent, and sign it with your passkey at the end.
portal-files-kept = Files of this draft
portal-file-drop = Take out { $name }
portal-file-bytes =
    { $count ->
        [one] one byte
       *[other] { $count } bytes
    }
portal-practice = Practice
portal-practice-hint = answered from made-up records only, marked everywhere, worth nothing in court
portal-review = Review and sign
portal-review-hint = Nothing is sent before you sign.
portal-proven = The sender is proven
portal-receipt = Receipt of the log
portal-again = Correct it and send it anew
portal-correct = The desk asks you
portal-correct-text = Your answer
portal-correct-selectors = Corrected addresses, transactions, accounts and other marks, only if they change
portal-correct-files = Further files
portal-why = Why
portal-act-extend = Keep the records longer
portal-act-withdraw = Take this ask back
portal-act-confirm-deletion = What was received is deleted
portal-packages = Packages
portal-packages-empty = Nothing was delivered yet. Encrypted packages will be here to download.
portal-packages-text = Encrypted to your agency’s certificate. Decrypt it with the agency’s key and check it with “comity evidence verify”, without us.
portal-package = Number
portal-package-digest = SHA-256 of the encrypted file
portal-arrived = Arrived
portal-acknowledge = It arrived
portal-acknowledged = acknowledged
portal-message-hint = The desk reads it, and so may a court. It is not signed
answer-title = Will this be accepted?
answer-ask = Check now
answer-yes = As the rules stand, this would be accepted.
answer-no = As it stands, the rules say no. Each no names its article and what to change.
answer-ask-yes = yes
answer-ask-no = no
answer-none = Fill in the form; the answer with its articles and deadlines stands here before anything is sent.
sign-file = Review and sign your request
sign-correct = Review and sign your answer
sign-withdraw = Take back: review and sign
sign-extend = Keep longer: review and sign
sign-lead = Your passkey signs exactly what this page shows. It proves that you approved these bytes.
sign-what = What you send
sign-about = About
sign-text = Your words
sign-bytes = The bytes that are signed
sign-bytes-text = Anybody can check later, without us, that your passkey approved exactly this text.
sign-challenge = Digest that your passkey signs:
sign-button = Sign and send
sign-edit = Change it
sign-until = Sign it before
