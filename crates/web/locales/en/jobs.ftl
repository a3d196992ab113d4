### Work that failed for good.

nav-jobs = Failed work
jobs-title = Failed work
jobs-lead = The desk does work by itself: it seals and delivers packages, has accounts frozen, sends mails. What failed too often stands here and waits for you. Nothing here tells what a request is about: work for a case can be tried again here, and is given up by those who work on cases.
jobs-lead-cases = The desk does work for your cases by itself: it copies records, has accounts frozen, seals and delivers packages. What failed too often stands here and waits for you. An effect that is given up has failed, and its request says so; what a request still waits for cannot be given up.
jobs-count =
    { $count ->
        [0] No job has failed for good.
        [one] One job has failed for good.
       *[other] { $count } jobs have failed for good.
    }
jobs-waiting =
    { $count ->
        [0] No other job waits.
        [one] One other job waits or runs.
       *[other] { $count } other jobs wait or run.
    }
jobs-empty = Nothing waits for you. When a mail server, an agency’s endpoint or one of the company’s own systems has not answered for so long that the desk gave up, the work it could not do is listed here, with what went wrong, to be tried again or given up.
jobs-number = Number
jobs-kind = What was to be done
jobs-whose = For
jobs-failed = Failed last
jobs-attempts =
    { $count ->
        [one] after one attempt
       *[other] after { $count } attempts
    }
jobs-error = What went wrong
jobs-error-of-case = It may say something of a case: those who work on cases see it.
jobs-decide = Decide
jobs-retry = Try again
jobs-retry-one = Try again: job { $job }
jobs-give-up = Give up
jobs-give-up-one = Give up: job { $job }
jobs-give-up-for-good = Give up for good
jobs-give-up-for-good-one = Give up for good: job { $job }
jobs-next = Next page
jobs-retried = It is tried again from the start. If it fails again, it comes back to this list.
jobs-given-up = It is given up. The log says that you decided so.
jobs-waited-for = It is not given up: the request waits for it. Try it again, or act on the request first.
jobs-gone = That job is no longer here: somebody else decided, or there was a new reason to do it.

job-preserve = Copy records that must be kept
job-effect = Have the company’s systems freeze, release or tell a user
job-delete-copy = Delete a preserved copy
job-seal = Sign and log an approved package
job-deliver = Encrypt a package and hand it over
job-push = Post a package to the agency’s endpoint
job-watch = Watch the key of a request that named a decoy
job-notify = Find out who is told of an act
job-warn = Warn of a deadline
job-mail = Mail somebody to look at the portal
job-webhook = Tell a machine what happened
job-lost-preserve = Only when the ask is over or has its copy. Until then it is owed: refuse the ask if it shall not be made.
job-lost-effect = Then the effect has failed: nothing more is frozen or released for this request by itself, and no user is told. It can be tried again on the request.
job-lost-delete-copy = Then a copy stays that should be deleted, and the request says that it failed. It can be tried again there.
job-lost-seal = Only when no approved package waits for it. An approver can send a package back and have it assembled anew.
job-lost-deliver = Only when no signed package waits for it.
job-lost-push = The package stays where the agency can fetch it.
job-kept-preserve = Those who work on cases may give it up.
job-kept-effect = Those who work on cases may give it up.
job-kept-delete-copy = Those who work on cases may give it up.
job-kept-seal = Those who work on cases may give it up.
job-kept-deliver = Those who work on cases may give it up.
job-kept-push = Those who work on cases may give it up.
job-kept-watch = This cannot be given up. The request itself is held, but other requests of that key are not until this is done.
job-kept-notify = An administrator may give it up.
job-kept-warn = An administrator may give it up.
job-kept-remind = An administrator may give it up.
job-kept-mail = An administrator may give it up.
job-kept-webhook = An administrator may give it up.
job-lost-notify = Nobody is told of this act. It stands in the queue all the same.
job-lost-warn = Nobody is told that time is running out. The queue shows it all the same.
job-lost-mail = This person is not told to look. The next event mails again.
job-lost-webhook = The machine never learns of this event.
