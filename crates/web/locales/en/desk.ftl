### What the desk itself says: why not, what to do instead, reasons, notes. The keys are the codes of
### `desk::said`; what to do stands beside a sentence as `fix`.

moment = { $year }-{ $month }-{ $day } { $hour }:{ $minute } UTC
length-hours = { $count ->
        [one] one hour
       *[other] { $count } hours
    }
length-days = { $count ->
        [one] one day
       *[other] { $count } days
    }
length-working-days = { $count ->
        [one] one working day
       *[other] { $count } working days
    }
length-months = { $count ->
        [one] one month
       *[other] { $count } months
    }
length-years = { $count ->
        [one] one year
       *[other] { $count } years
    }
join-or = , or{ " " }
article-desk-rule = a rule of this desk
article-no-source-named = no source named
who-system = the desk itself
exhibit-trace = Money followed from { $transaction }

what-plain = { $doing }
what-for-ask = { $doing }: ask { $ask }
what-ask = { $doing }: ask { $ask }
what-ask-as = { $doing }: ask { $ask } as “{ $outcome }”
what-ask-under = { $doing }: ask { $ask } under { $pack }
what-act = { $action }
doing-file-the-request = Filing the request
doing-start-the-identity-check = Taking up who sent it
doing-verify-the-identity = Proving the sender
doing-accept = Accepting in law
doing-ask-the-authority = Asking the authority
doing-clarify = Clarifying
doing-hold = Stopping it for an authority or court
doing-end-the-hold = Letting it go on
doing-note-the-clearance = Noting the clearance
doing-refuse = Refusing
doing-withdraw = Taking it back
doing-confirm-the-deletion = Confirming the deletion
doing-mark-the-key = Marking the key
doing-clear-the-key = Taking the mark away
doing-assign-it = Giving it to somebody
doing-erase-the-personal-data = Erasing the personal data
doing-keep-the-personal-data-for-another-time = Keeping the personal data for another time
doing-start-the-search = Beginning the search
doing-add-the-exhibit = Adding the exhibit
doing-assemble = Assembling the package
doing-return-the-package = Sending the package back
doing-approve = Approving the package
doing-seal = Sealing the package
doing-deliver = Handing the package over
doing-acknowledge = Saying that the package arrived
doing-close = Putting it away
doing-review-the-emergency = Reviewing the emergency
doing-link-the-later-order = Linking the order that followed
doing-preserve = Preserving the records
doing-extend = Keeping the records longer
doing-link-an-order = Linking an order
doing-release = Ending the measure
doing-freeze = Freezing
doing-confirm-the-freeze = Confirming the freeze
doing-unfreeze = Releasing the freeze
doing-confirm-the-effect = Confirming what the systems did
doing-note-the-failure = Noting that the systems failed
doing-retry-the-effect = Asking the systems again
doing-post-a-message = Sending the message
doing-counting-a-period = Counting a period

no-no-such-request = There is no such request.
    .fix = File it first.
no-judged-by-another = The request is judged by { $judged }, not by { $given }.
    .fix = Whoever runs the desk loads the rule pack in the version that the request names.
no-permit-for-another = The right was given for “{ $action }”, or for another request.
    .fix = Load the page again; if it stays so, tell whoever runs this desk.
no-asks-up-to = { $count ->
        [one] The request has one ask.
       *[other] The request has asks 1 to { $count }.
    }
    .fix = Choose one of them.
no-other-kind = It is about “{ $kind }”; this is only for: { $meant }.
    .fix = Choose another ask.
no-held-for-signs = Signs of fraud hold the request.
    .fix = Call back on a number from the company’s own directory, and record the call.
no-not-proven = Nobody has proven who sent the request.
    .fix = Prove the sender first.
no-in-state = It is in the state “{ $stage }”.
    .fix = This needs { $need }.
no-filed-already = It is filed already.
    .fix = Open the request that is there, or file under a new name.
no-asks-count = It has no ask, or more than 64.
    .fix = Send 1 to 64 asks in one request.
no-proof-does-not-fit = The way it came, the proof of the sender and the key do not fit together.
    .fix = By HI-1: proven by the channel, with the key. By the portal: signed, with the key. By post: no proof and no key.
no-filed-by-somebody-else = It is filed by somebody other than the key that sent it.
    .fix = An agency files with its own key; staff file what came by post or mail.
no-unreadable = { $problem }
    .fix = Correct the order.
no-check-begun = The sender is proven, or the check has begun.
    .fix = Go on with the check, or with legal review.
no-proven-already = The sender is proven already.
    .fix = Go on with legal review.
no-proof-needs-person = A job or a key cannot prove who somebody is.
    .fix = Have a verifier do it.
no-signs-need-call = There are signs of fraud, and whoever stole a key can use it.
    .fix = Call back on a number from the company’s own directory, and record the call.
no-method-not-used = The request came by “{ $channel }”, “{ $proof }”; “{ $method }” was not used.
    .fix = Call back on a number from the company’s own directory, and record the call.
no-not-accepted = { $reasons }
    .fix = Refuse it, ask the authority, or have counsel accept it naming each reason that is set aside.
no-no-reason-named = No reason is named.
    .fix = Choose what is missing.
no-correction-too-wide = The correction changes other asks, the kind or the emergency of this one, the country, or the way it came.
    .fix = Send a new request for what is new.
no-no-authority-clock = No period of an enforcing authority is running.
    .fix = There is nothing to wait for; go on.
no-marked-already = The key is marked already.
    .fix = Nothing is left to do.
no-not-marked = The key is not marked in this request.
    .fix = Nothing is left to do.
no-works-on-it-already = The same person works on it already.
    .fix = Nothing is left to do.
no-erased-already = It is erased already.
    .fix = Nothing is left to do.
no-kept-until = The rule pack keeps it until { $due }.
    .fix = Wait until then.
no-effect-unanswered = The company's systems have not answered an effect yet.
    .fix = Have that done first.
no-release-failed = A release of a freeze has failed.
    .fix = Have that done first.
no-notice-waits = A user still waits to be told.
    .fix = Have that done first.
no-kept-so-already = It is kept for that time already.
    .fix = There is nothing left to do.
no-history-too-long = The request has { $count } events, and from { $most } on this is not done any more.
    .fix = End its asks, and have a new request filed for what is left.
no-ask-open = An ask of it is still open.
    .fix = Put every ask away first.
no-exhibit-number = The number { $exhibit } of the exhibit is used, zero, or one too many.
    .fix = Take the next free number.
no-not-in-scope = “{ $category }” is not in the scope of ask { $ask }.
    .fix = Leave these data out; the authority did not ask for them.
no-digest-taken = Another package of this request has that digest.
    .fix = Assemble the package again.
no-exhibits-say-otherwise = The exhibits say otherwise.
    .fix = { $problem }
no-approval-needs-person = Only a person approves.
    .fix = Have an approver do it.
no-took-part = Whoever filed, proved the sender, searched or assembled cannot approve.
    .fix = Have another person approve.
no-authority-may-object = An enforcing authority may still object until { $until }.
    .fix = Wait until then, or note that the authority cleared it.
no-not-the-package-delivered = The digest is not that of the package that was handed over.
    .fix = Fetch the package again and compare its SHA-256.
no-emergency-not-looked-at = An emergency answer is not put away without legal review and a third person’s review.
    .fix = Have both done.
no-reviewed-already = It is reviewed already.
    .fix = Nothing is left to do.
no-let-it-out = Whoever let it out cannot review it.
    .fix = Have a third person review it.
no-not-the-package-of-ask = The digest is not that of the package that answers this ask.
    .fix = Look at the package that was assembled, and approve that one.
no-package-answers-more = The package also answers ask { $ask }, in the state “{ $stage }”.
    .fix = Choose all asks of the package; if one is over or held, send the package back and assemble anew.
no-asks-not-distinct = No ask is chosen, or one is chosen twice.
    .fix = Choose each ask once.
no-time-unreadable = { $problem }
    .fix = Correct the zone or the date.
no-no-preservation-here = { $pack } knows no preservation.
    .fix = Refuse the ask.
no-exhibit-number-taken = The number { $exhibit } of the exhibit is used or zero.
    .fix = Take the next free number.
no-preservation-over = The time of the preservation is over.
    .fix = Refuse the ask.
no-extended-enough = { $times ->
        [one] It was kept longer once, which is the most that { $article } allows.
       *[other] It was kept longer { $times } times, which is the most that { $article } allows.
    }
    .fix = Link an order for the records.
no-freeze-not-narrow = A freeze is narrow: one asset, one amount, a time; and the regime must know freezes.
    .fix = Ask the authority for asset and amount.
no-freeze-over = The period of the freeze is over.
    .fix = Ask for an order with a later end.
no-order-over = The order is over already.
    .fix = Ask for an order with a later end.
no-confirmed-already = It is confirmed already.
    .fix = Nothing is left to do.
no-effects-too-many = The company’s systems were asked { $most } times for this ask.
    .fix = Look at the company’s system by hand; it contradicts itself.
no-no-open-attempt = No attempt is open.
    .fix = Try again, if it failed before.
no-not-failed = It has not failed, or too often.
    .fix = Wait for its answer, or look at the company’s system by hand.
no-no-such-effect = Nothing of that kind was asked of the company’s systems.
    .fix = Load the page again and choose what it shows.

need-acceptance = acceptance in law
need-acceptance-or-on-call = acceptance in law, or somebody on call
need-search-begun = a search that has begun
need-package-not-sealed = a package that is not sealed yet
need-state = the state “{ $stage }”
need-package-sealed = a sealed package
need-package-delivered = a package that was handed over
need-emergency-answer = an emergency answer that was handed over
need-emergency = an emergency
need-legal-review = legal review, after proof of the sender
need-not-yet-sealed = an ask that is not yet sealed, in effect or waiting
need-question = a question from the company
need-not-handed-over = an ask that is not yet handed over, in effect or held
need-hold = an ask that is held
need-not-sealed-or-fraud = an ask that is not yet sealed; on suspicion of fraud, one that is not yet handed over
need-not-over = an ask that is not over
need-withdrawn-after-delivery = an ask that was taken back after the package was handed over
need-not-preserved = an ask that is not preserved, over or waiting
need-kept-copy = records that are kept
need-kept-copy-freeze-or-ban = records that are kept, a freeze, or a ban to tell the user
need-sender-proven = proof of the sender
need-freeze-in-effect = a freeze that took effect
need-freeze-with-facts = a freeze with asset, amount and end
need-freeze-wanted = a freeze that is still wanted
contradiction-nothing-searched = Nothing was searched; add an exhibit, an empty one if need be.
contradiction-something-missing = Something is missing or kept back; call it a part and say why.
contradiction-category-not-searched = A category of the ask was not searched; search it, or call the answer a part.
contradiction-no-rows = There are no rows; say that nothing was found.
contradiction-say-what-is-missing = Say what is missing and why.
contradiction-rows = There are rows; call it everything or a part.
contradiction-negative-not-whole = A category of the ask was not searched; only a whole search shows that nothing is there.
clause-against = { $code } ({ $article }): { $fix }
clause-set-aside-for-nothing = “{ $code }” is set aside though nothing speaks of it

aim-data = “{ $category }”
aim-ask = “{ $kind }”
way-sentence = { $months ->
        [one] an offence whose highest sentence is at least one month
       *[other] an offence whose highest sentence is at least { $months } months
    }
way-listed = an offence of the list ({ $listed }; these only if committed by means of an information system: { $by })
way-executed = { $months ->
        [one] the execution of a sentence of at least one month
       *[other] the execution of a sentence of at least { $months } months
    }
way-executed-for-these = { $months ->
        [one] the execution of a sentence of at least one month for one of these
       *[other] the execution of a sentence of at least { $months } months for one of these
    }
fix-freeze-unknown = Ask { $ask } of this request is no freeze; name the freeze
fix-addresses-alone = { $count ->
    [one] One IPv4 address without port and moment
   *[other] { $count } IPv4 addresses without port and moment
 }: behind carrier-grade NAT one address is many people’s at the same moment (RFC 6302); name address, port and moment (ip_port), or have counsel set this aside for an address of one subscriber
fix-only-in-emergency = “{ $instrument }” counts only where an emergency is claimed; send an order, or say what the emergency is
fix-cannot-ask = “{ $instrument }” cannot ask for “{ $kind }”; send one of: { $others }
fix-nothing-can-ask = “{ $instrument }” cannot ask for “{ $kind }”, and no instrument of { $pack } can; use another regime
fix-does-not-reach = “{ $instrument }” does not reach { $aim }; these do: { $others }
fix-nothing-reaches = “{ $instrument }” does not reach { $aim }; no instrument of this regime does
fix-rank-missing = State the officer’s rank; { $aim }: this needs { $least } or above
fix-rank-too-low = { $aim }: this needs an officer of rank { $least } or above; have one sign
fix-issuer-may-not = { $aim }: “{ $issuer }” may not order this; have it issued by: { $direct }
fix-validator-may-not = { $aim }: “{ $validator }” may not validate this; have it validated by: { $validators }
fix-validation-missing = { $aim }: “{ $issuer }” needs a validation; have it validated by: { $validators }
fix-validation-missing-here = { $aim }: “{ $issuer }” needs a validation, which this emergency does not excuse; have it validated by: { $validators }
fix-offence-needs = { $categories }: this needs { $ways }; or leave these data out
fix-no-emergency-here = “{ $kind }” is no emergency here, only: { $kinds }; send it without the claim of one
fix-service-not-covered = The service “{ $service }” is not covered; use another regime
fix-channel-not-accepted = “{ $channel }” is not accepted; send it by: { $accepted }
fix-format-not-accepted = The format { $format } is not accepted; send: { $accepted }
fix-post-is-not-signed = Post and mail carry no passkey signature; file it as not proven
fix-dated-in-future = It is dated { $date }, which is in the future; correct the date
fix-was-valid-until = It was valid until { $until }; have it issued again
fix-categories-missing = Name the categories of data
fix-selector-missing = Name at least one selector
fix-selectors-too-many = There are { $count } selectors; one ask has { $most } at most: split it
fix-range-missing = Name the days for: { $categories }
fix-range-backwards = The days end before they begin
fix-range-in-future = The days lie in the future; only stored data can be asked for
fix-range-too-long = { $most ->
        [one] The days are more than one; name fewer
       *[other] The days are more than { $most }; name fewer
    }
fix-freeze-not-narrow = A freeze names one asset and an amount above zero; name both
fix-no-freeze-here = { $pack } gives no freeze; use another regime
fix-freeze-over = The period of the freeze is over already
fix-ban-needs-end = The ban to tell the user must state when it ends; state a date
fix-ban-over = The ban to tell the user is over already
fix-ban-too-long = The ban to tell the user is longer than { $length }; state an earlier end
fix-zone-unknown = “{ $zone }” is no time zone; name one such as Europe/Brussels
fix-beyond-dates = { $length } after { $start } is beyond the year 9999; give an earlier start
note-service-doubtful = It is doubtful whether the regime covers the service “{ $service }”; counsel decides.
note-voluntary = This instrument asks and does not oblige: an answer is voluntary.
note-call-back-first = It came by post or mail: a recorded call to a number of the company’s own directory comes before legal review.
note-no-time-set = The regime sets no time and the order states none: no period runs for the answer; state a time.
note-how-days-are-counted = How days are counted.

line-no-kind = the first of two columns is no kind of selector; write account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then the value
line-columns = { $count ->
        [one] it has one column; write the value alone, or kind and value
       *[other] it has { $count } columns; write the value alone, or kind and value
    }
line-unclear = it does not show what it is; write the kind before it: account_id, address, txid, email, phone, iban, ip, ip_port, domain, device_id, imei, imsi or mac, then a comma
line-selector = { $why }; correct it, or name its kind if it is something else than “{ $kind }”
selector-error-empty = nothing stands there
selector-error-long = it is { $bytes } bytes long, more than any selector
selector-error-control = it holds the control character { $code }
selector-error-ip = no IP address to ask about: { $why }
selector-error-address = no address: { $why }
selector-error-txid = no transaction id: { $why }
selector-error-email = no e-mail address: { $why }
selector-error-phone = no phone number with country code: { $why }
selector-error-iban = no IBAN: { $why }
selector-error-ip-port = no IP address with port and moment: { $why }
selector-error-domain = no domain: { $why }
selector-error-device = no device id: { $why }
selector-error-imei = no IMEI: { $why }
selector-error-imsi = no IMSI: { $why }
selector-error-mac = no MAC address: { $why }
flaw-digits-of-txid = it has 64 hexadecimal digits
flaw-not-hex = only the digits 0-9 and a-f are allowed
flaw-no-at = there is no @
flaw-half-address = nothing stands before or after the @
flaw-blank = it holds a blank
flaw-no-country-code = start with + and the country code
flaw-not-digits = only digits may follow the +
flaw-country-code-zero = a country code never starts with 0
flaw-digits-of-phone = 7 to 15 digits are expected after the +
flaw-length-of-iban = it has 15 to 34 characters
flaw-not-alphanumeric = only letters and digits are allowed
flaw-head-of-iban = it starts with two letters and two digits
flaw-check-digits = its check digits do not fit
flaw-digits-of-evm = 0x is followed by 40 hexadecimal digits
flaw-letter-case = the case of its letters does not fit (EIP-55), so a character is wrong
flaw-mixed-case = bech32 never mixes upper and lower case
flaw-no-separator = the separator 1 is missing
flaw-length = its length does not fit
flaw-not-bech32 = a character is outside the bech32 set
flaw-checksum = its checksum does not fit, so a character is wrong or missing
flaw-not-base58 = a character is outside the base58 set
flaw-too-many-bytes = it is longer than 25 bytes
flaw-leading-ones = its leading ones do not fit its bytes
flaw-not-bitcoin = this format is for Bitcoin
flaw-port-range = a port is a number from 1 to 65535
flaw-ends-before-begin = the interval ends before it begins
flaw-interval-too-long = the interval is longer than an hour, in which ports change hands; give the moment of each connection
flaw-ip-port-form = write address, port and moment as `192.0.2.1:50386 2026-05-01T12:00:00+02:00` or `[2001:db8::1]:443 2026-05-01T10:00:00Z`
flaw-no-port = the port is missing; behind carrier-grade NAT many people have one address at the same moment, and only the port tells them apart: write it after a colon, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`
flaw-no-moment = the moment is missing; address and port go from hand to hand, behind carrier-grade NAT within seconds: write it after a blank, as in `192.0.2.1:50386 2026-05-01T10:00:00Z`
flaw-moment-without-zone = the moment has no zone; end it with Z for UTC, or with an offset such as +02:00
flaw-moment-unreadable = the moment cannot be read; write it as 2026-05-01T12:00:00+02:00
flaw-moment-too-late = the moment is beyond the year 9999
flaw-ip-form = write it as 192.0.2.1 or 2001:db8::1, without a port; with a port and the moment it is an ip_port
flaw-private-ip = it is an address of private networks, which many use at once; ask for the public one
flaw-shared-ip = it is an address inside a provider's carrier-grade NAT (RFC 6598), which many use at once; ask for the public one, with port and moment
flaw-no-host-ip = it is no address of one host
flaw-domain-with-scheme = leave out https:// and whatever follows the name
flaw-domain-with-at = it holds an @; with one it is an email
flaw-domain-wildcard = `*` stands for names that nobody can count; write one name
flaw-domain-is-ip = it is an IP address; name its kind, ip
flaw-domain-labels = a name has labels of letters, digits and hyphens with dots between them
flaw-domain-one-part = a name has at least two parts, as in example.org
flaw-domain-length = a part has 1 to 63 characters, the whole at most 253 (RFC 1035)
flaw-domain-ends-in-number = no name ends with a number
flaw-device-length = an id has at most 128 characters
flaw-device-blank = an id has no blank; for a phone name its kind, imei
flaw-digits-only = only digits, with hyphens or blanks between them, are allowed
flaw-imei-without-check = its check digit is missing; an IMEI has 15 digits
flaw-imei-check-digit = its check digit does not fit; a digit is wrong
flaw-imei-with-version = 16 digits are an IMEI with software version; write the IMEI of 15 digits
flaw-digits-of-imei = it has 15 digits
flaw-imei-body = 14 digits, or 16 with the software version, are expected here
flaw-digits-of-imsi = it has 6 to 15 digits
flaw-mac-digits = it has 12 hexadecimal digits, as in 00:1b:44:11:3a:b7
flaw-mac-of-group = it is the address of a group of devices, not of one
flaw-mac-zero = it is all zeros, which is no device's

policy-legal-poison = full taint (no legal rule of apportionment; an upper bound)
policy-legal-haircut = pro rata (pari passu)
policy-legal-fifo = first in, first out (Clayton’s case, 1816)
policy-legal-lifo = last in, first out (a bookkeeping convention; its kin for accounts is the lowest intermediate balance)
policy-legal-tiho = taint in, highest out (a research heuristic; no legal rule)
money-own-deposit = deposit address of { $company }
money-back-to-the-form = Go back to the form and correct it
marks-key-wrong = That is no key of a log; copy the one line of the file log.vkey, which begins with the desk’s name

act-receive = File a request
act-assess = Look for signs of fraud
act-start-search = Begin the search
act-add-exhibit = Add an exhibit
act-seal = Seal the package
act-deliver = Hand the package over
act-acknowledge = Say that the package arrived
act-preserve = Preserve the records
act-extend = Keep the records longer
act-confirm-effect = Confirm what the systems did
act-fail-effect = Note that the systems failed
act-retry-effect = Ask the systems again
act-mark-key = Mark a key
act-watch-key = Watch a key
act-clear-key = Take a mark away
act-assign = Give it to somebody
act-tick = Record what time has done
act-erase-payload = Erase the personal data
