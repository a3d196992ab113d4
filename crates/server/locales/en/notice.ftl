### What a user is told of a disclosure about him or her.

notice-lead = { $company } disclosed data about you.
notice-to = To: { $authority }
notice-an-authority = an authority
notice-on = On: { $year }-{ $month }-{ $day } { $hour }:{ $minute } UTC
notice-what = What: { $title }
notice-range = From: { $from }, until before: { $until }
notice-order = Order: { $reference }
notice-law = Law: { $law }
notice-questions = Questions: { $contact }
